"""Where an application stands: binding a chat to a case, and the timeline that it is shown."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from handlers.casework import CaseError, Casework, credit_code, tidy
from handlers.dialogue import Button, Conversation, Outcome, Reply, Turn
from knowledge.catalogue import catalogue
from knowledge.corpus import Corpus
from store import access, cases, forgetting

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    from store.models import Case

ASKS = re.compile(
    r"(我|我们|我司|我单位|本公司|我公司|我们公司)的?.{0,6}(申报|申请|案件|材料).{0,10}"
    r"(到哪|进度|状态|进展|怎么样了|结果|第几步|哪一步)|"
    r"(查|查询|查一下|看看)(我们?的?)?(申报|申请|案件)?的?(进度|状态)|(申报|申请|案件)(进度|状态)(查询)?|"
    r"\b(?:where|what).{0,20}\bmy application\b|\bstatus of (?:my|our) application\b",
    re.IGNORECASE,
)
_BINDS = re.compile(
    r"(?P<number>\S{3,40})[\s,，;；]+(?P<code>[0-9A-Za-z]{18})[\s,，;；]+(?P<once>\S{6,16})"
)
_PRESS = re.compile(r"c:(?P<what>show|mute|wake|drop|gone):(?P<case>\d{1,12})")


class StatusChat:
    """Shows applicants where their cases stand."""

    def __init__(self, casework: Casework, corpus: Corpus) -> None:
        self._work, self._corpus = casework, corpus
        self._say = catalogue("zh")

    async def text(self, turn: Turn, text: str, session: AsyncSession) -> Outcome | None:
        """Takes a text that asks for a status or that binds; None for everything else."""
        said = tidy(text)
        if match := _BINDS.fullmatch(said):
            return await self._bind(turn, match, session)
        if ASKS.search(said) and len(said) < 60:
            return await self.status(turn, session)
        return None

    async def status(self, turn: Turn, session: AsyncSession) -> Outcome:
        """Every case of the chat, or how to bind one."""
        bound = await access.cases_of(session, turn.chat.channel, turn.chat.id)
        if not bound:
            return Outcome((Reply(self._say("status.how_to_bind")),), turn.conversation)
        replies = [await self.shown(turn, case, session) for case in bound]
        return Outcome(tuple(replies), turn.conversation)

    async def pressed(self, turn: Turn, data: str, session: AsyncSession) -> Outcome | None:
        """Takes a tap if it is one of ours; a case is shown only where it is bound."""
        match = _PRESS.fullmatch(data)
        if match is None:
            return None
        bound = await access.cases_of(session, turn.chat.channel, turn.chat.id)
        case = next((case for case in bound if case.id == int(match["case"])), None)
        if case is None:
            return Outcome((Reply(self._say("status.not_bound")),), turn.conversation)
        what = match["what"]
        if what == "show":
            return Outcome((await self.shown(turn, case, session),), turn.conversation)
        if what == "drop":
            button = Button(self._say("status.drop_yes"), f"c:gone:{case.id}")
            reply = Reply(self._say("status.drop", number=case.number), ((button,),))
            return Outcome((reply,), turn.conversation)
        if what == "gone":
            await access.unbind(session, case, turn.chat.channel, turn.chat.id)
            reply = Reply(self._say("status.dropped", number=case.number))
            return Outcome((reply,), turn.conversation)
        binding = await access.binding(session, case, turn.chat.channel, turn.chat.id)
        if binding:
            binding.wants = what == "wake"
        return Outcome((Reply(self._say(f"status.{what}d")),), turn.conversation)

    async def _bind(self, turn: Turn, match: re.Match[str], session: AsyncSession) -> Outcome:
        """Binds where all three are right; whatever is wrong gets one and the same answer."""
        chat, number = turn.chat, match["number"]
        subjects = (f"chat {chat.channel} {chat.id}", f"case {number[:60]}")
        if wait := await access.paused(session, subjects):
            minutes = int(wait.total_seconds() // 60) + 1
            return Outcome((Reply(self._say("status.paused", minutes=minutes)),), turn.conversation)
        try:
            code = credit_code(match["code"])
        except CaseError:
            code = ""
        case = await access.bind(session, chat.channel, chat.id, number, code, match["once"])
        if case is None:
            await access.count_wrong(session, subjects)
            return Outcome((Reply(self._say("status.no_match")),), turn.conversation)
        await access.clear(session, subjects)
        cases.note_event(session, case, "bound", self._work.today(), "applicant")
        bound = Reply(self._say("status.bound", number=case.number))
        return Outcome((bound, await self.shown(turn, case, session)), turn.conversation)

    # The answer -------------------------------------------------------------------------------

    async def shown(self, turn: Turn, case: Case, session: AsyncSession) -> Reply:
        """A case's timeline; that it was shown is kept."""
        await access.note_read(session, case, turn.chat.channel, turn.chat.id)
        binding = await access.binding(session, case, turn.chat.channel, turn.chat.id)
        text = await self.timeline(case, session)
        stage = self._work.procedures[case.region].stage(case.stage)
        rows: list[tuple[Button, ...]] = []
        if stage:
            label = self._say("status.ask_stage", stage=stage.name)
            rows.append((Button(label, f"a:{case.region}:{stage.article}"),))
        if binding:
            push = "mute" if binding.wants else "wake"
            rows.append(
                (
                    Button(self._say(f"status.{push}"), f"c:{push}:{case.id}"),
                    Button(self._say("status.unbind"), f"c:drop:{case.id}"),
                )
            )
        return Reply(text, tuple(rows))

    async def timeline(self, case: Case, session: AsyncSession) -> str:
        """What has been done, where it stands, what is to come, and what is owed."""
        regulation = self._corpus[case.region]
        procedure = self._work.procedures[case.region]
        owner = await cases.organisation(session, case)
        lines = [
            self._say("status.title", number=case.number, award=regulation.award, year=case.year),
            self._say("status.owner", name=owner.name),
        ]
        came: dict[str, str] = {}
        for event in await cases.events(session, case):
            if event.kind in ("opened", "stage"):
                came[event.stage] = self._say("form.date", event.on)
        for stage in procedure.stages:
            clause = regulation.clause(stage.article, stage.item)
            if stage.id == case.stage and not case.outcome:
                lines.append(
                    self._say(
                        "status.now", stage=stage.name, day=came[stage.id], clause=clause,
                        actor=stage.actor,
                    )
                )  # fmt: skip
            elif stage.id in came:
                lines.append(
                    self._say("status.done", stage=stage.name, day=came[stage.id], clause=clause)
                )
            elif not case.outcome and stage in procedure.path(case.stage):
                lines.append(self._say("status.to_come", stage=stage.name, clause=clause))
        lines += await self._ending(case, session)
        return "\n".join(lines)

    async def _ending(self, case: Case, session: AsyncSession) -> list[str]:
        say, regulation = self._say, self._corpus[case.region]
        if case.outcome:
            day = say("form.date", case.stage_on)
            return ["", say(f"status.{case.outcome}", day=day)]
        procedure = self._work.procedures[case.region]
        lines = [""]
        if following := procedure.path(case.stage)[:1]:
            clause = regulation.cite(following[0].article, following[0].item)
            lines.append(say("status.next", stage=following[0].name, clause=clause))
        owed = [d for d in await cases.documents(session, case) if d.received_on is None]
        for document in owed:
            key = "status.owed_by" if document.due_on else "status.owed"
            due = say("form.date", document.due_on) if document.due_on else ""
            lines.append(say(key, name=document.name, due=due))
        if not owed:
            lines.append(say("status.nothing_owed"))
        if end := await self._work.notice_end(session, case):
            key = "status.quiet_estimated" if end.estimated else "status.quiet_until"
            lines.append(say(key, day=say("form.date", end.day)))
        else:
            lines.append(say("status.no_term"))
        return lines

    # The right to be forgotten ----------------------------------------------------------------

    async def my_data(self, turn: Turn, session: AsyncSession) -> Outcome:
        """What is kept of this chat."""
        kept = await forgetting.kept(session, turn.chat.channel, turn.chat.id)
        bound = await access.cases_of(session, turn.chat.channel, turn.chat.id)
        lines = [self._say("status.my_data")]
        lines += [self._say(f"status.kept_{name}", count=n) for name, n in kept.items() if n]
        lines += [f"· {case.number}" for case in bound]
        lines.append(self._say("status.my_data_end"))
        return Outcome((Reply("\n".join(lines)),), turn.conversation)

    def forget(self, turn: Turn) -> Outcome:
        """Asks once more before everything is erased."""
        button = Button(self._say("status.forget_yes"), "forget:yes")
        return Outcome((Reply(self._say("status.forget"), ((button,),)),), turn.conversation)

    async def forgotten(self, turn: Turn, session: AsyncSession) -> Outcome:
        """Erases what is kept of this chat."""
        await forgetting.forget(session, turn.chat.channel, turn.chat.id)
        return Outcome((Reply(self._say("status.forgotten")),), Conversation())
