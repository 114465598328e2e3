"""Amounts, counts, periods, shares, scores and dates as values, in either script.

They are read from quoted text so that regulations can be ordered by them, and compared so that
no answer states a number that its article does not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction

from knowledge.numerals import integer


class Kind(StrEnum):
    """What a value measures; its amount is in yuan, parts of one, days, pieces, points, …"""

    MONEY = "money"
    SHARE = "share"
    PERIOD = "period"
    COUNT = "count"
    SCORE = "score"
    DATE = "date"
    TIMES = "times"
    TERM = "term"
    ARTICLE = "article"
    BARE = "bare"


@dataclass(frozen=True)
class Value:
    """One value: what it measures, how much, in which unit, and as it was written."""

    kind: Kind
    amount: Fraction
    unit: str
    text: str
    start: int

    @property
    def key(self) -> tuple[Kind, Fraction, str]:
        """Equal for equal values however they are written (三年, 3年, 3 years)."""
        return self.kind, self.amount, self.unit


_UNITS: dict[str, tuple[Kind, str, Fraction]] = {
    "元": (Kind.MONEY, "元", Fraction(1)),
    "块": (Kind.MONEY, "元", Fraction(1)),
    "yuan": (Kind.MONEY, "元", Fraction(1)),
    "rmb": (Kind.MONEY, "元", Fraction(1)),
    "cny": (Kind.MONEY, "元", Fraction(1)),
    "%": (Kind.SHARE, "", Fraction(1, 100)),
    "percent": (Kind.SHARE, "", Fraction(1, 100)),
    "per cent": (Kind.SHARE, "", Fraction(1, 100)),
    "成": (Kind.SHARE, "", Fraction(1, 10)),
    "个工作日": (Kind.PERIOD, "工作日", Fraction(7, 5)),
    "工作日": (Kind.PERIOD, "工作日", Fraction(7, 5)),
    "working days": (Kind.PERIOD, "工作日", Fraction(7, 5)),
    "working day": (Kind.PERIOD, "工作日", Fraction(7, 5)),
    "天": (Kind.PERIOD, "天", Fraction(1)),
    "日": (Kind.PERIOD, "天", Fraction(1)),
    "days": (Kind.PERIOD, "天", Fraction(1)),
    "day": (Kind.PERIOD, "天", Fraction(1)),
    "周": (Kind.PERIOD, "周", Fraction(7)),
    "个月": (Kind.PERIOD, "月", Fraction(30)),
    "months": (Kind.PERIOD, "月", Fraction(30)),
    "month": (Kind.PERIOD, "月", Fraction(30)),
    "年": (Kind.PERIOD, "年", Fraction(365)),
    "years": (Kind.PERIOD, "年", Fraction(365)),
    "year": (Kind.PERIOD, "年", Fraction(365)),
    "届": (Kind.TERM, "届", Fraction(1)),
    "次": (Kind.TIMES, "次", Fraction(1)),
    "分": (Kind.SCORE, "分", Fraction(1)),
    "points": (Kind.SCORE, "分", Fraction(1)),
    "条": (Kind.ARTICLE, "条", Fraction(1)),
    **dict.fromkeys(("家", "个", "名", "位", "人", "部分"), (Kind.COUNT, "个", Fraction(1))),
}
_UNIT = "|".join(sorted(map(re.escape, _UNITS), key=len, reverse=True))
_CN = "零〇一二两三四五六七八九十百千"
_DATE = re.compile(r"(\d{4})\s*[年./-]\s*(\d{1,2})\s*[月./-]\s*(\d{1,2})\s*日?")
_PART = re.compile(rf"([{_CN}]+|\d+)分之([{_CN}]+|\d+(?:\.\d+)?)")
_AMOUNT = re.compile(
    rf"(?P<number>\d[\d,]*(?:\.\d+)?|[{_CN}]+)\s*(?P<myriad>[万亿])?\s*"
    rf"(?P<unit>(?:{_UNIT})(?![a-z]))?",
    re.IGNORECASE,
)
_PREFIXED = re.compile(r"(?:rmb|cny|¥|￥)\s*(\d[\d,]*(?:\.\d+)?)\s*([万亿])?", re.IGNORECASE)
_IDENTIFIER = re.compile(
    r"(?:GB|DB|ISO)[\w/.-]*(?: \d{4,}[\d-]*)?|[〔(\[]\d{4}[〕)\]]\d+号|\d+号",
    re.IGNORECASE | re.ASCII,
)
_MYRIADS = {"万": 10_000, "亿": 100_000_000}


def values_in(text: str) -> tuple[Value, ...]:
    """The values of a text in the order in which they stand there.

    Document and standard numbers (GB/T 19580, 〔2023〕1号) are none. A Chinese numeral counts
    only before a unit; 一个, 一家, 一次 and the like are mere articles of speech.
    """
    taken: list[tuple[int, int]] = []
    found: list[Value] = []
    for value, end in _readings(text):
        if all(end <= a or value.start >= b for a, b in taken):
            taken.append((value.start, end))
            found.append(value)
    return tuple(sorted(found, key=lambda value: value.start))


def unsupported(claim: str, source: str) -> tuple[str, ...]:
    """The values of a claim, as written, that the source does not state."""
    stated = {value.key for value in values_in(source)}
    amounts = {(amount, unit) for _, amount, unit in stated} | {(a, "") for _, a, _ in stated}
    return tuple(
        value.text
        for value in values_in(claim)
        if value.key not in stated
        and not (value.kind is Kind.BARE and (value.amount, "") in amounts)
    )


def _readings(text: str) -> Iterator[tuple[Value, int]]:
    """Every reading of a number, the surer ones first; later ones must not overlap them."""
    for match in _IDENTIFIER.finditer(text):
        text = text[: match.start()] + " " * len(match[0]) + text[match.end() :]
    for match in _DATE.finditer(text):
        year, month, day = map(int, match.groups())
        try:
            ordinal = date(year, month, day).toordinal()
        except ValueError:
            continue
        yield Value(Kind.DATE, Fraction(ordinal), "", match[0], match.start()), match.end()
    for match in _PART.finditer(text):
        whole, part = match.groups()
        of = 100 if whole == "百" else integer(whole)
        amount = Fraction(part) if part[0].isdigit() else Fraction(integer(part))
        yield Value(Kind.SHARE, amount / of, "", match[0], match.start()), match.end()
    for match in _PREFIXED.finditer(text):
        amount = Fraction(match[1].replace(",", "")) * _MYRIADS.get(match[2] or "", 1)
        yield Value(Kind.MONEY, amount, "元", match[0], match.start()), match.end()
    for match in _AMOUNT.finditer(text):
        if value := _amount(match):
            yield value, match.end()


def _amount(match: re.Match[str]) -> Value | None:
    number, myriad, unit = match["number"], match["myriad"], (match["unit"] or "").lower()
    arabic = number[0].isdigit()
    if not arabic and (not unit or (number == "一" and unit in ("个", "家", "次", "位", "名"))):
        return None
    if unit == "条" and match.string[: match.start()].endswith("第"):
        return Value(Kind.ARTICLE, Fraction(integer(number)), "条", match[0], match.start())
    amount = Fraction(number.replace(",", "")) if arabic else Fraction(integer(number))
    amount *= _MYRIADS.get(myriad or "", 1)
    if unit:
        kind, name, _ = _UNITS[unit]
        if kind is Kind.SHARE:
            return Value(kind, amount * _UNITS[unit][2], "", match[0].strip(), match.start())
        return Value(kind, amount, name, match[0].strip(), match.start())
    kind = Kind.MONEY if myriad else Kind.BARE
    return Value(kind, amount, "元" if myriad else "", match[0].strip(), match.start())


def rank(value: Value) -> Fraction:
    """The amount in a measure common to all values of its kind (periods in days)."""
    if value.kind is Kind.PERIOD:
        return value.amount * next(
            f for k, u, f in _UNITS.values() if (k, u) == (value.kind, value.unit)
        )
    return value.amount
