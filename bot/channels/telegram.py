"""Telegram: updates into the inbox before they are acknowledged, messages out of the outbox."""

from __future__ import annotations

import asyncio
import hmac
import logging
import warnings
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import httpx
from aiohttp import web
from sqlalchemy.exc import DBAPIError
from telegram import Bot, BotCommand
from telegram.constants import ParseMode
from telegram.error import (
    BadRequest,
    Conflict,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
)
from telegram.request import HTTPXRequest
from telegram.warnings import PTBUserWarning

from bot.channels.telegram_text import render, split
from bot.messages import Ack, Incoming, Outgoing
from bot.problem import Problem
from bot.settings import Settings
from bot.transport import Again, Blocked, Delivery, Refused, Sent, Unsure, Wait
from handlers.dialogue import Reply
from knowledge.catalogue import catalogue
from store import audiences, inbox
from store.database import Sessions
from store.inbox import Arrival

logger = logging.getLogger(__name__)

Fields = dict[str, Any]

NAME = "telegram"
POLL_SECONDS = 25
LONGEST_PAUSE = 30.0
LONGEST_TEXT = 10_000
UPDATES = ["message", "callback_query", "my_chat_member"]
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
"""What fails before anything has left."""
_OUT_OF_REACH = ("chat not found", "user is deactivated", "bot was kicked", "peer_id_invalid")
_ATTACHMENTS = (
    "photo", "sticker", "voice", "video", "video_note", "audio", "document", "animation",
    "location", "contact", "poll", "dice", "venue",
)  # fmt: skip


class TelegramTransport:
    """The way out to Telegram."""

    name = NAME

    def __init__(self, bot: Bot) -> None:
        self._bot = bot

    def parts(self, reply: Reply) -> list[Outgoing]:
        return Outgoing.parts_of(reply, split(reply.text))

    async def send(self, chat: str, message: Outgoing) -> Delivery:
        keyboard = _keyboard(message)
        try:
            try:
                text = render(message.text, message.continued)
                sent = await self._send(chat, text, keyboard, parse_mode=ParseMode.HTML)
            except BadRequest as error:
                if "parse" not in str(error).lower():
                    raise
                sent = await self._send(chat, message.text, keyboard)
            for file in message.files:
                await self._bot.send_document(chat, Path(file))
        except FileNotFoundError as error:
            return Refused(f"{error}")
        except TelegramError as error:
            return _outcome(error)
        return Sent(str(sent.get("message_id")) if isinstance(sent, Mapping) else None)

    async def _send(self, chat: str, text: str, keyboard: Fields, **more: str) -> Any:
        quiet = {"is_disabled": True}
        fields = {"chat_id": chat, "text": text, "link_preview_options": quiet, **keyboard, **more}
        return await call(self._bot, "sendMessage", fields)

    async def edit(self, chat: str, message_id: str, message: Outgoing) -> Delivery:
        fields: Fields = {
            "chat_id": chat,
            "message_id": int(message_id),
            "text": render(message.text),
            "parse_mode": ParseMode.HTML,
        }
        try:
            await call(self._bot, "editMessageText", fields)
        except TelegramError as error:
            if "not modified" in str(error).lower():
                return Sent(message_id)
            return _outcome(error)
        return Sent(message_id)

    async def acknowledge(self, ack: Ack) -> Delivery:
        try:
            await call(self._bot, "answerCallbackQuery", {"callback_query_id": ack.press_id})
        except TelegramError as error:
            return _outcome(error)
        return Sent()


COMMANDS = ("start", "precheck", "status", "subscribe", "help", "region", "mydata", "forget")


