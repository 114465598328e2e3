"""What the inbox and the outbox hold, as validated JSON."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import BaseModel

from handlers.dialogue import Reply


class Incoming(BaseModel):
    """What a turn needs of what was received; `press_id` lets the channel confirm a tap."""

    text: str | None = None
    press: str | None = None
    attachment: str | None = None
    press_id: str | None = None
    staff: bool = False


class OutgoingButton(BaseModel):
    """A button as it is stored."""

    label: str
    data: str


class Outgoing(BaseModel):
    """One message as it is stored; `continued` marks a part that follows another."""

    text: str
    continued: bool = False
    buttons: list[list[OutgoingButton]] = []
    files: list[str] = []

    @classmethod
    def parts_of(cls, reply: Reply, texts: Sequence[str]) -> list[Outgoing]:
        """A reply cut into texts; only the last part carries the buttons and files."""
        parts = [cls(text=text, continued=at > 0) for at, text in enumerate(texts)]
        parts[-1].buttons = [
            [OutgoingButton(label=b.label, data=b.data) for b in row] for row in reply.buttons
        ]
        parts[-1].files = list(reply.files)
        return parts


class Edit(BaseModel):
    """Another text for a message that was sent before."""

    message_id: str
    text: str


class Ack(BaseModel):
    """Confirms a tap on a button."""

    press_id: str
