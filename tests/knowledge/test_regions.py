"""A question is about the regions that it names, however they are written, and about no twin."""

from __future__ import annotations

import pytest

from knowledge.corpus import load_corpus
from knowledge.regions import Gazetteer, Mentions
from knowledge.wording import normalise

GAZETTEER = Gazetteer(load_corpus())


def read(question: str) -> Mentions:
    return GAZETTEER.read(normalise(question))


@pytest.mark.parametrize(
    ("question", "regions"),
    [
        ("无锡市市长质量奖奖金多少", ["wuxi"]),
        ("无锡市长质量奖", ["wuxi"]),
        ("無錫市市長質量獎", ["wuxi"]),
        ("无钖的奖", ["wuxi"]),
        ("赣洲和红棋区", ["ganzhou", "hongqi"]),
        ("贛州", ["ganzhou"]),
        ("tianning区的条件", ["tianning"]),
        ("Bei Lun District award", ["beilun"]),
        ("What is Wuxi's prize?", ["wuxi"]),
        ("常州天宁的公司", ["tianning"]),
        ("宁波的区长质量奖", ["beilun"]),
        ("新乡市红旗区", ["hongqi"]),
        ("北仑、天宁、无锡", ["beilun", "tianning", "wuxi"]),
    ],
)
def test_names_slips_pinyin_and_english(question: str, regions: list[str]) -> None:
    assert list(read(question).regions) == regions
    assert read(question).places == ()


@pytest.mark.parametrize(
    "question", ["今天宁可不报", "无息贷款", "无细则怎么办", "东北轮胎厂", "若干州", "一汽红旗轿车"]
)
def test_ordinary_words_name_no_region(question: str) -> None:
    assert read(question).regions == ()


@pytest.mark.parametrize(
    "question",
    [
        "有重大连带责任",
        "推广安全管理",
        "确保定期报告",
        "普通化工厂",
        "诚信阳光",
        "属于都可以",
        "多大余地",
    ],
)
def test_ordinary_words_name_no_other_place(question: str) -> None:
    assert read(question).elsewhere == ()


def test_the_kind_of_award_alone_may_fit_two() -> None:
    assert set(read("区长质量奖奖金多少").candidates) == {"tianning", "hongqi"}
    assert set(read("市长质量奖公示几天").candidates) == {"ganzhou", "wuxi"}
    assert read("区政府质量奖名额").candidates == ("beilun",)


@pytest.mark.parametrize(
    "question", ["哪个城市奖金最高", "五个地方的公示期", "which city pays most"]
)
def test_a_question_may_be_about_every_region(question: str) -> None:
    assert read(question).every


@pytest.mark.parametrize(
    ("question", "others"),
    [
        ("苏州市市长质量奖", ["苏州"]),
        ("常州市市长质量奖奖金", ["常州"]),
        ("新北区区长质量奖", ["新北区"]),
        ("中国质量奖怎么报", ["中国质量奖"]),
    ],
)
def test_other_places_and_awards_are_seen_as_such(question: str, others: list[str]) -> None:
    assert read(question).regions == ()
    assert list(read(question).elsewhere) == others


def test_a_county_stands_for_its_city_unless_its_own_award_is_meant() -> None:
    assert GAZETTEER.read("江阴公司成立两年能报吗").regions == ("wuxi",)
    assert GAZETTEER.read("章贡区的公司能申报赣州的吗").regions == ("ganzhou",)
    assert GAZETTEER.read("江阴市市长质量奖奖金多少").elsewhere


def test_an_award_named_in_english_is_the_same_award() -> None:
    assert GAZETTEER.read("money for the china quality award").awards == ("中国质量奖",)
