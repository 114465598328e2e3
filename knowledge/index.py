"""The vector index: LangChain over Chroma, embedded in a folder or on a server.

A collection is named after what it was built from (texts, metadata, model), so an index that fits
is recognised without embedding anything. A new one is filled beside the old one, takes over the
vectors of every text that did not change, and is used only once it is marked complete: a build
that dies leaves the old index as it was.
"""

from __future__ import annotations

import hashlib
import json
import logging
import shutil
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import chromadb
from chromadb.api.shared_system_client import SharedSystemClient
from chromadb.config import Settings as ChromaSettings
from filelock import FileLock
from langchain_chroma import Chroma
from langchain_core.embeddings import Embeddings

from knowledge.embedding import AsQueries, EmbeddingError, Model
from knowledge.passages import Passage

if TYPE_CHECKING:
    from chromadb import Collection as ChromaCollection
    from chromadb.api import ClientAPI

logger = logging.getLogger(__name__)

BATCH = 64
_COSINE: Any = {"hnsw": {"space": "cosine"}}

Progress = Callable[[int, int], None]
"""Told how many passages of how many are in the index."""


class IndexUnavailableError(Exception):
    """The index can be neither opened nor built; the message says why."""


class _DamagedError(Exception):
    """The index answers, but wrongly."""


@dataclass(frozen=True)
class Hit:
    """A passage that was found, and its cosine similarity to the question (1 = the same)."""

    key: str
    metadata: dict[str, Any]
    similarity: float
    text: str


@dataclass(frozen=True)
class Location:
    """Where Chroma lives: a folder, or a server by URL (the folder then holds only the lock)."""

    folder: Path
    url: str | None = None

    def client(self) -> ClientAPI:
        if self.url:
            parts = urlsplit(self.url)
            return chromadb.HttpClient(
                host=parts.hostname or "localhost",
                port=parts.port or (443 if parts.scheme == "https" else 8000),
                ssl=parts.scheme == "https",
                settings=ChromaSettings(anonymized_telemetry=False),
            )
        return chromadb.PersistentClient(
            str(self.folder), settings=ChromaSettings(anonymized_telemetry=False)
        )


@dataclass(frozen=True)
class Collection:
    """One kind of passages, searchable."""

    store: Chroma
    digest: str

    def search(
        self, vector: list[float], count: int, where: dict[str, Any] | None = None
    ) -> list[Hit]:
        """The passages nearest to a question's vector, the nearest first."""
        found = self.store.similarity_search_by_vector_with_relevance_scores(
            vector, k=count, filter=where
        )
        return [
            Hit(str(document.id), document.metadata, 1 - distance, document.page_content)
            for document, distance in found
        ]

    def vectors(self) -> tuple[list[str], Any]:
        """Every key and its vector, as a list and a matrix of one row each."""
        content = self.store.get(include=["embeddings"])
        return content["ids"], content["embeddings"]


@dataclass(frozen=True)
class Index:
    """The passages of the articles and of the topics' phrasings."""

    articles: Collection
    questions: Collection


def open_index(
    location: Location,
    model: Model,
    articles: Sequence[Passage],
    questions: Sequence[Passage],
    progress: Progress = lambda _done, _all: None,
) -> Index:
    """Opens the index and embeds what it lacks; a damaged folder is thrown away and rebuilt.

    Raises:
        IndexUnavailableError: the Chroma server or the embedding service does not answer, and
            no earlier index is there to go on with.
    """
    location.folder.mkdir(parents=True, exist_ok=True)

    def attempt() -> Index:
        client = location.client()
        done = _Progress(progress, len(articles) + len(questions))
        return Index(
            _ensure(client, model.name, "articles", articles, model, done),
            _ensure(client, model.name, "questions", questions, AsQueries(model), done),
        )

    with FileLock(location.folder.with_name(location.folder.name + ".lock")):
        try:
            return attempt()
        except BaseException as error:  # Chroma's core panics with a BaseException
            if not _is_damage(error):
                raise
            if location.url:
                raise IndexUnavailableError(f"Chroma at {location.url}: {error}") from error
            logger.warning("the index in %s is built anew: %r", location.folder, error)
            SharedSystemClient.clear_system_cache()
            shutil.rmtree(location.folder)
            location.folder.mkdir()
            return attempt()


def _is_damage(error: BaseException) -> bool:
    if isinstance(error, IndexUnavailableError | EmbeddingError | MemoryError):
        return False
    return isinstance(error, Exception) or type(error).__name__ == "PanicException"


