"""The pre-check rules of each regulation: `rules.yaml`, every one resting on words of the text."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from knowledge.conditions import Condition, leaves
from knowledge.corpus import REGULATIONS, Corpus
from knowledge.files import read_text, read_yaml
from knowledge.regulation import Regulation


class Remedy(StrEnum):
    """What mends a clause that is not met, where time alone does not."""

    OBTAIN = "obtain"
    REPAIR = "repair"
    NEVER = "never"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Part(_Strict):
    """One demand within a clause: the words that make it, its condition, and what helps.

    `applies` limits it to one kind of organisation. `judgement` marks what experts judge.
    """

    span: str
    condition: Condition
    applies: Condition | None = None
    judgement: bool = False
    remedy: Remedy = Remedy.OBTAIN
    fix: str
    evidence: tuple[str, ...] = ()
    interpretation: str | None = None


class Rule(_Strict):
    """A numbered item, or an article, that sets conditions or bars."""

    article: int = Field(gt=0)
    item: int | None = None
    question: str
    parts: tuple[Part, ...] = Field(min_length=1)


class _File(_Strict):
    rules: tuple[Rule, ...] = Field(min_length=1)


@dataclass(frozen=True)
class Ruleset:
    """The rules of all regions, and a fingerprint of them and of the texts that they quote.

    `broken` names, for each region whose pre-check must not run, the rules whose words are gone.
    """

    by_region: Mapping[str, tuple[Rule, ...]]
    version: str
    broken: Mapping[str, tuple[str, ...]]

    @property
    def regions(self) -> tuple[str, ...]:
        return tuple(self.by_region)


def load_rules(corpus: Corpus, *folders: Path) -> Ruleset:
    """Reads `rules.yaml` of every regulation that has one.

    Raises:
        DataError: a file is malformed.
    """
    by_region: dict[str, tuple[Rule, ...]] = {}
    digest = hashlib.sha256()
    for regulation in corpus:
        for folder in folders or (REGULATIONS,):
            path = folder / regulation.region / "rules.yaml"
            if path.exists():
                by_region[regulation.region] = read_yaml(path, _File).rules
                digest.update(read_text(path).encode())
                digest.update("".join(article.text for article in regulation).encode())
    broken = {
        region: faults
        for region, rules in by_region.items()
        if (faults := tuple(_faults(corpus[region], rules)))
    }
    return Ruleset(by_region, digest.hexdigest()[:16], broken)


def _faults(regulation: Regulation, rules: tuple[Rule, ...]) -> Iterator[str]:
    """Every rule whose words do not stand where it says they stand."""
    seen = set()
    for rule in rules:
        name = f"rule {regulation.region} {rule.article}" + (f"({rule.item})" if rule.item else "")
        if (rule.article, rule.item) in seen:
            yield f"{name}: given twice"
        seen.add((rule.article, rule.item))
        article = regulation.article(rule.article)
        if article is None or (rule.item is not None and article.item(rule.item) is None):
            yield f"{name}: there is no such clause"
            continue
        for part in rule.parts:
            if not article.quotes(part.span):
                yield f"{name}: the article no longer says “{part.span}”"
            elif rule.item is not None:
                found = article.item_at(part.span)
                if found is None or found.number != rule.item:
                    yield f"{name}: “{part.span}” does not stand in the item"


def facts_of(rule: Rule) -> set[str]:
    """The facts that a rule reads."""
    conditions = [c for part in rule.parts for c in (part.condition, part.applies) if c]
    found = set()
    for condition in conditions:
        for leaf in leaves(condition):
            found |= {
                value
                for name in ("fact", "held", "none")
                if (value := getattr(leaf, name, None)) is not None
            }
            if hasattr(leaf, "profits"):
                found.add("annual_profits")
    return found
