"""Makes what people type comparable: one script, one width, one case, no invisible characters."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

import opencc

LONGEST_QUESTION = 2_000
"""Characters of a question that are read; what lies beyond no question needs."""

_LATIN_WORD = re.compile(r"[a-z]+")
_WIDE = re.compile(r"[㐀-鿿]")


@lru_cache(maxsize=1)
def _simplifier() -> opencc.OpenCC:
    return opencc.OpenCC("t2s")


def normalise(text: str) -> str:
    """Simplified characters, half-width forms, lower case; control characters become spaces."""
    text = unicodedata.normalize("NFKC", text[:LONGEST_QUESTION])
    text = "".join(" " if unicodedata.category(c) in ("Cc", "Zl", "Zp") else c for c in text)
    text = "".join(c for c in text if unicodedata.category(c) not in ("Cf", "Cs", "Co"))
    return re.sub(r"\s+", " ", _simplifier().convert(text)).strip().lower()


def is_english(text: str) -> bool:
    """Whether a question is asked in English: Latin words and hardly a Chinese character."""
    words = len(_LATIN_WORD.findall(text.lower()))
    return words >= 2 and len(_WIDE.findall(text)) <= words // 3


def has_words(text: str) -> bool:
    """Whether there is anything to read: a letter, a digit or a Chinese character."""
    return any(c.isalnum() for c in text)


_AWARD = re.compile(
    r"(?:(?:区长|市长|区政府|市政府|人民政府|政府)质量[奖将]|质量奖|"
    r"(?:the )?(?:district |city )?(?:mayor'?s?|government) quality award|quality award)"
)
_TITLE = re.compile(r"《?(?:奖|award)?(?:评定|评审)?管理办法(?:\(\d{4}年修订\))?》?")


def essence(question: str) -> str:
    """A normalised question with every award called 奖 and every regulation 办法.

    Whose award it is has been settled by then; its name would only blur what is asked of it.
    """
    named = _AWARD.sub(lambda m: "奖" if not m[0].isascii() else "award", question)
    return _TITLE.sub("办法", named).strip()
