"""Procedures quote the text; totals, candidates, quotas and notice ends are computed."""

from __future__ import annotations

from datetime import date

import pytest

from knowledge.corpus import load_corpus
from knowledge.procedure import load_procedures, over_quota, procedure_faults, ranking
from knowledge.workdays import Workdays

CORPUS = load_corpus()
PROCEDURES = load_procedures(CORPUS)


@pytest.mark.parametrize("region", CORPUS.regions)
def test_every_region_has_a_procedure_that_quotes_its_text(region: str) -> None:
    assert not list(procedure_faults(CORPUS[region], PROCEDURES[region]))


def test_a_procedure_whose_words_are_gone_is_named() -> None:
    wuxi = PROCEDURES["wuxi"]
    stage = wuxi.stages[1].model_copy(update={"span": "秘书处不作任何审核"})
    broken = wuxi.model_copy(update={"stages": (wuxi.stages[0], stage, *wuxi.stages[2:])})
    (fault,) = procedure_faults(CORPUS["wuxi"], broken)
    assert "秘书处不作任何审核" in fault


def test_wuxi_weighs_30_50_20_and_asks_600_or_500() -> None:
    scoring = PROCEDURES["wuxi"].scoring
    assert scoring
    assert scoring.total({"document": 700, "on_site": 600, "defence": 500}) == 610
    assert scoring.total({"document": 700, "on_site": 600}) is None
    assert [scoring.award(points) for points in (600, 599.99, 500, 499.99)] == [
        "quality",
        "nomination",
        "nomination",
        None,
    ]


def test_beilun_takes_the_first_six_of_at_least_600() -> None:
    scores = {f"c{n}": {"on_site": 640.0 - 5 * n} for n in range(10)}
    ranked = ranking(PROCEDURES["beilun"], scores)
    assert [r.candidate for r in ranked] == [True] * 6 + [False] * 4
    assert [r.rank for r in ranked] == list(range(1, 11))
    few = ranking(PROCEDURES["beilun"], {"a": {"on_site": 600}, "b": {"on_site": 599}, "c": {}})
    assert [(r.number, r.candidate) for r in few] == [("a", True), ("b", False), ("c", False)]


def test_ganzhou_counts_awards_by_sector() -> None:
    ganzhou = PROCEDURES["ganzhou"]
    three = [("quality", "manufacturing")] * 3
    assert over_quota(ganzhou, three, "quality", "manufacturing")
    assert not over_quota(ganzhou, three, "quality", "services")
    assert not over_quota(ganzhou, three, "nomination", "manufacturing")


def test_hongqi_counts_two_thirds_as_enough() -> None:
    hongqi = PROCEDURES["hongqi"]
    assert hongqi.passes_vote("defence", 6, 9)
    assert not hongqi.passes_vote("defence", 5, 9)
    assert hongqi.passes_vote("defence", 7, 10)
    assert not hongqi.passes_vote("defence", 6, 10)


class TestDays:
    def test_calendar_days_run_from_the_day_after(self) -> None:
        assert Workdays().after(date(2026, 6, 1), 7, working=False).day == date(2026, 6, 8)

    def test_working_days_leave_out_holidays_and_count_make_up_days(self) -> None:
        found = Workdays().after(date(2026, 9, 29), 5, working=True)
        assert (found.day, found.estimated) == (date(2026, 10, 12), False)

    def test_a_year_that_is_not_announced_is_estimated(self) -> None:
        found = Workdays().after(date(2030, 9, 30), 5, working=True)
        assert (found.day, found.estimated) == (date(2030, 10, 7), True)

    def test_what_staff_say_goes_before_the_library(self) -> None:
        rest = {date(2030, 10, n): False for n in range(1, 8)} | {date(2030, 10, 8): True}
        found = Workdays(rest).after(date(2030, 9, 30), 1, working=True)
        assert (found.day, found.estimated) == (date(2030, 10, 8), False)
