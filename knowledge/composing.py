"""Puts an answer into words: the line that answers, the deciding words, where they stand.

No language model takes part: the lines come from the topics' data and the catalogue, the quotations
from the regulations.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from knowledge.answer import Answer, Citation, Context, Status
from knowledge.catalogue import Catalogue
from knowledge.corpus import Corpus
from knowledge.numerals import chinese
from knowledge.quoting import Quote, quote, span_or_text
from knowledge.regulation import Article, Regulation
from knowledge.regulation import Status as LegalStatus
from knowledge.topics import Asks, Provision, Topic
from knowledge.values import Kind, Value, rank, values_in

EXPIRING = timedelta(days=180)
MOST_QUOTED = 3
"""Of more provisions than these only the first is quoted; the others are told in a line each."""

_KINDS = {
    Asks.MONEY: Kind.MONEY,
    Asks.COUNT: Kind.COUNT,
    Asks.PERIOD: Kind.PERIOD,
    Asks.SHARE: Kind.SHARE,
    Asks.SCORE: Kind.SCORE,
    Asks.DATE: Kind.DATE,
}
_DOWN = re.compile(
    r"最[高多大长久晚严]|从高到低|从多到少|由高到低|更[高多大长久晚]|谁.{0,6}[高多长久]|"
    r"哪.{0,8}[高多长久](?!少)|排[名行序个]|怎么排|\b(?:highest|most|more|larger|longest|longer|biggest|"
    r"largest|rank|order)\b"
)
_UP = re.compile(
    r"最[低少小短早松]|从低到高|从少到多|由低到高|更[低少小短早]|谁.{0,6}[低少短](?!人)|"
    r"\b(?:lowest|least|fewest|fewer|shortest|shorter|smallest|less)\b"
)
_ASSERTS = re.compile(
    r"吧|对吗|对吧|对不对|是吗|没错|是真的|真的假的|不是|听说|据说|\bright\?|isn't|\btrue\b|is it"
)


@dataclass(frozen=True)
class Settled:
    """One region's answer to a topic: the provisions that apply, the best one first."""

    regulation: Regulation
    provisions: tuple[Provision, ...]


