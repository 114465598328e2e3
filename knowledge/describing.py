"""What a regulation says of itself, read from its own text: `regulation.yaml`, proposed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from dateutil.relativedelta import relativedelta
from pypinyin import lazy_pinyin

from knowledge.numerals import NUMERAL, integer
from knowledge.regulation import Article

_TITLE = re.compile(
    r"(?P<award>[一-鿿]{2,24}?(?P<kind>(?:省长|市长|州长|盟长|区长|县长|旗长|(?:人民)?政府)质量奖))"
    r"(?:评定|评审|评选|奖励|激励)*(?:管理)*(?:暂行|试行)?(?:管理)?(?:办法|规定|细则|条例)(?:[（(][^）)]{1,20}[)）])?"
)
_UNIT = re.compile(r"[一-鿿]{2,8}?(?:特别行政区|自治[区州县旗]|新区|开发区|[省市州盟区县旗])")
_DATE = re.compile(r"(\d{4})\s*年\s*(\d{1,2})\s*月\s*(\d{1,2})\s*日")
_FROM = re.compile(r"自\s*(?:\d{4}\s*年\s*\d{1,2}\s*月\s*\d{1,2}\s*日|[^。；]{0,12}?之日)起")
_YEARS = re.compile(rf"有效期(?:为|限)?(?:[限为至])?\s*(\d+|{NUMERAL})\s*年")
_UNTIL = re.compile(r"有效期(?:限)?至\s*\d{4}\s*年")
_NUMBER = re.compile(r"[一-鿿]{2,8}〔\d{4}〕\d+号")
_REPEALED = re.compile(r"《(?P<title>[^》]+)》\s*[（(](?P<number>[一-鿿]{2,8}〔\d{4}〕\d+号)[)）]")
_OFFICE = re.compile(r"[一-鿿]{2,24}(?:办公室|秘书处)")
_HEAD_LINES = 60


@dataclass(frozen=True)
class Description:
    """`content` of `regulation.yaml`; `doubts` are what a person has to look at, one line each."""

    content: dict[str, Any]
    doubts: tuple[str, ...]


class UndescribedError(Exception):
    """The text does not say whose award it regulates; the message says what was missing."""


def describe(text: str, articles: Sequence[Article]) -> Description:
    """Reads title, award, place, office, dates and repeals from the text.

    Raises:
        UndescribedError: there is no title of the form 某市市长质量奖……办法.
    """
    head = [re.sub(r"\s+", "", line) for line in text.splitlines()[:_HEAD_LINES]]
    match = next((m for line in [*head, "".join(head)] if (m := _TITLE.search(line))), None)
    if match is None:
        raise UndescribedError("没有找到“某某市长质量奖……办法”这样的标题")
    award = re.sub(r"^(?:关于)?(?:印发)?", "", match["award"])
    title = match[0].removeprefix(match["award"])
    units = _UNIT.findall(award.removesuffix(match["kind"])) or [award.removesuffix(match["kind"])]
    place = units[-1]
    last = articles[-1].text
    content: dict[str, Any] = {
        "title": award + title,
        "issuing_body": f"{''.join(units)}人民政府",
        "award": award,
        "award_kind": match["kind"].replace("人民", ""),
        "articles": len(articles),
        "place": _place(place, units[-2] if len(units) > 1 else None),
    }
    doubts = []
    if number := next((m[0] for line in head[:10] if (m := _NUMBER.search(line))), None):
        content["document_number"] = number
    if any(f"{award}提名奖" in a.text or "提名奖" in a.text for a in articles):
        content["nomination_award"] = f"{award}提名奖"
    office = _office(articles)
    content["office"] = {"name": office[0], "article": office[1]}
    if office[0] == _NO_OFFICE:
        doubts.append("没有认出负责日常工作的办公室，请在 regulation.yaml 的 office 里写明")
    content |= _dates(last)
    if "征求意见" in "".join(head) or ("in_force_from" not in content and "起施行" in last):
        content["draft"] = True
        doubts.append("看起来是征求意见稿（施行日期没有写明），按草案处理")
    elif "in_force_from" not in content:
        doubts.append("没有读出施行日期，请在 regulation.yaml 里写上 in_force_from")
    if repeals := list(_repeals(last)):
        content["repeals"] = repeals
    doubts.append(f"地名按“{place}”处理，别名和英文名请在 regulation.yaml 的 place 里核对")
    return Description(content, tuple(doubts))


_NO_OFFICE = "评审办公室"


def _place(name: str, city: str | None) -> dict[str, Any]:
    short = re.sub(r"(?:新区|开发区|[省市州盟区县旗])$", "", name)
    short = short if len(short) > 1 else name
    latin = "".join(lazy_pinyin(short))
    kind = {"市": "City", "区": "District", "县": "County", "省": "Province"}.get(name[-1], "")
    place: dict[str, Any] = {
        "name": name,
        "short": short,
        "english": f"{latin.capitalize()} {kind}".strip(),
        "names": [short],
        "latin": [latin],
    }
    if city:
        place["city"] = city.removesuffix("市")
    return place


def _office(articles: Sequence[Article]) -> tuple[str, int]:
    """The office for the day-to-day work and its article: where it is set up or given duties."""
    for wanted in (r"设在|日常工作|具体负责|主要职责", r""):
        for article in articles:
            found = _OFFICE.search(article.text)
            if found and re.search(wanted, article.text):
                name = re.sub(r"^.*?(?:下设|设立|成立|由)", "", found[0])
                return name, article.number
    return _NO_OFFICE, 1


def _dates(last: str) -> dict[str, date]:
    """In force from and until, as the last article gives them."""
    found: dict[str, date] = {}
    start = _FROM.search(last)
    if start and (day := _day(start[0])):
        found["in_force_from"] = day
        if years := _YEARS.search(last):
            end = day + relativedelta(years=integer(years[1])) - timedelta(days=1)
            found["in_force_until"] = end
    if (until := _UNTIL.search(last)) and (day := _day(last[until.start() :])):
        found["in_force_until"] = day
    return found


def _day(text: str) -> date | None:
    match = _DATE.search(text)
    try:
        return date(*map(int, match.groups())) if match else None
    except ValueError:
        return None


def _repeals(last: str) -> Iterator[dict[str, Any]]:
    if "废止" in last:
        for match in _REPEALED.finditer(last):
            yield {"title": match["title"], "number": match["number"]}
