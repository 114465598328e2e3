"""Numbers as regulations and people write them: 第十三条, 15条, 三分之二, １０万."""

from __future__ import annotations

import re

_DIGITS = {c: n for n, c in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2, "俩": 2}
_UNITS = {"十": 10, "百": 100, "千": 1000}
_MYRIADS = {"万": 10_000, "亿": 100_000_000}

NUMERAL = r"(?:\d+|[零〇一二两三四五六七八九十百千]+)"
"""A regular expression for a whole number in either script (no 万, no 亿)."""


def integer(text: str) -> int:
    """Reads a whole number written in Arabic or Chinese digits (十三, 二十, 一百零八, 两千, 3万).

    Raises:
        ValueError: the text is no such number.
    """
    if re.fullmatch(r"\d+", text):
        return int(text)
    total = section = digit = 0
    if not text:
        raise ValueError("an empty string is no number")
    for char in text:
        if char in _DIGITS:
            digit = _DIGITS[char]
        elif char.isdigit():
            digit = digit * 10 + int(char)
        elif char in _UNITS:
            section += (digit or 1) * _UNITS[char]
            digit = 0
        elif char in _MYRIADS:
            total += (section + digit or 1) * _MYRIADS[char]
            section = digit = 0
        else:
            raise ValueError(f"not a number: {text!r}")
    return total + section + digit


def chinese(number: int) -> str:
    """Writes 1 … 999 as a regulation numbers its articles: 13 is 十三, 108 is 一百零八."""
    digits = "零一二三四五六七八九"
    if not 0 < number < 1000:
        raise ValueError(f"articles are numbered 1 to 999, not {number}")
    hundreds, rest = divmod(number, 100)
    tens, ones = divmod(rest, 10)
    text = f"{digits[hundreds]}百" if hundreds else ""
    if tens:
        text += "十" if tens == 1 and not hundreds else f"{digits[tens]}十"
    elif hundreds and ones:
        text += "零"
    return text + (digits[ones] if ones else "")
