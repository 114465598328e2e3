"""Says plainly that the regulations do not settle a question, and who would."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from knowledge.answer import Answer, Citation, Context, Status
from knowledge.catalogue import Catalogue
from knowledge.corpus import Corpus
from knowledge.quoting import quote
from knowledge.regulation import Regulation
from knowledge.topics import Provision, Topic


class Refusals:
    """Answers of status `not_covered`, in one language. They cite nothing as the answer."""

    def __init__(self, corpus: Corpus, say: Catalogue) -> None:
        self._corpus, self._say = corpus, say

    def elsewhere(self, others: Iterable[str], context: Context) -> Answer:
        """Another place's award, or another award."""
        named = self._say("form.join").join(others)
        return self._refuse(
            [self._say("not_covered.elsewhere", places=self._places(), others=named)], context
        )

    def other_law(self, context: Context) -> Answer:
        """An article of some other law."""
        return self._refuse([self._say("not_covered.other_law", places=self._places())], context)

    def outside(self, topic: Topic, regions: Sequence[Regulation], context: Context) -> Answer:
        """A thing that people ask and that no regulation settles."""
        english = self._say.language == "en"
        reply = (topic.reply_english if english else topic.reply) or topic.name
        return self._refuse([reply], context, regions if topic.office else ())

    def unknown(self, regions: Sequence[Regulation], context: Context) -> Answer:
        """Nothing in the regulations answers the question."""
        if len(regions) == 1:
            only = regions[0]
            first = self._say(
                "not_covered.unknown_region",
                title=only.title,
                place=self._name(only),
            )
        else:
            first = self._say("not_covered.unknown", places=self._places())
        refusal = self._refuse([first], context, regions)
        lines = [refusal.text, self._say("not_covered.rephrase")]
        return Answer(
            Status.NOT_COVERED, "\n".join(lines), related=refusal.related, context=context
        )

    def _refuse(
        self, lines: Sequence[str], context: Context, regions: Sequence[Regulation] = ()
    ) -> Answer:
        """The refusal, and the office to ask where one region is meant."""
        said = list(lines)
        related: tuple[Citation, ...] = ()
        if len(regions) == 1:
            office = regions[0].office
            said.append(
                self._say(
                    "not_covered.ask_office",
                    office=office.name,
                    citation=regions[0].cite(office.article),
                )
            )
            related = (self._office(regions[0]),)
        elif regions:
            said.append(self._say("not_covered.ask_offices"))
        return Answer(Status.NOT_COVERED, "\n".join(said), related=related, context=context)

    def _office(self, regulation: Regulation) -> Citation:
        article = regulation.articles[regulation.office.article - 1]
        found = quote(article, Provision(article=article.number, span=None), "")
        text = found.text.splitlines()[0]
        return Citation(regulation.region, article.number, None, regulation.title, text)

    def _places(self) -> str:
        return self._say("form.join").join(self._name(r) for r in self._corpus)

    def _name(self, regulation: Regulation) -> str:
        place = regulation.place
        return place.english if self._say.language == "en" else place.name
