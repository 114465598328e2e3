"""The shape of a conversation: what comes in, what goes out, what is remembered.

Handlers know no channel: a `Turn` reads the same from Telegram, the web chat and the terminal,
and each channel shows a `Reply` in its own way.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

BUTTON_DATA_BYTES = 64
"""What Telegram allows a button to carry; the narrowest channel sets the width for all."""


@dataclass(frozen=True)
class Chat:
    """One conversation in one channel (`telegram`, `web`, `terminal`)."""

    channel: str
    id: str


@dataclass(frozen=True)
class Button:
    """A button under a message; `data` comes back as `Turn.press` when it is tapped."""

    label: str
    data: str

    def __post_init__(self) -> None:
        if len(self.data.encode()) > BUTTON_DATA_BYTES:
            raise ValueError(f"button data over {BUTTON_DATA_BYTES} bytes: {self.data!r}")


@dataclass(frozen=True)
class Reply:
    """One message to send.

    `text` is plain text of any length in which a line that begins with `> ` is a quotation;
    each channel escapes, splits and decorates it as it needs. `files` are paths of files to
    attach. `to` is another chat than the one that asked, if any.

    A push may have an `origin` (a broadcast or reminder, which reaches a chat once at most), a
    `topic` (the subscription it is sent for), be `held` back for later, or put its text in the
    place of the message `edit_of` that was sent before.
    """

    text: str
    buttons: tuple[tuple[Button, ...], ...] = ()
    files: tuple[str, ...] = ()
    to: Chat | None = None
    origin: str | None = None
    topic: str | None = None
    held: bool = False
    edit_of: str | None = None


class Answered(BaseModel):
    """A question as it was asked, with the context it was asked in, so that it can be asked again.

    `kept` is the number under which it is kept for staff, if it is.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    text: str
    regions: tuple[str, ...] = ()
    question: str | None = None
    topic: str | None = None
    article: int | None = None
    kept: int | None = None


class Conversation(BaseModel):
    """What the bot remembers of a chat between turns; stored as JSON.

    `regions`, `question`, `topic` and `article` are the context of the next question; `answered`
    keeps the last questions, for the buttons under their answers.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    regions: tuple[str, ...] = ()
    question: str | None = None
    topic: str | None = None
    article: int | None = None
    answered: dict[str, Answered] = {}


@dataclass(frozen=True)
class Turn:
    """One thing that a person did: exactly one of `text`, `press`, `attachment` is set.

    `attachment` names what came instead of words (`photo`, `voice`, `sticker` …).
    """

    chat: Chat
    conversation: Conversation
    text: str | None = None
    press: str | None = None
    attachment: str | None = None
    staff: bool = False


@dataclass(frozen=True)
class Outcome:
    """What a turn leads to: messages to send and the conversation as it stands afterwards."""

    replies: tuple[Reply, ...]
    conversation: Conversation


Handler = Callable[[Turn, "AsyncSession"], Awaitable[Outcome]]
"""Takes one turn. The session is the turn's transaction: what it writes commits together with
the new conversation and the outgoing messages, or not at all."""
