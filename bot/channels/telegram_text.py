"""A reply as Telegram shows it: cut at sentence ends, escaped, first line bold, quotes marked."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

LONGEST = 4096
"""UTF-16 units of one message."""

_SENTENCE = re.compile(r"[^。！？；!?;]*[。！？；!?;]+|[^。！？；!?;]+$")


def render(text: str, continued: bool = False) -> str:
    """The message in Telegram's HTML; nothing a text contains can break it."""
    lines: list[str] = []
    quoted: list[str] = []
    for number, line in enumerate(clean(text).split("\n")):
        if line.startswith("> "):
            quoted.append(_escape(line[2:]))
            continue
        if quoted:
            lines.append(_blockquote(quoted))
            quoted = []
        bold = number == 0 and not continued and bool(line.strip())
        lines.append(f"<b>{_escape(line)}</b>" if bold else _escape(line))
    if quoted:
        lines.append(_blockquote(quoted))
    return "\n".join(lines)


def clean(text: str) -> str:
    """The text without control characters and lone surrogates."""
    return "".join(c for c in text if c == "\n" or (c >= " " and not "\ud800" <= c <= "\udfff"))


def split(text: str) -> list[str]:
    """The text in parts that each fit into one message, cut between lines or sentences."""
    parts: list[str] = []
    part = ""
    for piece in _pieces(clean(text)):
        joined = part + piece
        if part and _size(joined) > LONGEST:
            parts.append(part.rstrip("\n"))
            mark = "> " if _inside_quote(part, piece) else ""
            part = mark + piece.lstrip("\n")
        else:
            part = joined
    parts.append(part.rstrip("\n"))
    return parts


def _pieces(text: str) -> Iterator[str]:
    """Lines, with their ends; a line too long for one message in sentences, then in bits."""
    for line in text.splitlines(keepends=True):
        if _size(line) <= LONGEST // 2:
            yield line
            continue
        for sentence in _SENTENCE.findall(line) or [line]:
            yield from (sentence[at : at + 1000] for at in range(0, len(sentence), 1000))


def _inside_quote(before: str, piece: str) -> bool:
    """Whether a cut falls into a quoted line, so that its rest must be marked again."""
    last = before.rsplit("\n", 1)[-1]
    return last.startswith("> ") and not piece.startswith("> ")


def _size(text: str) -> int:
    return len(render(text).encode("utf-16-le")) // 2


def _escape(text: str) -> str:
    return html.escape(text, quote=False)


def _blockquote(lines: list[str]) -> str:
    return "<blockquote>" + "\n".join(lines) + "</blockquote>"
