"""The web chat: one page, two calls. A browser is known by a random cookie and nothing else."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import re
import secrets
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from bot.messages import Ack, Incoming, Outgoing
from bot.transport import Delivery, Sent
from handlers.dialogue import BUTTON_DATA_BYTES, Reply
from store import inbox
from store.database import Sessions
from store.inbox import Arrival

NAME = "web"
COOKIE = "chat"
POLL_SECONDS = 25
BODY_BYTES = 64 * 1024
CHATS_KEPT = 2_000
MESSAGES_KEPT = 100

_PAGE = Path(__file__).parent / "page"
_FILES = {"/": "index.html", "/chat.js": "chat.js", "/chat.css": "chat.css"}
_TOKEN = re.compile(r"[\w-]{43}")
_FILE_NAME = re.compile(r"[\w-]{1,80}\.[a-z]{3,4}")
_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; img-src data:; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}


class _Post(BaseModel):
    model_config = ConfigDict(extra="forbid")

    id: str = Field(pattern=r"^[\w-]{8,40}$")
    text: str | None = Field(default=None, max_length=20_000)
    press: str | None = Field(default=None, max_length=BUTTON_DATA_BYTES)

    @model_validator(mode="after")
    def _one_thing(self) -> _Post:
        if (self.text is None) == (self.press is None):
            raise ValueError("exactly one of text, press")
        return self


@dataclass
class _Box:
    """What waits for one browser: messages numbered from 1, the last hundred."""

    messages: deque[tuple[int, Outgoing]] = field(
        default_factory=lambda: deque(maxlen=MESSAGES_KEPT)
    )
    count: int = 0
    arrived: asyncio.Event = field(default_factory=asyncio.Event)


class WebChat:
    """The channel's way in (two routes) and its way out (boxes that browsers fetch from)."""

    name = NAME

    def __init__(self, sessions: Sessions, files: Path) -> None:
        """`files` is the folder in which files for chats lie, a folder a chat."""
        self._sessions, self._files = sessions, files
        self._boxes: OrderedDict[str, _Box] = OrderedDict()
        self.received: Callable[[], None] = lambda: None

    def routes(self) -> Sequence[web.RouteDef]:
        """The page, and the two calls that it makes."""
        return [
            *(web.get(path, _file(_PAGE / name)) for path, name in _FILES.items()),
            web.post("/api/messages", self._receive),
            web.get("/api/messages", self._fetch),
            web.get("/api/files/{name}", self._file),
        ]

    def parts(self, reply: Reply) -> list[Outgoing]:
        return Outgoing.parts_of(reply, [reply.text])

    async def send(self, chat: str, message: Outgoing) -> Delivery:
        box = self._box(chat)
        box.count += 1
        box.messages.append((box.count, message))
        box.arrived.set()
        return Sent(str(box.count))

    async def edit(self, chat: str, message_id: str, message: Outgoing) -> Delivery:
        """The page shows a corrected message as a new one."""
        del message_id
        return await self.send(chat, message)

    async def acknowledge(self, _ack: Ack) -> Delivery:
        return Sent()

    async def _receive(self, request: web.Request) -> web.Response:
        chat = _chat(request)
        if chat is None:
            return web.json_response({"error": "no chat: open the page first"}, status=403)
        try:
            post = _Post.model_validate_json(await request.content.read(BODY_BYTES))
        except ValidationError as error:
            return web.json_response({"error": error.errors()[0]["msg"]}, status=400)
        incoming = Incoming(text=post.text, press=post.press)
        arrival = Arrival(
            f"{chat[:20]}:{post.id}", chat, incoming.model_dump(exclude_defaults=True)
        )
        async with self._sessions.begin() as session:
            await inbox.put(session, NAME, [arrival])
        self.received()
        return web.json_response({"ok": True}, status=202)

    async def _fetch(self, request: web.Request) -> web.Response:
        """The messages after a number; waits for one if there is none yet."""
        chat = _chat(request)
        after = request.query.get("after", "0")
        if chat is None or not after.isdecimal():
            return web.json_response({"error": "no chat, or no number"}, status=403)
        box = self._box(chat)
        if int(after) > box.count:  # numbers from before a restart
            after = "0"
        if not any(number > int(after) for number, _ in box.messages):
            box.arrived.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(box.arrived.wait(), POLL_SECONDS)
        found = [
            {
                "number": number,
                "text": m.text,
                "buttons": [[b.model_dump() for b in r] for r in m.buttons],
                "files": [Path(file).name for file in m.files],
            }
            for number, m in box.messages
            if number > int(after)
        ]
        return web.json_response({"messages": found, "count": box.count}, headers=_HEADERS)

    async def _file(self, request: web.Request) -> web.StreamResponse:
        """A file that was made for this chat, and for no other."""
        chat, name = _chat(request), request.match_info["name"]
        path = self._files / (chat or "") / name
        known = chat is not None and _FILE_NAME.fullmatch(name)
        if not known or not await asyncio.to_thread(path.is_file):
            return web.json_response({"error": "no such file"}, status=404)
        disposition = {"Content-Disposition": f'attachment; filename="{name}"'}
        return web.FileResponse(path, headers={**_HEADERS, **disposition})

    def _box(self, chat: str) -> _Box:
        box = self._boxes.setdefault(chat, _Box())
        self._boxes.move_to_end(chat)
        while len(self._boxes) > CHATS_KEPT:
            self._boxes.popitem(last=False)
        return box


def _chat(request: web.Request) -> str | None:
    """The chat of a browser: a hash of its cookie, so that the database opens no one's chat."""
    token = request.cookies.get(COOKIE, "")
    return hashlib.sha256(token.encode()).hexdigest()[:40] if _TOKEN.fullmatch(token) else None


def _file(path: Path) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    content = path.read_text(encoding="utf-8")
    kind = {".html": "text/html", ".js": "text/javascript", ".css": "text/css"}[path.suffix]

    async def show(request: web.Request) -> web.StreamResponse:
        response = web.Response(text=content, content_type=kind, headers=_HEADERS)
        if path.suffix == ".html" and _chat(request) is None:
            response.set_cookie(
                COOKIE,
                secrets.token_urlsafe(32),
                httponly=True,
                samesite="Strict",
                secure=request.secure,
                max_age=90 * 24 * 3600,
            )
        return response

    return show
