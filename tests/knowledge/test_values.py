"""Amounts, periods and shares mean the same however they are written."""

from __future__ import annotations

import pytest

from knowledge.numerals import chinese, integer
from knowledge.values import unsupported, values_in


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("10万元", "十万元"),
        ("10万元", "100,000 yuan"),
        ("3年", "三年"),
        ("3 years", "三年"),
        ("60%", "百分之六十"),
        ("5个工作日", "5 working days"),
        ("2028年9月3日", "2028-09-03"),
    ],
)
def test_equal_values(one: str, other: str) -> None:
    assert values_in(one)[0].key == values_in(other)[0].key


def test_numbers_of_standards_and_documents_are_no_values() -> None:
    assert values_in("GB/T19001-ISO9001、DB3202/T 1002-2018（常天政发〔2017〕19号）") == ()


def test_what_the_source_does_not_state_is_named() -> None:
    source = "对首次获得的组织一次性奖励10万元，公示7天"
    assert unsupported("奖励十万元，公示7日", source) == ()
    assert unsupported("奖励20万元", source) == ("20万元",)
    assert unsupported("公示7个工作日", source) == ("7个工作日",)


@pytest.mark.parametrize("number", [1, 9, 10, 13, 20, 34, 99, 100, 108, 110])
def test_chinese_numerals_read_back(number: int) -> None:
    assert integer(chinese(number)) == number
