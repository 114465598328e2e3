"""A person in a chat: says things, taps buttons by their labels, reads what comes back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from handlers.ask import Ask
from handlers.broadcast import BroadcastChat
from handlers.broadcasting import Broadcasting
from handlers.casework import Casework
from handlers.dialogue import Chat, Conversation, Handler, Reply, Turn
from handlers.menu import Dialogue
from handlers.notices import Notices
from handlers.precheck import PrecheckChat
from handlers.staff import StaffChat
from handlers.status import StatusChat
from knowledge.assistant import Assistant
from knowledge.corpus import load_corpus
from knowledge.procedure import load_procedures
from store.database import Sessions

TODAY = date(2026, 6, 30)
ZONE = ZoneInfo("Asia/Shanghai")


def casework(today: date = TODAY) -> Casework:
    """Work on cases by the real procedures, on a fixed day."""
    corpus = load_corpus()
    return Casework(corpus, load_procedures(corpus), lambda: today)


def dialogue(
    assistant: Assistant,
    precheck: PrecheckChat,
    work: Casework | None = None,
    now: Callable[[], datetime] | None = None,
) -> Dialogue:
    """The whole bot, as it is put together for its channels."""
    work = work or casework()
    status = StatusChat(work, work.corpus)
    staff = StaffChat(work, status)
    now = now or (lambda: datetime.combine(TODAY, time(10), ZONE))
    deadlines = Notices(work, now)
    broadcast = BroadcastChat(Broadcasting(work, now, approval_above=2), deadlines, staff)
    ask = Ask(assistant, announced=deadlines.upcoming)
    return Dialogue(assistant, ask, precheck, status, staff, deadlines, broadcast)


class Talk:
    """One chat with a handler; every turn commits, as the worker's do."""

    def __init__(
        self, handler: Handler, sessions: Sessions, chat: str = "u1", staff: bool = False
    ) -> None:
        self._handler, self._sessions = handler, sessions
        self._turn = Turn(Chat("test", chat), Conversation(), staff=staff)
        self.replies: tuple[Reply, ...] = ()
        self.pushed: tuple[Reply, ...] = ()

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
        self.pushed = tuple(r for r in outcome.replies if r.to is not None)
        return self.text
