"""Judges a profile by the rules of a region: clause by clause, with the text's own words.

Pure and three-valued: the same facts, rules and day give the same result, and what is not known
is never taken for granted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from knowledge.catalogue import catalogue
from knowledge.conditions import Truth, holds, missing, turning_days
from knowledge.corpus import Corpus
from knowledge.profile import Profile
from knowledge.reasons import Reasons
from knowledge.regulation import Regulation
from knowledge.rules import Part, Remedy, Rule, Ruleset


class Outcome(StrEnum):
    """How a clause turned out; `not_applicable`: it addresses another kind of organisation."""

    MET = "met"
    NOT_MET = "not_met"
    UNKNOWN = "unknown"
    NOT_APPLICABLE = "not_applicable"


class Verdict(StrEnum):
    """`ineligible` if a clause is not met; else `undetermined` if one is unknown."""

    ELIGIBLE = "eligible"
    INELIGIBLE = "ineligible"
    UNDETERMINED = "undetermined"


class Mend(StrEnum):
    """How a clause that is not met can be mended."""

    WAIT = "wait"
    OBTAIN = "obtain"
    REPAIR = "repair"
    NEVER = "never"


class PrecheckError(Exception):
    """The pre-check of a region cannot run; the message says why and who can mend it."""


@dataclass(frozen=True)
class Criterion:
    """One clause: how it turned out, why, and the words it rests on.

    `curable_on` is the first day on which time alone would have it met; `mends` says what helps,
    part by part; `evidence` is what proves the clause.
    """

    article: int
    item: int | None
    outcome: Outcome
    question: str
    reason: str
    quote: str
    curable_on: date | None
    judgement: bool
    mends: tuple[tuple[Mend, str], ...]
    evidence: tuple[str, ...]
    interpretations: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        return {
            "article": self.article,
            "item": self.item,
            "outcome": self.outcome.value,
            "question": self.question,
            "reason": self.reason,
            "quote": self.quote,
            "curable_on": self.curable_on.isoformat() if self.curable_on else None,
            "judgement": self.judgement,
            "remedies": [{"kind": kind.value, "text": text} for kind, text in self.mends],
            "evidence": list(self.evidence),
            "interpretation": list(self.interpretations),
        }


@dataclass(frozen=True)
class RegionResult:
    """One region's verdict with its clauses."""

    region: str
    verdict: Verdict
    earliest_eligible_on: date | None
    legal_status: str
    criteria: tuple[Criterion, ...]

    def as_json(self) -> dict[str, Any]:
        earliest = self.earliest_eligible_on
        return {
            "region": self.region,
            "verdict": self.verdict.value,
            "earliest_eligible_on": earliest.isoformat() if earliest else None,
            "legal_status": self.legal_status,
            "criteria": [criterion.as_json() for criterion in self.criteria],
        }


@dataclass(frozen=True)
class Result:
    """A pre-check: every region's result, and the fingerprint of the rules it was judged by."""

    as_of: date
    ruleset: str
    regions: tuple[RegionResult, ...]

    @property
    def evidence(self) -> tuple[str, ...]:
        """What to prepare for the regions within reach (now or with time), each thing once."""
        near = [
            region
            for region in self.regions
            if region.verdict is not Verdict.INELIGIBLE or region.earliest_eligible_on
        ]
        needed = (e for region in near for c in region.criteria for e in c.evidence)
        return tuple(dict.fromkeys(needed))

    def as_json(self) -> dict[str, Any]:
        return {
            "as_of": self.as_of.isoformat(),
            "ruleset": self.ruleset,
            "results": [result.as_json() for result in self.regions],
            "evidence": list(self.evidence),
        }


