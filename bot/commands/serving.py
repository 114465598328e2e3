"""`run` and `chat`."""

from __future__ import annotations

import argparse
import asyncio
from typing import TYPE_CHECKING

from bot.problem import Problem
from bot.settings import Settings, load_settings

if TYPE_CHECKING:
    from bot.wiring import Handlers


def register(subcommands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the commands."""
    run = subcommands.add_parser("run", help="启动服务：网页聊天，设置了令牌时还有 Telegram")
    run.set_defaults(call=_run)
    chat = subcommands.add_parser("chat", help="在终端里聊天")
    chat.add_argument(
        "--user", default="terminal", metavar="ID", help="以谁的身份（各人的会话分开）"
    )
    chat.add_argument("--staff", action="store_true", help="以工作人员身份")
    chat.add_argument("--json", action="store_true", help="逐行收发 JSON")
    chat.set_defaults(call=_chat)


def _run(_args: argparse.Namespace) -> int:
    from bot.service import serve  # the web server and Telegram: only where they are served

    settings = load_settings()
    handlers = _handlers(settings)
    asyncio.run(
        serve(
            settings,
            handlers.dialogue,
            lambda line: print(line, flush=True),
            handlers.ticks,
        )
    )
    return 0


def _chat(args: argparse.Namespace) -> int:
    from bot.channels.terminal import chat, chat_json

    if not 0 < len(args.user) <= 64:
        raise Problem("--user：1 到 64 个字符")
    settings = load_settings()
    handler = _handlers(settings).dialogue
    if args.json:
        asyncio.run(chat_json(settings, handler, args.staff))
    else:
        asyncio.run(chat(settings, handler, args.user, args.staff))
    return 0


def _handlers(settings: Settings) -> Handlers:
    from bot.wiring import build_handlers

    return build_handlers(settings)
