"""Cases: every procedure walked through, binding, guessing, telling, forgetting."""

from __future__ import annotations

import re
from datetime import date, timedelta
from pathlib import Path

import pytest

from bot.commands.cases import COLUMNS, NEEDED
from bot.importing import Report, import_cases
from bot.problem import Problem
from bot.sheets import read_sheet, write_sheet
from handlers.casework import CaseError, Casework, Fields
from handlers.precheck import PrecheckChat
from handlers.status import ASKS
from knowledge.assistant import Assistant
from knowledge.prechecking import Precheck
from knowledge.rules import load_rules
from store import access, cases, staff
from store.database import Sessions
from tests.handlers.talk import TODAY, Talk, casework, dialogue

CODES = ("91110000600037341L", "91320200717859586T")
CODE = CODES[0]
WORK = casework()
LAST = ("public_notice", "approval", "granted")
REVIEWS = ("qualification_review", "document_review", "on_site_review")
PATHS = {
    "tianning": (*REVIEWS, "defence", "evaluation", *LAST),
    "ganzhou": (*REVIEWS, "evaluation", *LAST),
    "hongqi": ("qualification_review", "on_site_review", "evaluation", "defence", *LAST),
    "beilun": (*REVIEWS, "deliberation", *LAST),
    "wuxi": (*REVIEWS, "defence", "evaluation", "deliberation", *LAST),
}
SCORES = {
    "hongqi": {"votes_for": 6, "votes_cast": 9},
    "beilun": {"on_site": 600},
    "wuxi": {"document": 700, "on_site": 600, "defence": 500},
}


def fields(region: str, number: str = "N-1", **more: str) -> Fields:
    given = {"credit_code": CODE, "name": "某某公司", "year": "2026", "on": "2026-01-05"}
    return Fields(number=number, region=region, **{**given, **more})


@pytest.mark.parametrize("region", PATHS)
async def test_the_whole_procedure_and_no_jump(region: str, sessions: Sessions) -> None:
    day = date(2026, 1, 5)
    everything = [*(s.id for s in WORK.procedures[region].stages), "granted"]
    async with sessions() as session:
        case = await WORK.open_case(session, fields(region), "test")
        for part, value in SCORES.get(region, {}).items():
            await WORK.score(session, case, part, value)
        for step in PATHS[region]:
            allowed = {to for to, _ in WORK.allowed(case)}
            for jump in set(everything) - allowed:
                with pytest.raises(CaseError, match="可以到"):
                    await WORK.advance(session, case, jump, "test", day)
            assert {"rejected", "withdrawn"} <= allowed
            day += timedelta(days=15)
            await WORK.advance(session, case, step, "test", day)
        assert case.outcome == "granted"
        with pytest.raises(CaseError, match="已经结束"):
            await WORK.advance(session, case, "approval", "test", day)
        kinds = [event.kind for event in await cases.events(session, case)]
        assert kinds == ["opened", *["stage"] * (len(PATHS[region]) - 1), "ended"]


@pytest.mark.parametrize(
    ("region", "last"),
    [("tianning", 7), ("ganzhou", 10), ("wuxi", 7)],
)
async def test_a_notice_must_have_run_its_days(region: str, last: int, sessions: Sessions) -> None:
    start = date(2026, 3, 2)
    async with sessions() as session:
        stage = fields(region, stage="public_notice", on=start.isoformat())
        case = await WORK.open_case(session, stage, "test")
        end = await WORK.notice_end(session, case)
        assert end
        assert end.day == start + timedelta(days=last)
        with pytest.raises(CaseError, match="公示到"):
            await WORK.advance(session, case, "approval", "test", end.day)
        await WORK.advance(session, case, "approval", "test", end.day + timedelta(days=1))


async def test_hongqi_needs_two_thirds_of_the_votes(sessions: Sessions) -> None:
    async with sessions() as session:
        case = await WORK.open_case(session, fields("hongqi", stage="defence"), "test")
        with pytest.raises(CaseError, match="votes_for"):
            await WORK.advance(session, case, "public_notice", "test")
        await WORK.score(session, case, "votes_for", 5)
        await WORK.score(session, case, "votes_cast", 9)
        with pytest.raises(CaseError, match="第十七条"):
            await WORK.advance(session, case, "public_notice", "test")


