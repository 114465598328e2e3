"""Topics: the few dozen things of which the regulations speak, and how people ask for them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, model_validator

from knowledge.corpus import Corpus
from knowledge.files import DataError, read_yaml
from knowledge.values import unsupported

TOPICS = Path(__file__).parent / "topics"


class Asks(StrEnum):
    """What a question of a topic wants to hear."""

    MONEY = "money"
    COUNT = "count"
    PERIOD = "period"
    DATE = "date"
    FREQUENCY = "frequency"
    SHARE = "share"
    SCORE = "score"
    PARTY = "party"
    PLACE = "place"
    PERMISSION = "permission"
    LIST = "list"
    TEXT = "text"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Provision(_Strict):
    """An article that settles a topic in one regulation.

    `span` is the deciding text, verbatim; without it the whole article or item decides. `gist`
    and `english` say in one plain sentence what it comes to.
    """

    article: int = Field(gt=0)
    item: int | None = None
    span: str | None = None
    gist: str | None = None
    english: str | None = None


class _Phrasings(_Strict):
    zh: tuple[str, ...] = ()
    en: tuple[str, ...] = ()


class Topic(_Strict):
    """One topic.

    `settled` gives for each region the provisions, the primary one first; `silent` the regions
    whose text does not speak of it. A topic that is `outside` no regulation settles; `reply` is
    what is said of it, and `office` whether the regulation's office would know. `abroad` marks a
    topic about applicants from other places.
    """

    id: str = ""
    name: str
    english: str
    meaning: str
    asks: Asks = Asks.TEXT
    settled: Mapping[str, tuple[Provision, ...]] = {}
    silent: tuple[str, ...] = ()
    outside: bool = False
    abroad: bool = False
    office: bool = True
    reply: str | None = None
    reply_english: str | None = None
    phrasings: _Phrasings

    @model_validator(mode="after")
    def _whole(self) -> Topic:
        if self.outside and (self.settled or self.silent or not self.reply):
            raise ValueError("an outside topic has a reply, and neither settled nor silent regions")
        if both := set(self.settled) & set(self.silent):
            raise ValueError(f"both settled and silent: {', '.join(sorted(both))}")
        if empty := [region for region, provisions in self.settled.items() if not provisions]:
            raise ValueError(f"settled without an article: {', '.join(empty)}")
        return self

    @property
    def questions(self) -> tuple[str, ...]:
        return self.phrasings.zh + self.phrasings.en


@dataclass(frozen=True)
class Topics:
    """All topics by id."""

    by_id: Mapping[str, Topic]

    def __getitem__(self, topic: str) -> Topic:
        return self.by_id[topic]

    def __iter__(self) -> Iterator[Topic]:
        return iter(self.by_id.values())

    def __len__(self) -> int:
        return len(self.by_id)


class RegionTopics(_Strict):
    """`topics.yaml` beside an added regulation: what it settles; it is silent on the rest."""

    settled: Mapping[str, tuple[Provision, ...]]


def load_topics(folder: Path = TOPICS, added: Path | None = None) -> Topics:
    """Reads every topic of a folder; a topic's id is its file's name.

    `added` is a folder of added regulations, each with a `topics.yaml`.

    Raises:
        DataError: a file is malformed, or there is none.
    """
    paths = sorted(folder.glob("*.yaml"))
    if not paths:
        raise DataError(folder, 1, "no topic was found")
    topics = {p.stem: read_yaml(p, Topic).model_copy(update={"id": p.stem}) for p in paths}
    for path in sorted(added.glob("*/topics.yaml")) if added else ():
        settled = read_yaml(path, RegionTopics).settled
        if unknown := [topic for topic in settled if topic not in topics]:
            raise DataError(path, 1, f"there is no topic {', '.join(unknown)}")
        topics = {t.id: _with_region(t, path.parent.name, settled) for t in topics.values()}
    return Topics(topics)


def _with_region(topic: Topic, region: str, settled: Mapping[str, tuple[Provision, ...]]) -> Topic:
    if topic.id in settled:
        more = {region: settled[topic.id]}
        return topic.model_copy(update={"settled": {**topic.settled, **more}})
    if topic.outside:
        return topic
    return topic.model_copy(update={"silent": (*topic.silent, region)})


def faults(topics: Topics, corpus: Corpus) -> list[str]:
    """Everything in which the topics and the regulations' texts disagree, one line each."""
    return [
        *(fault for topic in topics for fault in _faults_of(topic, corpus)),
        *_unclaimed(topics, corpus),
        *_asked_twice(topics),
    ]


def _faults_of(topic: Topic, corpus: Corpus) -> Iterator[str]:
    if not topic.outside:
        for region in corpus.regions:
            if region not in topic.settled and region not in topic.silent:
                yield f"topic {topic.id}: {region} is neither settled nor silent"
    for region, provisions in topic.settled.items():
        if region not in corpus.regulations:
            continue  # a region that was taken away takes its provisions with it
        for provision in provisions:
            if fault := _fault_of(provision, region, corpus):
                yield f"topic {topic.id}: {region} {provision.article}: {fault}"


def _fault_of(provision: Provision, region: str, corpus: Corpus) -> str | None:
    article = corpus[region].article(provision.article)
    if article is None:
        return f"there are only {len(corpus[region].articles)} articles"
    if provision.item is not None and article.item(provision.item) is None:
        return f"there is no item {provision.item}"
    if provision.span and not article.quotes(provision.span):
        return f"the article no longer says “{provision.span}”"
    if provision.span and provision.item is not None:
        found = article.item_at(provision.span)
        if found is None or found.number != provision.item:
            return f"“{provision.span}” does not stand in item {provision.item}"
    if invented := unsupported(provision.gist or "", article.text):
        return f"the gist says {', '.join(invented)}, the article does not"
    return None


def _unclaimed(topics: Topics, corpus: Corpus) -> Iterator[str]:
    claimed = {
        (region, provision.article)
        for topic in topics
        for region, provisions in topic.settled.items()
        for provision in provisions
    }
    for regulation in corpus:
        for article in regulation:
            if (regulation.region, article.number) not in claimed:
                yield f"{regulation.region} {article.number}: belongs to no topic"


def _asked_twice(topics: Topics) -> Iterator[str]:
    owner: dict[str, str] = {}
    for topic in topics:
        for question in topic.questions:
            if question in owner:
                yield f"topic {topic.id}: “{question}” is asked in {owner[question]} too"
            owner[question] = topic.id
