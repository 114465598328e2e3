"""Reads the plain text of a regulation into chapters, articles, paragraphs and items.

Official texts arrive as they were pasted: running heads inside articles, lines broken in
mid-sentence, list marks such as `- (二)`, brackets of both widths, numbers with no space behind.
A line is a new paragraph only where the one before it had come to an end.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from knowledge.numerals import NUMERAL, integer
from knowledge.regulation import Article, Chapter, Item, Paragraph

_CHAPTER = re.compile(rf"(第({NUMERAL})章)\s*(.*)")
_ARTICLE = re.compile(rf"(第({NUMERAL})条)\s*(.*)")
_ITEM = re.compile(rf"(?:[-*•]\s*)?([（(]({NUMERAL})[)）])\s*(.*)")
_FIRST_ITEM_INLINE = re.compile(r"(?<=[:：])\s*(?=[（(]一[)）])")
_TRAILER = re.compile(r"(抄送|附件|主题词)\s*[:：]")
_SENTENCE_END = tuple("。；：;:！？!?")
_WIDE = r"[⺀-鿿　-〿＀-￯“”‘’…—]"
_LOOSE_SPACE = re.compile(rf"(?<={_WIDE})\s+|\s+(?={_WIDE})")


class ParseError(ValueError):
    """The text is not a regulation that can be read; the message names the line."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(f"line {line}: {message}")
        self.line = line


def tidy(line: str) -> str:
    """The line without the spaces that typesetting left between Chinese characters."""
    return _LOOSE_SPACE.sub("", line.strip())


@dataclass
class _Text:
    """Text that grows line by line; a line that broke in mid-sentence is joined to the next."""

    lines: list[str] = field(default_factory=list)

    def add(self, line: str) -> None:
        if self.lines and not self.lines[-1].endswith(_SENTENCE_END):
            self.lines[-1] = tidy(f"{self.lines[-1]} {line}")
        else:
            self.lines.append(line)

    @property
    def open(self) -> bool:
        return bool(self.lines) and not self.lines[-1].endswith(_SENTENCE_END)

    def __str__(self) -> str:
        return "\n".join(self.lines)


@dataclass
class _OpenItem:
    number: int
    mark: str
    text: _Text = field(default_factory=_Text)


@dataclass
class _OpenArticle:
    """An article while its lines come in: a run of texts and items in their order."""

    number: int
    mark: str
    chapter: int
    parts: list[_Text | _OpenItem] = field(default_factory=list)

    def add(self, line: str) -> None:
        if item := _ITEM.match(line):
            self.parts.append(_OpenItem(integer(item[2]), item[1]))
            line = item[3]
        if not line:
            return
        if not self.parts:
            self.parts.append(_Text())
        last = self.parts[-1]
        text = last.text if isinstance(last, _OpenItem) else last
        if isinstance(last, _OpenItem) and text.lines and not text.open:
            self.parts.append(_Text([line]))
        else:
            text.add(line)

    def close(self) -> Article:
        return Article(self.number, self.mark, self.chapter, tuple(self._paragraphs()))

    def _paragraphs(self) -> Iterable[Paragraph]:
        text, items, number = "", list[Item](), 0
        for part in self._with_paragraphs_inside_items():
            if isinstance(part, _OpenItem):
                items.append(Item(part.number, part.mark, str(part.text)))
                continue
            for line in part.lines:
                if text or items:
                    number += 1
                    yield Paragraph(number, text, tuple(items))
                    items = []
                text = line
        yield Paragraph(number + 1, text, tuple(items))

    def _with_paragraphs_inside_items(self) -> Sequence[_Text | _OpenItem]:
        """A text between two items of one list belongs to the first of them."""
        settled: list[_Text | _OpenItem] = []
        for at, part in enumerate(self.parts):
            before = settled[-1] if settled else None
            after = next((p for p in self.parts[at + 1 :] if isinstance(p, _OpenItem)), None)
            if (
                isinstance(part, _Text)
                and isinstance(before, _OpenItem)
                and after is not None
                and after.number == before.number + 1
            ):
                before.text.lines.extend(part.lines)
            else:
                settled.append(part)
        return settled


def parse(source: str, noise: Iterable[str] = ()) -> tuple[list[Chapter], list[Article]]:
    """Parses the text of a regulation.

    Args:
        source: the text as published; what stands before the first chapter or article and after
            the last article (抄送, 附件) is left out.
        noise: regular expressions of whole lines to skip, such as a running head.

    Raises:
        ParseError: no article was found, or an article's or item's number does not follow.
    """
    skip = [re.compile(pattern) for pattern in noise]
    chapters: list[Chapter] = []
    articles: list[_OpenArticle] = []
    for number, raw in enumerate(source.splitlines(), 1):
        line = tidy(raw)
        if not line or any(pattern.fullmatch(line) for pattern in skip):
            continue
        if articles and _TRAILER.match(line):
            break
        if (match := _CHAPTER.match(line)) and integer(match[2]) == len(chapters) + 1:
            chapters.append(Chapter(len(chapters) + 1, match[1], match[3].replace(" ", "")))
        elif (match := _ARTICLE.match(line)) and _follows(integer(match[2]), articles, number):
            articles.append(_OpenArticle(len(articles) + 1, match[1], len(chapters)))
            _add(articles[-1], match[3], number)
        elif articles:
            _add(articles[-1], line, number)
    if not articles:
        raise ParseError(1, "no article (第一条 …) was found")
    return chapters, [article.close() for article in articles]


def _follows(number: int, articles: Sequence[_OpenArticle], line: int) -> bool:
    """Whether a line that begins with `第…条` opens the next article.

    A sentence that broke before a reference to an earlier article does not; a gap is an error.
    """
    expected = len(articles) + 1
    if number > expected:
        raise ParseError(line, f"article {number} where article {expected} was expected")
    return number == expected


def _add(article: _OpenArticle, line: str, number: int) -> None:
    for piece in _FIRST_ITEM_INLINE.split(line):
        before = [part.number for part in article.parts if isinstance(part, _OpenItem)]
        article.add(tidy(piece))
        after = [part.number for part in article.parts if isinstance(part, _OpenItem)]
        if len(after) > len(before) and after[-1] not in (1, len(before) + 1):
            raise ParseError(
                number, f"item {after[-1]} of {article.mark} where {len(before) + 1} was expected"
            )
