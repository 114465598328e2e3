"""Questions worth a second look: those that were not covered, and those that someone rated.

Of who asked nothing is kept; numbers that may identify someone are masked.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from store.models import KeptQuestion

LENGTH = 500
_IDENTIFYING = re.compile(
    r"[\w.+-]+@[\w-]+\.[\w.]+|(?<![0-9A-Za-z])[0-9A-Z]{18}(?![0-9A-Za-z])|\d{7,}", re.ASCII
)


class Verdict(StrEnum):
    """What a reader thought of an answer."""

    GOOD = "good"
    BAD = "bad"


@dataclass(frozen=True)
class Tally:
    """A question as often as it was asked in one region, with the answer it got last."""

    question: str
    regions: tuple[str, ...]
    count: int
    not_covered: int
    good: int
    bad: int
    last_asked: datetime
    citations: tuple[dict[str, Any], ...]
    trace: dict[str, Any]


async def keep(
    session: AsyncSession,
    question: str,
    regions: Sequence[str],
    status: str,
    citations: Sequence[dict[str, Any]],
    trace: dict[str, Any],
    verdict: Verdict | None = None,
) -> int:
    """Keeps a question with its answer; returns the number under which it is kept."""
    row = KeptQuestion(
        asked_at=datetime.now(UTC),
        question=_masked(question)[:LENGTH],
        regions=json.dumps(sorted(regions)),
        status=status,
        citations=list(citations),
        trace=json.loads(_masked(json.dumps(trace, ensure_ascii=False))),
        verdict=verdict,
    )
    session.add(row)
    await session.flush()
    return row.id


async def rate(session: AsyncSession, number: int, verdict: Verdict) -> bool:
    """Notes what the reader thought; false where the question is kept no more."""
    row = await session.get(KeptQuestion, number)
    if row is None:
        return False
    row.verdict = verdict
    return True


async def tallies(session: AsyncSession, since: datetime | None = None) -> list[Tally]:
    """The kept questions, the same in the same regions counted together, most frequent first."""
    chosen = select(KeptQuestion).order_by(KeptQuestion.id)
    if since:
        chosen = chosen.where(KeptQuestion.asked_at >= since)
    together: dict[tuple[str, str], list[KeptQuestion]] = {}
    async for row in await session.stream_scalars(chosen):
        key = (re.sub(r"[\W_]", "", row.question).lower(), row.regions)
        together.setdefault(key, []).append(row)
    found = [_tally(rows) for rows in together.values()]
    return sorted(found, key=lambda t: (-t.count, -t.bad, t.question))


def _masked(text: str) -> str:
    return _IDENTIFYING.sub("***", text)


def _tally(rows: Sequence[KeptQuestion]) -> Tally:
    last = rows[-1]
    return Tally(
        question=last.question,
        regions=tuple(json.loads(last.regions)),
        count=len(rows),
        not_covered=sum(row.status == "not_covered" for row in rows),
        good=sum(row.verdict == Verdict.GOOD for row in rows),
        bad=sum(row.verdict == Verdict.BAD for row in rows),
        last_asked=last.asked_at,
        citations=tuple(last.citations),
        trace=last.trace,
    )
