"""The terminal: the same conversations for a person at a prompt, or for a program line by line."""

from __future__ import annotations

import json
import sys
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from bot.limits import Limits
from bot.messages import Ack, Incoming, Outgoing
from bot.sender import Sender
from bot.settings import Settings
from bot.transaction import upgrade
from bot.transport import Delivery, Sent
from bot.worker import Worker
from handlers.dialogue import Handler, Reply
from knowledge.catalogue import catalogue
from store import inbox
from store.database import Sessions, opened
from store.inbox import Arrival

NAME = "terminal"
_UNLIMITED = Limits(overall=100_000, chat_a_second=100_000, chat_burst=100_000)


class Line(BaseModel):
    """One line of `chat --json`: who, and exactly one of text, press, attachment."""

    model_config = ConfigDict(extra="forbid")

    user: str
    text: str | None = None
    press: str | None = None
    attachment: str | None = None

    @model_validator(mode="after")
    def _one_thing(self) -> Line:
        if sum(v is not None for v in (self.text, self.press, self.attachment)) != 1:
            raise ValueError("exactly one of text, press, attachment")
        if not self.user or len(self.user) > 64:
            raise ValueError("user: 1 to 64 characters")
        return self


class TerminalTransport:
    """Hands every message to a function that shows it."""

    name = NAME

    def __init__(self, show: Callable[[str, Outgoing], None]) -> None:
        self._show = show

    def parts(self, reply: Reply) -> list[Outgoing]:
        return Outgoing.parts_of(reply, [reply.text])

    async def send(self, chat: str, message: Outgoing) -> Delivery:
        self._show(chat, message)
        return Sent()

    async def edit(self, chat: str, _message_id: str, message: Outgoing) -> Delivery:
        self._show(chat, message)
        return Sent()

    async def acknowledge(self, _ack: Ack) -> Delivery:
        return Sent()


class Terminal:
    """One process' conversations; each turn is worked off before the next line is read."""

    def __init__(self, sessions: Sessions, worker: Worker, sender: Sender, staff: bool) -> None:
        self._sessions, self._worker, self._sender = sessions, worker, sender
        self._staff = staff

    async def say(self, line: Line) -> None:
        """One turn, from the inbox to the last message shown."""
        incoming = Incoming(
            text=line.text, press=line.press, attachment=line.attachment, staff=self._staff
        )
        arrival = Arrival(uuid.uuid4().hex, line.user, incoming.model_dump(exclude_defaults=True))
        async with self._sessions.begin() as session:
            await inbox.put(session, NAME, [arrival])
        await self._worker.work_off()
        await self._sender.work_off()


@asynccontextmanager
async def terminal(
    settings: Settings, handler: Handler, show: Callable[[str, Outgoing], None], staff: bool
) -> AsyncIterator[Terminal]:
    """A terminal over the settings' database."""
    await upgrade(settings.database)
    async with opened(settings.database) as sessions:
        transport = TerminalTransport(show)
        sender = Sender(sessions, transport, _UNLIMITED)
        await sender.recover()
        worker = Worker(sessions, handler, {NAME: transport}, lambda _channel: None)
        yield Terminal(sessions, worker, sender, staff)


async def chat_json(settings: Settings, handler: Handler, staff: bool) -> None:
    """JSON objects in, JSON objects out, until the end of the input."""

    def show(chat: str, message: Outgoing) -> None:
        _write(
            {
                "to": chat,
                "text": message.text,
                "buttons": [[b.model_dump() for b in row] for row in message.buttons],
                "files": [Path(file).name for file in message.files],
            }
        )

    async with terminal(settings, handler, show, staff) as here:
        for raw in sys.stdin.buffer:
            if not raw.strip():
                continue
            try:
                line = Line.model_validate(json.loads(raw.decode("utf-8")))
                # what no UTF-8 can carry (a lone surrogate) is refused like any other bad line
                json.dumps(line.model_dump(), ensure_ascii=False).encode()
            except (ValueError, ValidationError, RecursionError) as error:
                _write({"error": _reason(error)})
                continue
            await here.say(line)
            _write({"done": True})


async def chat(settings: Settings, handler: Handler, user: str, staff: bool) -> None:
    """A person at a prompt."""
    buttons: list[str] = []

    def show(_chat: str, message: Outgoing) -> None:
        lines = [message.text, *message.files]
        for row in message.buttons:
            labels = []
            for button in row:
                buttons.append(button.data)
                labels.append(f"[/{len(buttons)} {button.label}]")
            lines.append(" ".join(labels))
        sys.stdout.write("\n".join(lines) + "\n\n")
        sys.stdout.flush()

    sys.stdout.write(catalogue("zh")("chat.terminal") + "\n\n")
    async with terminal(settings, handler, show, staff) as here:
        while (text := _prompt()) is not None:
            number = text[1:] if text.startswith("/") else ""
            pressed = number.isdigit() and 0 < int(number) <= len(buttons)
            data = buttons[int(number) - 1] if pressed else None
            buttons.clear()
            await here.say(
                Line(user=user, press=data) if data is not None else Line(user=user, text=text)
            )


def _prompt() -> str | None:
    """The next line that a person types; None at the end."""
    try:
        return input("> ")
    except (EOFError, KeyboardInterrupt):
        sys.stdout.write("\n")
        return None


def _reason(error: Exception) -> str:
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        return f"{place}: {first['msg']}" if place else str(first["msg"])
    return f"not a JSON object in UTF-8: {error}"


def _write(value: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(value, ensure_ascii=False) + "\n")
    sys.stdout.flush()
