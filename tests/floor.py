"""The floor under the figures: `python -m tests.floor [FILE …]` fails where one has fallen."""

from __future__ import annotations

import sys
from pathlib import Path

from bot.evaluation import as_text, evaluate, read_questions
from bot.settings import load_settings
from bot.wiring import build_knowledge
from knowledge.classifier import leave_one_out
from knowledge.corpus import Corpus
from knowledge.mapping import propose
from knowledge.opening import Knowledge, labelled_vectors
from knowledge.passages import questions
from knowledge.topics import Topic, Topics

OWN = Path(__file__).parent / "eval" / "questions.jsonl"
HELD_OUT = 0.92
WHOLE = 0.95
MAPPED = 0.92
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
    topic, answer = held_out(knowledge)
    sys.stdout.write(f"leave-one-out over the phrasings: topic {topic:.3f}, answer {answer:.3f}\n")
    fallen = [] if answer >= HELD_OUT else [f"leave-one-out {answer:.3f} < {HELD_OUT}"]
    mapped = mapping(knowledge)
    sys.stdout.write(f"topics proposed as known, each region taken out in turn: {mapped:.3f}\n")
    if mapped < MAPPED:
        fallen.append(f"mapping {mapped:.3f} < {MAPPED}")
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


def held_out(knowledge: Knowledge) -> tuple[float, float]:
    """The shares of phrasings that a classifier without them leads to their own topic, and to the
    answer of their own topic."""
    topics = knowledge.topics
    texts, labels, vectors = labelled_vectors(knowledge.index, questions(topics))
    names, scores = leave_one_out(texts, labels, vectors)
    found = [names[at] for at in scores.argmax(axis=1)]
    pairs = list(zip(labels, found, strict=True))
    return (
        sum(label == name for label, name in pairs) / len(pairs),
        sum(answers_alike(topics[label], topics[name]) for label, name in pairs) / len(pairs),
    )


def mapping(knowledge: Knowledge) -> float:
    """The share of topics for which a region's own article, or its silence, is proposed when the
    region is taken out and comes in as new."""
    right = asked = 0
    for regulation in knowledge.corpus:
        region = regulation.region
        others = {r.region: r for r in knowledge.corpus if r.region != region}
        topics = {
            topic.id: topic.model_copy(
                update={"settled": {r: p for r, p in topic.settled.items() if r != region}}
            )
            for topic in knowledge.topics
        }
        proposal = propose(
            regulation, Corpus(others), Topics(topics), knowledge.model, knowledge.classifier
        )
        for topic in knowledge.topics:
            if any(other != region for other in topic.settled):
                true = {p.article for p in topic.settled.get(region, ())}
                sure = topic.id in proposal.sureness
                found = proposal.settled[topic.id][0].article if sure else None
                right += found in true if sure and true else not sure and not true
                asked += 1
    return right / asked


def answers_alike(one: Topic, other: Topic) -> bool:
    """Whether both are outside the regulations, or rest on the same article in every region."""
    primary = [
        {region: provisions[0].article for region, provisions in topic.settled.items()}
        for topic in (one, other)
    ]
    return one.id == other.id or (one.outside == other.outside and primary[0] == primary[1])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
