"""`db upgrade`."""

from __future__ import annotations

import argparse
import asyncio

from bot.settings import load_settings
from bot.transaction import upgrade


def register(subcommands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the command."""
    db = subcommands.add_parser("db", help="数据库")
    command = db.add_subparsers(required=True, metavar="动作").add_parser(
        "upgrade", help="把数据库升级到当前结构"
    )
    command.set_defaults(call=_upgrade)


def _upgrade(_args: argparse.Namespace) -> int:
    asyncio.run(upgrade(load_settings().database))
    print("数据库已是最新结构。")
    return 0
