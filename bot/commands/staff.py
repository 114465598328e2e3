"""`staff`: who is staff, with which role."""

from __future__ import annotations

import argparse
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from bot.evaluation import dump
from bot.problem import Problem
from bot.settings import load_settings
from bot.transaction import in_transaction
from store import staff
from store.staff import Role

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession


def register(subcommands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the commands."""
    family = subcommands.add_parser("staff", help="工作人员和他们的角色")
    actions = family.add_subparsers(required=True, metavar="动作")
    add = actions.add_parser("add", help="登记一个会话为工作人员，或更改角色")
    remove = actions.add_parser("remove", help="取消")
    for parser in (add, remove):
        parser.add_argument("chat", metavar="ID", help="会话号")
        parser.add_argument(
            "--channel", default="telegram", choices=("telegram", "web", "terminal")
        )
    add.add_argument("--role", default="editor", choices=[role.value for role in Role])
    listing = actions.add_parser("list", help="列出")
    listing.add_argument("--json", action="store_true", help="输出 JSON")
    add.set_defaults(call=lambda args: _run(_add, args))
    remove.set_defaults(call=lambda args: _run(_remove, args))
    listing.set_defaults(call=lambda args: _run(_list, args))


def _run(
    work: Callable[[AsyncSession, argparse.Namespace], Awaitable[int]], args: argparse.Namespace
) -> int:
    return in_transaction(load_settings().database, lambda session: work(session, args))


async def _add(session: AsyncSession, args: argparse.Namespace) -> int:
    if not 0 < len(args.chat) <= 64:
        raise Problem("会话号要有 1 到 64 个字符")
    await staff.add(session, args.channel, args.chat, Role(args.role))
    print(f"{args.channel} {args.chat}：{args.role}")
    return 0


async def _remove(session: AsyncSession, args: argparse.Namespace) -> int:
    if not await staff.remove(session, args.channel, args.chat):
        raise Problem(f"{args.channel} {args.chat} 不是工作人员")
    print(f"{args.channel} {args.chat}：已取消")
    return 0


async def _list(session: AsyncSession, args: argparse.Namespace) -> int:
    rows = [
        {"channel": member.channel, "chat": member.chat, "role": member.role}
        for member in await staff.members(session)
    ]
    rows += [
        {"channel": "telegram", "chat": chat, "role": Role.ADMIN.value}
        for chat in sorted(load_settings().staff)
    ]
    if args.json:
        print(dump(rows))
        return 0
    for row in rows:
        print("  ".join(row.values()))
    return 0
