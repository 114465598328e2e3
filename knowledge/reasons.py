"""Says in a sentence why a clause turned out as it did, from the facts that decided it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from dateutil.relativedelta import relativedelta

from knowledge.catalogue import Catalogue
from knowledge.conditions import Fact, Held, NoEntry, Profits, entries, holds, leaves, missing
from knowledge.profile import Profile
from knowledge.rules import Part


class Reasons:
    """Reasons in one language."""

    def __init__(self, say: Catalogue, places: Mapping[str, str]) -> None:
        """`places` are the names of the regions."""
        self._say, self._places = say, places

    def __call__(
        self,
        outcome: str,
        parts: Sequence[Part],
        profile: Profile,
        as_of: date,
        judgement: bool,
    ) -> str:
        """One sentence for the parts that decided."""
        if outcome == "unknown":
            facts = sorted(f for part in parts for f in self._open(part, profile, as_of))
            names = self._say("form.join").join(dict.fromkeys(self.fact(f) for f in facts))
            return self._say("precheck.reason_unknown", facts=names)
        if outcome == "not_met":
            told = [t for part in parts for t in self._failures(part, profile, as_of)]
            return "；".join(dict.fromkeys(told)) + "。"
        if outcome == "met" and judgement:
            return self._say("precheck.reason_claimed")
        return self._say(f"precheck.reason_{outcome}")

    def fact(self, fact: str) -> str:
        """The name of a fact."""
        return self._say(f"fact.{fact}")

    def value(self, value: Any) -> str:
        """A fact's value as people say it."""
        if isinstance(value, bool):
            return self._say("value.yes" if value else "value.no")
        if isinstance(value, date):
            return self._say("form.date", value)
        if isinstance(value, str) and value in self._places:
            return self._places[value]
        key = f"value.{value}"
        return self._say(key) if key in self._say.keys else str(value)

    def _open(self, part: Part, profile: Profile, as_of: date) -> set[str]:
        if part.applies is not None and holds(part.applies, profile, as_of) is None:
            return missing(part.applies, profile, as_of)
        return missing(part.condition, profile, as_of)

    def _failures(self, part: Part, profile: Profile, as_of: date) -> Iterator[str]:
        for leaf in leaves(part.condition):
            if holds(leaf, profile, as_of) is not False:
                continue
            match leaf:
                case Fact():
                    value = self.value(getattr(profile, leaf.fact))
                    yield self._say("precheck.reason_fact", fact=self.fact(leaf.fact), value=value)
                case Held():
                    yield self._held(leaf, profile, as_of)
                case Profits():
                    yield self._say(f"precheck.reason_{leaf.profits}", years=leaf.years)
                case NoEntry():
                    yield from self._entries(leaf, profile, as_of)

    def _held(self, leaf: Held, profile: Profile, as_of: date) -> str:
        since = getattr(profile, leaf.held)
        name = self.fact(leaf.held)
        if not isinstance(since, date):
            return self._say("precheck.reason_none", fact=name)
        return self._say(
            "precheck.reason_held",
            fact=name,
            since=self._say("form.date", since),
            as_of=self._say("form.date", as_of),
            years=leaf.years,
            full=self._say("form.date", since + relativedelta(years=leaf.years)),
        )

    def _entries(self, leaf: NoEntry, profile: Profile, as_of: date) -> Iterator[str]:
        for entry in entries(leaf, profile):
            alone = profile.model_copy(update={leaf.none: (entry,)})
            if entry is None or holds(leaf, alone, as_of) is not False:
                continue
            name = self._say(f"record.{getattr(entry, 'kind', leaf.none)}")
            day = self._say("form.date", entry.on) if entry.on else ""
            key = "within" if leaf.years else "ever"
            yield self._say(f"precheck.reason_{key}", entry=name, on=day, years=leaf.years)
