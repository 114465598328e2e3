"""Answers a reference by number from the text itself: no retrieval, no guess."""

from __future__ import annotations

from collections.abc import Sequence

from knowledge.answer import Answer, Citation, Context, Status
from knowledge.catalogue import Catalogue
from knowledge.lookup import Reference
from knowledge.regulation import Article, Regulation


class Missing(Exception):  # noqa: N818 (it is an answer, not a failure)
    """The regulation has no such article, paragraph or item; the message says what it has."""


def cited(regulation: Regulation, reference: Reference, say: Catalogue) -> Citation:
    """The text at a reference.

    Raises:
        Missing: the number is beyond what the regulation has.
    """
    number = reference.article or 0
    article = regulation.article(number)
    title = regulation.title
    if article is None:
        raise Missing(
            say(
                "not_covered.no_article",
                title=title,
                count=len(regulation.articles),
                article=number,
            )
        )
    text, item = _text(regulation, article, reference, say)
    return Citation(regulation.region, number, item, title, text)


def _text(
    regulation: Regulation, article: Article, reference: Reference, say: Catalogue
) -> tuple[str, int | None]:
    if reference.item is not None:
        item = article.item(reference.item)
        if item is None:
            have = (
                say("not_covered.items_count", count=len(article.items))
                if article.items
                else say("not_covered.items_none")
            )
            raise Missing(
                say(
                    "not_covered.no_item",
                    title=regulation.title,
                    article=article.number,
                    item=reference.item,
                    have=have,
                )
            )
        return item.full_text, item.number
    if reference.paragraph is not None:
        count = len(article.paragraphs)
        if not 0 < reference.paragraph <= count:
            raise Missing(
                say(
                    "not_covered.no_paragraph",
                    title=regulation.title,
                    article=article.number,
                    paragraph=reference.paragraph,
                    count=count,
                )
            )
        return article.paragraphs[reference.paragraph - 1].full_text, None
    return article.text, None


def exact_answer(
    regulations: Sequence[Regulation],
    reference: Reference,
    say: Catalogue,
    context: Context,
    named: bool,
) -> Answer:
    """The article that a question names, in one region or in each that may be meant."""
    citations: list[Citation] = []
    missing: list[str] = []
    for regulation in regulations:
        try:
            citations.append(cited(regulation, reference, say))
        except Missing as error:
            missing.append(str(error))
    if not citations:
        return Answer(Status.NOT_COVERED, "\n".join(missing), context=context)
    asked = {r.region: r for r in regulations}
    lines = [] if named else [say("exact.which", article=reference.article)]
    for citation in citations:
        regulation = asked[citation.region]
        heading = say(
            "exact.heading",
            citation=regulation.cite(citation.article, citation.item),
            article=citation.article,
            place=regulation.place.english,
        )
        lines += [heading, *(f"> {line}" for line in citation.quote.splitlines())]
    return Answer(
        Status.ANSWERED if named else Status.CLARIFY,
        "\n".join([*lines, *missing]),
        tuple(citations),
        choices=() if named else tuple(c.region for c in citations),
        context=context,
    )
