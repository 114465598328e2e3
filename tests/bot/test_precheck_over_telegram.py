"""A whole pre-check over HTTP, as Telegram would carry it, to the PDF."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from datetime import date
from pathlib import Path
from typing import Any

from bot.service import serve
from bot.settings import Settings
from handlers.ask import Ask
from handlers.precheck import PrecheckChat
from knowledge.assistant import Assistant
from knowledge.corpus import load_corpus
from knowledge.prechecking import Precheck
from knowledge.rules import load_rules
from tests.bot.test_telegram import free_port
from tests.handlers.talk import dialogue
from tests.standins.bot_api import TOKEN, BotApi

CHAT = 7


async def test_a_whole_precheck_over_http(assistant: Assistant, tmp_path: Path) -> None:
    api = BotApi()
    await api.start()
    settings = Settings(
        _env_file=None,
        telegram_token=TOKEN,
        telegram_api_url=api.url,
        data_dir=tmp_path,
        web_port=free_port(),
    )
    ask = Ask(assistant)
    precheck = Precheck(load_corpus(), load_rules(load_corpus()))
    chat = PrecheckChat(precheck, lambda: date(2026, 6, 30), settings.files, ask.aside)
    handler = dialogue(assistant, chat)
    running = asyncio.create_task(serve(settings, handler, lambda _line: None, [chat.judge_again]))
    try:
        await converse(api)
    finally:
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.wait_for(running, 10)
        await api.stop()


async def converse(api: BotApi) -> None:
    """天宁, all in order, but the enterprise is two years old."""

    async def after(act: Any, count: int = 1) -> dict[str, Any]:
        before = len(api.sent(CHAT))
        act()
        await api.wait_for(lambda: len(api.sent(CHAT)) >= before + count)
        return dict(api.sent(CHAT)[-1].fields)

    async def tap(label: str) -> dict[str, Any]:
        markup = api.sent(CHAT)[-1].fields["reply_markup"]
        keyboard = json.loads(markup) if isinstance(markup, str) else markup
        rows = keyboard["inline_keyboard"]
        data = next(b["callback_data"] for row in rows for b in row if label in b["text"])
        return await after(lambda: api.press(CHAT, data))

    await after(lambda: api.text(CHAT, "/precheck"))
    for label in ("天宁", "开始", "天宁区", "独立法人", "生产经营", "否"):
        await tap(label)
    await after(lambda: api.text(CHAT, "2024年5月1日"))
    shown = await tap("对")
    assert "天宁区：目前不能申报" in shown["text"]
    assert "2027年5月1日" in shown["text"]
    files = len(api.documents(CHAT))
    await tap("PDF")
    await api.wait_for(lambda: len(api.documents(CHAT)) == files + 1)
    assert api.documents(CHAT)[-1].startswith(b"%PDF")
