"""`db upgrade`."""

from __future__ import annotations

import argparse
import asyncio

from bot.problem import Problem
from bot.settings import load_settings


def register(subcommands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the command."""
    db = subcommands.add_parser("db", help="数据库")
    upgrade = db.add_subparsers(required=True, metavar="动作").add_parser(
        "upgrade", help="把数据库升级到当前结构"
    )
    upgrade.set_defaults(call=_upgrade)


def _upgrade(_args: argparse.Namespace) -> int:
    from sqlalchemy.exc import SQLAlchemyError

    from store.schema import upgrade

    settings = load_settings()
    try:
        asyncio.run(upgrade(settings.database))
    except (SQLAlchemyError, OSError) as error:
        raise Problem(f"DATABASE_URL：数据库不能用（{type(error).__name__}）。") from error
    print("数据库已是最新结构。")
    return 0
