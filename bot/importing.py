"""Takes cases from a table: the good rows go in, the others are reported with line and reason."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from handlers.casework import CaseError, Casework, Fields, tidy
from handlers.dialogue import Reply
from knowledge.catalogue import catalogue
from store import cases
from store.cases import NewCase

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    from store.models import Case

EVERY = 200


@dataclass
class Report:
    """What an import did."""

    added: int = 0
    advanced: int = 0
    unchanged: int = 0
    errors: list[tuple[int, str]] = field(default_factory=list)
    told: list[Reply] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        return {
            "added": self.added,
            "advanced": self.advanced,
            "unchanged": self.unchanged,
            "errors": [{"line": line, "reason": reason} for line, reason in self.errors],
        }


@dataclass(frozen=True)
class _Row:
    """A checked row: its line, the case it describes, and whether it names a stage."""

    line: int
    new: NewCase
    says_stage: bool


async def import_cases(
    casework: Casework,
    session: AsyncSession,
    rows: Iterable[tuple[int, Mapping[str, str]]],
    actor: str,
    progress: Callable[[int], None],
) -> Report:
    """Opens new cases, takes known ones on where the table says so, and leaves the rest."""
    report = Report()
    checked: list[_Row] = []
    lines: dict[str, int] = {}
    say = catalogue("zh")
    for count, (line, row) in enumerate(rows, 1):
        if count % EVERY == 0:
            progress(count)
        fields = Fields(**{name: row.get(name, "") for name in Fields.__dataclass_fields__})
        try:
            new = casework.checked(fields)
        except CaseError as error:
            report.errors.append((line, str(error)))
            continue
        if new.number in lines:
            reason = say("case.twice", number=new.number, line=lines[new.number])
            report.errors.append((line, reason))
            continue
        lines[new.number] = line
        checked.append(_Row(line, new, bool(tidy(fields.stage))))
    known, owners = await cases.known(
        session, [row.new.number for row in checked], [row.new.credit_code for row in checked]
    )
    applied = await cases.applications(session, list(owners.values()))
    fresh: list[NewCase] = []
    for checked_row in checked:
        line, new = checked_row.line, checked_row.new
        if case := known.get(new.number):
            owner = owners.get(new.credit_code)
            if owner is None or owner.id != case.organisation_id or case.region != new.region:
                report.errors.append((line, say("case.other_owner", number=case.number)))
            else:
                await _known(casework, session, case, checked_row, actor, report)
            continue
        key = (new.credit_code, new.region, new.year)
        if other := applied.get(key):
            report.errors.append((line, say("case.applied", number=other)))
            continue
        applied[key] = new.number
        fresh.append(new)
    await cases.open_many(session, fresh, owners, actor)
    report.added = len(fresh)
    report.errors.sort()
    return report


async def _known(
    casework: Casework, session: AsyncSession, case: Case, row: _Row, actor: str, report: Report
) -> None:
    """A row of a case that is there: the same as it stands, or further on."""
    if not row.says_stage or row.new.stage == case.stage:
        report.unchanged += 1
        return
    try:
        report.told += await casework.advance(session, case, row.new.stage, actor, row.new.on)
    except CaseError as error:
        report.errors.append((row.line, str(error)))
        return
    report.advanced += 1
