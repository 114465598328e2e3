"""The pre-check as a conversation: regions, questions one at a time, the report.

Every button carries the number of the step that it belongs to, so that a tap on an old one neither
crashes nor falsifies. The answers live in the database.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict

from handlers.dialogue import Button, Chat, Outcome, Reply, Turn
from knowledge.catalogue import catalogue
from knowledge.prechecking import Precheck, places_of
from knowledge.profile import ProfileError
from knowledge.questionnaire import Kind, Question, Questionnaire
from knowledge.reporting import Report, message
from store import prechecks

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

BEGINS = re.compile(r"(申报|资格|自助|做个?|开始)*(预检|自测|自查)(一下)?[。!！]?")
RESUMES = re.compile(r"继续(预检|答题)?[。!！]?")
_PRESS = re.compile(r"p:(?P<step>\d{1,5}):(?P<what>[a-z]+)(?::(?P<value>.{1,40}))?")
PER_ROW = 3

Aside = Callable[[Turn, str, "AsyncSession"], Awaitable[Outcome | None]]
"""Answers a question in the middle, or says (None) that it cannot."""


class Progress(BaseModel):
    """Where a pre-check stands.

    `answers` is the profile in the making, `unsure` the keys answered with 不确定, `order` what
    was answered, in order; `step` grows with every question shown; `offered` is an answer waiting
    for a yes; `picked` what is ticked in a list; `asking` a key asked again out of its turn.
    """

    model_config = ConfigDict(extra="ignore")

    stage: Literal["regions", "asking", "paused", "done"] = "regions"
    regions: list[str] = []
    answers: dict[str, Any] = {}
    unsure: list[str] = []
    order: list[str] = []
    step: int = 0
    picked: list[str] = []
    offered: Any = None
    asking: str | None = None
    verdicts: dict[str, str] = {}
    notify: bool = False


class PrecheckChat:
    """Leads through a pre-check."""

    def __init__(
        self, precheck: Precheck, today: Callable[[], date], files: Path, aside: Aside
    ) -> None:
        self._precheck, self._today, self._files = precheck, today, files
        self._aside = aside
        self._ask = Questionnaire(precheck)
        self._say = catalogue("zh")
        self._places = places_of(precheck.corpus)

    # The ways in -----------------------------------------------------------------------------

    async def begin(self, turn: Turn, session: AsyncSession) -> Outcome:
        """Starts anew, or shows where an unfinished one stands."""
        progress = await self._load(turn.chat, session)
        if progress and progress.stage in ("asking", "paused"):
            progress.stage = "asking"
            return await self._on(turn, progress, session)
        return await self._anew(turn, session)

    async def text(self, turn: Turn, text: str, session: AsyncSession) -> Outcome | None:
        """Takes what was typed if it belongs to a pre-check; None if it does not."""
        if BEGINS.fullmatch(text):
            return await self.begin(turn, session)
        progress = await self._load(turn.chat, session)
        if progress and progress.stage == "paused" and RESUMES.fullmatch(text):
            return await self.begin(turn, session)
        if progress is None or progress.stage != "asking":
            return None
        question = self._current(progress)
        if question is None:
            return None
        value = self._ask.understand(question, text, self._today())
        asks = bool(re.search(r"[?？]|什么|怎么|为什么|哪些|如何|吗$", text))
        if value is None or (asks and question.kind is Kind.CHOICE):
            about = turn.conversation.model_copy(update={"regions": tuple(progress.regions)})
            aside = await self._aside(replace(turn, conversation=about), text, session)
            if aside is None:
                note = Reply(self._say("precheck_chat.not_understood"))
                return await self._shown(turn, progress, session, before=(note,))
            again = await self._shown(turn, progress, session, before=aside.replies)
            return Outcome(again.replies, aside.conversation)
        progress.offered = value
        progress.step += 1
        await self._save(turn.chat, progress, session)
        spoken = self._ask.spoken(question, value)
        step = progress.step
        buttons = (
            Button(self._say("precheck_chat.confirm_yes"), f"p:{step}:yes"),
            Button(self._say("precheck_chat.confirm_no"), f"p:{step}:no"),
        )
        reply = Reply(self._say("precheck_chat.confirm", value=spoken), (buttons,))
        return Outcome((reply,), turn.conversation)

    async def pressed(self, turn: Turn, data: str, session: AsyncSession) -> Outcome | None:
        """Takes a tap if it is one of ours."""
        if data == "p:begin":
            return await self.begin(turn, session)
        match = _PRESS.fullmatch(data)
        if match is None:
            return None
        progress = await self._load(turn.chat, session)
        if progress is None:
            note = Reply(self._say("precheck_chat.nothing_open"), self._offer())
            return Outcome((note,), turn.conversation)
        if int(match["step"]) != progress.step:
            note = Reply(self._say("precheck_chat.old_button"))
            return await self._shown(turn, progress, session, before=(note,))
        act = getattr(self, f"_do_{match['what']}", None)
        if act is None:
            return await self._shown(turn, progress, session)
        done: Outcome = await act(turn, progress, match["value"], session)
        return done

    def _offer(self) -> tuple[tuple[Button, ...], ...]:
        return ((Button(self._say("precheck_chat.offer"), "p:begin"),),)

    # What the buttons do ---------------------------------------------------------------------

    async def _do_region(
        self, turn: Turn, progress: Progress, value: str | None, session: AsyncSession
    ) -> Outcome:
        usable = self._usable()
        if value == "*":
            progress.regions = list(usable)
        elif value in progress.regions:
            progress.regions.remove(value)
        elif value in usable:
            progress.regions.append(value)
        return await self._shown(turn, progress, session)

    async def _do_go(
        self, turn: Turn, progress: Progress, _value: str | None, session: AsyncSession
    ) -> Outcome:
        if not progress.regions:
            note = Reply(self._say("precheck_chat.none_picked"))
            return await self._shown(turn, progress, session, before=(note,))
        progress.stage = "asking"
        return await self._on(turn, progress, session)

    async def _do_answer(
        self, turn: Turn, progress: Progress, value: str | None, session: AsyncSession
    ) -> Outcome:
        question = self._current(progress)
        if question is None or value is None or not value.isdecimal():
            return await self._shown(turn, progress, session)
        choices = question.choices
        if int(value) >= len(choices):
            return await self._shown(turn, progress, session)
        return await self._answered(turn, progress, question, choices[int(value)][0], session)

    async def _do_pick(
        self, turn: Turn, progress: Progress, value: str | None, session: AsyncSession
    ) -> Outcome:
        question = self._current(progress)
        if question and value and value.isdecimal() and int(value) < len(question.choices):
            chosen = question.choices[int(value)][0]
            if chosen in progress.picked:
                progress.picked.remove(chosen)
            else:
                progress.picked.append(chosen)
        return await self._shown(turn, progress, session)

    async def _do_chosen(
        self, turn: Turn, progress: Progress, value: str | None, session: AsyncSession
    ) -> Outcome:
        question = self._current(progress)
        if question is None:
            return await self._shown(turn, progress, session)
        picked = [] if value == "none" else list(progress.picked)
        return await self._answered(turn, progress, question, picked, session)

    async def _do_yes(
        self, turn: Turn, progress: Progress, _value: str | None, session: AsyncSession
    ) -> Outcome:
        question = self._current(progress)
        if question is None or progress.offered is None:
            return await self._shown(turn, progress, session)
        return await self._answered(turn, progress, question, progress.offered, session)

    async def _do_no(
        self, turn: Turn, progress: Progress, _value: str | None, session: AsyncSession
    ) -> Outcome:
        progress.offered = None
        return await self._shown(turn, progress, session)

    async def _do_unsure(
        self, turn: Turn, progress: Progress, _value: str | None, session: AsyncSession
    ) -> Outcome:
        if question := self._current(progress):
            self._unset(progress, question.key)
            progress.unsure.append(question.key)
            progress.order.append(question.key)
            progress.asking = None
        return await self._on(turn, progress, session)

    async def _do_why(
        self, turn: Turn, progress: Progress, _value: str | None, session: AsyncSession
    ) -> Outcome:
        question = self._current(progress)
        if question is None:
            return await self._shown(turn, progress, session)
        lines = [self._say("precheck_chat.because")]
        for why in self._ask.why(question.key, progress.regions):
            lines.append(self._precheck.corpus[why.region].cite(why.article, why.item))
            lines.append(f"> {why.quote}")
        return await self._shown(turn, progress, session, before=(Reply("\n".join(lines)),))

    async def _do_back(
        self, turn: Turn, progress: Progress, _value: str | None, session: AsyncSession
    ) -> Outcome:
        if not progress.order:
            progress.stage = "regions"
            return await self._shown(turn, progress, session)
        progress.stage = "asking"
        self._unset(progress, progress.order[-1])
        progress.asking = None
        return await self._on(turn, progress, session)

    async def _do_edit(
        self, turn: Turn, progress: Progress, value: str | None, session: AsyncSession
    ) -> Outcome:
        if value and value.isdecimal() and int(value) < len(progress.order):
            progress.asking = progress.order[int(value)]
            progress.stage = "asking"
            return await self._on(turn, progress, session)
        progress.step += 1
        await self._save(turn.chat, progress, session)
        rows = tuple(
            (Button(self._answer_label(progress, key)[:60], f"p:{progress.step}:edit:{at}"),)
            for at, key in enumerate(progress.order)
        )
        text = "precheck_chat.edit_pick" if rows else "precheck_chat.edit_none"
        return Outcome((Reply(self._say(text), rows),), turn.conversation)

    async def _do_pause(
        self, turn: Turn, progress: Progress, _value: str | None, session: AsyncSession
    ) -> Outcome:
        progress.stage = "paused"
        progress.step += 1
        await self._save(turn.chat, progress, session)
        button = Button(self._say("precheck_chat.resume"), f"p:{progress.step}:resume")
        reply = Reply(self._say("precheck_chat.paused"), ((button,),))
        return Outcome((reply,), turn.conversation)

    async def _do_resume(
        self, turn: Turn, _progress: Progress, _value: str | None, session: AsyncSession
    ) -> Outcome:
        return await self.begin(turn, session)

    async def _do_restart(
        self, turn: Turn, _progress: Progress, _value: str | None, session: AsyncSession
    ) -> Outcome:
        return await self._anew(turn, session)

    async def _do_file(
        self, turn: Turn, progress: Progress, value: str | None, session: AsyncSession
    ) -> Outcome:
        if progress.stage != "done" or value not in ("pdf", "json"):
            return await self._shown(turn, progress, session)
        report = self._report(progress)
        folder = self._folder(turn.chat)
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"precheck-{report.result.as_of}.{value}"
        path.write_bytes(
            report.as_pdf()
            if value == "pdf"
            else json.dumps(report.as_json(), ensure_ascii=False, indent=1).encode()
        )
        reply = Reply(self._say("precheck_chat.file_ready"), files=(str(path),))
        return Outcome((reply,), turn.conversation)

    def _folder(self, chat: Chat) -> Path:
        return self._files / chat.channel / re.sub(r"\W", "_", chat.id)

    def delete_files(self, chat: Chat) -> None:
        """Deletes the reports that were made for a chat."""
        shutil.rmtree(self._folder(chat), ignore_errors=True)

    async def _do_notify(
        self, turn: Turn, progress: Progress, value: str | None, session: AsyncSession
    ) -> Outcome:
        progress.notify = value == "on"
        await self._save(turn.chat, progress, session)
        text = self._say(f"precheck_chat.notified_{'on' if progress.notify else 'off'}")
        return Outcome((Reply(text),), turn.conversation)

    # Answers ---------------------------------------------------------------------------------

    async def _answered(
        self,
        turn: Turn,
        progress: Progress,
        question: Question,
        value: Any,
        session: AsyncSession,
    ) -> Outcome:
        """Puts an answer into the profile; one that cannot stand is refused with its reason."""
        before = progress.model_copy(deep=True)
        self._unset(progress, question.key)
        self._put(progress, question, value)
        progress.asking, progress.offered, progress.picked = None, None, []
        try:
            self._ask.profile(progress.answers, self._today())
        except ProfileError as error:
            before.offered = None
            reason = str(error).partition("：")[2]
            note = Reply(self._say("precheck_chat.failed", reason=reason))
            return await self._shown(turn, before, session, before=(note,))
        progress.order.append(question.key)
        return await self._on(turn, progress, session)

    def _put(self, progress: Progress, question: Question, value: Any) -> None:
        fact, _, rest = question.key.partition(".")
        if question.kind is Kind.SEVERAL:
            progress.answers[fact] = [self._ask.entry(fact, each) for each in value]
        elif rest:
            at, _, detail = rest.partition(".")
            entry = progress.answers[fact][int(at)]
            entry[detail] = None if value == "none" else value
        else:
            progress.answers[fact] = value

    def _unset(self, progress: Progress, key: str) -> None:
        """Takes an answer back, and with a list what was said of its entries."""
        fact, _, rest = key.partition(".")
        if rest:
            at, _, detail = rest.partition(".")
            progress.answers[fact][int(at)].pop(detail, None)
        else:
            progress.answers.pop(fact, None)
        gone = [
            k for k in (*progress.order, *progress.unsure) if k == key or k.startswith(f"{key}.")
        ]
        progress.order = [k for k in progress.order if k not in gone]
        progress.unsure = [k for k in progress.unsure if k not in gone]

    def _current(self, progress: Progress) -> Question | None:
        """The question that is being asked."""
        if progress.stage != "asking":
            return None
        if progress.asking:
            return self._ask.question(progress.asking, progress.answers, progress.regions)
        return self._ask.following(
            progress.answers, progress.unsure, progress.regions, self._today()
        )

    # What is shown ---------------------------------------------------------------------------

    async def _anew(self, turn: Turn, session: AsyncSession) -> Outcome:
        before = await self._load(turn.chat, session)
        usable = self._usable()
        regions = [r for r in turn.conversation.regions if r in usable]
        progress = Progress(regions=regions, step=before.step if before else 0)
        return await self._shown(turn, progress, session)

    async def _on(self, turn: Turn, progress: Progress, session: AsyncSession) -> Outcome:
        """The next question, or the report when there is none."""
        if self._current(progress) is None:
            progress.stage = "done"
            result = self._report(progress).result
            progress.verdicts = {r.region: r.verdict.value for r in result.regions}
        return await self._shown(turn, progress, session)

    async def _shown(
        self,
        turn: Turn,
        progress: Progress,
        session: AsyncSession,
        before: tuple[Reply, ...] = (),
    ) -> Outcome:
        """Shows where it stands, with buttons of a new step."""
        progress.step += 1
        await self._save(turn.chat, progress, session)
        if progress.stage == "regions":
            reply = self._regions(progress)
        elif progress.stage == "paused":
            button = Button(self._say("precheck_chat.resume"), f"p:{progress.step}:resume")
            reply = Reply(self._say("precheck_chat.paused"), ((button,),))
        elif question := self._current(progress):
            reply = self._question(progress, question)
        else:
            reply = self._done(progress)
        return Outcome((*before, reply), turn.conversation)

    def _regions(self, progress: Progress) -> Reply:
        step = progress.step
        picks = [
            Button(
                f"{'☑' if region in progress.regions else '☐'} {self._places[region]}",
                f"p:{step}:region:{region}",
            )
            for region in self._usable()
        ]
        rows = [tuple(picks[at : at + PER_ROW]) for at in range(0, len(picks), PER_ROW)]
        rows.append(
            (
                Button(self._say("precheck_chat.all"), f"p:{step}:region:*"),
                Button(self._say("precheck_chat.start"), f"p:{step}:go"),
            )
        )
        text = self._say("precheck_chat.pick")
        if broken := [self._places[r] for r in self._precheck.ruleset.broken]:
            text += "\n" + self._say("precheck_chat.broken", places="、".join(broken))
        return Reply(text, tuple(rows))

    def _question(self, progress: Progress, question: Question) -> Reply:
        remaining = self._ask.open_keys(
            progress.answers, progress.unsure, progress.regions, self._today()
        )
        done = len(progress.order)
        total = done + len({*remaining, question.key})
        counted = self._say("precheck_chat.progress", done=done + 1, all=total)
        return Reply(f"{counted}{question.text}", tuple(self._choices(progress, question)))

    def _choices(self, progress: Progress, question: Question) -> Iterator[tuple[Button, ...]]:
        step = progress.step
        several = question.kind is Kind.SEVERAL
        buttons = []
        for at, (value, label) in enumerate(question.choices):
            ticked = ("☑ " if value in progress.picked else "☐ ") if several else ""
            what = "pick" if several else "answer"
            buttons.append(Button(f"{ticked}{label}", f"p:{step}:{what}:{at}"))
        width = 1 if several else PER_ROW
        yield from (tuple(buttons[at : at + width]) for at in range(0, len(buttons), width))
        if several:
            yield (
                Button(self._say("precheck_chat.nothing"), f"p:{step}:chosen:none"),
                Button(self._say("precheck_chat.chosen"), f"p:{step}:chosen"),
            )
        yield (
            Button(self._say("precheck_chat.unsure"), f"p:{step}:unsure"),
            Button(self._say("precheck_chat.why"), f"p:{step}:why"),
        )
        yield (
            Button(self._say("precheck_chat.back"), f"p:{step}:back"),
            Button(self._say("precheck_chat.edit"), f"p:{step}:edit"),
            Button(self._say("precheck_chat.pause"), f"p:{step}:pause"),
            Button(self._say("precheck_chat.restart"), f"p:{step}:restart"),
        )

    def _done(self, progress: Progress) -> Reply:
        step = progress.step
        report = self._report(progress)
        notify = "off" if progress.notify else "on"
        rows = (
            (
                Button(self._say("precheck_chat.file_pdf"), f"p:{step}:file:pdf"),
                Button(self._say("precheck_chat.file_json"), f"p:{step}:file:json"),
            ),
            (
                Button(self._say("precheck_chat.edit"), f"p:{step}:edit"),
                Button(self._say("precheck_chat.restart"), f"p:{step}:restart"),
            ),
            (Button(self._say(f"precheck_chat.notify_{notify}"), f"p:{step}:notify:{notify}"),),
        )
        return Reply(message(self._precheck.corpus, report.result), rows)

    def _answer_label(self, progress: Progress, key: str) -> str:
        """An answered question and its answer, for the list of what can be changed."""
        question = self._ask.question(key, progress.answers, progress.regions)
        value = self._ask.answer(key, progress.answers)
        given = key not in progress.unsure
        spoken = self._ask.spoken(question, value) if given else self._say("precheck_chat.unsure")
        return f"{self._ask.name(question)}：{spoken}"

    def _report(self, progress: Progress) -> Report:
        today = self._today()
        profile = self._ask.profile(progress.answers, today)
        result = self._precheck.judge(profile, progress.regions, today)
        return Report(self._precheck.corpus, profile, result)

    def _usable(self) -> list[str]:
        return [r for r in self._precheck.regions if r not in self._precheck.ruleset.broken]

    # The database ----------------------------------------------------------------------------

    async def _load(self, chat: Chat, session: AsyncSession) -> Progress | None:
        state = await prechecks.load(session, chat.channel, chat.id)
        if state is None:
            return None
        progress = Progress.model_validate(state)
        progress.regions = [r for r in progress.regions if r in self._usable()]
        if not progress.regions and progress.stage != "regions":
            progress.stage = "regions"
        return progress

    async def _save(self, chat: Chat, progress: Progress, session: AsyncSession) -> None:
        ruleset = self._precheck.ruleset.version if progress.stage == "done" else None
        state = progress.model_dump(mode="json")
        await prechecks.save(session, chat.channel, chat.id, state, ruleset)

    # When the rules change -------------------------------------------------------------------

    async def judge_again(self, session: AsyncSession) -> list[Reply]:
        """Judges what was finished under other rules; tells those whose verdict changed."""
        told = []
        async for row in prechecks.finished(session, self._precheck.ruleset.version):
            progress = Progress.model_validate(row.state)
            chat = Chat(row.channel, row.chat)
            progress.regions = [r for r in progress.regions if r in self._usable()]
            if not progress.regions:
                continue
            before = progress.verdicts
            result = self._report(progress).result
            progress.verdicts = {r.region: r.verdict.value for r in result.regions}
            changed = [
                self._say(
                    "precheck_chat.changed_line",
                    place=self._places[region],
                    before=self._say(f"precheck_chat.verdict_{before[region]}"),
                    after=self._say(f"precheck_chat.verdict_{verdict}"),
                )
                for region, verdict in progress.verdicts.items()
                if before.get(region, verdict) != verdict
            ]
            await self._save(chat, progress, session)
            if changed and progress.notify:
                text = "\n".join([self._say("precheck_chat.changed"), *changed])
                told.append(Reply(text, self._offer(), to=chat))
        return told
