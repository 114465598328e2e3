"""Exact look-up: “无锡第十条第三项”, “天宁 15条”, “article 12 (3)” go by parsing and key."""

from __future__ import annotations

import re
from dataclasses import dataclass

from knowledge.numerals import NUMERAL, integer

_N = NUMERAL
_CHINESE = re.compile(
    rf"(?P<ordinal>第)?\s*(?P<article>{_N})\s*条"
    rf"(?:\s*(?:的|之)?\s*第?\s*(?P<paragraph>{_N})\s*款)?"
    rf"(?:\s*(?:的|之)?\s*(?:第?\s*[(]?\s*(?P<item>{_N})\s*[)]?\s*[项点]|[(]\s*(?P<bracket>{_N})\s*[)]))?"
)
_ENGLISH = re.compile(
    r"\bart(?:icle|\.)?\s*(?P<article>\d+)\s*"
    r"(?:[(]\s*(?P<bracket>\d+)\s*[)]|,?\s*(?:item|sub-?item|point)\s*(?P<item>\d+))?"
)
_ITEM_ONLY = re.compile(rf"^(?:那|看|请看)?\s*第\s*[(]?\s*(?P<item>{_N})\s*[)]?\s*项")
_FILLER = re.compile(
    r"[\s,，。.?？!！:：、]|请问|请|看看|看|查一?下?|查询|找|给我|原文|全文|内容|是什么|什么|怎么|规定|"
    r"写的?|说的?|讲的?|里|的|了|呢|吗|是|《|》|管理办法|办法|质量奖|市长|区长|区政府|条款|text|of|the|show|me"
)
_OTHER_LAW = re.compile(r"(?<!办)(?:法|法典|条例|细则|宪法)[》\s]*第?\s*" + _N + r"\s*条")


@dataclass(frozen=True)
class Reference:
    """An article, and perhaps the paragraph or item of it, that a question names by number.

    `article` is None where only an item is named and the conversation knows the article.
    """

    article: int | None
    paragraph: int | None = None
    item: int | None = None


def reference(question: str) -> Reference | None:
    """The place that a normalised question names by number, or None.

    A bare “15条” counts only where little else is asked; a reference into another law never does.
    """
    if _OTHER_LAW.search(question):
        return None
    match = _CHINESE.search(question)
    if match and not match["ordinal"] and len(_FILLER.sub("", question)) > len(match[0]) + 2:
        match = None
    match = match or _ENGLISH.search(question)
    if match:
        groups = match.groupdict()
        item = groups.get("item") or groups.get("bracket")
        return Reference(
            integer(groups["article"]), _number(groups.get("paragraph")), _number(item)
        )
    if match := _ITEM_ONLY.search(question):
        return Reference(None, None, integer(match["item"]))
    return None


def article_numbers(text: str) -> set[int]:
    """Every article number that a text names (第…条)."""
    return {integer(m["article"]) for m in _CHINESE.finditer(text) if m["ordinal"]}


def names_other_law(question: str) -> bool:
    """Whether the question names an article of some other law."""
    return bool(_OTHER_LAW.search(question))


def _number(text: str | None) -> int | None:
    return integer(text) if text else None
