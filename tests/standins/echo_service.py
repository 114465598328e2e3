"""The service with a handler that answers at once: for tests that kill it."""

from __future__ import annotations

import asyncio
import sys

from sqlalchemy.ext.asyncio import AsyncSession

from bot.service import serve
from bot.settings import load_settings
from handlers.dialogue import Outcome, Reply, Turn


async def echo(turn: Turn, _session: AsyncSession) -> Outcome:
    await asyncio.sleep(0.01)
    return Outcome((Reply(f"echo {turn.text or turn.press}"),), turn.conversation)


if __name__ == "__main__":
    asyncio.run(serve(load_settings(), echo, lambda line: sys.stdout.write(line + "\n")))
