"""`questions export`: what was not covered and what was rated, for staff."""

from __future__ import annotations

import argparse
import csv
import io
from datetime import UTC, date, datetime, time
from pathlib import Path

from bot.evaluation import dump
from bot.problem import Problem
from bot.settings import load_settings
from bot.sheets import harmless
from bot.transaction import in_transaction
from store.questions import Tally, tallies

COLUMNS = ("次数", "问题", "地区", "没有答案", "有用", "没用", "最后一次", "引用", "最像的主题")


def register(subcommands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the commands."""
    family = subcommands.add_parser("questions", help="用户问过而没有答好的问题")
    export = family.add_subparsers(required=True, metavar="动作").add_parser(
        "export", help="列出没有答案的和有人评价过的问题，次数多的在前"
    )
    export.add_argument(
        "file", nargs="?", type=Path, metavar="FILE.csv", help="写到文件；缺省为屏幕"
    )
    export.add_argument("--since", type=date.fromisoformat, metavar="DATE", help="只要这天以后的")
    export.add_argument("--json", action="store_true", help="输出 JSON")
    export.set_defaults(call=_export)


def _export(args: argparse.Namespace) -> int:
    settings = load_settings()
    since = datetime.combine(args.since, time(), settings.zone) if args.since else None
    found = in_transaction(settings.database, lambda session: tallies(session, since))
    text = f"{dump([_as_json(tally) for tally in found])}\n" if args.json else _as_csv(found)
    if args.file is None:
        print(text, end="")
        return 0
    try:
        args.file.write_text(text, encoding="utf-8" if args.json else "utf-8-sig")
    except OSError as error:
        raise Problem(f"{args.file} 写不进去：{error.strerror}") from error
    print(f"{len(found)} 个问题写到 {args.file}")
    return 0


def _as_json(tally: Tally) -> dict[str, object]:
    return {
        "question": tally.question,
        "regions": list(tally.regions),
        "count": tally.count,
        "not_covered": tally.not_covered,
        "good": tally.good,
        "bad": tally.bad,
        "last_asked": tally.last_asked.astimezone(UTC).isoformat(timespec="seconds"),
        "citations": list(tally.citations),
        "trace": tally.trace,
    }


def _as_csv(found: list[Tally]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for tally in found:
        cited = "；".join(f"{c['region']} {c['article']}" for c in tally.citations)
        nearest = tally.trace.get("topics") or [{}]
        writer.writerow(
            harmless(value)
            for value in (
                tally.count,
                tally.question,
                "、".join(tally.regions),
                tally.not_covered,
                tally.good,
                tally.bad,
                tally.last_asked.astimezone(UTC).isoformat(timespec="seconds"),
                cited,
                nearest[0].get("topic", ""),
            )
        )
    return out.getvalue()
