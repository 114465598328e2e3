"""The composition root: settings in, working parts out."""

from __future__ import annotations

import sys
from dataclasses import dataclass

from bot.clock import Tick
from bot.office import (
    build_broadcasting,
    build_casework,
    build_notices,
    build_precheck,
    today_in,
)
from bot.problem import Problem
from bot.settings import Settings
from handlers.ask import Ask, Phrase, as_it_is
from handlers.broadcast import BroadcastChat
from handlers.menu import Dialogue
from handlers.precheck import PrecheckChat
from handlers.staff import StaffChat
from handlers.status import StatusChat
from knowledge.embedding import BuiltIn, Model, Service
from knowledge.files import DataError
from knowledge.index import IndexUnavailableError, Location
from knowledge.opening import Knowledge, open_knowledge
from knowledge.phrasing import Phraser


def build_model(settings: Settings) -> Model:
    """The embedding model: the built-in one, or a service where one is set.

    Raises:
        Problem: the service is set only in part.
    """
    if not settings.embedding_api_url and not settings.embedding_model:
        return BuiltIn()
    if not settings.embedding_api_url or not settings.embedding_model:
        raise Problem("EMBEDDING_API_URL 和 EMBEDDING_MODEL 要么都设置，要么都不设置。")
    key = settings.embedding_api_key
    return Service(
        settings.embedding_api_url,
        settings.embedding_model,
        key.get_secret_value() if key else None,
    )


def build_knowledge(settings: Settings) -> Knowledge:
    """The regulations and their index; a first build says how far it is, on standard error.

    Raises:
        Problem: the data, the index or a service cannot be used.
    """
    location = Location(settings.data_dir / "index", settings.chroma_url)
    try:
        return open_knowledge(
            location,
            build_model(settings),
            today_in(settings),
            _progress,
            settings.added_regulations,
        )
    except (DataError, IndexUnavailableError) as error:
        raise Problem(str(error)) from error


def build_phrase(settings: Settings, knowledge: Knowledge) -> Phrase:
    """How answers are put into words: by a language model if one is set, else as they are."""
    if not settings.llm_model:
        return as_it_is
    key = settings.llm_api_key
    phraser = Phraser(
        knowledge.assistant,
        settings.llm_model,
        settings.llm_api_url,
        key.get_secret_value() if key else None,
    )
    return phraser.phrase


@dataclass(frozen=True)
class Handlers:
    """The bot's conversations (`dialogue` takes every turn) and what it looks after unasked."""

    dialogue: Dialogue
    ticks: tuple[Tick, ...]


def build_handlers(settings: Settings) -> Handlers:
    """The bot's conversations."""
    knowledge = build_knowledge(settings)
    precheck = build_precheck(settings)
    conditions = {
        (region, rule.article)
        for region, rules in precheck.ruleset.by_region.items()
        for rule in rules
        if rule.item is not None
    }
    casework = build_casework(settings)
    deadlines = build_notices(settings, casework)
    broadcasting = build_broadcasting(settings, casework)
    phrase = build_phrase(settings, knowledge)
    ask = Ask(knowledge.assistant, phrase, conditions, deadlines.upcoming)
    chat = PrecheckChat(precheck, today_in(settings), settings.files, ask.aside)
    status = StatusChat(casework, casework.corpus)
    staff = StaffChat(casework, status)
    broadcast = BroadcastChat(broadcasting, deadlines, staff)
    dialogue = Dialogue(knowledge.assistant, ask, chat, status, staff, deadlines, broadcast)
    ticks = (chat.judge_again, casework.remind, deadlines.remind, broadcasting.look_after)
    return Handlers(dialogue, ticks)


def _progress(done: int, total: int) -> None:
    end = "\n" if done == total else ""
    sys.stderr.write(f"\r正在建立索引 {done}/{total}{end}")
    sys.stderr.flush()
