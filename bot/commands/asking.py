"""`ask`: one question, or a file of them."""

from __future__ import annotations

import argparse
import asyncio
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, ValidationError

from bot.evaluation import Turn, converse, dump, lines_of
from bot.problem import Problem
from bot.settings import load_settings
from knowledge.answer import Answer

if TYPE_CHECKING:
    from knowledge.assistant import Assistant


class _Asked(BaseModel):
    model_config = ConfigDict(extra="ignore")

    id: str | int | None = None
    question: str
    history: tuple[Turn, ...] = ()


def register(subcommands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the command."""
    ask = subcommands.add_parser("ask", help="问一个问题")
    ask.add_argument("question", nargs="?", metavar="问题")
    ask.add_argument("--batch", type=Path, metavar="FILE.jsonl", help="逐行回答一个问题文件")
    ask.add_argument("--json", action="store_true", help="输出 JSON")
    ask.add_argument(
        "--explain", action="store_true", help="附上理解问题的过程（与 --json 一起用）"
    )
    ask.set_defaults(call=lambda args: _ask(args, ask))


def _ask(args: argparse.Namespace, usage: argparse.ArgumentParser) -> int:
    if (args.question is None) == (args.batch is None):
        usage.error("要么给一个问题，要么给 --batch FILE.jsonl")
    if args.batch is not None:
        lines = list(lines_of(args.batch))
        return _batch(lines, Asker(), args.explain)
    asker = Asker()
    answer = asker.answer(_Asked(question=args.question))
    if args.json:
        print(dump(_as_json(answer, _Asked(question=args.question), args.explain)))
    else:
        print(answer.text)
    return 0


class Asker:
    """Answers questions outside a chat, in a language model's words where one is set."""

    def __init__(self) -> None:
        from bot.wiring import build_knowledge, build_phrase

        settings = load_settings()
        knowledge = build_knowledge(settings)
        self._assistant: Assistant = knowledge.assistant
        self._phrase = build_phrase(settings, knowledge)

    def answer(self, asked: _Asked) -> Answer:
        answer = converse(self._assistant, asked.question, asked.history)
        return asyncio.run(self._put_into_words(asked.question, answer))

    async def _put_into_words(self, question: str, answer: Answer) -> Answer:
        return await self._phrase(question, answer)


def _batch(lines: list[tuple[int, str]], asker: Asker, explain: bool) -> int:
    failed = False
    for number, line in lines:
        try:
            asked = _Asked.model_validate_json(line)
        except ValidationError as error:
            failed = True
            first = error.errors()[0]
            place = ".".join(map(str, first["loc"])) or "JSON"
            print(dump({"id": _identity(line), "error": f"第{number}行：{place}：{first['msg']}"}))
            continue
        print(dump(_as_json(asker.answer(asked), asked, explain)), flush=True)
    if failed:
        raise Problem("有的行不是问题，见输出里的 error。")
    return 0


def _as_json(answer: Answer, asked: _Asked, explain: bool) -> dict[str, Any]:
    value = answer.as_json(asked.question, id=asked.id)
    if explain:
        value["trace"] = answer.trace
    return value


def _identity(line: str) -> Any:
    """The id of a line that is no question, if it can be made out."""
    try:
        value = json.loads(line)
    except ValueError:
        return None
    return value.get("id") if isinstance(value, dict) else None
