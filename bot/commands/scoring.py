"""`eval`: how well a question file is answered."""

from __future__ import annotations

import argparse
from pathlib import Path

from bot.evaluation import as_text, dump, evaluate, read_questions
from bot.settings import load_settings


def register(subcommands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the command."""
    scoring = subcommands.add_parser("eval", help="用问题文件给回答打分")
    scoring.add_argument("file", type=Path, metavar="FILE.jsonl")
    scoring.add_argument("--json", action="store_true", help="输出 JSON")
    scoring.set_defaults(call=_eval)


def _eval(args: argparse.Namespace) -> int:
    from bot.wiring import build_knowledge

    questions = read_questions(args.file)
    report = evaluate(build_knowledge(load_settings()).assistant, questions).as_json()
    print(dump(report) if args.json else as_text(report))
    return 0
