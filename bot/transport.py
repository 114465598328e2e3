"""What a channel does for the road: split a reply into messages, and deliver one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from bot.messages import Ack, Outgoing
from handlers.dialogue import Reply


@dataclass(frozen=True)
class Sent:
    """It arrived, under the channel's id."""

    message_id: str | None = None


@dataclass(frozen=True)
class Blocked:
    """This person is out of reach: blocked the bot, left, or never was there."""

    reason: str


@dataclass(frozen=True)
class Wait:
    """The channel asks everyone to wait for so many seconds."""

    seconds: float


@dataclass(frozen=True)
class Again:
    """It did not get through this time."""

    reason: str


@dataclass(frozen=True)
class Unsure:
    """Nobody knows whether it arrived."""

    reason: str


@dataclass(frozen=True)
class Refused:
    """It never will get through as it is."""

    reason: str


Delivery = Sent | Blocked | Wait | Again | Unsure | Refused


class Transport(Protocol):
    """One channel's way out."""

    name: str

    def parts(self, reply: Reply) -> list[Outgoing]:
        """A reply as messages that the channel can carry."""
        ...

    async def send(self, chat: str, message: Outgoing) -> Delivery:
        """Delivers one message."""
        ...

    async def edit(self, chat: str, message_id: str, message: Outgoing) -> Delivery:
        """Puts another text in the place of a message that was sent."""
        ...

    async def acknowledge(self, ack: Ack) -> Delivery:
        """Confirms a tap on a button."""
        ...
