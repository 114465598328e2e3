"""The floor under the figures: `python -m tests.floor [FILE …]` fails where one has fallen."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from bot.evaluation import as_text, evaluate, read_questions
from bot.settings import load_settings
from bot.wiring import build_knowledge
from knowledge.classifier import leave_one_out
from knowledge.opening import Knowledge
from knowledge.passages import questions

OWN = Path(__file__).parent / "eval" / "questions.jsonl"
HELD_OUT = 0.72
WHOLE = 0.9
ENOUGH = 10
"""A kind with fewer questions counts in the whole only."""
FLOORS = {
    "direct": 0.95,
    "colloquial": 0.85,
    "ambiguous": 0.9,
    "compare": 0.9,
    "english": 0.85,
    "typo": 0.85,
    "followup": 0.85,
    "scope": 0.95,
}


def main(files: list[str]) -> int:
    """Scores each file; says what has fallen below its floor."""
    knowledge = build_knowledge(load_settings())
    assistant = knowledge.assistant
    held_out = leave_one_out_of(knowledge)
    sys.stdout.write(f"classifier, leave-one-out over the phrasings: {held_out:.3f}\n")
    fallen = [] if held_out >= HELD_OUT else [f"leave-one-out {held_out:.3f} < {HELD_OUT}"]
    for path in (OWN, *map(Path, files)):
        report = evaluate(assistant, read_questions(path)).as_json()
        sys.stdout.write(f"{path.name}\n{as_text(report)}\n")
        fallen += [
            f"{path.name}: {kind} {scores['score']} < {FLOORS[kind]}"
            for kind, scores in report["kinds"].items()
            if scores["questions"] >= ENOUGH and scores["score"] < FLOORS[kind]
        ]
        if report["all"] < WHOLE:
            fallen.append(f"{path.name}: all {report['all']} < {WHOLE}")
        if report["wrong_region_rate"]:
            fallen.append(f"{path.name}: wrong-region rate {report['wrong_region_rate']}")
        if not report["quotes_verbatim"]:
            fallen.append(f"{path.name}: a quote is not verbatim")
    sys.stderr.write("".join(f"{line}\n" for line in fallen))
    return 1 if fallen else 0


def leave_one_out_of(knowledge: Knowledge) -> float:
    """The share of phrasings whose topic the classifier finds without having seen them."""
    passages = {p.key: p for p in questions(knowledge.topics)}
    keys, vectors = knowledge.index.questions.vectors()
    labels = [str(passages[key].metadata["topic"]) for key in keys]
    return leave_one_out([passages[key].text for key in keys], labels, np.asarray(vectors))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
