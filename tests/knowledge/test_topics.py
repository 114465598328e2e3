"""The topics agree with the regulations word for word, and a change of the text is noticed."""

from __future__ import annotations

from dataclasses import replace

from knowledge.corpus import Corpus, load_corpus
from knowledge.regulation import Paragraph
from knowledge.topics import faults, load_topics

CORPUS, TOPICS = load_corpus(), load_topics()


def test_every_provision_still_stands_and_every_article_has_a_topic() -> None:
    assert faults(TOPICS, CORPUS) == []


def test_a_changed_sentence_is_named() -> None:
    wuxi = CORPUS["wuxi"]
    article = wuxi.articles[5]
    changed = replace(article, paragraphs=(Paragraph(1, "评审按规定收费。"),))
    articles = (*wuxi.articles[:5], changed, *wuxi.articles[6:])
    corpus = Corpus({**CORPUS.regulations, "wuxi": replace(wuxi, articles=articles)})
    found = faults(TOPICS, corpus)
    assert any(
        fault.startswith("topic fees: wuxi 6: the article no longer says") for fault in found
    )


def test_there_are_phrasings_enough() -> None:
    for topic in TOPICS:
        assert len(topic.questions) >= 15, topic.id
