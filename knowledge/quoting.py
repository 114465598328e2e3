"""Chooses the deciding words of an article: verbatim, contiguous, and no longer than needed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from knowledge.regulation import Article, squeeze
from knowledge.topics import Provision

SHORT = 160
"""A paragraph or item of up to so many characters is quoted whole."""

_SENTENCE = re.compile(r"[^。；;！？\n]+[。；;！？]*\n?|\n")


@dataclass(frozen=True)
class Quote:
    """A verbatim piece of an article and the item in which it stands, if it stands in one."""

    text: str
    item: int | None


def quote(article: Article, provision: Provision | None, question: str) -> Quote:
    """The words of an article that answer a question.

    A provision with a span gives the sentences around the span, and the sentence that shares
    most with the question where that is another one of the same paragraph. A provision without a
    span gives its item or the whole article. Without a provision the question alone decides.
    """
    if provision and provision.span:
        return _around(article, provision.span, question)
    if provision and provision.item is not None:
        item = article.item(provision.item)
        if item is not None:
            return Quote(item.full_text, item.number)
    if provision:
        return Quote(article.text, None)
    return _closest(article, question)


def span_or_text(article: Article, provision: Provision) -> Quote:
    """The shortest quotation, for a line of a comparison: the span with its sentence."""
    if provision.span:
        block, item = _block_of(article, provision.span)
        return Quote(_sentences_with(block, provision.span), item)
    return quote(article, provision, "")


def _around(article: Article, span: str, question: str) -> Quote:
    block, item = _block_of(article, span)
    if len(block) <= SHORT:
        return Quote(block, item)
    sentences = _SENTENCE.findall(block)
    inside = _positions(sentences, span)
    best = max(range(len(sentences)), key=lambda at: overlap(question, sentences[at]))
    around_best = overlap(question, sentences[best])
    around_span = max(overlap(question, sentences[at]) for at in inside)
    chosen = {*inside, best} if around_best > around_span else set(inside)
    return Quote("".join(sentences[min(chosen) : max(chosen) + 1]).strip(), item)


def _closest(article: Article, question: str) -> Quote:
    """The paragraph or item that shares most with the question, or a short article whole."""
    if len(article.text) <= SHORT:
        return Quote(article.text, None)
    blocks: list[tuple[str, int | None]] = [(p.text, None) for p in article.paragraphs]
    blocks += [(item.full_text, item.number) for item in article.items]
    text, number = max(blocks, key=lambda block: overlap(question, block[0]))
    return Quote(text, number)


def _block_of(article: Article, span: str) -> tuple[str, int | None]:
    """The item, or else the paragraph, or else the article in which a span stands."""
    if item := article.item_at(span):
        return item.full_text, item.number
    wanted = squeeze(span)
    for paragraph in article.paragraphs:
        if wanted in squeeze(paragraph.text):
            return paragraph.text, None
    return article.text, None


def _sentences_with(block: str, span: str) -> str:
    sentences = _SENTENCE.findall(block)
    at = _positions(sentences, span)
    return "".join(sentences[at[0] : at[-1] + 1]).strip()


def _positions(sentences: Sequence[str], span: str) -> list[int]:
    """Which sentences a span covers."""
    start = squeeze("".join(sentences)).find(squeeze(span))
    end = start + len(squeeze(span))
    covered, at = [], 0
    for number, sentence in enumerate(sentences):
        length = len(squeeze(sentence))
        if at < end and at + length > start:
            covered.append(number)
        at += length
    return covered or list(range(len(sentences)))


def overlap(question: str, text: str) -> float:
    """The share of the text's character pairs that the question has too, length damped."""
    said, wanted = pairs(text), pairs(question)
    return len(said & wanted) / (len(said) + 12) if said else 0.0


def pairs(text: str) -> set[str]:
    """The pairs of neighbouring letters of a text, punctuation aside."""
    letters = [c for c in squeeze(text).lower() if c.isalnum()]
    return {a + b for a, b in pairwise(letters)}