class Precheck:
    """Judges profiles by a ruleset."""

    def __init__(self, corpus: Corpus, ruleset: Ruleset) -> None:
        self.corpus, self.ruleset = corpus, ruleset
        self._reasons = Reasons(catalogue("zh"), places_of(corpus))

    @property
    def regions(self) -> tuple[str, ...]:
        """The regions that have rules."""
        return self.ruleset.regions

    def judge(self, profile: Profile, regions: Iterable[str], as_of: date) -> Result:
        """The result of a profile in some regions on a day.

        Raises:
            PrecheckError: a region has no rules, or rules whose words are gone from the text.
        """
        chosen = tuple(dict.fromkeys(regions))
        results = tuple(self._region(profile, region, as_of) for region in chosen)
        return Result(as_of, self.ruleset.version, results)

    def verdict(self, profile: Profile, region: str, as_of: date) -> Verdict:
        """The verdict alone."""
        truths = [truth_of(rule, profile, as_of) for rule in self.rules(region)]
        if False in truths:
            return Verdict.INELIGIBLE
        return Verdict.UNDETERMINED if None in truths else Verdict.ELIGIBLE

    def open_facts(self, profile: Profile, regions: Iterable[str], as_of: date) -> set[str]:
        """The unknown facts that can still change a verdict."""
        found: set[str] = set()
        for region in regions:
            if self.verdict(profile, region, as_of) is Verdict.UNDETERMINED:
                for rule in self.rules(region):
                    for part in rule.parts:
                        found |= _missing(part, profile, as_of)
        return found

    def rules(self, region: str) -> tuple[Rule, ...]:
        """The rules of a region.

        Raises:
            PrecheckError: see `judge`.
        """
        if region not in self.ruleset.by_region:
            raise PrecheckError(
                f"{region}：没有预检规则；可以预检的地区：{'、'.join(self.regions)}"
            )
        if broken := self.ruleset.broken.get(region):
            raise PrecheckError(f"{region}：规则依据的条文变了，要先人工核对：{'；'.join(broken)}")
        return self.ruleset.by_region[region]

    def _region(self, profile: Profile, region: str, as_of: date) -> RegionResult:
        regulation = self.corpus[region]
        verdict = self.verdict(profile, region, as_of)
        criteria = tuple(self._criterion(r, profile, regulation, as_of) for r in self.rules(region))
        earliest = None
        if verdict is Verdict.INELIGIBLE:
            earliest = first_day(self.rules(region), profile, as_of)
        status = regulation.status(as_of).value
        return RegionResult(region, verdict, earliest, status, criteria)

    def _criterion(
        self, rule: Rule, profile: Profile, regulation: Regulation, as_of: date
    ) -> Criterion:
        applying = [part for part in rule.parts if _applies(part, profile, as_of) is not False]
        truths = [(part, _part(part, profile, as_of)) for part in applying]
        failed = [part for part, truth in truths if truth is False]
        unknown = [part for part, truth in truths if truth is None]
        outcome = (
            Outcome.NOT_APPLICABLE
            if not applying
            else Outcome.NOT_MET
            if failed
            else Outcome.UNKNOWN
            if unknown
            else Outcome.MET
        )
        telling = failed or unknown or applying
        judgement = any(part.judgement for part in applying or rule.parts)
        return Criterion(
            article=rule.article,
            item=rule.item,
            outcome=outcome,
            question=rule.question,
            reason=self._reasons(outcome.value, telling, profile, as_of, judgement),
            quote=telling[0].span if failed else _text(rule, regulation),
            curable_on=first_day([rule], profile, as_of) if failed else None,
            judgement=judgement,
            mends=tuple(_mend(part, profile, as_of) for part in failed),
            evidence=tuple(dict.fromkeys(e for part in applying for e in part.evidence)),
            interpretations=tuple(p.interpretation for p in failed or applying if p.interpretation),
        )


def _text(rule: Rule, regulation: Regulation) -> str:
    """The words of a clause: its item, or what its first part rests on."""
    article = regulation.article(rule.article)
    item = article.item(rule.item) if article and rule.item is not None else None
    return item.full_text if item else rule.parts[0].span


def places_of(corpus: Corpus) -> dict[str, str]:
    """The regions' names."""
    return {regulation.region: regulation.place.name for regulation in corpus}


def truth_of(rule: Rule, profile: Profile, day: date) -> Truth:
    """Whether a clause is met; a clause that does not apply counts as met."""
    truths = [_part(part, profile, day) for part in rule.parts]
    return False if False in truths else None if None in truths else True


def first_day(rules: Sequence[Rule], profile: Profile, as_of: date) -> date | None:
    """The first day on which all the rules would be met if nothing but time passed."""
    days = {day for rule in rules for day in _turning_days(rule, profile) if day > as_of}
    met = (d for d in sorted(days) if all(truth_of(rule, profile, d) is True for rule in rules))
    return next(met, None)


def _turning_days(rule: Rule, profile: Profile) -> Iterator[date]:
    for part in rule.parts:
        yield from turning_days(part.condition, profile)


def _applies(part: Part, profile: Profile, day: date) -> Truth:
    return True if part.applies is None else holds(part.applies, profile, day)


def _part(part: Part, profile: Profile, day: date) -> Truth:
    applies = _applies(part, profile, day)
    if applies is False:
        return True
    truth = holds(part.condition, profile, day)
    return truth if applies or truth else None


def _missing(part: Part, profile: Profile, day: date) -> set[str]:
    if _part(part, profile, day) is not None:
        return set()
    if part.applies is not None and _applies(part, profile, day) is None:
        return missing(part.applies, profile, day)
    return missing(part.condition, profile, day)


def _mend(part: Part, profile: Profile, as_of: date) -> tuple[Mend, str]:
    """Waiting helps where time alone would; else what the rule says."""
    alone = Rule(article=1, question="", parts=(part,))
    day = first_day([alone], profile, as_of)
    if day and part.remedy is not Remedy.REPAIR:
        return Mend.WAIT, f"{part.fix}（{day}）"
    if day:
        return Mend.REPAIR, f"{part.fix}（{day}）"
    return Mend(part.remedy.value), part.fix
