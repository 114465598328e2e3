"""The closed language of the pre-check rules, and its three-valued evaluator.

A condition is true, false or unknown (None) for a profile on a day; unknown never becomes a
default. Years are calendar years, a month's end is clamped, and “N years or more” includes N.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from typing import Any, Literal

from dateutil.relativedelta import relativedelta
from pydantic import BaseModel, ConfigDict, Field, model_validator

from knowledge.profile import Profile

Truth = bool | None


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class All(_Strict):
    """Every one of them holds."""

    all: tuple[Condition, ...] = Field(min_length=1)


class AnyOf(_Strict):
    """At least one of them holds."""

    any: tuple[Condition, ...] = Field(min_length=1)


class Not(_Strict):
    """It does not hold."""

    negated: Condition = Field(alias="not")


class If(_Strict):
    """What is asked of one kind of organisation, and of the others (nothing, where left out)."""

    test: Condition = Field(alias="if")
    then: Condition
    otherwise: Condition | None = Field(default=None, alias="else")


class Fact(_Strict):
    """A fact has a value, is one of several, or lies within a limit (the limit included)."""

    fact: str
    equals: Any = Field(default=None, alias="is")
    one_of: tuple[Any, ...] | None = None
    at_least: float | None = None
    at_most: float | None = None

    @model_validator(mode="after")
    def _well_formed(self) -> Fact:
        if self.fact not in Profile.model_fields:
            raise ValueError(f"there is no fact {self.fact}")
        given = [v is not None for v in (self.equals, self.one_of, self.at_least, self.at_most)]
        if sum(given) != 1:
            raise ValueError("exactly one of: is, one_of, at_least, at_most")
        return self


class Held(_Strict):
    """Something has been the case for N years or more, counted from the date in a fact."""

    held: str
    years: int = Field(ge=0)


class Profits(_Strict):
    """The last N years' profits: each above 0, none below 0, or not below 0 in total."""

    profits: Literal["each_positive", "none_negative", "total_not_negative"]
    years: int = Field(ge=1, le=3)


class NoEntry(_Strict):
    """No record, award or revocation of a kind within N years (ever, where `years` is left out).

    `where` narrows the kind; with `unless_repaired` a record whose credit has been repaired by
    the day does not count.
    """

    none: Literal["records", "awards", "revocations"]
    where: Mapping[str, tuple[Any, ...]]
    years: int | None = Field(default=None, ge=1)
    unless_repaired: bool = False


Condition = All | AnyOf | Not | If | Fact | Held | Profits | NoEntry


def holds(condition: Condition, profile: Profile, day: date) -> Truth:
    """Whether a condition holds for a profile on a day; None where the facts do not tell."""
    match condition:
        case All():
            return _all(holds(part, profile, day) for part in condition.all)
        case AnyOf():
            return _any(holds(part, profile, day) for part in condition.any)
        case Not():
            return _not(holds(condition.negated, profile, day))
        case If():
            return _if(condition, profile, day)
        case Fact():
            return _fact(condition, profile)
        case Held():
            return _held(condition, profile, day)
        case Profits():
            return _profits(condition, profile)
        case NoEntry():
            return _not(_any(_counts(condition, e, day) for e in entries(condition, profile)))


def entries(condition: NoEntry, profile: Profile) -> Iterable[Any]:
    """The entries that a condition looks at; one unknown entry where nothing is known."""
    found = getattr(profile, condition.none)
    return (None,) if found is None else found


def turning_days(condition: Condition, profile: Profile) -> Iterator[date]:
    """Every day on which a condition may change by time alone."""
    for part in leaves(condition):
        match part:
            case Held():
                if isinstance(since := getattr(profile, part.held), date):
                    yield since + relativedelta(years=part.years)
            case NoEntry():
                for entry in getattr(profile, part.none) or ():
                    if repaired := getattr(entry, "credit_repaired", None):
                        yield repaired
                    if entry.on and part.years:
                        end = entry.on + relativedelta(years=part.years)
                        yield from (end, end + timedelta(days=1))


