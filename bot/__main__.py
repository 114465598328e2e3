"""`python -m bot`: the command line."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Sequence

from bot.commands import (
    asking,
    broadcasts,
    cases,
    database,
    prechecking,
    questions,
    regulations,
    scoring,
    serving,
    staff,
)
from bot.problem import Problem
from knowledge.files import DataError


def parser() -> argparse.ArgumentParser:
    """The command line with its sub-commands."""
    top = argparse.ArgumentParser(prog="python -m bot", description="质量奖助手")
    subcommands = top.add_subparsers(required=True, metavar="命令")
    for family in (
        serving,
        asking,
        prechecking,
        regulations,
        cases,
        broadcasts,
        staff,
        scoring,
        questions,
        database,
    ):
        family.register(subcommands)
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; returns the exit status (0 done, 1 failed, 2 wrong usage)."""
    args = parser().parse_args(arguments)
    logging.basicConfig(
        stream=sys.stderr,
        level=logging.INFO,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
    )
    for noisy in (
        "httpx",
        "httpcore",
        "chromadb",
        "alembic",
        "telegram",
        "openai",
        "bm25s",
        "fontTools",
    ):
        logging.getLogger(noisy).setLevel(logging.WARNING)  # httpx would log URLs with the token
    try:
        status: int = args.call(args)
    except (Problem, DataError) as problem:
        sys.stderr.write(f"{problem}\n")
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return status


if __name__ == "__main__":
    sys.exit(main())
