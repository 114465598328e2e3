"""How fast a channel may send: so many messages a second overall and to one chat."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import time
from collections import deque
from dataclasses import dataclass

WINDOW = 1.025
"""Seconds in which no more leave than the limit: a little over one, because arrivals jitter."""


@dataclass(frozen=True)
class Limits:
    """Messages a second overall, to one chat on average, and to one chat in a burst of answers."""

    overall: float = 30
    chat_a_second: float = 1.0
    chat_burst: int = 4


class Limiter:
    """Says when a message may leave, the urgent ones first. One for each channel."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._chats: dict[str, tuple[float, float]] = {}
        self._free_at = 0.0
        self._gone: deque[float] = deque(maxlen=max(1, int(limits.overall)))
        self._queue: list[tuple[int, int, asyncio.Future[None]]] = []
        self._numbers = itertools.count()
        self._pump: asyncio.Task[None] | None = None

    def hold(self, seconds: float) -> None:
        """Nothing leaves for so many seconds, to nobody."""
        self._free_at = max(self._free_at, time.monotonic() + seconds)

    async def wait(self, chat: str, priority: int, burst: bool) -> None:
        """Returns when a message to this chat may leave; a lower priority goes first."""
        await self._wait_for_chat(chat, burst)
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._queue, (priority, next(self._numbers), turn))
        if self._pump is None or self._pump.done():
            self._pump = asyncio.create_task(self._let_go())
        await turn

    async def _let_go(self) -> None:
        """Lets the waiting go one by one, spaced, and never too many in one window."""
        while self._queue:
            delay = self._free_at - time.monotonic()
            if delay > 0:
                await asyncio.sleep(delay)
                continue  # it may have been held meanwhile
            _, _, turn = heapq.heappop(self._queue)
            if turn.done():
                continue
            now, pace = time.monotonic(), 1 / self._limits.overall
            self._gone.append(now)
            # the pace is kept from when it was due, so that a late wake-up costs no send
            due = max(self._free_at, now - pace)
            self._free_at = max(due + pace, self._window_ends())
            turn.set_result(None)
            await asyncio.sleep(0)

    def _window_ends(self) -> float:
        """When one more may leave without too many in one window."""
        full = len(self._gone) == self._gone.maxlen
        return self._gone[0] + WINDOW if full else 0.0

    async def _wait_for_chat(self, chat: str, burst: bool) -> None:
        """A bucket for each chat: a long answer in parts is quick, a stream of them is not."""
        now = time.monotonic()
        if len(self._chats) > 10_000:
            self._chats = {c: v for c, v in self._chats.items() if now - v[1] < 60}
        most = float(self._limits.chat_burst if burst else 1)
        tokens, since = self._chats.get(chat, (most, now))
        tokens = min(most, tokens + (now - since) * self._limits.chat_a_second)
        self._chats[chat] = (tokens - 1, now)
        if tokens < 1:
            await asyncio.sleep((1 - tokens) / self._limits.chat_a_second)