async def test_wuxi_takes_twenty_to_the_site_review(sessions: Sessions) -> None:
    async with sessions() as session:
        opened = []
        for n in range(21):
            new = WORK.checked(fields("wuxi", number=f"W-{n}", stage="document_review"))
            new = cases.NewCase(**{**new.__dict__, "credit_code": f"code{n}"})
            opened.append(await cases.open_case(session, new, "test"))
        for case in opened[:20]:
            await WORK.advance(session, case, "on_site_review", "test")
        with pytest.raises(CaseError, match="最多20家"):
            await WORK.advance(session, opened[20], "on_site_review", "test")


@pytest.mark.parametrize(
    ("more", "complaint"),
    [
        ({"credit_code": "91110000600037341X"}, "校验码"),
        ({"year": "二零"}, "年度"),
        ({"stage": "发射"}, "可以是"),
        ({"on": "2026-02-30"}, "日期"),
        ({"award": "金奖"}, "奖项"),
        ({"name": ""}, "名称"),
        ({"region": "火星"}, "地区"),
        ({"number": "x"}, "编号"),
    ],
)
def test_a_wrong_value_is_named(more: dict[str, str], complaint: str) -> None:
    given = {"region": "wuxi", **more}
    with pytest.raises(CaseError, match=complaint):
        WORK.checked(fields(given.pop("region"), **given))


def test_what_people_paste_is_read() -> None:
    new = WORK.checked(
        fields(
            "无锡市",
            credit_code="９１１１ ００００ ６０００３７３４１Ｌ",
            year="2026年",
            on="46153",
        )
    )
    assert (new.credit_code, new.year, new.on) == (CODE, 2026, date(2026, 5, 11))


# In a chat -----------------------------------------------------------------------------------


@pytest.fixture
def talk_to(assistant: Assistant, sessions: Sessions, tmp_path: Path):  # type: ignore[no-untyped-def]
    precheck = Precheck(assistant.corpus, load_rules(assistant.corpus))

    async def no_aside(*_args: object) -> None:
        return None

    chat = PrecheckChat(precheck, lambda: TODAY, tmp_path, no_aside)
    handler = dialogue(assistant, chat, WORK)
    return lambda who, is_staff=False: Talk(handler, sessions, who, staff=is_staff)


async def opened(sessions: Sessions, number: str = "N-1") -> str:
    """A case in 无锡 with a code; returns the code."""
    async with sessions.begin() as session:
        case = await WORK.open_case(session, fields("wuxi", number), "test")
        code, _ = await access.issue_code(session, case)
        assert code not in str(vars(await session.get_one(access.BindingCode, 1)))
    return code


async def test_a_case_is_shown_only_to_those_who_prove_it(talk_to, sessions: Sessions) -> None:  # type: ignore[no-untyped-def]
    code = await opened(sessions)
    me, other = talk_to("me"), talk_to("other")
    assert "验证码" in await me.say("我的申报到哪一步了？")
    wrong = {
        await me.say(f"N-9 {CODE} {code}"),
        await me.say(f"N-1 {CODES[1]} {code}"),
        await me.say(f"N-1 {CODE} AAAAAAAAAA"),
    }
    assert len(wrong) == 1
    shown = await other.say(f"N-1 {CODE} {code}")
    assert "▶ 申报推荐" in shown
    assert "○ 社会公示" in shown
    assert "没有找到" in await talk_to("third").say(f"N-1 {CODE} {code}")
    assert "某某公司" not in await me.press("c:show:1")
    async with sessions() as session:
        case = await WORK.find(session, "N-1")
        assert [read.chat for read in await access.reads(session, case)] == ["other"]


