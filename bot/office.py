"""Puts together what needs no index: rules, cases, deadlines, broadcasts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime

from bot.settings import Settings
from handlers.broadcasting import Broadcasting
from handlers.casework import Casework
from handlers.notices import Notices
from knowledge.corpus import REGULATIONS, load_corpus
from knowledge.prechecking import Precheck
from knowledge.procedure import load_procedures
from knowledge.rules import load_rules


def today_in(settings: Settings) -> Callable[[], date]:
    """The day it is where the awards are given."""
    return lambda: datetime.now(settings.zone).date()


def now_in(settings: Settings) -> Callable[[], datetime]:
    """The time it is where the awards are given."""
    return lambda: datetime.now(settings.zone)


def build_precheck(settings: Settings) -> Precheck:
    """The pre-check with its rules.

    Raises:
        DataError: a data file cannot be used.
    """
    folders = (REGULATIONS, settings.added_regulations)
    corpus = load_corpus(*folders)
    return Precheck(corpus, load_rules(corpus, *folders))


def build_casework(settings: Settings) -> Casework:
    """Work on cases, by the regions' procedures.

    Raises:
        DataError: a data file cannot be used.
    """
    folders = (REGULATIONS, settings.added_regulations)
    corpus = load_corpus(*folders)
    return Casework(corpus, load_procedures(corpus, *folders), today_in(settings))


def build_notices(settings: Settings, casework: Casework) -> Notices:
    """Deadlines and their reminders."""
    return Notices(casework, now_in(settings), settings.reminder_offsets, settings.reminder_hour)


def build_broadcasting(settings: Settings, casework: Casework) -> Broadcasting:
    """Messages to many."""
    return Broadcasting(casework, now_in(settings), settings.approval_above, settings.quiet)