def leaves(condition: Condition) -> Iterator[Fact | Held | Profits | NoEntry]:
    """The conditions of which a condition is made up."""
    match condition:
        case All():
            parts = condition.all
        case AnyOf():
            parts = condition.any
        case Not():
            parts = (condition.negated,)
        case If():
            branches = (condition.test, condition.then, condition.otherwise)
            parts = tuple(branch for branch in branches if branch is not None)
        case _:
            yield condition
            return
    for part in parts:
        yield from leaves(part)


def missing(condition: Condition, profile: Profile, day: date) -> set[str]:
    """The facts that could still decide a condition: one deciding question before its branches."""
    if holds(condition, profile, day) is not None:
        return set()
    match condition:
        case All():
            return set().union(*(missing(part, profile, day) for part in condition.all))
        case AnyOf():
            return set().union(*(missing(part, profile, day) for part in condition.any))
        case Not():
            return missing(condition.negated, profile, day)
        case If():
            test = holds(condition.test, profile, day)
            if test is None:
                return missing(condition.test, profile, day)
            branch = condition.then if test else condition.otherwise
            return missing(branch, profile, day) if branch else set()
        case Fact():
            return {condition.fact}
        case Held():
            return {condition.held}
        case Profits():
            return {"annual_profits"}
        case NoEntry():
            return {condition.none}


def _all(truths: Iterable[Truth]) -> Truth:
    found = set(truths)
    return False if False in found else None if None in found else True


def _any(truths: Iterable[Truth]) -> Truth:
    found = set(truths)
    return True if True in found else None if None in found else False


def _not(truth: Truth) -> Truth:
    return None if truth is None else not truth


def _if(condition: If, profile: Profile, day: date) -> Truth:
    """Unknown which branch applies: known only where both come to the same."""
    test = holds(condition.test, profile, day)
    then = holds(condition.then, profile, day)
    otherwise = True if condition.otherwise is None else holds(condition.otherwise, profile, day)
    if test is None:
        return then if then == otherwise else None
    return then if test else otherwise


def _fact(condition: Fact, profile: Profile) -> Truth:
    value = getattr(profile, condition.fact)
    if value is None:
        return None
    if condition.one_of is not None:
        return value in condition.one_of
    if condition.at_least is not None:
        return bool(value >= condition.at_least)
    if condition.at_most is not None:
        return bool(value <= condition.at_most)
    return bool(value == condition.equals)


def _held(condition: Held, profile: Profile, day: date) -> Truth:
    since = getattr(profile, condition.held)
    if since is None:
        return None
    return since != "none" and bool(since + relativedelta(years=condition.years) <= day)


def _profits(condition: Profits, profile: Profile) -> Truth:
    known = (profile.annual_profits or (None, None, None))[: condition.years]
    if condition.profits == "total_not_negative":
        return None if None in known else sum(p for p in known if p is not None) >= 0
    strict = condition.profits == "each_positive"
    return _all(None if p is None else p > 0 if strict else p >= 0 for p in known)


def _counts(condition: NoEntry, entry: Any, day: date) -> Truth:
    """Whether an entry is one that bars; None for an entry that may be one."""
    if entry is None:
        return None
    repaired = getattr(entry, "credit_repaired", None)
    if condition.unless_repaired and repaired and repaired <= day:
        return False
    matches = [_matches(entry, name, allowed) for name, allowed in condition.where.items()]
    if condition.years is None:
        return _all(matches)
    recent = None if entry.on is None else entry.on > day - relativedelta(years=condition.years)
    return _all([*matches, recent])


def _matches(entry: Any, name: str, allowed: tuple[Any, ...]) -> Truth:
    if not hasattr(entry, name):
        return False
    value = getattr(entry, name)
    return None if value is None else value in allowed
