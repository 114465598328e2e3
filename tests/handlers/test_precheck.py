"""The questionnaire in a chat: what is asked, what is kept, and what a tap cannot break."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from handlers.ask import Ask
from handlers.precheck import PrecheckChat
from knowledge.assistant import Assistant
from knowledge.catalogue import catalogue
from knowledge.corpus import REGULATIONS, load_corpus
from knowledge.prechecking import Precheck
from knowledge.profile import read_profile
from knowledge.questionnaire import ORDER, read_day, read_profits
from knowledge.rules import load_rules
from store import prechecks
from store.database import Sessions
from tests.handlers.talk import Talk, dialogue
from tests.knowledge.test_prechecking import TABLES, plain

TODAY = date(2026, 6, 30)
PRECHECK = Precheck(load_corpus(), load_rules(load_corpus()))


@pytest.fixture
def chat(assistant: Assistant, tmp_path: Path) -> PrecheckChat:
    ask = Ask(assistant)
    return PrecheckChat(PRECHECK, lambda: TODAY, tmp_path / "files", ask.aside)


@pytest.fixture
def talk(assistant: Assistant, chat: PrecheckChat, sessions: Sessions) -> Talk:
    return Talk(dialogue(assistant, chat), sessions)


async def answers_in(sessions: Sessions) -> dict[str, Any]:
    async with sessions() as session:
        state = await prechecks.load(session, "test", "u1")
    assert state
    return dict(state["answers"])


async def begin(talk: Talk, *places: str) -> None:
    await talk.say("/precheck")
    for place in places:
        await talk.tap(place)
    await talk.tap("开始")


LABELS = {
    True: "是",
    False: "否",
    "legal_person": "独立法人",
    "commercial": "生产经营",
    "B": "B档",
    3: "三级",
    "none": "没有",
}


async def answer_one(talk: Talk, fact: str, value: Any) -> None:
    if fact == "registered_in":
        await talk.tap(PRECHECK.corpus[value].place.name)
    elif value == []:
        await talk.tap("都没有")
    elif isinstance(value, list):
        await talk.say(", ".join(map(str, value)))
        await talk.tap("对")
    elif isinstance(value, str) and value[:2].isdigit():
        await talk.say(value)
        await talk.tap("对")
    elif fact == "industry_rank":
        await talk.tap(f"第{value}名")
    else:
        await talk.tap(LABELS[value])


async def answer_as(talk: Talk, facts: dict[str, Any]) -> int:
    """Answers from a profile until the report comes; returns how many questions were asked."""
    for asked in range(60):
        if "不是审批" in talk.text:
            return asked
        fact = question_of(talk.text)
        await answer_one(talk, fact, facts[fact])
    raise AssertionError(f"no end: {talk.text}")


def question_of(text: str) -> str:
    """The fact that a question asks for."""
    say = catalogue("zh")
    last = text.rsplit("\n\n", 1)[-1]
    return next(fact for fact in ORDER if last.endswith(say(f"ask.{fact}")))


@pytest.mark.parametrize("region", TABLES)
async def test_the_questionnaire_comes_to_the_verdict_of_the_same_facts(
    region: str, talk: Talk, sessions: Sessions
) -> None:
    facts = plain(TABLES[region]["base"])
    await begin(talk, PRECHECK.corpus[region].place.name)
    asked = await answer_as(talk, facts)
    assert f"{PRECHECK.corpus[region].place.name}：按您提供的情况，可以申报" in talk.text
    collected = read_profile(await answers_in(sessions), PRECHECK.corpus.regions, TODAY)
    whole = read_profile(facts, PRECHECK.corpus.regions, TODAY)
    assert PRECHECK.judge(collected, [region], TODAY).regions[0].verdict == "eligible"
    assert PRECHECK.judge(whole, [region], TODAY).regions[0].verdict == "eligible"
    assert asked <= len(facts)


async def test_nothing_more_is_asked_when_the_verdict_stands(talk: Talk) -> None:
    await begin(talk, "天宁区")
    await talk.tap("其他地区")
    assert "天宁区：目前不能申报" in talk.text
    assert "> 登记注册的住所在天宁区" in talk.text


async def test_a_question_in_the_middle_is_answered_and_the_questionnaire_goes_on(
    talk: Talk,
) -> None:
    await begin(talk, "赣州市")
    before = talk.text
    await talk.say("什么是卓越绩效模式？")
    assert "第十三条" in talk.text
    assert talk.text.endswith(before.partition("）")[2])


async def test_typed_answers_count_only_after_a_yes(talk: Talk, sessions: Sessions) -> None:
    await begin(talk, "天宁区")
    await talk.tap("天宁区")
    await talk.tap("独立法人")
    await talk.say("非营利")
    assert "非营利" in talk.text
    assert "business_kind" not in await answers_in(sessions)
    await talk.tap("不对")
    assert "business_kind" not in await answers_in(sessions)
    await talk.say("生产经营")
    await talk.tap("对")
    assert (await answers_in(sessions))["business_kind"] == "commercial"


async def test_a_tap_on_an_old_button_changes_nothing(talk: Talk, sessions: Sessions) -> None:
    await begin(talk, "天宁区")
    old = talk.button("其他地区")
    await talk.tap("天宁区")
    await talk.press(old)
    assert "过时" in talk.text
    assert (await answers_in(sessions))["registered_in"] == "tianning"
    for nonsense in ("p:1:answer:99", "p:99999:go", "p:2:nothing:x", "p:x"):
        await talk.press(nonsense)


async def test_back_edit_pause_and_go_on(talk: Talk, sessions: Sessions) -> None:
    await begin(talk, "天宁区")
    await talk.tap("其他地区")
    await talk.tap("修改")
    await talk.tap("注册地：其他地区")
    await talk.tap("天宁区")
    await talk.tap("独立法人")
    await talk.tap("上一步")
    assert "legal_form" not in await answers_in(sessions)
    await talk.tap("暂停")
    assert await talk.say("无锡奖金多少")
    assert "100万元" in talk.text
    await talk.say("继续")
    assert "哪种组织" in talk.text


async def test_unsure_is_unknown_and_not_asked_again(talk: Talk) -> None:
    await begin(talk, "无锡市")
    for _ in range(40):
        if "不是审批" in talk.text:
            break
        await talk.tap("不确定")
    assert "无锡市：还不能判断" in talk.text
    assert "还缺少" in talk.text


async def test_of_a_record_only_what_matters_is_asked(talk: Talk, sessions: Sessions) -> None:
    await begin(talk, "赣州市")
    facts = {k: v for k, v in plain(TABLES["ganzhou"]["base"]).items() if k != "records"}
    for _ in range(40):
        if "下面这些情况" in talk.text:
            break
        fact = question_of(talk.text)
        await answer_one(talk, fact, facts[fact])
    await talk.tap("责任事故")
    await talk.tap("选好了")
    await talk.say("2025年3月")
    await talk.tap("对")
    assert "人员死亡" in talk.text
    await talk.tap("是")
    assert "赣州市：目前不能申报，最早2028年3月31日可以" in talk.text
    assert (await answers_in(sessions))["records"] == [
        {"kind": "accident", "on": "2025-03-31", "fatal": True}
    ]


async def test_the_report_can_be_had_as_files(talk: Talk) -> None:
    await begin(talk, "天宁区", "北仑区")
    await talk.tap("其他地区")
    await talk.tap("PDF")
    (path,) = talk.replies[0].files
    assert Path(path).read_bytes().startswith(b"%PDF")
    await begin_again(talk)
    await talk.tap("JSON")
    report = json.loads(Path(talk.replies[0].files[0]).read_text(encoding="utf-8"))
    assert [r["legal_status"] for r in report["results"]] == ["in_force", "draft"]
    assert report["facts"] == {"registered_in": "other"}
    await talk.say("/forget")
    await talk.tap("确定删除")
    assert not Path(path).exists()


async def begin_again(talk: Talk) -> None:
    await talk.say("/precheck")
    for place in ("天宁区", "北仑区"):
        await talk.tap(place)
    await talk.tap("开始")
    await talk.tap("其他地区")


async def test_those_whose_verdict_changes_with_the_rules_are_told(
    talk: Talk, chat: PrecheckChat, sessions: Sessions, tmp_path: Path
) -> None:
    await begin(talk, "天宁区")
    await answer_as(talk, plain(TABLES["tianning"]["base"]))
    await talk.tap("告诉我")
    (tmp_path / "tianning").mkdir()
    rules = (REGULATIONS / "tianning" / "rules.yaml").read_text(encoding="utf-8")
    stricter = rules.replace(
        "{held: operating_since, years: 3}", "{held: operating_since, years: 30}"
    )
    (tmp_path / "tianning" / "rules.yaml").write_text(stricter, encoding="utf-8")
    changed = Precheck(PRECHECK.corpus, load_rules(PRECHECK.corpus, tmp_path))
    later = PrecheckChat(changed, lambda: TODAY, tmp_path, chat._aside)
    async with sessions.begin() as session:
        assert not await chat.judge_again(session)
        (told,) = await later.judge_again(session)
        assert not await later.judge_again(session)
    assert told.to
    assert told.to.id == "u1"
    assert "天宁区：可以申报 → 目前不能申报" in told.text


@pytest.mark.parametrize(
    ("typed", "day"),
    [
        ("2021年3月5日", date(2021, 3, 5)),
        ("2021-03-05", date(2021, 3, 5)),
        ("21.3.5", date(2021, 3, 5)),
        ("20210305", date(2021, 3, 5)),
        ("2021年3月", date(2021, 3, 31)),
        ("2021-03", date(2021, 3, 31)),
        ("98.5.1", date(1998, 5, 1)),
        ("2026年", TODAY),
        ("2021-13-01", None),
        ("2021年2月30日", None),
        ("去年", None),
    ],
)
def test_dates_in_the_forms_people_type(typed: str, day: date | None) -> None:
    assert read_day(typed, TODAY) == day


def test_profits_in_the_forms_people_type() -> None:
    assert read_profits("120, -30，不清楚") == [120, -30, None]
    assert read_profits("亏30 盈利5万 1.5亿") == [-30, 5, 15000]
    assert read_profits("120") is None
