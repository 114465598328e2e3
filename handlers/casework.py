"""Work on cases: what the procedures allow, and who is told. Chat and command line share it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from stdnum.cn import uscc
from stdnum.exceptions import ValidationError

from handlers.dialogue import Button, Chat, Reply
from knowledge.catalogue import catalogue
from knowledge.corpus import Corpus
from knowledge.procedure import OUTCOMES, Procedure, Ranked, Stage, over_quota, ranking
from knowledge.workdays import Reckoned, Workdays
from store import access, cases, staff
from store.cases import NewCase, Wanted

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    from store.models import Case

NUMBER = re.compile(r"[A-Za-z0-9一-鿿〔〕\-_/号]{3,40}")
DUE_SOON = timedelta(days=3)


class CaseError(Exception):
    """Something cannot be done with a case; the message says why and what can be."""


@dataclass(frozen=True)
class Fields:
    """A new case as it comes from people: every value a text."""

    number: str
    credit_code: str
    name: str
    region: str
    year: str
    stage: str = ""
    on: str = ""
    award: str = ""
    sector: str = ""


class Casework:
    """What may be done with cases, by the regulations' procedures."""

    def __init__(
        self, corpus: Corpus, procedures: Mapping[str, Procedure], today: Callable[[], date]
    ) -> None:
        self.corpus, self.procedures, self.today = corpus, procedures, today
        self._say = catalogue("zh")

    # Reading what people write ----------------------------------------------------------------

    def checked(self, fields: Fields) -> NewCase:
        """A new case with every value checked.

        Raises:
            CaseError: naming the field and what is wrong.
        """
        number = tidy(fields.number)
        if not NUMBER.fullmatch(number):
            raise CaseError(self._say("case.bad_number", value=number))
        name = tidy(fields.name)
        if not 2 <= len(name) <= 200:
            raise CaseError(self._say("case.bad_name"))
        region = self.region(fields.region)
        procedure = self.procedures[region]
        stage = procedure.stage(tidy(fields.stage)) if fields.stage.strip() else procedure.first
        if stage is None:
            allowed = "、".join(s.name for s in procedure.stages)
            raise CaseError(self._say("case.bad_stage", value=fields.stage, allowed=allowed))
        year = tidy(fields.year).removesuffix("年").removesuffix("年度")
        if not re.fullmatch(r"20\d\d", year):
            raise CaseError(self._say("case.bad_year", value=fields.year))
        return NewCase(
            number=number,
            credit_code=credit_code(fields.credit_code),
            name=name,
            region=region,
            year=int(year),
            stage=stage.id,
            on=self.day(fields.on) if fields.on.strip() else self.today(),
            award=self._one_of("award", fields.award),
            sector=self._one_of("sector", fields.sector),
        )

    def region(self, text: str) -> str:
        """A region by its id or name.

        Raises:
            CaseError: there is no such region with a procedure.
        """
        said = tidy(text)
        for region in self.procedures:
            place = self.corpus[region].place
            if said.lower() in (region, place.name, place.short, self.corpus[region].award):
                return region
        allowed = "、".join(self.corpus[r].place.name for r in self.procedures)
        raise CaseError(self._say("case.bad_region", value=said, allowed=allowed))

    def day(self, text: str) -> date:
        """A day as 2026-03-01, 2026/3/1, 2026年3月1日, or a spreadsheet's number.

        Raises:
            CaseError: it is none of these, or after today.
        """
        said = tidy(text)
        match = re.fullmatch(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:T?00:00:00)?", said)
        try:
            if match:
                return date(*map(int, match.groups()))
            if re.fullmatch(r"\d{5}(\.0)?", said):  # days since 1899-12-30
                return date(1899, 12, 30) + timedelta(days=int(float(said)))
        except ValueError:
            pass
        raise CaseError(self._say("case.bad_day", value=said))

    def _one_of(self, kind: str, text: str) -> str | None:
        said = tidy(text)
        if not said:
            return None
        known = {
            "award": {"quality": "质量奖", "nomination": "提名奖"},
            "sector": {"manufacturing": "制造业", "services": "服务业"},
        }[kind]
        for value, name in known.items():
            if said in (value, name) or (kind == "award" and said.endswith(name)):
                return "nomination" if said.endswith("提名奖") else value
        raise CaseError(self._say(f"case.bad_{kind}", value=said))

    # Changes ----------------------------------------------------------------------------------

    async def open_case(self, session: AsyncSession, fields: Fields, actor: str) -> Case:
        """Opens a case.

        Raises:
            CaseError: a value is wrong, or there is such a case.
        """
        new = self.checked(fields)
        if await cases.find(session, new.number):
            raise CaseError(self._say("case.exists", number=new.number))
        _, owners = await cases.known(session, [], [new.credit_code])
        applied = await cases.applications(session, list(owners.values()))
        if other := applied.get((new.credit_code, new.region, new.year)):
            raise CaseError(self._say("case.applied", number=other))
        return await cases.open_case(session, new, actor)

    async def find(self, session: AsyncSession, number: str) -> Case:
        """The case of a number.

        Raises:
            CaseError: there is none.
        """
        case = await cases.find(session, tidy(number))
        if case is None:
            raise CaseError(self._say("case.unknown", number=tidy(number)))
        return case

    def allowed(self, case: Case) -> list[tuple[str, str]]:
        """Where a case may go from here: ids and names."""
        if case.outcome:
            return []
        procedure = self.procedures[case.region]
        return [(to, self.name(case.region, to)) for to in procedure.following(case.stage)]

    def name(self, region: str, stage: str) -> str:
        """The name of a stage or an outcome."""
        if stage in OUTCOMES:
            return self._say(f"case.outcome_{stage}")
        found = self.procedures[region].stage(stage)
        return found.name if found else stage

    async def advance(
        self,
        session: AsyncSession,
        case: Case,
        to: str,
        actor: str,
        on: date | None = None,
        note: str | None = None,
    ) -> list[Reply]:
        """Takes a case on; returns what the bound chats are told.

        Raises:
            CaseError: the procedure does not allow it, or one of its limits stands in the way.
        """
        day = on or self.today()
        procedure = self.procedures[case.region]
        wanted = next(
            (to_id for to_id, name in self.allowed(case) if tidy(to) in (to_id, name)), None
        )
        here = procedure.stage(case.stage)
        if wanted is None or here is None:
            raise self._refusal(case, to)
        if day < case.stage_on:
            raise CaseError(self._say("case.too_early", day=case.stage_on))
        if day > self.today():
            raise CaseError(self._say("case.in_future", day=day))
        if wanted not in ("rejected", "withdrawn"):
            await self._check_limits(session, case, here, wanted, day)
        await cases.move(session, case, wanted, day, actor, note)
        text = self._say(
            "case.moved",
            number=case.number,
            stage=self.name(case.region, wanted),
            day=self._say("form.date", day),
        )
        return await self.told(session, case, text)

    def _refusal(self, case: Case, to: str) -> CaseError:
        """Why a case cannot go there, and where it can."""
        if case.outcome:
            outcome = self._say(f"case.outcome_{case.outcome}")
            return CaseError(self._say("case.ended", number=case.number, outcome=outcome))
        allowed = "、".join(f"{name}（{to_id}）" for to_id, name in self.allowed(case))
        here = self.name(case.region, case.stage)
        return CaseError(self._say("case.not_allowed", here=here, to=to, allowed=allowed))

    async def _check_limits(
        self, session: AsyncSession, case: Case, here: Stage, to: str, day: date
    ) -> None:
        """What the text sets for leaving a stage: a notice's length, places, votes, quotas."""
        procedure = self.procedures[case.region]
        regulation = self.corpus[case.region]
        clause = regulation.cite(here.article, here.item)
        if here.notice and (end := await self.notice_end(session, case)) and day <= end.day:
            raise CaseError(self._say("case.notice_runs", end=end.day, clause=clause))
        if here.places and to in here.next:
            gone = await cases.at_stage(session, case.region, case.year, to)
            if gone >= here.places.at_most:
                raise CaseError(
                    self._say("case.no_places", most=here.places.at_most, clause=clause)
                )
        given = (await cases.scores(session, [case.id]))[case.id]
        if here.vote and to in here.next:
            votes = given.get("votes_for"), given.get("votes_cast")
            if votes[0] is None or votes[1] is None:
                raise CaseError(self._say("case.no_votes", clause=clause))
            if not procedure.passes_vote(here.id, votes[0], votes[1]):
                raise CaseError(self._say("case.voted_down", clause=clause))
        if to == "granted":
            await self._check_award(session, case, given)

    async def _check_award(
        self, session: AsyncSession, case: Case, given: Mapping[str, float]
    ) -> None:
        procedure, regulation = self.procedures[case.region], self.corpus[case.region]
        award = case.award or "quality"
        if scoring := procedure.scoring:
            total = scoring.total(given)
            least = next((t for t in scoring.thresholds if t.award == award), None)
            if total is None:
                clause = regulation.cite(scoring.article, scoring.item)
                raise CaseError(self._say("case.no_total", clause=clause))
            if least and total < least.at_least:
                clause = regulation.cite(least.article)
                raise CaseError(self._say("case.low_total", total=total, clause=clause))
        so_far = await cases.granted(session, case.region, case.year)
        if quota := over_quota(procedure, so_far, award, case.sector):
            clause = regulation.cite(quota.article)
            raise CaseError(self._say("case.quota_full", most=quota.at_most, clause=clause))

    async def note(self, session: AsyncSession, case: Case, text: str, actor: str) -> None:
        """Writes a remark for the office into the case's history."""
        cases.note_event(session, case, "note", self.today(), actor, text[:1000])

    async def require(
        self, session: AsyncSession, case: Case, name: str, due: date | None, actor: str
    ) -> list[Reply]:
        """Asks the applicant for a document.

        Raises:
            CaseError: the name is empty, or the due day lies in the past.
        """
        name = tidy(name)
        if not 1 < len(name) <= 120:
            raise CaseError(self._say("case.bad_document"))
        if due and due < self.today():
            raise CaseError(self._say("case.due_past", day=due))
        await cases.require(session, case, name, self.today(), due, actor)
        key = "case.required_by" if due else "case.required"
        spoken = self._say("form.date", due) if due else ""
        text = self._say(key, number=case.number, name=name, due=spoken)
        return await self.told(session, case, text)

    async def receive(
        self, session: AsyncSession, case: Case, name: str, actor: str
    ) -> list[Reply]:
        """Notes that a document came in.

        Raises:
            CaseError: none of that name was asked for.
        """
        if not await cases.receive(session, case, tidy(name), self.today(), actor):
            raise CaseError(self._say("case.no_document", name=tidy(name)))
        text = self._say("case.received", number=case.number, name=tidy(name))
        return await self.told(session, case, text)

    async def score(self, session: AsyncSession, case: Case, part: str, value: float) -> None:
        """Keeps a score.

        Raises:
            CaseError: no stage records such a part, or the value is out of range.
        """
        procedure = self.procedures[case.region]
        parts = list(dict.fromkeys(p for stage in procedure.stages for p in stage.scores))
        if part not in parts:
            raise CaseError(self._say("case.bad_part", part=part, allowed="、".join(parts)))
        full = procedure.scoring.full if procedure.scoring else 1000
        if not 0 <= value <= full:
            raise CaseError(self._say("case.bad_score", full=f"{full:g}"))
        await cases.score(session, case, part, value)

    async def rank(self, session: AsyncSession, region: str, year: int) -> list[Ranked]:
        """The ranking of a region's open cases in a year, computed from their scores."""
        found = [case for case, _ in await cases.listed(session, Wanted(region=region, year=year))]
        given = await cases.scores(session, [case.id for case in found])
        by_number = {case.number: given[case.id] for case in found}
        return ranking(self.procedures[region], by_number)

    async def notice_end(self, session: AsyncSession, case: Case) -> Reckoned | None:
        """The last day of the public notice that a case is in; None outside of one."""
        stage = self.procedures[case.region].stage(case.stage)
        if stage is None or stage.notice is None or case.outcome:
            return None
        workdays = Workdays(await staff.calendar(session))
        return workdays.after(case.stage_on, stage.notice.days, stage.notice.working)

    # Telling ----------------------------------------------------------------------------------

    async def told(self, session: AsyncSession, case: Case, text: str) -> list[Reply]:
        """A message for every chat that is bound to a case and wants to be told."""
        button = ((Button(self._say("case.look"), f"c:show:{case.id}"),),)
        return [
            Reply(text, button, to=Chat(bound.channel, bound.chat))
            for bound in await access.bindings(session, case)
            if bound.wants
        ]

    async def remind(self, session: AsyncSession) -> Sequence[Reply]:
        """Tells of documents that are due soon, once for each due day (a tick of the clock)."""
        replies: list[Reply] = []
        for document, case in await cases.due_soon(session, self.today() + DUE_SOON):
            document.reminded_for = document.due_on
            late = bool(document.due_on and document.due_on < self.today())
            text = self._say(
                "case.overdue" if late else "case.due_soon",
                number=case.number,
                name=document.name,
                due=self._say("form.date", document.due_on),
            )
            replies += await self.told(session, case, text)
        return replies


def tidy(text: str) -> str:
    """Half-width, without spaces at the ends: what people paste."""
    return unicodedata.normalize("NFKC", text).strip()


def credit_code(text: str) -> str:
    """A credit code with its check digit verified.

    Raises:
        CaseError: it is none.
    """
    said = re.sub(r"[\s-]", "", tidy(text)).upper()
    try:
        return str(uscc.validate(said))
    except ValidationError:
        raise CaseError(catalogue("zh")("case.bad_code", value=said)) from None


def masked(name: str) -> str:
    """A name of which only the ends can be read."""
    return name[:1] + "＊" * max(1, len(name) - 2) + name[-1:]