class TelegramReceiver:
    """The way in from Telegram: long polling, or a webhook.

    An update is acknowledged (by the next offset, or by the webhook's 200) only after it has been
    committed, and the offset comes from the database, so a process that is killed loses none.
    """

    def __init__(
        self,
        bot: Bot,
        sessions: Sessions,
        received: Callable[[], None],
        staff: frozenset[str],
    ) -> None:
        self._bot, self._sessions = bot, sessions
        self._received, self._staff = received, staff
        self._username: str | None = None

    async def prepare(self, webhook: str | None, secret: str | None) -> None:
        """Tells Telegram how updates are fetched and which commands there are; best effort."""
        say = catalogue("zh")
        try:
            self._username = (await self._bot.get_me()).username
            if webhook:
                await self._bot.set_webhook(webhook, secret_token=secret, allowed_updates=UPDATES)
            else:
                await self._bot.delete_webhook()
            await self._bot.set_my_commands(
                [BotCommand(c, say(f"chat.command_{c}")) for c in COMMANDS]
            )
        except TelegramError as error:
            logger.warning("Telegram could not be prepared: %s", type(error).__name__)

    async def poll(self, stopping: asyncio.Event) -> None:
        """Fetches updates until told to stop.

        Raises:
            Problem: Telegram does not accept the token.
        """
        async with self._sessions() as session:
            highest = await inbox.highest(session, NAME)
        offset = highest + 1 if highest is not None else None
        pause = 0.0
        while not stopping.is_set():
            fetch = asyncio.ensure_future(self._fetch(offset))
            stop = asyncio.ensure_future(stopping.wait())
            await asyncio.wait({fetch, stop}, return_when=asyncio.FIRST_COMPLETED)
            stop.cancel()
            if not fetch.done():
                fetch.cancel()
                return
            try:
                updates = fetch.result()
                await self.keep(updates)
            except InvalidToken as error:
                raise Problem("TELEGRAM_TOKEN：Telegram 不认这个令牌，请检查。") from error
            except RetryAfter as error:
                await _rest(stopping, _seconds(error))
            except (TelegramError, DBAPIError) as error:
                pause = min(max(0.5, pause * 2), LONGEST_PAUSE)
                why = "another process polls with this token" if isinstance(error, Conflict) else ""
                logger.warning("no updates: %s %s", type(error).__name__, why)
                await _rest(stopping, pause)
            else:
                pause = 0.0
                if updates:
                    offset = max(int(u["update_id"]) for u in updates) + 1

    async def _fetch(self, offset: int | None) -> list[dict[str, Any]]:
        fields: Fields = {"timeout": POLL_SECONDS, "allowed_updates": UPDATES}
        if offset is not None:
            fields["offset"] = offset
        updates = await call(self._bot, "getUpdates", fields)
        return [u for u in updates or () if isinstance(u, dict) and "update_id" in u]

    async def keep(self, updates: Iterable[Mapping[str, Any]]) -> None:
        """Writes updates down, those that no turn needs too, so that they are not sent again."""
        updates = list(updates)
        arrivals = [self._arrival(update) for update in updates]
        if not arrivals:
            return
        async with self._sessions.begin() as session:
            for chat, reachable in map(_membership, updates):
                if chat and reachable is not None:
                    change = audiences.unblock if reachable else audiences.block
                    await change(session, NAME, chat)
            await inbox.put(session, NAME, arrivals)
            for arrival in arrivals:
                if not arrival.chat:
                    await inbox.drop(session, NAME, arrival.external_id)
        self._received()

    def webhook(self, secret: str) -> Callable[[web.Request], Any]:
        """The handler of Telegram's webhook; answers 200 only after the update is committed."""

        async def receive(request: web.Request) -> web.Response:
            given = request.headers.get("X-Telegram-Bot-Api-Secret-Token", "")
            if not hmac.compare_digest(given.encode(), secret.encode()):
                return web.Response(status=403)
            try:
                update = await request.json()
                int(update["update_id"])
            except (ValueError, KeyError, TypeError):
                return web.Response(status=400)
            try:
                await self.keep([update])
            except DBAPIError:
                logger.exception("an update could not be written; Telegram will send it again")
                return web.Response(status=503)
            return web.Response()

        return receive

    def _arrival(self, update: Mapping[str, Any]) -> Arrival:
        """What a turn needs of an update, and no more: no names, no profile."""
        identity = str(update["update_id"])
        try:
            return self._read(identity, update)
        except (KeyError, TypeError, AttributeError):
            logger.warning("an update of an unknown shape was left out")
            return Arrival(identity, "", {})

    def _read(self, identity: str, update: Mapping[str, Any]) -> Arrival:
        if query := update.get("callback_query"):
            chat = str((query.get("message") or {}).get("chat", {}).get("id", ""))
            incoming = Incoming(press=str(query.get("data", "")), press_id=str(query["id"]))
            return self._kept(identity, chat, incoming)
        message = update.get("message")
        if not message or not self._is_for_us(message):
            return Arrival(identity, "", {})
        chat = str(message["chat"]["id"])
        if (text := message.get("text")) is not None:
            return self._kept(identity, chat, Incoming(text=text[:LONGEST_TEXT]))
        kind = next((a for a in _ATTACHMENTS if a in message), None)
        if kind is None:
            return Arrival(identity, "", {})
        return self._kept(identity, chat, Incoming(attachment=kind))

    def _kept(self, identity: str, chat: str, incoming: Incoming) -> Arrival:
        incoming.staff = chat in self._staff
        payload = incoming.model_dump(exclude_defaults=True)
        return Arrival(identity, chat, payload)

    def _is_for_us(self, message: Mapping[str, Any]) -> bool:
        """Private chats always; in a group only commands, mentions and answers to the bot."""
        if message["chat"].get("type", "private") == "private":
            return True
        text = message.get("text") or ""
        answered = (message.get("reply_to_message") or {}).get("from", {})
        named = bool(self._username) and f"@{self._username}" in text
        return text.startswith("/") or named or bool(answered.get("is_bot"))


