"""Scores a question file: which share of each kind is answered from the right article."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, ValidationError

from bot.problem import Problem
from knowledge.answer import Answer, Context, Status
from knowledge.corpus import Corpus
from knowledge.regulation import squeeze

if TYPE_CHECKING:
    from knowledge.assistant import Assistant


class _Lenient(BaseModel):
    model_config = ConfigDict(extra="ignore")


class Gold(_Lenient):
    """An article that is right as the primary citation."""

    region: str
    article: int


class Turn(_Lenient):
    """An earlier question of the same conversation, and the region that it was about."""

    q: str
    region: str | None = None


class Question(_Lenient):
    """One line of a question file."""

    id: str
    kind: str
    question: str
    region: str | None = None
    gold: tuple[Gold, ...] = ()
    must_contain: tuple[str, ...] = ()
    must_not_contain: tuple[str, ...] = ()
    history: tuple[Turn, ...] = ()


@dataclass(frozen=True)
class Verdict:
    """How one question was answered; `fault` says what is wrong, if anything is."""

    question: Question
    answer: Answer
    fault: str | None
    wrong_region: bool
    misquoted: bool


@dataclass(frozen=True)
class Report:
    """All verdicts of a file."""

    verdicts: tuple[Verdict, ...]

    def as_json(self) -> dict[str, Any]:
        """Shares from 0 to 1 by kind, the wrong-region rate, and the misses."""
        kinds: dict[str, list[Verdict]] = {}
        for verdict in self.verdicts:
            kinds.setdefault(verdict.question.kind, []).append(verdict)
        regional = [v for v in self.verdicts if v.question.region]
        return {
            "kinds": {
                kind: {
                    "questions": len(verdicts),
                    "score": _share(sum(v.fault is None for v in verdicts), len(verdicts)),
                }
                for kind, verdicts in kinds.items()
            },
            "all": _share(sum(v.fault is None for v in self.verdicts), len(self.verdicts)),
            "wrong_region_rate": _share(sum(v.wrong_region for v in regional), len(regional)),
            "quotes_verbatim": not any(v.misquoted for v in self.verdicts),
            "misses": [
                {
                    "id": v.question.id,
                    "kind": v.question.kind,
                    "question": v.question.question,
                    "fault": v.fault,
                    "cited": [f"{c.region} {c.article}" for c in v.answer.citations],
                    "gold": [f"{g.region} {g.article}" for g in v.question.gold],
                }
                for v in self.verdicts
                if v.fault
            ],
        }


def read_questions(path: Path) -> list[Question]:
    """Reads a question file (JSON Lines).

    Raises:
        Problem: the file cannot be read, or a line is no question.
    """
    return [_question(path, number, line) for number, line in lines_of(path)]


def lines_of(path: Path) -> Iterator[tuple[int, str]]:
    """The numbered lines of a JSON Lines file, blank ones left out.

    Raises:
        Problem: the file cannot be read.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise Problem(f"{path}：无法读取（{error}）") from error
    return ((number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip())


def _question(path: Path, number: int, line: str) -> Question:
    try:
        return Question.model_validate_json(line)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "JSON"
        raise Problem(f"{path}:{number}: {place}: {first['msg']}") from error


def converse(assistant: Assistant, question: str, history: Sequence[Turn]) -> Answer:
    """Answers a question after the earlier turns of its conversation."""
    context = Context()
    for turn in history:
        context = assistant.ask(turn.q, context).context
        if turn.region:
            context = Context((turn.region,), context.question, context.topic, context.article)
    return assistant.ask(question, context)


def evaluate(assistant: Assistant, questions: Sequence[Question]) -> Report:
    """Asks every question and judges the answers."""
    return Report(
        tuple(
            _judge(q, converse(assistant, q.question, q.history), assistant.corpus)
            for q in questions
        )
    )


def _judge(question: Question, answer: Answer, corpus: Corpus) -> Verdict:
    said = squeeze(answer.text)
    cited = [(c.region, c.article) for c in answer.citations]
    gold = [(g.region, g.article) for g in question.gold]
    if question.kind == "scope":
        covered = answer.status is not Status.NOT_COVERED or cited
        fault = "answered what the regulations do not cover" if covered else None
    elif question.kind == "compare":
        missing = [f"{r} {a}" for r, a in gold if (r, a) not in cited]
        fault = f"not cited: {', '.join(missing)}" if missing else None
    else:
        fault = None if cited and cited[0] in gold else "wrong primary citation"
    absent = [m for m in question.must_contain if squeeze(m) not in said]
    if fault is None and absent:
        fault = f"does not say {', '.join(absent)}"
    if any(squeeze(m) in said for m in question.must_not_contain):
        fault = "says what it must not"
    return Verdict(
        question,
        answer,
        fault,
        wrong_region=bool(
            question.region and any(region != question.region for region, _ in cited)
        ),
        misquoted=any(
            not _verbatim(c.quote, c.region, c.article, corpus) for c in answer.citations
        ),
    )


def _verbatim(quote: str, region: str, number: int, corpus: Corpus) -> bool:
    article = corpus[region].article(number)
    return article is not None and bool(quote) and article.quotes(quote)


def _share(part: int, whole: int) -> float:
    return round(part / whole, 4) if whole else 0.0


def as_text(report: dict[str, Any]) -> str:
    """The report for a person to read."""
    lines = [
        f"{kind:<12}{scores['score']:>8.3f}  ({scores['questions']})"
        for kind, scores in report["kinds"].items()
    ]
    lines.append(f"{'all':<12}{report['all']:>8.3f}")
    lines.append(f"wrong-region rate {report['wrong_region_rate']:.3f}")
    lines.append(f"every quote verbatim: {'yes' if report['quotes_verbatim'] else 'NO'}")
    lines += [
        f"- {m['id']} [{m['kind']}] {m['question']}\n    {m['fault']}; "
        f"cited {', '.join(m['cited']) or 'nothing'}; gold {', '.join(m['gold']) or 'nothing'}"
        for m in report["misses"]
    ]
    return "\n".join(lines)


def dump(value: Any) -> str:
    """JSON in one line with Chinese left readable."""
    return json.dumps(value, ensure_ascii=False)
