"""The words of the bot: one catalogue a language, looked up by key."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from pydantic import RootModel

from knowledge.files import read_yaml

Language = Literal["zh", "en"]

_FOLDER = Path(__file__).parent


class _File(RootModel[dict[str, dict[str, str]]]):
    pass


class Catalogue:
    """The texts of one language."""

    def __init__(self, language: Language, texts: dict[str, dict[str, str]]) -> None:
        self.language = language
        self._texts = texts

    def __call__(self, key: str, *values: Any, **named: Any) -> str:
        """The text under `section.name` with its fields filled in.

        Raises:
            KeyError: there is no such text, or a field has no value.
        """
        section, _, name = key.partition(".")
        return self._texts[section][name].format(*values, **named)

    @property
    def keys(self) -> set[str]:
        return {f"{section}.{name}" for section, texts in self._texts.items() for name in texts}


@lru_cache
def catalogue(language: Language) -> Catalogue:
    """The catalogue of a language."""
    return Catalogue(language, read_yaml(_FOLDER / f"{language}.yaml", _File).root)