def _membership(update: Mapping[str, Any]) -> tuple[str, bool | None]:
    """The chat of an update, and whether it can be reached now; None where nothing changed."""
    try:
        if change := update.get("my_chat_member"):
            status = change["new_chat_member"]["status"]
            return str(change["chat"]["id"]), status not in ("kicked", "left")
        if message := update.get("message"):
            return str(message["chat"]["id"]), True
    except (KeyError, TypeError, AttributeError):
        return "", None
    return "", None


def make_bot(settings: Settings) -> Bot:
    """The Bot API client for the settings' token and server."""
    if settings.telegram_token is None:
        raise Problem("没有设置 TELEGRAM_TOKEN")
    base = settings.telegram_api_url.rstrip("/")
    return Bot(
        settings.telegram_token.get_secret_value(),
        base_url=f"{base}/bot",
        base_file_url=f"{base}/file/bot",
        request=HTTPXRequest(connection_pool_size=32, read_timeout=15, pool_timeout=15),
        get_updates_request=HTTPXRequest(connection_pool_size=2, read_timeout=POLL_SECONDS + 10),
    )


async def call(bot: Bot, method: str, fields: Fields) -> Any:
    """Calls a method and returns its result as it came: what we do not read cannot break us.

    Raises:
        TelegramError: the server refused, or could not be reached.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PTBUserWarning)  # it would have us take its parsed objects
        return await bot.do_api_request(method, api_kwargs=fields)


def _keyboard(message: Outgoing) -> Fields:
    rows = [
        [{"text": button.label, "callback_data": button.data} for button in row]
        for row in message.buttons
    ]
    return {"reply_markup": {"inline_keyboard": rows}} if rows else {}


def _outcome(error: TelegramError) -> Delivery:
    text = str(error).lower()
    if isinstance(error, RetryAfter):
        return Wait(_seconds(error))
    if isinstance(error, Forbidden) or any(known in text for known in _OUT_OF_REACH):
        return Blocked(type(error).__name__)
    if isinstance(error, BadRequest | InvalidToken):
        return Refused(f"{type(error).__name__}: {error}")
    if isinstance(error, NetworkError):
        certain = isinstance(error.__cause__, _NOT_SENT) or not isinstance(
            error.__cause__, httpx.HTTPError
        )
        return Again(type(error).__name__) if certain else Unsure(type(error).__name__)
    return Refused(type(error).__name__)


def _seconds(error: RetryAfter) -> float:
    after = error.retry_after
    return float(after if isinstance(after, int) else after.total_seconds())


async def _rest(stopping: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(stopping.wait(), seconds)
    except TimeoutError:
        return
