"""Takes a new regulation into a folder of its own: text, description, proposed topics."""

from __future__ import annotations

import re
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from knowledge.corpus import load_regulation
from knowledge.describing import UndescribedError, describe
from knowledge.documents import DocumentError, read_document
from knowledge.files import DataError, read_text
from knowledge.mapping import Proposal, propose
from knowledge.opening import Knowledge
from knowledge.parsing import ParseError, parse
from knowledge.regulation import Regulation

REGION = re.compile(r"[a-z][a-z0-9_]{1,23}")


class AddingError(Exception):
    """The regulation cannot be taken in; the message says why and what would mend it."""


@dataclass(frozen=True)
class Added:
    """A regulation that was taken in, and what a person has to look at."""

    regulation: Regulation
    folder: Path
    proposal: Proposal
    doubts: tuple[str, ...]


def add_regulation(file: Path, region: str, into: Path, knowledge: Knowledge) -> Added:
    """Parses and describes a document, proposes its topics, and keeps all of it below `into`.

    Raises:
        AddingError: the id is unfit or taken, or the document is no regulation that can be read.
    """
    if not REGION.fullmatch(region):
        raise AddingError(f"--id {region}：只能用小写字母、数字和下划线，以字母开头，最多24个字符")
    if region in knowledge.corpus.regulations:
        raise AddingError(f"--id {region}：已经有这个地区了")
    into.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=into, prefix=".") as draft:
        folder = Path(draft) / region
        folder.mkdir()
        doubts = _write_text(file, folder)
        try:
            regulation = load_regulation(folder)
        except DataError as error:
            raise AddingError(f"{file.name}：{error}") from error
        if taken := [r.title for r in knowledge.corpus if r.title == regulation.title]:
            raise AddingError(f"{file.name}：《{taken[0]}》已经收录了")
        proposal = propose(
            regulation, knowledge.corpus, knowledge.topics, knowledge.model, knowledge.classifier
        )
        _write(folder / "topics.yaml", {"settled": _settled(proposal)}, _TOPICS)
        shutil.move(folder, into / region)
    return Added(regulation, into / region, proposal, doubts)


def confirm_regulation(folder: Path) -> None:
    """Notes that a person has looked at what was read from a new text.

    Raises:
        AddingError: there is no such added regulation.
    """
    file = folder / "regulation.yaml"
    if not file.exists():
        raise AddingError(f"没有后加的地区 {folder.name}")
    text = read_text(file)
    file.write_text(re.sub(r"(?m)^reviewed: false$", "reviewed: true", text), encoding="utf-8")


def _write_text(file: Path, folder: Path) -> tuple[str, ...]:
    """`source.txt` and `regulation.yaml`; returns what a person has to look at."""
    try:
        text = read_document(file)
        _, articles = parse(text, ())
        about = describe(text, articles)
    except (DocumentError, UndescribedError) as error:
        raise AddingError(str(error)) from error
    except ParseError as error:
        raise AddingError(f"{file.name}：{error}") from error
    (folder / "source.txt").write_text(text, encoding="utf-8")
    _write(folder / "regulation.yaml", {**about.content, "reviewed": False}, _ABOUT)
    return about.doubts


_ABOUT = "# 由程序从正文读出，请核对；核对后运行 regulations confirm\n"
_TOPICS = "# 由程序提出：每个主题由哪一条、哪一项规定。没有列出的主题，按办法没有规定处理\n"


def _settled(proposal: Proposal) -> dict[str, Any]:
    return {
        topic: [provision.model_dump(exclude_none=True) for provision in provisions]
        for topic, provisions in sorted(proposal.settled.items())
    }


def _write(file: Path, content: dict[str, Any], heading: str) -> None:
    text = yaml.safe_dump(content, allow_unicode=True, sort_keys=False, width=1000)
    file.write_text(heading + text, encoding="utf-8")
