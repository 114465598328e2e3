"""Which question a pre-check asks next, and how an answer to it is understood.

Only facts that can still change a verdict are asked. A question's key is the fact, or for an entry
of a list its place in it: `records.0.grade`. Pure: answers so far go in, the question comes out.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from knowledge.catalogue import catalogue
from knowledge.conditions import NoEntry, leaves
from knowledge.numerals import integer
from knowledge.prechecking import Precheck, places_of
from knowledge.profile import KINDS, Profile, read_profile
from knowledge.rules import Rule, facts_of
from knowledge.wording import normalise

Answers = Mapping[str, Any]
"""A profile as JSON, in the making."""

ORDER = (
    "registered_in",
    "legal_form",
    "business_kind",
    "industrial",
    "above_designated_size",
    "exports",
    "operating_since",
    "policy_compliant",
    "licences_complete",
    "qms_certified_since",
    "qms_sound",
    "excellence_model_since",
    "chief_quality_officer",
    "safety_standardization_level",
    "annual_profits",
    "industry_rank",
    "industry_leading",
    "nationally_leading",
    "social_contribution_leading",
    "per_mu_grade",
    "quality_strategy",
    "quality_results_outstanding",
    "quality_practice_replicable",
    "good_credit",
    "credit_commitment_signed",
    "supports_party_line",
    "awards",
    "revocations",
    "records",
)
"""Who you are, certificates, performance, records (the longest last)."""

_CHOICES: Mapping[str, tuple[Any, ...]] = {
    "legal_form": ("legal_person", "unincorporated", "branch"),
    "business_kind": ("commercial", "nonprofit"),
    "safety_standardization_level": (1, 2, 3, "none"),
    "per_mu_grade": ("A", "B", "C", "D"),
    "grade": ("general", "larger", "major", "extraordinary"),
    "authority": ("national", "provincial", "municipal"),
}
_DATES = ("operating_since", "qms_certified_since", "excellence_model_since", "on")
_LISTS = ("records", "awards", "revocations")
_YES_NO = frozenset(("fatal", "serious"))


class Kind(StrEnum):
    """How a question is answered: by one button, several, or typed."""

    CHOICE = "choice"
    SEVERAL = "several"
    DATE = "date"
    NUMBER = "number"
    PROFITS = "profits"


@dataclass(frozen=True)
class Question:
    """One question: its words, how it is answered, and the choices (value and label)."""

    key: str
    text: str
    kind: Kind
    choices: tuple[tuple[Any, str], ...] = ()


@dataclass(frozen=True)
class Why:
    """A clause behind a question."""

    region: str
    article: int
    item: int | None
    quote: str


class Questionnaire:
    """Asks for the facts of a profile."""

    def __init__(self, precheck: Precheck) -> None:
        self._precheck, self._say = precheck, catalogue("zh")
        self._places = places_of(precheck.corpus)

    def profile(self, answers: Answers, as_of: date) -> Profile:
        """The answers as a profile.

        Raises:
            ProfileError: an answer cannot stand.
        """
        return read_profile(dict(answers), self._precheck.corpus.regions, as_of)

    def following(
        self, answers: Answers, unsure: Iterable[str], regions: Iterable[str], as_of: date
    ) -> Question | None:
        """The next question, or None when nothing more can change a verdict."""
        open_keys = self.open_keys(answers, unsure, regions, as_of)
        return self.question(open_keys[0], answers, regions) if open_keys else None

    def open_keys(
        self, answers: Answers, unsure: Iterable[str], regions: Iterable[str], as_of: date
    ) -> list[str]:
        """The keys still to ask, in their order."""
        chosen, skipped = tuple(regions), set(unsure)
        facts = self._precheck.open_facts(self.profile(answers, as_of), chosen, as_of)
        keys: list[str] = []
        for fact in ORDER:
            if fact not in facts:
                continue
            if fact in _LISTS and answers.get(fact) is not None:
                keys += [
                    f"{fact}.{at}.{detail}"
                    for at, entry in enumerate(answers[fact])
                    for detail in self._details(fact, entry, chosen)
                    if detail not in entry
                ]
            else:
                keys.append(fact)
        return [key for key in keys if key not in skipped]

    def question(self, key: str, answers: Answers, regions: Iterable[str]) -> Question:
        """The question behind a key."""
        fact, _, rest = key.partition(".")
        if rest:
            at, _, detail = rest.partition(".")
            return self._about_entry(key, fact, answers[fact][int(at)], detail, regions)
        text = self._say(f"ask.{fact}")
        if fact == "registered_in":
            places = [(region, self._places[region]) for region in self._precheck.corpus.regions]
            return Question(key, text, Kind.CHOICE, (*places, ("other", self._label("other"))))
        if fact in _LISTS:
            return Question(key, text, Kind.SEVERAL, self._entries(fact, tuple(regions)))
        if fact == "annual_profits":
            return Question(key, text, Kind.PROFITS)
        if fact == "industry_rank":
            ranks = tuple((n, f"第{n}名") for n in (1, 2, 3))
            return Question(key, text, Kind.NUMBER, ranks)
        if fact in _DATES:
            none = () if fact == "operating_since" else (("none", self._label("none")),)
            return Question(key, text, Kind.DATE, none)
        return Question(key, text, Kind.CHOICE, self._options(fact))

    def why(self, key: str, regions: Iterable[str]) -> list[Why]:
        """The clauses that a question is asked for."""
        fact = key.partition(".")[0]
        found = []
        for region in regions:
            for rule in self._precheck.rules(region):
                if fact in facts_of(rule):
                    part = next(p for p in rule.parts if fact in facts_of(_only(rule, p)))
                    found.append(Why(region, rule.article, rule.item, part.span))
        return found

    def understand(self, question: Question, text: str, as_of: date) -> Any:
        """What a typed answer means, as the profile's value; None where it is no answer."""
        said = normalise(text).strip(" 。.!！")
        for value, label in question.choices:
            if said == normalise(label) or (len(said) > 1 and said in normalise(label)):
                return [value] if question.kind is Kind.SEVERAL else value
        if question.kind is Kind.DATE:
            day = read_day(said, as_of)
            return day.isoformat() if day else None
        if question.kind is Kind.NUMBER:
            match = re.fullmatch(r"第?([\d一二三四五六七八九十百]+)名?", said)
            return integer(match[1]) or None if match else None
        if question.kind is Kind.PROFITS:
            return read_profits(said)
        if {value for value, _ in question.choices} == {True, False}:
            return _yes_or_no(said)
        if question.kind is Kind.SEVERAL and re.fullmatch(r"(都)?(没有|无|没|都没有)(过)?", said):
            return []
        return None

    def spoken(self, question: Question, value: Any) -> str:
        """A value as people say it."""
        labels = dict(question.choices)
        if isinstance(value, list) and question.kind is Kind.SEVERAL:
            return self._say("form.join").join(labels[v] for v in value) or self._say("value.none")
        if isinstance(value, list):
            return "、".join("不清楚" if v is None else f"{v:g}万元" for v in value)
        if question.kind is Kind.DATE and value != "none":
            return self._say("form.date", date.fromisoformat(value))
        return str(labels.get(value, value))

    def name(self, question: Question) -> str:
        """What a question is about, in a word or two."""
        fact, _, rest = question.key.partition(".")
        return re.split(r"[？（]", question.text)[0] if rest else self._say(f"fact.{fact}")

    def answer(self, key: str, answers: Answers) -> Any:
        """The answer that was given to a question, as a choice or as it was typed."""
        fact, _, rest = key.partition(".")
        if rest:
            at, _, detail = rest.partition(".")
            value = answers[fact][int(at)].get(detail)
            return "none" if value is None and detail == "credit_repaired" else value
        value = answers.get(fact)
        if fact == "records":
            return [entry["kind"] for entry in value or ()]
        if fact in _LISTS:
            return [f"{e['region']} {e.get('award') or e.get('reason')}" for e in value or ()]
        return value

    def entry(self, fact: str, value: Any) -> dict[str, Any]:
        """The entry of a list that a choice stands for."""
        if fact == "records":
            return {"kind": value}
        region, _, rest = str(value).partition(" ")
        return {"region": region, ("award" if fact == "awards" else "reason"): rest}

    def _about_entry(
        self, key: str, fact: str, entry: Answers, detail: str, regions: Iterable[str]
    ) -> Question:
        name = (
            self._say(f"record.{entry['kind']}")
            if fact == "records"
            else dict(self._entries(fact, tuple(regions)))[
                f"{entry['region']} {entry.get('award') or entry.get('reason')}"
            ]
        )
        text = self._say(f"ask.entry_{detail}", entry=name)
        if detail == "on":
            return Question(key, text, Kind.DATE)
        if detail == "credit_repaired":
            return Question(key, text, Kind.DATE, (("none", self._say("value.unrepaired")),))
        if detail == "region":
            return Question(key, text, Kind.CHOICE, tuple(self._places.items()))
        options = self._options(detail)
        if detail == "grade":
            allowed = str(KINDS[str(entry["kind"])].model_fields["grade"].annotation)
            options = tuple(option for option in options if f"'{option[0]}'" in allowed)
        return Question(key, text, Kind.CHOICE, options)

    def _options(self, fact: str) -> tuple[tuple[Any, str], ...]:
        if fact in _CHOICES:
            return tuple((value, self._label(value)) for value in _CHOICES[fact])
        return ((True, self._say("value.yes")), (False, self._say("value.no")))

    def _label(self, value: Any) -> str:
        key = f"value.{value}"
        return self._say(key) if key in self._say.keys else str(value)

    def _entries(self, fact: str, regions: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
        """The kinds of entry that matter for the regions."""
        if fact == "records":
            kinds = {kind for leaf in self._looking(fact, regions) for kind in leaf.where["kind"]}
            return tuple((kind, self._say(f"record.{kind}")) for kind in KINDS if kind in kinds)
        second = "award" if fact == "awards" else "reason"
        found = {
            f"{region} {value}": self._say(
                f"ask.{second}_{value}", award=self._precheck.corpus[region].award
            )
            for leaf in self._looking(fact, regions)
            for region in leaf.where["region"]
            for value in leaf.where.get(second, ("quality",))
        }
        return tuple(found.items())

    def _details(self, fact: str, entry: Answers, regions: tuple[str, ...]) -> list[str]:
        """What matters of an entry, in the order of asking."""
        details: set[str] = set()
        for leaf in self._looking(fact, regions):
            if fact == "records" and entry["kind"] not in leaf.where["kind"]:
                continue
            details |= set(leaf.where) - {"kind", "award", "reason"}
            details |= {"on"} if leaf.years else set()
            details |= {"credit_repaired"} if leaf.unless_repaired else set()
        order = ("on", "grade", "fatal", "authority", "serious", "region", "credit_repaired")
        return [detail for detail in order if detail in details]

    def _looking(self, fact: str, regions: tuple[str, ...]) -> list[NoEntry]:
        return [
            leaf
            for region in regions
            for rule in self._precheck.rules(region)
            for part in rule.parts
            for leaf in leaves(part.condition)
            if isinstance(leaf, NoEntry) and leaf.none == fact
        ]


def _only(rule: Rule, part: Any) -> Rule:
    return rule.model_copy(update={"parts": (part,)})


_DAY = re.compile(
    r"(?P<year>(?:19|20)?\d{2})\s*(?:年|[-./])\s*(?:(?P<month>\d{1,2})\s*(?:月份?|[-./])?\s*"
    r"(?:(?P<day>\d{1,2})\s*[日号]?)?)?(?:起|开始|成立|拿到|通过|以来)?"
)
_BARE_YEAR = re.compile(r"((?:19|20)\d{2})年?")
_COMPACT = re.compile(r"((?:19|20)\d{2})(\d{2})(\d{2})?")


def read_day(text: str, as_of: date) -> date | None:
    """A date in the forms people type: 2021年3月, 2021-03, 21.3.5, 20210305.

    Where the day or the month is left out, the last one is taken: the careful reading of “since”
    as of “when it happened” (but never one after `as_of`).
    """
    said = text.strip()
    if match := _COMPACT.fullmatch(said) or _BARE_YEAR.fullmatch(said):
        parts = [int(part) if part else None for part in (*match.groups(), None, None)][:3]
    elif match := _DAY.fullmatch(said):
        parts = [int(match[n]) if match[n] else None for n in ("year", "month", "day")]
    else:
        return None
    year, month, day = parts[0] or 0, parts[1] or 12, parts[2]
    if year < 100:
        year += 2000 if year <= as_of.year % 100 else 1900
    try:
        found = date(year, month, day or monthrange(year, month)[1])
    except ValueError:
        return None
    careful = parts[1] is None or parts[2] is None
    return min(found, as_of) if careful and found.year == as_of.year else found


def read_profits(text: str) -> list[float | None] | None:
    """Three numbers, the last year first: `120, -30, 不清楚`, in 10,000 yuan (1亿 is 10000)."""
    parts = [part for part in re.split(r"[,，、;；/\s]+", text.replace("万元", "万")) if part]
    if len(parts) != 3:
        return None
    found: list[float | None] = []
    for part in parts:
        match = re.fullmatch(r"(亏损?|盈利?|赚|-|负)?(\d+(?:\.\d+)?)(万|亿)?", part)
        if re.fullmatch(r"不清楚|不知道|不详|未知|null|\?", part):
            found.append(None)
        elif match:
            amount = float(match[2]) * (10_000 if match[3] == "亿" else 1)
            found.append(-amount if (match[1] or " ")[0] in "亏-负" else amount)
        else:
            return None
    return found


def _yes_or_no(said: str) -> bool | None:
    if re.fullmatch(r"(不是|没有|没|无|否|不|未|不符合|还没有?|no|n)(的|过)?", said):
        return False
    if re.fullmatch(r"(是|有|对|符合|齐全|已经?有|嗯|yes|y)(的|过)?", said):
        return True
    return None
