"""Telegram over HTTP against a stand-in of the Bot API: nothing is lost or answered twice."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from bot.service import serve
from bot.settings import Settings
from handlers.dialogue import Button, Conversation, Outcome, Reply, Turn
from tests.standins.bot_api import (
    TOKEN,
    BotApi,
    delivered_but_dropped,
    status,
    too_many,
)

ROOT = Path(__file__).parents[2]
LONG = "这一句话说明一件事。" * 900


async def parrot(turn: Turn, _session: AsyncSession) -> Outcome:
    """Repeats what it hears; counts what it was told in the conversation's article number."""
    heard = turn.text or turn.press or f"[{turn.attachment}]"
    if heard == "raise":
        raise RuntimeError("on purpose")
    if heard == "slow":
        await asyncio.sleep(0.5)
    count = (turn.conversation.article or 0) + 1
    after = turn.conversation.model_copy(update={"article": count})
    said = LONG if heard == "long" else f"{count} {heard}"
    return Outcome((Reply(said, ((Button("b", "x:1"),),)),), after)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture
async def api() -> AsyncIterator[BotApi]:
    server = BotApi()
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
def settings(api: BotApi, tmp_path: Path) -> Settings:
    return Settings(
        _env_file=None,
        telegram_token=TOKEN,
        telegram_api_url=api.url,
        data_dir=tmp_path,
        web_port=free_port(),
    )


Start = Callable[[], Awaitable[None]]


@pytest.fixture
async def served(settings: Settings) -> AsyncIterator[None]:
    running = asyncio.create_task(serve(settings, parrot, lambda _line: None))
    yield
    os.kill(os.getpid(), signal.SIGTERM)
    await asyncio.wait_for(running, 10)


@pytest.mark.usefixtures("served")
class TestAnswers:
    async def test_a_message_is_answered_in_its_chat(self, api: BotApi) -> None:
        api.text(7, "奖金多少")
        await api.wait_for(lambda: len(api.sent(7)) == 1)
        assert "奖金多少" in api.sent(7)[0].fields["text"]

    async def test_an_update_seen_twice_is_answered_once(self, api: BotApi) -> None:
        first = api.text(7, "one")
        await api.wait_for(lambda: len(api.sent(7)) == 1)
        api.again(first)
        api.text(7, "two")
        await api.wait_for(lambda: len(api.sent(7)) == 2)
        assert [c.fields["text"] for c in api.sent(7)] == ["<b>1 one</b>", "<b>2 two</b>"]

    async def test_one_chat_is_answered_in_order(self, api: BotApi) -> None:
        api.text(7, "slow")
        for number in range(3):
            api.text(7, f"m{number}")
        await api.wait_for(lambda: len(api.sent(7)) == 4)
        heard = [c.fields["text"].split()[1].removesuffix("</b>") for c in api.sent(7)]
        assert heard == ["slow", "m0", "m1", "m2"]

    async def test_a_slow_chat_does_not_hold_up_another(self, api: BotApi) -> None:
        api.text(7, "slow")
        api.text(8, "quick")
        await api.wait_for(lambda: len(api.sent()) == 2)
        assert [int(c.fields["chat_id"]) for c in api.sent()] == [8, 7]

    async def test_a_turn_that_fails_gets_an_apology_and_the_next_goes_on(
        self, api: BotApi
    ) -> None:
        api.text(7, "raise")
        api.text(7, "after")
        await api.wait_for(lambda: len(api.sent(7)) == 2)
        assert "出了点问题" in api.sent(7)[0].fields["text"]
        assert "after" in api.sent(7)[1].fields["text"]

    async def test_a_tap_is_confirmed_and_answered(self, api: BotApi) -> None:
        api.press(7, "a:wuxi:12")
        await api.wait_for(lambda: len(api.sent(7)) == 1)
        await api.wait_for(lambda: any(c.method == "answerCallbackQuery" for c in api.calls))

    @pytest.mark.parametrize(
        "text",
        ["<b>&amp; </i>", "_*[`~>#+-=|{}.!", "'; DROP TABLE inbox;--", "a\x00b\x1b[31m", "😀" * 50],
    )
    async def test_hostile_text_is_shown_as_it_is(self, api: BotApi, text: str) -> None:
        api.text(7, text)
        await api.wait_for(lambda: len(api.sent(7)) == 1)

    @pytest.mark.parametrize("kind", ["photo", "sticker", "voice"])
    async def test_what_is_no_text_reaches_the_handler_as_an_attachment(
        self, api: BotApi, kind: str
    ) -> None:
        item = {"file_id": "f", "file_unique_id": "u", "width": 1, "height": 1, "duration": 1}
        extra = {"type": "regular", "is_animated": False, "is_video": False}
        value = [item] if kind == "photo" else {**item, **(extra if kind == "sticker" else {})}
        api.attachment(7, kind, value)
        await api.wait_for(lambda: len(api.sent(7)) == 1)
        assert f"[{kind}]" in api.sent(7)[0].fields["text"]

    async def test_a_long_answer_is_cut_at_sentence_ends(self, api: BotApi) -> None:
        api.text(7, "long")
        await api.wait_for(lambda: len(api.sent(7)) == 3)
        parts = [c.fields["text"] for c in api.sent(7)]
        assert all(part.removesuffix("</b>").endswith("。") for part in parts)
        assert "reply_markup" in api.sent(7)[-1].fields
        assert "reply_markup" not in api.sent(7)[0].fields


