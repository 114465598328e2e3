"""A person in a chat: says things, taps buttons by their labels, reads what comes back."""

from __future__ import annotations

from dataclasses import replace

from handlers.dialogue import Chat, Conversation, Handler, Reply, Turn
from store.database import Sessions


class Talk:
    """One chat with a handler; every turn commits, as the worker's do."""

    def __init__(
        self, handler: Handler, sessions: Sessions, chat: str = "u1", staff: bool = False
    ) -> None:
        self._handler, self._sessions = handler, sessions
        self._turn = Turn(Chat("test", chat), Conversation(), staff=staff)
        self.replies: tuple[Reply, ...] = ()

    async def say(self, text: str) -> str:
        """Types; returns what was answered."""
        return await self._take(replace(self._turn, text=text))

    async def press(self, data: str) -> str:
        """Taps a button by its data."""
        return await self._take(replace(self._turn, press=data))

    async def tap(self, label: str) -> str:
        """Taps the last button whose label contains the words."""
        return await self.press(self.button(label))

    def button(self, label: str) -> str:
        """The data of the last button whose label contains the words."""
        buttons = [b for r in self.replies for row in r.buttons for b in row]
        found = [b.data for b in buttons if label == b.label] or [
            b.data for b in buttons if label in b.label
        ]
        assert found, f"no button {label!r} among {[b.label for b in buttons]}"
        return found[-1]

    @property
    def text(self) -> str:
        return "\n\n".join(reply.text for reply in self.replies)

    async def _take(self, turn: Turn) -> str:
        async with self._sessions.begin() as session:
            outcome = await self._handler(turn, session)
        self._turn = replace(self._turn, conversation=outcome.conversation)
        self.replies = tuple(r for r in outcome.replies if r.to is None)
        return self.text
