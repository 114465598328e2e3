"""Working days in China: holidays and make-up days, and a table that goes before them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import chinese_calendar


@dataclass(frozen=True)
class Reckoned:
    """A day that was counted to; `estimated` where the holidays of a year are not announced yet."""

    day: date
    estimated: bool


class Workdays:
    """Counts days. `table` says of single days whether they are worked; staff keep it."""

    def __init__(self, table: Mapping[date, bool] | None = None) -> None:
        self._table = dict(table or {})

    def after(self, start: date, days: int, working: bool) -> Reckoned:
        """The last of so many days after `start`, which itself does not count (民法典 art. 201)."""
        if not working:
            return Reckoned(start + timedelta(days=days), estimated=False)
        day, left, estimated = start, days, False
        while left:
            day += timedelta(days=1)
            worked, guessed = self._worked(day)
            estimated |= guessed
            left -= worked
        return Reckoned(day, estimated)

    def _worked(self, day: date) -> tuple[bool, bool]:
        """Whether a day is worked, and whether that is a guess from the weekday."""
        if day in self._table:
            return self._table[day], False
        try:
            return bool(chinese_calendar.is_workday(day)), False
        except NotImplementedError:
            return day.weekday() < 5, True