async def test_a_guessing_attack_opens_nothing(talk_to, sessions: Sessions) -> None:  # type: ignore[no-untyped-def]
    code = await opened(sessions)
    answers = set()
    for n in range(120):
        said = await talk_to(f"thief{n % 40}").say(f"N-1 {CODE} GUESS{n:05}")
        answers.add(re.sub(r"\d+", "#", said))
    assert len(answers) == 2
    assert "请过" in await talk_to("late").say(f"N-1 {CODE} {code}")
    async with sessions() as session:
        case = await WORK.find(session, "N-1")
        assert not await access.bindings(session, case)
        worst = (await access.wrong_tries(session))[0]
        assert worst.subject == "case N-1"


async def test_an_expired_or_replaced_code_binds_nobody(talk_to, sessions: Sessions) -> None:  # type: ignore[no-untyped-def]
    old = await opened(sessions)
    async with sessions.begin() as session:
        case = await WORK.find(session, "N-1")
        new, _ = await access.issue_code(session, case)
    assert "没有找到" in await talk_to("a").say(f"N-1 {CODE} {old}")
    async with sessions.begin() as session:
        for row in (1, 2):
            issued = await session.get_one(access.BindingCode, row)
            issued.expires_at -= timedelta(days=30)
    assert "没有找到" in await talk_to("b").say(f"N-1 {CODE} {new}")


async def test_bound_chats_are_told_of_changes_and_may_mute_them(  # type: ignore[no-untyped-def]
    talk_to, sessions: Sessions
) -> None:
    me = talk_to("me")
    await me.say(f"N-1 {CODE} {await opened(sessions)}")
    office = talk_to("office", is_staff=True)
    await office.say("/case N-1")
    await office.tap("→ 资格审核")
    await office.tap("确定")
    (told,) = office.pushed
    assert told.to
    assert (told.to.id, "资格审核" in told.text) == ("me", True)
    await me.say("/status")
    await me.tap("不再推送")
    await office.say("/require N-1 自评报告 2026-07-02")
    assert not office.pushed
    assert "还缺：自评报告，2026年7月2日" in await me.say("/status")
    await me.tap("解除绑定")
    await me.tap("确定解除")
    assert "验证码" in await me.say("/status")


async def test_an_approaching_due_day_is_told_once(talk_to, sessions: Sessions) -> None:  # type: ignore[no-untyped-def]
    me = talk_to("me")
    await me.say(f"N-1 {CODE} {await opened(sessions)}")
    async with sessions.begin() as session:
        case = await WORK.find(session, "N-1")
        await WORK.require(session, case, "自评报告", TODAY + timedelta(days=3), "test")
        await WORK.require(session, case, "申报表", TODAY + timedelta(days=9), "test")
    for expected in (1, 0):
        async with sessions.begin() as session:
            assert len(await WORK.remind(session)) == expected
    async with sessions.begin() as session:
        later = casework(TODAY + timedelta(days=10))
        (late,) = await later.remind(session)
        assert "已经截止" in late.text


async def test_roles_are_checked_by_the_server(talk_to, sessions: Sessions) -> None:  # type: ignore[no-untyped-def]
    await opened(sessions)
    async with sessions.begin() as session:
        await staff.add(session, "test", "looker", staff.Role.VIEWER)
    stranger, looker = talk_to("stranger"), talk_to("looker")
    assert "N-1" not in await stranger.say("/case N-1")
    await stranger.press("w:do:1:qualification_review")
    assert "申报推荐" in await looker.say("/case N-1")
    assert "只能查看" in await looker.press("w:do:1:qualification_review")
    assert "只能查看" in await looker.say("/note N-1 x")
    async with sessions() as session:
        assert (await WORK.find(session, "N-1")).stage == "application"


async def test_the_right_to_be_forgotten(talk_to, sessions: Sessions) -> None:  # type: ignore[no-untyped-def]
    me = talk_to("me")
    await me.say(f"N-1 {CODE} {await opened(sessions)}")
    await me.say("/precheck")
    assert "N-1" in await me.say("/mydata")
    await me.say("/forget")
    await me.tap("确定删除")
    kept = await me.say("/mydata")
    assert "N-1" not in kept
    assert "预检" not in kept
    async with sessions() as session:
        case = await WORK.find(session, "N-1")
        assert {read.chat for read in await access.reads(session, case)} == {""}