class _Progress:
    """Adds up over all parts what is in the index."""

    def __init__(self, tell: Progress, total: int) -> None:
        self._tell, self._done, self._total = tell, 0, total

    def there(self, count: int) -> None:
        """So many need not be embedded."""
        self._done += count

    def embedded(self, count: int) -> None:
        """So many more have been embedded."""
        self._done += count
        self._tell(self._done, self._total)


class _Reusing(Embeddings):
    """Embeds only the texts whose vectors are not known yet."""

    def __init__(self, model: Embeddings, known: Mapping[str, Sequence[float]]) -> None:
        self._model, self._known = model, known

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        missing = [text for text in dict.fromkeys(texts) if text not in self._known]
        fresh = self._model.embed_documents(missing) if missing else []
        vectors = {**self._known, **dict(zip(missing, fresh, strict=True))}
        return [[float(x) for x in vectors[text]] for text in texts]

    def embed_query(self, text: str) -> list[float]:
        return self._model.embed_query(text)


def _ensure(
    client: ClientAPI,
    model: str,
    kind: str,
    passages: Sequence[Passage],
    embeddings: Embeddings,
    progress: _Progress,
) -> Collection:
    """The complete collection of these passages, filled now if it is not there."""
    name = f"{kind}-{_digest(model, passages)}"
    others = {c.name: c for c in client.list_collections() if c.name.startswith(f"{kind}-")}
    ready = others.pop(name, None)
    if ready is None or not (ready.metadata or {}).get("complete"):
        try:
            _fill(client, name, model, passages, embeddings, others, progress)
        except EmbeddingError as error:
            earlier = _newest(others.values(), model)
            if earlier is None:
                raise IndexUnavailableError(str(error)) from error
            logger.warning("the index could not be renewed (%s); the earlier one stays", error)
            name = earlier.name
    else:
        progress.there(len(passages))
    collection = Collection(
        Chroma(
            client=client,
            collection_name=name,
            embedding_function=embeddings,
            create_collection_if_not_exists=False,
        ),
        name,
    )
    _probe(client.get_collection(name))
    return collection


def _digest(model: str, passages: Iterable[Passage]) -> str:
    content = json.dumps(
        [model, [(p.key, p.text, p.metadata) for p in passages]], ensure_ascii=False
    )
    return hashlib.sha256(content.encode()).hexdigest()[:24]


def _fill(
    client: ClientAPI,
    name: str,
    model: str,
    passages: Sequence[Passage],
    embeddings: Embeddings,
    others: Mapping[str, ChromaCollection],
    progress: _Progress,
) -> None:
    """Fills a collection beside the others and marks it complete; drops all but the newest other.

    The newest other stays for a process that still reads it.
    """
    metadata = {"model": model, "built": int(time.time())}
    target = client.get_or_create_collection(name, metadata=metadata, configuration=_COSINE)
    known: dict[str, Sequence[float]] = {}
    for collection in (*others.values(), target):
        if (collection.metadata or {}).get("model") == model:
            content = collection.get(include=["documents", "embeddings"])
            vectors: Any = content["embeddings"]
            known.update(zip(content["documents"] or (), vectors, strict=True))
    there = set(target.get(include=[])["ids"])
    missing = [p for p in passages if p.key not in there]
    progress.there(len(there))
    store = Chroma(
        client=client, collection_name=name, embedding_function=_Reusing(embeddings, known)
    )
    for batch in (missing[at : at + BATCH] for at in range(0, len(missing), BATCH)):
        store.add_texts(
            [p.text for p in batch], [p.metadata for p in batch], [p.key for p in batch]
        )
        progress.embedded(len(batch))
    target.modify(metadata={**metadata, "complete": True})
    keep = _newest(others.values(), model)
    for other in others.values():
        if other is not keep:
            client.delete_collection(other.name)


def _newest(collections: Iterable[ChromaCollection], model: str) -> ChromaCollection | None:
    complete = [
        c
        for c in collections
        if (c.metadata or {}).get("complete") and (c.metadata or {}).get("model") == model
    ]
    return max(complete, key=lambda c: c.metadata["built"], default=None)


def _probe(collection: ChromaCollection) -> None:
    """Asks for a passage by its own vector: a damaged folder shows here and not to a user."""
    sample = collection.get(limit=1, include=["embeddings"])
    found = collection.query(query_embeddings=sample["embeddings"], n_results=3, include=[])
    if sample["ids"][0] not in found["ids"][0]:
        raise _DamagedError("a passage is not found by its own vector")
