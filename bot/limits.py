"""How fast a channel may send: so many messages a second overall and to one chat."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """Messages a second overall, to one chat on average, and to one chat in a burst."""

    overall: int = 30
    chat_a_second: float = 1.0
    chat_burst: int = 4


class Limiter:
    """Says when a message may leave. One for each channel."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._recent: deque[float] = deque()
        self._chats: dict[str, tuple[float, float]] = {}
        self._not_before = 0.0
        self._turn = asyncio.Lock()

    def hold(self, seconds: float) -> None:
        """Nothing leaves for so many seconds, to nobody."""
        self._not_before = max(self._not_before, time.monotonic() + seconds)

    async def wait(self, chat: str) -> None:
        """Returns when a message to this chat may leave."""
        await self._wait_for_chat(chat)
        async with self._turn:
            while (delay := self._delay(time.monotonic())) > 0:  # noqa: ASYNC110 (a clock)
                await asyncio.sleep(delay)
            self._recent.append(time.monotonic())

    def _delay(self, now: float) -> float:
        """How long until fewer than the limit left within the second before."""
        while self._recent and self._recent[0] <= now - 1.0:
            self._recent.popleft()
        full = len(self._recent) >= self._limits.overall
        return max(self._not_before - now, self._recent[0] + 1.0 - now if full else 0.0)

    async def _wait_for_chat(self, chat: str) -> None:
        """A bucket for each chat: a long answer in parts is quick, a stream of them is not."""
        now = time.monotonic()
        if len(self._chats) > 10_000:
            self._chats = {c: v for c, v in self._chats.items() if now - v[1] < 60}
        tokens, since = self._chats.get(chat, (float(self._limits.chat_burst), now))
        tokens = min(
            float(self._limits.chat_burst), tokens + (now - since) * self._limits.chat_a_second
        )
        self._chats[chat] = (tokens - 1, now)
        if tokens < 1:
            await asyncio.sleep((1 - tokens) / self._limits.chat_a_second)
