"""Speed and memory, as ratios within one run: `make bench`."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

from bot.evaluation import read_questions
from knowledge.embedding import BuiltIn
from knowledge.index import BATCH, Index, Location, open_index
from knowledge.opening import Knowledge, open_knowledge
from knowledge.passages import articles, questions
from tests.bench_broadcast import bench_broadcast
from tests.bench_cases import bench_cases
from tests.floor import OWN

ROUNDS = 5


def main() -> None:
    """Prints every figure with what it is compared to."""
    asked = [q.question for q in read_questions(OWN) if q.kind in ("direct", "colloquial")]
    with tempfile.TemporaryDirectory() as folder:
        took, peak = in_process(folder)
        line("first ask ever (builds the index)", f"{took:.1f} s, {peak} MB")
        runs = [in_process(folder) for _ in range(3)]
        line("cold ask, wall time (median of 3)", f"{statistics.median(t for t, _ in runs):.2f} s")
        line("cold ask, peak memory", f"{max(p for _, p in runs)} MB")
        model = BuiltIn()
        knowledge = open_knowledge(Location(Path(folder) / "index"), model, date.today)
        warm(knowledge.assistant.ask, knowledge.index, model, asked)
    build(knowledge, model)
    bench_cases(line)
    bench_broadcast(line)


def warm(ask: Callable[[str], object], index: Index, model: BuiltIn, asked: list[str]) -> None:
    """A question against one bare query embedding and one query of each Chroma collection."""
    whole, bare = [], []
    where = {"region": "wuxi"}
    for _ in range(ROUNDS):
        for question in asked:
            start = time.perf_counter()
            ask(question)
            middle = time.perf_counter()
            vector = model.embed_query(question)
            index.articles.search(vector, 8, where)
            index.questions.search(vector, 12)
            end = time.perf_counter()
            whole.append(middle - start)
            bare.append(end - middle)
    one, other = statistics.median(whole) * 1000, statistics.median(bare) * 1000
    line("warm question / (query embedding + Chroma queries)", f"{one / other:.2f}")
    line("  median", f"{one:.1f} ms / {other:.1f} ms")


def in_process(folder: str) -> tuple[float, int]:
    """One `ask` in a process of its own: wall time in seconds, peak memory in MB."""
    process = subprocess.Popen(
        [sys.executable, "-m", "bot", "ask", "无锡奖金多少"],
        env={**os.environ, "DATA_DIR": folder},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    start, peak = time.perf_counter(), 0
    while process.poll() is None:
        peak = max(peak, high_water(process.pid))
        time.sleep(0.01)
    return time.perf_counter() - start, peak


def high_water(process: int) -> int:
    """The most memory (MB) that a process has had so far; 0 once it has gone."""
    try:
        status = Path(f"/proc/{process}/status").read_text(encoding="ascii")
    except OSError:
        return 0
    found = [row.split()[1] for row in status.splitlines() if row.startswith("VmHWM")]
    return int(found[0]) // 1024 if found else 0


def build(knowledge: Knowledge, model: BuiltIn) -> None:
    """Building an index against embedding the same texts and doing nothing with them."""
    passages = articles(knowledge.corpus)
    phrasings = questions(knowledge.topics)
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        open_index(Location(Path(folder) / "index"), model, passages, phrasings)
        built = time.perf_counter() - start
    start = time.perf_counter()
    for texts, embed in (
        ([p.text for p in passages], model.embed_documents),
        ([p.text for p in phrasings], model.embed_queries),
    ):
        for at in range(0, len(texts), BATCH):
            embed(texts[at : at + BATCH])
    bare = time.perf_counter() - start
    line("index build / bare embedding of the same texts", f"{built / bare:.2f}")
    line("  times", f"{built:.1f} s / {bare:.1f} s")


def line(what: str, figure: str) -> None:
    """One figure."""
    sys.stdout.write(f"{what:<70}{figure:>20}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
