"""An OpenAI-compatible service that the tests own: it says what a test tells it to, or embeds."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

from aiohttp import web

Answerer = Callable[[dict[str, Any]], str]
"""Given the data that the model was shown (question, articles), what it says."""


class ModelService:
    """Chat completions and embeddings on a port of this machine."""

    def __init__(self) -> None:
        self.answer: Answerer = lambda _data: "{}"
        self.delay = 0.0
        self.status = 200
        self.seen: list[dict[str, Any]] = []
        self._runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        assert self._runner
        return f"http://127.0.0.1:{self._runner.addresses[0][1]}/v1"

    async def start(self) -> None:
        app = web.Application()
        app.router.add_post("/v1/chat/completions", self._complete)
        app.router.add_post("/v1/embeddings", self._embed)
        self._runner = web.AppRunner(app, handler_cancellation=True)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()

    async def stop(self) -> None:
        if self._runner:
            await self._runner.cleanup()

    async def _complete(self, request: web.Request) -> web.Response:
        body = await request.json()
        data = json.loads(body["messages"][-1]["content"])
        self.seen.append(data)
        await asyncio.sleep(self.delay)
        if self.status != 200:
            return web.json_response({"error": {"message": "no"}}, status=self.status)
        message = {"role": "assistant", "content": self.answer(data)}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        return web.json_response(
            {
                "id": "1",
                "object": "chat.completion",
                "created": 1,
                "model": "m",
                "choices": [choice],
                "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
            }
        )

    async def _embed(self, request: web.Request) -> web.Response:
        body = await request.json()
        texts = body["input"] if isinstance(body["input"], list) else [body["input"]]
        vectors = [[1.0 + text.count(c) for c in "的年万元公示几多少"] for text in texts]
        rows = [
            {"object": "embedding", "index": at, "embedding": vector}
            for at, vector in enumerate(vectors)
        ]
        usage = {"prompt_tokens": 1, "total_tokens": 1}
        return web.json_response(
            {"object": "list", "data": rows, "model": body["model"], "usage": usage}
        )