# Tables --------------------------------------------------------------------------------------

HEADER = list(COLUMNS.values())


async def imported(work: Casework, sessions: Sessions, path: Path) -> Report:
    names = {column: field for field, column in COLUMNS.items()}
    rows = (
        (line, {names[c]: text for c, text in row.items()})
        for line, row in read_sheet(path, HEADER, NEEDED)
    )
    async with sessions.begin() as session:
        return await import_cases(work, session, rows, "test", lambda _done: None)


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
async def test_good_rows_go_in_and_bad_ones_are_reported(
    kind: str, sessions: Sessions, tmp_path: Path
) -> None:
    path = tmp_path / f"cases.{kind}"
    rows = [
        ["A-1", CODE, "甲公司", "天宁区", "2026", "", "", "", ""],
        ["A-2", "91110000600037341X", "乙公司", "天宁区", "2026", "", "", "", ""],
        ["A-1", CODE, "甲公司", "天宁区", "2026", "", "", "", ""],
        ["A-3", CODE, "甲公司", "天宁", "2026", "", "", "", ""],
        ["A-4", CODES[1], "丙公司", "无锡", "2026", "材料评审", "2026/3/1", "提名奖", "制造业"],
        ["", "", "", "", "", "", "", "", ""],
    ]
    write_sheet(path, HEADER, rows)
    first = await imported(WORK, sessions, path)
    assert (first.added, first.advanced) == (2, 0)
    assert [line for line, _ in first.errors] == [3, 4, 5]
    again = await imported(WORK, sessions, path)
    assert (again.added, again.advanced, again.unchanged) == (0, 0, 2)
    rows[4][5:7] = ["现场评审", "2026-04-01"]
    write_sheet(path, HEADER, rows)
    third = await imported(WORK, sessions, path)
    assert (third.advanced, len(third.errors)) == (1, 3)


async def test_ten_thousand_rows(sessions: Sessions, tmp_path: Path) -> None:
    path = tmp_path / "many.csv"
    regions, years = ("天宁", "赣州", "红旗", "北仑", "无锡"), range(2020, 2027)
    rows = [
        [f"{region}-{year}", CODE, "甲公司", region, str(year), "", "", "", ""]
        for region in regions
        for year in years
    ]
    rows += [[f"B-{n}", "x", "乙", "天宁", "2026", "", "", "", ""] for n in range(10_000)]
    write_sheet(path, HEADER, rows)
    report = await imported(WORK, sessions, path)
    assert (report.added, len(report.errors)) == (35, 10_000)


@pytest.mark.parametrize(
    ("name", "content", "complaint"),
    [
        ("a.xlsx", b"no zip", "xlsx"),
        ("a.csv", "案件编号,地区\n1,无锡".encode(), "缺少列"),
        ("a.csv", b"", "空的"),
        ("a.pdf", b"", "只能读"),
        ("a.csv", b"\xff\xff\xff", "GB18030"),
    ],
)
def test_a_file_that_is_no_table_is_refused(
    name: str, content: bytes, complaint: str, tmp_path: Path
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(Problem, match=complaint):
        list(read_sheet(tmp_path / name, HEADER, NEEDED))


async def test_a_table_written_out_reads_back_and_holds_no_formula(tmp_path: Path) -> None:
    path = tmp_path / "x.xlsx"
    write_sheet(path, HEADER, [["A-1", CODE, "=cmd()", "天宁", "2026", "", "", "", ""]])
    ((_, row),) = read_sheet(path, HEADER, NEEDED)
    assert row["单位名称"] == "'=cmd()"


def test_the_status_chat_knows_how_people_ask() -> None:
    for asked in ("我的申报到哪一步了？", "我们公司的申请进度", "查一下申报进度", "申报状态查询"):
        assert ASKS.search(asked), asked
    for other in ("天宁的评审程序有哪些步骤", "申报条件", "申报材料有哪些"):
        assert not ASKS.search(other), other
