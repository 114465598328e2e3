"""The case database: organisations, cases, what happened to them, what they owe.

Who may do what is for the callers; which stage may follow is for the regulation's procedure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from store.models import Case, CaseDocument, CaseEvent, CaseScore, Organisation


@dataclass(frozen=True)
class NewCase:
    """What is needed to open a case."""

    number: str
    credit_code: str
    name: str
    region: str
    year: int
    stage: str
    on: date
    award: str | None = None
    sector: str | None = None


@dataclass(frozen=True)
class Wanted:
    """Which cases to list; None leaves a thing open."""

    region: str | None = None
    year: int | None = None
    stage: str | None = None
    missing: bool = False
    number: str | None = None


async def find(session: AsyncSession, number: str) -> Case | None:
    """The case of a number."""
    found: Case | None = await session.scalar(select(Case).where(Case.number == number))
    return found


async def get(session: AsyncSession, case: int) -> Case | None:
    """The case of an id."""
    return await session.get(Case, case)


async def organisation(session: AsyncSession, case: Case) -> Organisation:
    """Whose case it is."""
    return await session.get_one(Organisation, case.organisation_id)


async def open_case(session: AsyncSession, new: NewCase, actor: str, kind: str = "opened") -> Case:
    """Opens a case, and the organisation with it where it is new."""
    owner = await session.scalar(
        select(Organisation).where(Organisation.credit_code == new.credit_code)
    )
    if owner is None:
        owner = Organisation(credit_code=new.credit_code, name=new.name)
        session.add(owner)
        await session.flush()
    case = Case(
        number=new.number,
        organisation_id=owner.id,
        region=new.region,
        year=new.year,
        award=new.award,
        sector=new.sector,
        stage=new.stage,
        stage_on=new.on,
        outcome=None,
        opened_on=new.on,
    )
    session.add(case)
    await session.flush()
    note_event(session, case, kind, new.on, actor)
    return case


async def move(
    session: AsyncSession, case: Case, to: str, on: date, actor: str, note: str | None = None
) -> CaseEvent:
    """Takes a case to a stage or to an outcome (the caller has checked that it may)."""
    ends = to in ("granted", "rejected", "withdrawn")
    if ends:
        case.outcome = to
    else:
        case.stage = to
    case.stage_on = on
    event = note_event(session, case, "ended" if ends else "stage", on, actor, note, to)
    await session.flush()
    return event


def note_event(
    session: AsyncSession,
    case: Case,
    kind: str,
    on: date,
    actor: str,
    note: str | None = None,
    stage: str | None = None,
) -> CaseEvent:
    """Writes down what happened."""
    event = CaseEvent(
        case_id=case.id,
        at=datetime.now(UTC),
        kind=kind,
        stage=stage or case.stage,
        on=on,
        actor=actor,
        note=note,
    )
    session.add(event)
    return event


async def events(session: AsyncSession, case: Case) -> Sequence[CaseEvent]:
    """What happened to a case, in order."""
    chosen = select(CaseEvent).where(CaseEvent.case_id == case.id).order_by(CaseEvent.id)
    return (await session.scalars(chosen)).all()


async def documents(session: AsyncSession, case: Case) -> Sequence[CaseDocument]:
    """What a case owes or has handed in, the earliest due first."""
    chosen = select(CaseDocument).where(CaseDocument.case_id == case.id)
    return (await session.scalars(chosen.order_by(CaseDocument.due_on, CaseDocument.id))).all()


async def require(
    session: AsyncSession, case: Case, name: str, on: date, due: date | None, actor: str
) -> CaseDocument:
    """Asks for a document; asking again sets a new due day."""
    row = await _document(session, case, name)
    if row is None:
        row = CaseDocument(case_id=case.id, name=name, required_on=on)
        session.add(row)
    row.due_on, row.received_on, row.reminded_for = due, None, None
    note_event(session, case, "required", on, actor, name)
    await session.flush()
    return row


async def receive(session: AsyncSession, case: Case, name: str, on: date, actor: str) -> bool:
    """Notes that a document came in; false where none of that name is asked for."""
    row = await _document(session, case, name)
    if row is None:
        return False
    row.received_on = on
    note_event(session, case, "received", on, actor, name)
    return True


async def _document(session: AsyncSession, case: Case, name: str) -> CaseDocument | None:
    chosen = select(CaseDocument).where(CaseDocument.case_id == case.id, CaseDocument.name == name)
    found: CaseDocument | None = await session.scalar(chosen)
    return found


async def due_soon(session: AsyncSession, until: date) -> Sequence[tuple[CaseDocument, Case]]:
    """Documents that are still owed, due by a day, and of which nobody has been told for it."""
    chosen = (
        select(CaseDocument, Case)
        .join(Case, Case.id == CaseDocument.case_id)
        .where(
            CaseDocument.received_on.is_(None),
            CaseDocument.due_on <= until,
            Case.outcome.is_(None),
            (CaseDocument.reminded_for.is_(None))
            | (CaseDocument.reminded_for != CaseDocument.due_on),
        )
    )
    return [(document, case) for document, case in (await session.execute(chosen)).all()]


async def score(session: AsyncSession, case: Case, part: str, value: float) -> None:
    """Keeps what a part of the review gave a case."""
    await session.merge(CaseScore(case_id=case.id, part=part, value=value))


async def scores(session: AsyncSession, cases: Iterable[int]) -> dict[int, dict[str, float]]:
    """The scores of some cases, by case and part."""
    found: dict[int, dict[str, float]] = {case: {} for case in cases}
    chosen = select(CaseScore).where(CaseScore.case_id.in_(found))
    for row in await session.scalars(chosen):
        found[row.case_id][row.part] = row.value
    return found


async def listed(
    session: AsyncSession, wanted: Wanted, limit: int | None = None
) -> Sequence[tuple[Case, Organisation]]:
    """Cases with whose they are, the newest first."""
    chosen = select(Case, Organisation).join(Organisation, Organisation.id == Case.organisation_id)
    if wanted.region:
        chosen = chosen.where(Case.region == wanted.region)
    if wanted.year:
        chosen = chosen.where(Case.year == wanted.year)
    if wanted.stage:
        chosen = chosen.where((Case.stage == wanted.stage) | (Case.outcome == wanted.stage))
    if wanted.number:
        chosen = chosen.where(Case.number == wanted.number)
    if wanted.missing:
        owed = select(CaseDocument.case_id).where(CaseDocument.received_on.is_(None))
        chosen = chosen.where(Case.id.in_(owed))
    chosen = chosen.order_by(Case.id.desc())
    if limit:
        chosen = chosen.limit(limit)
    return [(case, owner) for case, owner in (await session.execute(chosen)).all()]


async def granted(session: AsyncSession, region: str, year: int) -> list[tuple[str, str | None]]:
    """The awards that were given in a region and year: (award, sector) each."""
    chosen = select(Case.award, Case.sector).where(
        Case.region == region, Case.year == year, Case.outcome == "granted"
    )
    return [(award or "quality", sector) for award, sector in (await session.execute(chosen)).all()]


async def at_stage(session: AsyncSession, region: str, year: int, stage: str) -> int:
    """How many cases have come to a stage so far in a region and year."""
    reached = (
        select(func.count(func.distinct(CaseEvent.case_id)))
        .join(Case, Case.id == CaseEvent.case_id)
        .where(Case.region == region, Case.year == year, CaseEvent.stage == stage)
    )
    return int(await session.scalar(reached) or 0)


async def known(
    session: AsyncSession, numbers: Sequence[str], codes: Sequence[str]
) -> tuple[dict[str, Case], dict[str, Organisation]]:
    """The cases and organisations of an import that exist already."""
    cases: dict[str, Case] = {}
    owners: dict[str, Organisation] = {}
    for at in range(0, max(len(numbers), len(codes)), 500):
        chosen = select(Case).where(Case.number.in_(numbers[at : at + 500]))
        cases |= {case.number: case for case in await session.scalars(chosen)}
        orgs = select(Organisation).where(Organisation.credit_code.in_(codes[at : at + 500]))
        owners |= {owner.credit_code: owner for owner in await session.scalars(orgs)}
    return cases, owners


async def open_many(
    session: AsyncSession,
    new: Sequence[NewCase],
    owners: Mapping[str, Organisation],
    actor: str,
) -> None:
    """Opens many cases at once; `owners` are the organisations that exist, by credit code."""
    by_code = dict(owners)
    for row in new:
        if row.credit_code not in by_code:
            by_code[row.credit_code] = Organisation(credit_code=row.credit_code, name=row.name)
            session.add(by_code[row.credit_code])
    await session.flush()
    cases = [
        Case(
            number=row.number,
            organisation_id=by_code[row.credit_code].id,
            region=row.region,
            year=row.year,
            award=row.award,
            sector=row.sector,
            stage=row.stage,
            stage_on=row.on,
            outcome=None,
            opened_on=row.on,
        )
        for row in new
    ]
    session.add_all(cases)
    await session.flush()
    for case in cases:
        note_event(session, case, "opened", case.opened_on, actor)
    await session.flush()


async def applications(
    session: AsyncSession, owners: Sequence[Organisation]
) -> dict[tuple[str, str, int], str]:
    """The case numbers of some organisations, by credit code, region and year."""
    found: dict[tuple[str, str, int], str] = {}
    codes = {owner.id: owner.credit_code for owner in owners}
    ids = list(codes)
    for at in range(0, len(ids), 500):
        chosen = select(Case).where(Case.organisation_id.in_(ids[at : at + 500]))
        for case in await session.scalars(chosen):
            found[codes[case.organisation_id], case.region, case.year] = case.number
    return found
