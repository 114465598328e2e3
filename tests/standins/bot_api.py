"""A Bot API server that the tests own: acknowledgement by offset, and faults on demand."""

from __future__ import annotations

import asyncio
import itertools
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

from aiohttp import web

TOKEN = "42:TEST"


@dataclass(frozen=True)
class Call:
    """One call of a method, when it came, and whether it was delivered."""

    method: str
    fields: dict[str, Any]
    at: float
    delivered: bool


Fault = Callable[[web.Request, dict[str, Any]], Awaitable[web.Response | None]]
"""Asked before a message is delivered; a response given here is sent in place of the usual one."""


class _Strict(HTMLParser):
    """Refuses what Telegram's parser would refuse."""

    allowed = frozenset({"b", "i", "a", "code", "pre", "blockquote"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, _attrs: list[tuple[str, str | None]]) -> None:
        if tag not in self.allowed:
            raise ValueError(f"unsupported start tag {tag}")
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            raise ValueError(f"unexpected end tag {tag}")


@dataclass
class BotApi:
    """The server's state: what waits to be fetched, what was sent, and which faults are set."""

    updates: list[dict[str, Any]] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    port: int = 0
    refused_at: float | None = None
    _ids: itertools.count[int] = field(default_factory=lambda: itertools.count(1))
    _messages: itertools.count[int] = field(default_factory=lambda: itertools.count(1))
    _news: asyncio.Event = field(default_factory=asyncio.Event)
    _runner: web.AppRunner | None = None
    _history: list[dict[str, Any]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        app = web.Application()
        app.router.add_route("*", "/bot{token}/{method}", self._answer)
        self._runner = web.AppRunner(app, handler_cancellation=True)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port)
        await site.start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        if self._runner:
            await self._runner.cleanup()

    def text(self, chat: int, text: str, **more: Any) -> int:
        """A person writes; returns the update's id."""
        return self._feed("message", {**self._message(chat), "text": text, **more})

    def attachment(self, chat: int, kind: str, value: Any) -> int:
        return self._feed("message", {**self._message(chat), kind: value})

    def press(self, chat: int, data: str) -> int:
        """A person taps a button."""
        query = {
            "id": f"q{next(self._messages)}",
            "from": {"id": chat, "is_bot": False, "first_name": "x"},
            "chat_instance": "c",
            "message": self._message(chat),
            "data": data,
        }
        return self._feed("callback_query", query)

    def again(self, update: int) -> None:
        """Telegram delivers an update a second time."""
        known = next(u for u in self._history if u["update_id"] == update)
        self.updates.append(known)
        self._news.set()

    def sent(self, chat: int | None = None) -> list[Call]:
        """The messages that were delivered."""
        return [
            c
            for c in self.calls
            if c.method == "sendMessage"
            and c.delivered
            and (chat is None or str(c.fields["chat_id"]) == str(chat))
        ]

    async def wait_for(self, holds: Callable[[], bool], seconds: float = 20) -> None:
        """Waits until something holds."""
        end = time.monotonic() + seconds
        while not holds():
            if time.monotonic() > end:
                raise AssertionError(f"not within {seconds} s; sent: {len(self.sent())}")
            await asyncio.sleep(0.01)

    def _feed(self, kind: str, content: dict[str, Any]) -> int:
        identity = next(self._ids)
        update = {"update_id": identity, kind: content}
        self.updates.append(update)
        self._history.append(update)
        self._news.set()
        return identity

    def _message(self, chat: int) -> dict[str, Any]:
        return {
            "message_id": next(self._messages),
            "date": int(time.time()),
            "chat": {"id": chat, "type": "private"},
            "from": {"id": chat, "is_bot": False, "first_name": "x"},
        }

    async def _answer(self, request: web.Request) -> web.Response:
        fields = await _fields(request)
        method = request.match_info["method"]
        if request.match_info["token"] != TOKEN:
            return _error(401, "Unauthorized")
        if method == "getUpdates":
            return _ok(await self._updates_after(fields))
        if method == "sendMessage":
            return await self._send(request, fields)
        if method == "sendDocument":
            return self._send_document(fields)
        self.calls.append(Call(method, fields, time.monotonic(), delivered=True))
        if method == "getMe":
            return _ok({"id": 42, "is_bot": True, "first_name": "bot", "username": "award_bot"})
        return _ok(True)

    async def _updates_after(self, fields: dict[str, Any]) -> list[dict[str, Any]]:
        offset = int(fields.get("offset") or 0)
        end = time.monotonic() + min(float(fields.get("timeout") or 0), 5)
        self.updates = [u for u in self.updates if u["update_id"] >= offset]
        while not self.updates and time.monotonic() < end:
            self._news.clear()
            try:
                await asyncio.wait_for(self._news.wait(), end - time.monotonic())
            except TimeoutError:
                break
        return self.updates[: int(fields.get("limit") or 100)]

    async def _send(self, request: web.Request, fields: dict[str, Any]) -> web.Response:
        fault = self._fault(fields)
        for stand in list(self.faults):
            if (response := await stand(request, fields)) is not None:
                return response
        self.calls.append(Call("sendMessage", fields, time.monotonic(), delivered=fault is None))
        if fault:
            return _error(400, f"Bad Request: {fault}")
        chat = {"id": int(fields["chat_id"]), "type": "private"}
        message = {"message_id": next(self._messages), "date": 1, "chat": chat, "text": "x"}
        return _ok(message)

    def _send_document(self, fields: dict[str, Any]) -> web.Response:
        document = fields["document"]
        if not isinstance(document, web.FileField):
            return _error(400, "Bad Request: document must be a file")
        fields = {**fields, "document": document.file.read()}
        self.calls.append(Call("sendDocument", fields, time.monotonic(), delivered=True))
        chat = {"id": int(fields["chat_id"]), "type": "private"}
        return _ok({"message_id": next(self._messages), "date": 1, "chat": chat})

    def documents(self, chat: int) -> list[bytes]:
        """The files that were delivered to a chat."""
        return [
            c.fields["document"]
            for c in self.calls
            if c.method == "sendDocument" and str(c.fields["chat_id"]) == str(chat)
        ]

    def _fault(self, fields: dict[str, Any]) -> str | None:
        text = str(fields.get("text", ""))
        if not text.strip():
            return "message text is empty"
        if len(text.encode("utf-16-le")) // 2 > 4096:
            return "message is too long"
        if fields.get("parse_mode") == "HTML":
            parser = _Strict()
            try:
                parser.feed(text)
                parser.close()
            except ValueError as error:
                return f"can't parse entities: {error}"
            if parser.open:
                return "can't parse entities: unclosed tag"
        markup = fields.get("reply_markup")
        rows = (json.loads(markup) if isinstance(markup, str) else markup or {}).get(
            "inline_keyboard", []
        )
        if any(len(b.get("callback_data", "").encode()) > 64 for row in rows for b in row):
            return "BUTTON_DATA_INVALID"
        return None


def too_many(server: BotApi, seconds: int, times: int = 1) -> Fault:
    """429 with retry_after, so many times."""
    left = itertools.count()

    async def fault(_request: web.Request, _fields: dict[str, Any]) -> web.Response | None:
        if next(left) >= times:
            return None
        server.refused_at = time.monotonic()
        body = {
            "ok": False,
            "error_code": 429,
            "description": "Too Many Requests",
            "parameters": {"retry_after": seconds},
        }
        return web.json_response(body, status=429)

    return fault


def status(code: int, description: str, chat: int | None = None, times: int = 10**6) -> Fault:
    """An error, for one chat or for all, so many times."""
    left = itertools.count()

    async def fault(_request: web.Request, fields: dict[str, Any]) -> web.Response | None:
        if chat is not None and str(fields["chat_id"]) != str(chat):
            return None
        return _error(code, description) if next(left) < times else None

    return fault


def delivered_but_dropped(server: BotApi, times: int = 1) -> Fault:
    """The message arrives, the connection breaks before the answer does."""
    left = itertools.count()

    async def fault(request: web.Request, fields: dict[str, Any]) -> web.Response | None:
        if next(left) >= times:
            return None
        server.calls.append(Call("sendMessage", fields, time.monotonic(), delivered=True))
        if request.transport:
            request.transport.abort()
        return web.Response(status=500)

    return fault


async def _fields(request: web.Request) -> dict[str, Any]:
    if request.content_type == "application/json":
        content: dict[str, Any] = await request.json()
        return content
    return dict(await request.post())


def _ok(result: Any) -> web.Response:
    return web.json_response({"ok": True, "result": result})


def _error(code: int, description: str) -> web.Response:
    return web.json_response(
        {"ok": False, "error_code": code, "description": description}, status=code
    )
