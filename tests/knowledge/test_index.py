"""The index embeds what is new and only that; broken builds and damaged folders do no harm."""

from __future__ import annotations

from pathlib import Path

import pytest

from knowledge.embedding import EmbeddingError, Model
from knowledge.index import IndexUnavailableError, Location, open_index
from knowledge.passages import Passage

TEXTS = [Passage(f"r/{n}", f"text number {n}", {"region": "r", "article": n}) for n in range(70)]
QUESTIONS = [Passage("t/0", "how much", {"topic": "t"})]


class Counting(Model):
    """An embedding of letter counts that keeps what it was asked to embed, and may break down."""

    name = "counting"

    def __init__(self, breaks_after: int | None = None) -> None:
        self.embedded: list[str] = []
        self._breaks_after = breaks_after

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        if self._breaks_after is not None and len(self.embedded) >= self._breaks_after:
            raise EmbeddingError("the service is away")
        self.embedded += texts
        return [[1.0 + text.count(c) for c in "0123456789 abcdefghijkl"] for text in texts]

    def embed_queries(self, texts: list[str]) -> list[list[float]]:
        return self.embed_documents(texts)

    def embed_query(self, text: str) -> list[float]:
        return self.embed_documents([text])[0]


def opened(folder: Path, passages: list[Passage], model: Model) -> list[str]:
    index = open_index(Location(folder), model, passages, QUESTIONS)
    return sorted(index.articles.vectors()[0])


def test_a_start_with_nothing_changed_embeds_nothing(tmp_path: Path) -> None:
    opened(tmp_path / "index", TEXTS, Counting())
    again = Counting()
    opened(tmp_path / "index", TEXTS, again)
    assert again.embedded == []


def test_a_changed_article_is_embedded_alone(tmp_path: Path) -> None:
    opened(tmp_path / "index", TEXTS, Counting())
    changed = [Passage("r/0", "another text", {"region": "r", "article": 0}), *TEXTS[1:]]
    again = Counting()
    assert opened(tmp_path / "index", changed, again) == sorted(p.key for p in TEXTS)
    assert again.embedded == ["another text"]


def test_a_build_that_breaks_down_leaves_the_earlier_index(tmp_path: Path) -> None:
    opened(tmp_path / "index", TEXTS[:10], Counting())
    keys = opened(tmp_path / "index", TEXTS, Counting(breaks_after=0))
    assert keys == sorted(p.key for p in TEXTS[:10])


def test_a_build_that_broke_down_is_taken_up_where_it_stopped(tmp_path: Path) -> None:
    with pytest.raises(IndexUnavailableError):
        opened(tmp_path / "index", TEXTS, Counting(breaks_after=64))
    again = Counting()
    opened(tmp_path / "index", TEXTS, again)
    assert again.embedded == [p.text for p in TEXTS[64:]] + ["how much"]


@pytest.mark.parametrize("victim", ["chroma.sqlite3", "*/*.bin"])
def test_a_damaged_folder_is_built_anew(tmp_path: Path, victim: str) -> None:
    folder = tmp_path / "index"
    opened(folder, TEXTS, Counting())
    for path in folder.glob(victim):
        path.write_bytes(b"damaged" * 100)
    assert opened(folder, TEXTS, Counting()) == sorted(p.key for p in TEXTS)