@pytest.mark.usefixtures("served")
class TestFaults:
    async def test_a_429_holds_everyone_for_the_time_given(self, api: BotApi) -> None:
        api.faults.append(too_many(api, 1))
        api.text(7, "one")
        await api.wait_for(lambda: api.refused_at is not None)
        api.text(8, "two")
        await api.wait_for(lambda: len(api.sent()) == 2)
        assert api.refused_at is not None
        assert all(call.at - api.refused_at >= 0.99 for call in api.sent())

    async def test_a_chat_that_blocked_the_bot_stops_nobody_else(self, api: BotApi) -> None:
        api.faults.append(status(403, "Forbidden: bot was blocked by the user", chat=7))
        api.text(7, "one")
        api.text(8, "two")
        await api.wait_for(lambda: len(api.sent(8)) == 1)
        assert api.sent(7) == []

    async def test_a_server_error_is_tried_again(self, api: BotApi) -> None:
        api.faults.append(status(502, "Bad Gateway", times=2))
        api.text(7, "one")
        await api.wait_for(lambda: len(api.sent(7)) == 1)

    async def test_an_answer_whose_arrival_is_unknown_is_sent_again(self, api: BotApi) -> None:
        api.faults.append(delivered_but_dropped(api))
        api.text(7, "one")
        await api.wait_for(lambda: len(api.sent(7)) == 2)

    async def test_fifty_chats_at_once(self, api: BotApi) -> None:
        for number in range(3):
            for chat in range(100, 150):
                api.text(chat, f"m{number}")
        await api.wait_for(lambda: len(api.sent()) == 150, seconds=30)
        for chat in range(100, 150):
            heard = [c.fields["text"][-6:-4] for c in api.sent(chat)]
            assert heard == ["m0", "m1", "m2"]


async def test_a_killed_process_leaves_no_update_unanswered(
    api: BotApi, settings: Settings
) -> None:
    environment = {
        **os.environ,
        "TELEGRAM_TOKEN": TOKEN,
        "TELEGRAM_API_URL": api.url,
        "DATA_DIR": str(settings.data_dir),
        "WEB_PORT": str(settings.web_port),
    }

    async def start() -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.standins.echo_service", cwd=ROOT, env=environment
        )

    for number in range(60):
        api.text(1000 + number, f"m{number}")
    process = await start()
    await api.wait_for(lambda: len(api.sent()) >= 10, seconds=30)
    process.kill()
    await process.wait()
    before = len(api.sent())
    assert before < 60
    process = await start()
    chats = {str(1000 + number) for number in range(60)}
    await api.wait_for(lambda: {str(c.fields["chat_id"]) for c in api.sent()} == chats, seconds=40)
    process.send_signal(signal.SIGTERM)
    assert await asyncio.wait_for(process.wait(), 10) == 0
    repeated = len(api.sent()) - 60
    assert repeated <= 30, "only what was in flight may come twice"


async def test_a_webhook_needs_its_secret(api: BotApi, settings: Settings) -> None:
    from aiohttp import ClientSession

    hooked = settings.model_copy(
        update={"webhook_url": "http://127.0.0.1", "webhook_secret": _secret()}
    )
    running = asyncio.create_task(serve(hooked, parrot, lambda _line: None))
    await api.wait_for(lambda: any(c.method == "setWebhook" for c in api.calls))
    url = f"http://127.0.0.1:{settings.web_port}/telegram"
    api.text(7, "hello")
    update = api.updates.pop()
    async with ClientSession() as client:
        async with client.post(url, json=update) as refused:
            assert refused.status == 403
        headers = {"X-Telegram-Bot-Api-Secret-Token": "s3cret"}
        async with client.post(url, json=update, headers=headers) as taken:
            assert taken.status == 200
    await api.wait_for(lambda: len(api.sent(7)) == 1)
    os.kill(os.getpid(), signal.SIGTERM)
    await asyncio.wait_for(running, 10)


def _secret() -> object:
    from pydantic import SecretStr

    return SecretStr("s3cret")


def test_the_conversation_keeps_what_it_is_told() -> None:
    kept = Conversation(regions=("wuxi",), asked={"t": "q"})
    assert Conversation.model_validate(kept.model_dump(mode="json", exclude_defaults=True)) == kept
