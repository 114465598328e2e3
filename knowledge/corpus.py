"""The regulations that this installation knows: one folder of data each.

Code knows no city by name: adding a folder adds a region, deleting it removes one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from knowledge.files import DataError, read_text, read_yaml
from knowledge.parsing import ParseError, parse
from knowledge.regulation import Office, Place, Regulation, Repealed

REGULATIONS = Path(__file__).parent / "regulations"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _Office(_Strict):
    name: str
    article: int


class _Repealed(_Strict):
    title: str
    number: str
    issued_on: date | None = None


class _Place(_Strict):
    name: str
    short: str
    english: str
    names: tuple[str, ...] = Field(min_length=1)
    latin: tuple[str, ...]
    city: str | None = None
    within: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()


class RegulationFile(_Strict):
    """`regulation.yaml`: what the text says of itself, and how many articles it must have."""

    title: str
    document_number: str | None = None
    issuing_body: str
    award: str
    award_kind: str
    nomination_award: str | None = None
    office: _Office
    issued_on: date | None = None
    in_force_from: date | None = None
    in_force_until: date | None = None
    draft: bool = False
    repealed_on: date | None = None
    reviewed: bool = True
    repeals: tuple[_Repealed, ...] = ()
    articles: int = Field(gt=0)
    noise: tuple[str, ...] = ()
    place: _Place


@dataclass(frozen=True)
class Corpus:
    """All regulations by region, in a fixed order."""

    regulations: Mapping[str, Regulation]

    @property
    def regions(self) -> tuple[str, ...]:
        return tuple(self.regulations)

    def __getitem__(self, region: str) -> Regulation:
        return self.regulations[region]

    def __iter__(self) -> Iterator[Regulation]:
        return iter(self.regulations.values())

    def digest(self) -> str:
        """A fingerprint of every text and of what the texts say of themselves."""
        return hashlib.sha256(repr(sorted(self.regulations.items())).encode()).hexdigest()


def load_regulation(folder: Path) -> Regulation:
    """Reads one folder of data: `regulation.yaml` and `source.txt`.

    Raises:
        DataError: a file is missing, malformed, or the text does not have the articles it should.
    """
    about = read_yaml(folder / "regulation.yaml", RegulationFile)
    source = folder / "source.txt"
    try:
        chapters, articles = parse(read_text(source), about.noise)
    except ParseError as error:
        raise DataError(source, error.line, str(error).partition(": ")[2]) from error
    if len(articles) != about.articles:
        raise DataError(
            source, 1, f"{len(articles)} articles were read where {about.articles} are declared"
        )
    if about.office.article > len(articles):
        raise DataError(folder / "regulation.yaml", 1, "office.article: there is no such article")
    return Regulation(
        region=folder.name,
        title=about.title,
        document_number=about.document_number,
        issuing_body=about.issuing_body,
        award=about.award,
        award_kind=about.award_kind,
        nomination_award=about.nomination_award,
        office=Office(about.office.name, about.office.article),
        issued_on=about.issued_on,
        in_force_from=about.in_force_from,
        in_force_until=about.in_force_until,
        draft=about.draft,
        repealed_on=about.repealed_on,
        reviewed=about.reviewed,
        repeals=tuple(Repealed(r.title, r.number, r.issued_on) for r in about.repeals),
        place=Place(**about.place.model_dump()),
        chapters=tuple(chapters),
        articles=tuple(articles),
    )


def load_corpus(*folders: Path) -> Corpus:
    """Reads every regulation below the folders; below the package's own if none is given.

    Raises:
        DataError: a regulation cannot be read, stands in two folders, or there is none.
    """
    found: dict[str, Path] = {}
    for folder in folders or (REGULATIONS,):
        for file in folder.glob("*/regulation.yaml"):
            if other := found.get(file.parent.name):
                raise DataError(file, 1, f"the region stands in {other} too")
            found[file.parent.name] = file.parent
    if not found:
        raise DataError(folders[0] if folders else REGULATIONS, 1, "no regulation was found")
    return Corpus({region: load_regulation(found[region]) for region in sorted(found)})