class Composer:
    """Writes answers in one language, as of one day."""

    def __init__(self, corpus: Corpus, say: Catalogue, today: date) -> None:
        self._corpus, self._say, self._today = corpus, say, today

    # One region ------------------------------------------------------------------------------

    def settled(self, topic: Topic, settled: Settled, question: str, context: Context) -> Answer:
        """A topic that one region's regulation settles."""
        regulation = settled.regulation
        citations = [
            self.citation(regulation, p, quote(self._article(regulation, p), p, question))
            for p in settled.provisions
        ]
        correction = self._correction(topic, question, citations)
        first = correction + self._line(topic, regulation, settled.provisions[0])
        lines = [first, *self._quoted(citations[0])]
        steps = len(citations) > MOST_QUOTED
        for provision, citation in zip(settled.provisions[1:], citations[1:], strict=True):
            if steps:
                lines.append(self._step(provision))
            else:
                lines += ["", self._line(topic, regulation, provision), *self._quoted(citation)]
        return self._answer(
            Status.ANSWERED, lines, citations, context=context, regions=[regulation]
        )

    def by_article(
        self, regulation: Regulation, article: Article, question: str, context: Context
    ) -> Answer:
        """No topic was sure, but an article of the region answers the question's words."""
        found = quote(article, None, question)
        citation = self.citation(regulation, Provision(article=article.number), found)
        lines = [self._say("answer.fallback", place=self.name(regulation)), *self._quoted(citation)]
        return self._answer(
            Status.ANSWERED, lines, [citation], context=context, regions=[regulation]
        )

    def silent(
        self, topic: Topic, regulation: Regulation, others: Sequence[Settled], context: Context
    ) -> Answer:
        """The region's regulation does not speak of the topic; others may."""
        lines = [
            self._say(
                "answer.silent",
                title=regulation.title,
                topic=self._topic(topic),
                place=self.name(regulation),
            )
        ]
        if others:
            places = self._join(self.name(other.regulation) for other in others)
            lines.append(self._say("answer.silent_others", places=places))
        lines.append(self._say("answer.silent_ask", office=regulation.office.name))
        related = [self._short(other) for other in others]
        return self._answer(
            Status.NOT_COVERED, lines, [], related=related, context=context, regions=[regulation]
        )

    # Several regions -------------------------------------------------------------------------

    def compared(
        self,
        topic: Topic,
        settled: Sequence[Settled],
        silent: Sequence[Regulation],
        question: str,
        context: Context,
        unknown: Sequence[str] = (),
    ) -> Answer:
        """Several regions side by side, in order of the value where the question asks for it."""
        rows = [(one, self._short(one)) for one in settled]
        head = self._say("answer.comparison", topic=self._topic(topic))
        values = self._values(topic, rows)
        if len(values) == len(rows) > 1:
            down, up = bool(_DOWN.search(question)), bool(_UP.search(question))
            stated = {tuple(v.key for v in values_in(citation.quote)) for _, citation in rows}
            if len(stated) == 1:
                same = next(iter(values.values())).text
                head = self._say("answer.ranked_same", topic=self._topic(topic), value=same)
            elif down or up:
                rows.sort(key=lambda row: rank(values[row[0].regulation.region]), reverse=not up)
                top = rows[0][0].regulation
                head = self._say(
                    "answer.ranked_up" if up else "answer.ranked_down",
                    topic=self._topic(topic),
                    place=self.name(top),
                    value=values[top.region].text,
                )
        lines = [head, *self._rows(topic, rows), *self._silences(silent)]
        if unknown:
            lines.append(
                self._say(
                    "answer.also_elsewhere",
                    places=self._join(unknown),
                    count=len(self._corpus.regions),
                )
            )
        return self._answer(
            Status.ANSWERED,
            lines,
            [citation for _, citation in rows],
            context=context,
            regions=[one.regulation for one, _ in rows],
        )

    def clarified(
        self,
        topic: Topic,
        settled: Sequence[Settled],
        silent: Sequence[Regulation],
        kind: str | None,
        context: Context,
    ) -> Answer:
        """No region was named: every region's answer in a line, and the regions to choose from."""
        rows = [(one, self._short(one)) for one in settled]
        head = self._say("answer.clarify_kind", kind=kind) if kind else self._say("answer.clarify")
        return self._answer(
            Status.CLARIFY,
            [
                head,
                *self._rows(topic, rows),
                *self._silences(silent),
                "",
                self._say("answer.clarify_pick"),
            ],
            [citation for _, citation in rows],
            context=context,
            regions=[one.regulation for one, _ in rows],
            choices=[r.region for r in (*(one.regulation for one in settled), *silent)],
        )

    # Parts -----------------------------------------------------------------------------------

    def name(self, regulation: Regulation) -> str:
        place = regulation.place
        return place.english if self._say.language == "en" else place.name

    def citation(self, regulation: Regulation, provision: Provision, found: Quote) -> Citation:
        item = found.item if found.item is not None else provision.item
        return Citation(regulation.region, provision.article, item, regulation.title, found.text)

    def notices(self, regulations: Iterable[Regulation]) -> list[str]:
        """What a reader must know of the regulations' legal status today."""
        told = []
        for region in dict.fromkeys(r.region for r in regulations):
            regulation = self._corpus[region]
            if notice := self._notice(regulation):
                told.append(notice)
            if not regulation.reviewed:
                told.append(self._say("notice.unreviewed", title=regulation.title))
        return told

    def _notice(self, regulation: Regulation) -> str | None:
        status = regulation.status(self._today)
        dates = {
            LegalStatus.DRAFT: None,
            LegalStatus.NOT_YET_IN_FORCE: regulation.in_force_from,
            LegalStatus.EXPIRED: regulation.in_force_until,
            LegalStatus.REPEALED: regulation.repealed_on,
        }
        key = status.value
        when = dates.get(status)
        if status is LegalStatus.IN_FORCE:
            when = regulation.in_force_until
            if not when or when - self._today > EXPIRING:
                return None
            key = "expiring"
        spoken = self._say("form.date", when) if when else ""
        return self._say(f"notice.{key}", title=regulation.title, date=spoken)

    def _answer(
        self,
        status: Status,
        lines: Sequence[str],
        citations: Sequence[Citation],
        *,
        context: Context,
        regions: Sequence[Regulation],
        related: Sequence[Citation] = (),
        choices: Sequence[str] = (),
    ) -> Answer:
        notices = self.notices(regions)
        text = "\n".join([*lines, *([""] if notices else []), *notices])
        return Answer(
            status,
            text,
            tuple(citations),
            tuple(related),
            tuple(notices),
            tuple(choices),
            context,
        )

    def _article(self, regulation: Regulation, provision: Provision) -> Article:
        article = regulation.article(provision.article)
        if article is None:
            raise KeyError(f"{regulation.region} has no article {provision.article}")
        return article

    def _short(self, settled: Settled) -> Citation:
        provision = settled.provisions[0]
        found = span_or_text(self._article(settled.regulation, provision), provision)
        return self.citation(settled.regulation, provision, found)

    def _line(self, topic: Topic, regulation: Regulation, provision: Provision) -> str:
        gist = provision.english if self._say.language == "en" else provision.gist
        if gist:
            return self._say("answer.line", place=self.name(regulation), gist=gist.rstrip("。."))
        return self._say("answer.whole", place=self.name(regulation), topic=self._topic(topic))

    def _step(self, provision: Provision) -> str:
        gist = (provision.english if self._say.language == "en" else provision.gist) or ""
        return self._say("answer.step", gist=gist, article=chinese(provision.article))

    def _quoted(self, citation: Citation) -> list[str]:
        return [
            *(f"> {line}" for line in citation.quote.splitlines()),
            self._corpus[citation.region].cite(citation.article, citation.item),
        ]

    def _rows(self, topic: Topic, rows: Sequence[tuple[Settled, Citation]]) -> list[str]:
        lines = []
        for settled, citation in rows:
            line = self._line(topic, settled.regulation, settled.provisions[0])
            lines += [f"· {line}", *self._quoted(citation)]
        return lines

    def _silences(self, silent: Sequence[Regulation]) -> list[str]:
        return [f"· {self._say('answer.silent_line', place=self.name(r))}" for r in silent]

    def _values(
        self, topic: Topic, rows: Sequence[tuple[Settled, Citation]]
    ) -> Mapping[str, Value]:
        """The value of the topic's kind that each region's deciding words state, where they do."""
        kind = _KINDS.get(topic.asks)
        found = {}
        for settled, citation in rows:
            text = settled.provisions[0].span or citation.quote
            value = next((v for v in values_in(text) if v.kind is kind), None)
            if value:
                found[settled.regulation.region] = value
        return found

    def _correction(self, topic: Topic, question: str, citations: Sequence[Citation]) -> str:
        """Denies a value that the question takes for granted and the article does not state."""
        if not _ASSERTS.search(question):
            return ""
        stated = [v for citation in citations for v in values_in(citation.quote)]
        for claimed in values_in(question):
            rivals = [v for v in stated if (v.kind, v.unit) == (claimed.kind, claimed.unit)]
            wanted = claimed.kind is _KINDS.get(topic.asks)
            if wanted and rivals and claimed.key not in {v.key for v in rivals}:
                return self._say("answer.correction", claimed=claimed.text)
        return ""

    def _topic(self, topic: Topic) -> str:
        return topic.english if self._say.language == "en" else topic.name

    def _join(self, names: Iterable[str]) -> str:
        return self._say("form.join").join(names)
