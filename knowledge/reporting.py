"""A pre-check's result for people: a message, and a PDF to hand on.

The same facts, rules and day give the same report, byte for byte.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Any

from knowledge.catalogue import catalogue
from knowledge.corpus import Corpus
from knowledge.prechecking import Criterion, Outcome, RegionResult, Result, Verdict, places_of
from knowledge.profile import Profile
from knowledge.reasons import Reasons
from knowledge.regulation import Regulation

_ORDER = (Outcome.NOT_MET, Outcome.UNKNOWN, Outcome.MET, Outcome.NOT_APPLICABLE)


def message(corpus: Corpus, result: Result) -> str:
    """The result as a chat message: lines that begin with `> ` are quotations."""
    say = catalogue("zh")
    lines = [say("report.title", day=say("form.date", result.as_of))]
    for region in result.regions:
        regulation = corpus[region.region]
        sign = say(f"report.sign_{region.verdict.value}")
        lines += ["", f"{sign} {headline(regulation, region)}", *_notice(regulation, region)]
        out = region.verdict is Verdict.INELIGIBLE
        for criterion in region.criteria:
            unknown = criterion.outcome is Outcome.UNKNOWN
            if criterion.outcome is Outcome.NOT_MET or (unknown and not out):
                lines += _told(criterion)
        untold = sum(c.outcome is Outcome.UNKNOWN for c in region.criteria)
        if out and untold:
            lines.append(say("report.untold", count=untold))
        claimed = [c for c in region.criteria if c.judgement and c.outcome is Outcome.MET]
        if claimed:
            named = say("form.join").join(_clause(c) for c in claimed)
            lines.append(say("report.claimed", clauses=named))
    if result.evidence:
        lines += ["", say("report.evidence"), *(f"· {item}" for item in result.evidence)]
    offices = say("form.join").join(corpus[r.region].office.name for r in result.regions)
    lines += ["", say("report.only", offices=offices)]
    return "\n".join(lines)


def headline(regulation: Regulation, region: RegionResult) -> str:
    """A region's verdict in one line."""
    say = catalogue("zh")
    text = say(f"report.{region.verdict.value}", place=regulation.place.name)
    if region.earliest_eligible_on:
        text += say("report.earliest", day=say("form.date", region.earliest_eligible_on))
    return text


def _notice(regulation: Regulation, region: RegionResult) -> list[str]:
    """What the regulation's legal status on that day means, where it matters."""
    if region.legal_status == "in_force":
        return []
    say = catalogue("zh")
    until = regulation.in_force_until or regulation.repealed_on
    day = until if region.legal_status != "not_yet_in_force" else regulation.in_force_from
    spoken = say("form.date", day) if day else ""
    return [say(f"notice.{region.legal_status}", title=regulation.title, date=spoken)]


def _told(criterion: Criterion) -> Iterator[str]:
    say = catalogue("zh")
    mark = say(f"report.mark_{criterion.outcome.value}")
    yield f"{mark} {_clause(criterion)}：{criterion.reason}"
    if criterion.outcome is Outcome.NOT_MET:
        yield f"> {criterion.quote}"
        for text in criterion.interpretations:
            yield say("report.reading", text=text)
        for kind, text in criterion.mends:
            yield say(f"report.mend_{kind.value}", text=text)


def _clause(criterion: Criterion) -> str:
    return Regulation.clause(criterion.article, criterion.item)


@dataclass(frozen=True)
class Report:
    """Everything that a report carries, and its two files."""

    corpus: Corpus
    profile: Profile
    result: Result

    def as_json(self) -> dict[str, Any]:
        """The report as data: facts, verdicts, clauses, ruleset, legal status, and what it is."""
        return {
            "report": catalogue("zh")("report.only_short"),
            "facts": self.profile.model_dump(mode="json", exclude_none=True),
            **self.result.as_json(),
        }

    def as_pdf(self) -> bytes:
        """The report as a PDF of a page or two, with an embedded Chinese font."""
        import pylopdf_fonts_zh_cn
        from fpdf import FPDF
        from fpdf.enums import WrapMode, XPos, YPos

        say = catalogue("zh")
        page = FPDF(format="A4")
        page.set_creation_date(datetime.combine(self.result.as_of, time(), UTC))
        page.set_title(say("report.title", day=say("form.date", self.result.as_of)))
        font = Path(pylopdf_fonts_zh_cn.__file__).parent / "NotoSansSC-Regular.otf"
        page.add_font("Noto", fname=font)
        page.set_margins(16, 14, 16)
        page.set_auto_page_break(True, margin=14)
        page.add_page()

        def write(text: str, size: float, grey: int = 30, before: float = 0.0) -> None:
            page.ln(before)
            page.set_font("Noto", size=size)
            page.set_text_color(grey)
            page.multi_cell(
                0,
                size * 0.48,
                text,
                align="L",
                new_x=XPos.LMARGIN,
                new_y=YPos.NEXT,
                wrapmode=WrapMode.CHAR,
            )

        write(say("report.title", day=say("form.date", self.result.as_of)), 16)
        write(say("report.only_short"), 8.5, 100, 1)
        for region in self.result.regions:
            regulation = self.corpus[region.region]
            write(headline(regulation, region), 12, 0, 3)
            write(f"《{regulation.title}》", 8.5, 100)
            for notice in _notice(regulation, region):
                write(notice, 8.5, 60)
            for outcome in _ORDER:
                for criterion in region.criteria:
                    if criterion.outcome is outcome:
                        self._criterion(write, criterion)
        if self.result.evidence:
            write(say("report.evidence"), 10.5, 0, 3)
            write(say("form.join").join(self.result.evidence), 8.5)
        write(say("report.facts"), 10.5, 0, 3)
        write("；".join(self._facts()), 8, 60)
        write(say("report.ruleset", version=self.result.ruleset), 7.5, 120, 2)
        return bytes(page.output())

    def _criterion(self, write: Any, criterion: Criterion) -> None:
        say = catalogue("zh")
        mark = say(f"report.mark_{criterion.outcome.value}")
        short = criterion.outcome in (Outcome.MET, Outcome.NOT_APPLICABLE)
        write(f"{mark} {_clause(criterion)} {criterion.question}{criterion.reason}", 8.5, 30, 0.6)
        write(f"    “{criterion.quote}”", 7, 110)
        if not short:
            for text in criterion.interpretations:
                write(f"    {say('report.reading', text=text)}", 7, 110)
            for kind, text in criterion.mends:
                write(f"    {say(f'report.mend_{kind.value}', text=text)}", 8, 30)

    def _facts(self) -> Iterator[str]:
        reasons = Reasons(catalogue("zh"), places_of(self.corpus))
        for fact in type(self.profile).model_fields:
            value = getattr(self.profile, fact)
            if value is not None:
                yield f"{reasons.fact(fact)}：{_spoken(reasons, fact, value)}"


def _spoken(reasons: Reasons, fact: str, value: Any) -> str:
    if fact == "annual_profits":
        return "、".join("不清楚" if profit is None else f"{profit:g}万元" for profit in value)
    if isinstance(value, tuple):
        say = catalogue("zh")
        names = [
            f"{say('record.' + getattr(e, 'kind', fact))}{f'（{e.on}）' if e.on else ''}"
            for e in value
        ]
        return "、".join(names) or "没有"
    return reasons.value(value)
