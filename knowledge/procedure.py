"""How an application is judged in each region: stages, limits, scores; `procedure.yaml`.

Everything that the text sets is data that quotes it; totals, candidates and quotas are computed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from knowledge.corpus import REGULATIONS, Corpus
from knowledge.files import read_yaml
from knowledge.regulation import Regulation

OUTCOMES = ("granted", "rejected", "withdrawn")
"""How a case ends: with an award, without one, or by the applicant's own wish."""

Award = Literal["quality", "nomination"]
Sector = Literal["manufacturing", "services"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Notice(_Strict):
    """A public notice: its least length in calendar or working days."""

    days: int = Field(gt=0)
    working: bool
    span: str


class Places(_Strict):
    """How many cases go on from a stage at most."""

    at_most: int = Field(gt=0)
    span: str


class Vote(_Strict):
    """The share of the votes cast that a case needs at least."""

    numerator: int
    denominator: int
    span: str


class Stage(_Strict):
    """One stage: where the text sets it, who acts, what may follow, and what it records.

    From every stage a case may also end as `rejected` or `withdrawn`; with `awards` it may end as
    `granted`, with one of them.
    """

    id: str
    name: str
    article: int = Field(gt=0)
    item: int | None = None
    actor: str
    span: str
    next: tuple[str, ...]
    scores: tuple[str, ...] = ()
    notice: Notice | None = None
    places: Places | None = None
    vote: Vote | None = None
    awards: tuple[Award, ...] = ()
    note: str | None = None


class Threshold(_Strict):
    """The least total that an award needs."""

    award: Award
    at_least: float
    article: int
    span: str


class Scoring(_Strict):
    """How the total comes about: `weights` in percent of the parts, each out of `full` points."""

    full: float
    weights: Mapping[str, float]
    article: int
    item: int | None = None
    span: str
    thresholds: tuple[Threshold, ...] = ()

    @model_validator(mode="after")
    def _whole(self) -> Scoring:
        if sum(self.weights.values()) != 100:
            raise ValueError("the weights do not add up to 100")
        return self

    def total(self, scores: Mapping[str, float]) -> float | None:
        """The weighted total; None while a part is missing."""
        if any(part not in scores for part in self.weights):
            return None
        return round(sum(scores[part] * share / 100 for part, share in self.weights.items()), 2)

    def award(self, total: float) -> Award | None:
        """The highest award that a total is enough for."""
        enough = [t for t in self.thresholds if total >= t.at_least]
        return max(enough, key=lambda t: t.at_least).award if enough else None


class Candidates(_Strict):
    """How many cases become candidates at most, by rank."""

    at_most: int = Field(gt=0)
    article: int
    span: str


class Quota(_Strict):
    """How many may win an award, in all or in one sector."""

    award: Award
    at_most: int = Field(gt=0)
    sector: Sector | None = None
    article: int
    span: str


class Procedure(_Strict):
    """One region's procedure."""

    stages: tuple[Stage, ...] = Field(min_length=1)
    scoring: Scoring | None = None
    candidates: Candidates | None = None
    quotas: tuple[Quota, ...] = ()

    @model_validator(mode="after")
    def _connected(self) -> Procedure:
        known = {stage.id for stage in self.stages}
        if strange := [n for stage in self.stages for n in stage.next if n not in known]:
            raise ValueError(f"there is no stage {strange[0]}")
        return self

    @property
    def first(self) -> Stage:
        return self.stages[0]

    def stage(self, name: str) -> Stage | None:
        """The stage of an id or a Chinese name."""
        return next((s for s in self.stages if name in (s.id, s.name)), None)

    def following(self, stage: str) -> tuple[str, ...]:
        """What may follow a stage: the ids of stages, then the outcomes."""
        here = self.stage(stage)
        if here is None:
            return ()
        granted = ("granted",) if here.awards else ()
        return (*here.next, *granted, "rejected", "withdrawn")

    def path(self, stage: str) -> tuple[Stage, ...]:
        """The stages still to come after a stage, the usual way."""
        found: list[Stage] = []
        here = self.stage(stage)
        while here and here.next:
            here = self.stage(here.next[0])
            if here:
                found.append(here)
        return tuple(found)

    def passes_vote(self, stage: str, votes_for: float, votes_cast: float) -> bool:
        """Whether a vote is enough (the share itself included)."""
        here = self.stage(stage)
        if here is None or here.vote is None:
            return True
        return votes_for * here.vote.denominator >= votes_cast * here.vote.numerator


@dataclass(frozen=True)
class Ranked:
    """A case in the ranking: its total, its rank from 1 (None without a total), the award that the
    total is enough for, and whether it is among the candidates."""

    number: str
    total: float | None
    rank: int | None
    award: Award | None
    candidate: bool


def ranking(procedure: Procedure, scores: Mapping[str, Mapping[str, float]]) -> list[Ranked]:
    """Cases (by number) in the order of their totals; equal totals share a rank."""
    scoring = procedure.scoring
    totals = {n: scoring.total(parts) if scoring else None for n, parts in scores.items()}
    ordered = sorted(scores, key=lambda n: (-(totals[n] or -1.0), n))
    found = []
    for number in ordered:
        total = totals[number]
        if scoring is None or total is None:
            found.append(Ranked(number, None, None, None, candidate=False))
            continue
        rank = 1 + sum(1 for t in totals.values() if t is not None and t > total)
        award = scoring.award(total)
        most = procedure.candidates.at_most if procedure.candidates else len(ordered)
        found.append(Ranked(number, total, rank, award, award is not None and rank <= most))
    return found


def over_quota(
    procedure: Procedure, granted: Sequence[tuple[str, str | None]], award: str, sector: str | None
) -> Quota | None:
    """The quota that one more award would exceed; `granted` are (award, sector) so far."""
    for quota in procedure.quotas:
        if quota.award != award or (quota.sector and quota.sector != sector):
            continue
        given = sum(
            1 for a, s in granted if a == award and (quota.sector is None or s == quota.sector)
        )
        if given >= quota.at_most:
            return quota
    return None


def load_procedures(corpus: Corpus, *folders: Path) -> dict[str, Procedure]:
    """`procedure.yaml` of every region that has one.

    Raises:
        DataError: a file is malformed.
    """
    return {
        regulation.region: read_yaml(path, Procedure)
        for regulation in corpus
        for folder in folders or (REGULATIONS,)
        if (path := folder / regulation.region / "procedure.yaml").exists()
    }


def procedure_faults(regulation: Regulation, procedure: Procedure) -> Iterator[str]:
    """Every place in which a procedure no longer quotes its article."""
    for article, item, span in _spans(procedure):
        name = f"procedure {regulation.region} {regulation.clause(article, item)}"
        found = regulation.article(article)
        if found is None or not found.quotes(span):
            yield f"{name}: the article no longer says “{span}”"
        elif item is not None and (at := found.item_at(span)) is not None and at.number != item:
            yield f"{name}: “{span}” does not stand in the item"


def _spans(procedure: Procedure) -> Iterator[tuple[int, int | None, str]]:
    for stage in procedure.stages:
        for part in (stage, stage.notice, stage.places, stage.vote):
            if part is not None:
                yield stage.article, stage.item, part.span
    if procedure.scoring:
        yield procedure.scoring.article, procedure.scoring.item, procedure.scoring.span
        yield from ((t.article, None, t.span) for t in procedure.scoring.thresholds)
    if procedure.candidates:
        yield procedure.candidates.article, None, procedure.candidates.span
    yield from ((quota.article, None, quota.span) for quota in procedure.quotas)
