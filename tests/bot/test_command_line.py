"""The outside of the program: exit status, JSON, one clear line for a mistake."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from knowledge.opening import Knowledge

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def data(index_folder: Path, knowledge: Knowledge) -> Path:
    """A data folder whose index is there already."""
    assert knowledge
    return index_folder.parent


def run(
    *arguments: str, data: Path, stdin: bytes = b"", **settings: str
) -> subprocess.CompletedProcess[bytes]:
    environment = {**os.environ, "DATA_DIR": str(data), **settings}
    return subprocess.run(
        [sys.executable, "-m", "bot", *arguments],
        input=stdin,
        capture_output=True,
        env=environment,
        cwd=ROOT,
        check=False,
    )


def rows(result: subprocess.CompletedProcess[bytes]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in result.stdout.decode().splitlines()]


def test_an_answer_as_json(data: Path) -> None:
    (answer,) = rows(run("ask", "无锡奖金多少", "--json", data=data))
    assert set(answer) == {
        "id", "question", "status", "answer", "citations", "related", "notices",
    }  # fmt: skip
    assert answer["status"] == "answered"
    assert set(answer["citations"][0]) == {"region", "article", "item", "title", "quote"}
    assert (answer["citations"][0]["region"], answer["citations"][0]["article"]) == ("wuxi", 12)


def test_a_batch_is_answered_in_order_and_a_bad_line_does_not_stop_it(
    data: Path, tmp_path: Path
) -> None:
    file = tmp_path / "q.jsonl"
    lines = [
        {
            "id": "a",
            "question": "那无锡呢？",
            "history": [{"q": "天宁公示几天", "region": "tianning"}],
        },
        "not json",
        {"id": "c", "question": ""},
        {"id": "d", "question": "奖" * 10_000},
    ]
    file.write_text(
        "\n".join(x if isinstance(x, str) else json.dumps(x, ensure_ascii=False) for x in lines),
        encoding="utf-8",
    )
    result = run("ask", "--batch", str(file), "--json", data=data)
    answers = rows(result)
    assert result.returncode == 1
    assert [a["id"] for a in answers] == ["a", None, "c", "d"]
    assert answers[0]["citations"][0]["article"] == 11
    assert "error" in answers[1]
    assert answers[2]["status"] == "not_covered"


def test_a_conversation_as_json_lines(data: Path, tmp_path: Path) -> None:
    sent: list[bytes] = [
        '{"user": "u1", "text": "拿奖给多少钱"}'.encode(),
        b"nonsense",
        b'{"user": "u1"}',
        '{"user": "u2", "text": "<b>\\u0000无锡名额"}'.encode(),
        b'{"user": "u1", "press": "a:wuxi:12"}',
        b'{"user": "u1", "press": "r:nowhere:00000000"}',
        b'{"user": "u1", "attachment": "photo"}',
        b"\xff\xfe",
    ]
    database = f"sqlite:///{tmp_path / 'bot.db'}"
    result = run("chat", "--json", data=data, stdin=b"\n".join(sent), DATABASE_URL=database)
    answers = rows(result)
    assert result.returncode == 0, result.stderr.decode()
    assert [next(iter(a)) for a in answers] == [
        "to", "done", "error", "error", "to", "done", "to", "done", "to", "done", "to", "done",
        "error",
    ]  # fmt: skip
    first = answers[0]
    assert {b["label"] for row in first["buttons"] for b in row} >= {"无锡市", "天宁区"}
    assert answers[6]["text"].startswith("《无锡市市长质量奖评定管理办法》第十二条原文")
    assert "过时" in answers[8]["text"]
    assert "只看文字" in answers[10]["text"]


def test_what_was_not_covered_or_rated_is_listed_for_staff(data: Path, tmp_path: Path) -> None:
    database = f"sqlite:///{tmp_path / 'bot.db'}"

    def chat(*lines: dict[str, str]) -> list[dict[str, Any]]:
        stdin = "".join(f"{json.dumps(line)}\n" for line in lines).encode()
        return rows(run("chat", "--json", data=data, stdin=stdin, DATABASE_URL=database))

    told = chat(
        {"user": "u1", "text": "无锡的奖金多少"},
        {"user": "u1", "text": "办公室电话多少"},
        {"user": "u2", "text": "办公室电话多少？"},
    )
    down = told[0]["buttons"][-1][1]
    assert (down["label"], told[0]["to"]) == ("👎", "u1")
    chat({"user": "u1", "press": down["data"]}, {"user": "u1", "press": down["data"]})
    (listed,) = rows(run("questions", "export", "--json", data=data, DATABASE_URL=database))
    assert [(q["count"], q["not_covered"], q["bad"]) for q in listed] == [
        (1, 0, 1),
        (1, 1, 0),
        (1, 1, 0),
    ]
    rated = next(q for q in listed if q["bad"])
    assert rated["citations"][0]["article"] == 12
    assert rated["trace"]["topics"][0]["topic"] == "prize_money"
    assert "u1" not in json.dumps(listed)
    table = tmp_path / "q.csv"
    assert run("questions", "export", str(table), data=data, DATABASE_URL=database).returncode == 0
    assert table.read_text(encoding="utf-8-sig").count("办公室电话多少") == 2


def test_regulations(data: Path) -> None:
    (listed,) = rows(run("regulations", "list", "--json", data=data))
    status = {r["region"]: r["legal_status"] for r in listed}
    assert status["beilun"] == "draft"
    assert sum(r["articles"] for r in listed) == 132
    shown = run("regulations", "show", "wuxi", "12", data=data)
    assert "100万元" in shown.stdout.decode()
    assert run("regulations", "check", data=data).returncode == 0


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["regulations", "show", "nowhere"], 1, "没有地区 nowhere"),
        (["regulations", "show", "wuxi", "99"], 1, "一共17条"),
        (["ask"], 2, ""),
        (["ask", "--batch", "/nowhere.jsonl"], 1, "/nowhere.jsonl"),
        (["nonsense"], 2, ""),
        (["eval", "/nowhere.jsonl"], 1, "/nowhere.jsonl"),
    ],
)
def test_a_mistake_gets_one_clear_line(
    data: Path, arguments: list[str], status: int, said: str
) -> None:
    result = run(*arguments, data=data)
    error = result.stderr.decode()
    assert result.returncode == status
    assert said in error
    assert "Traceback" not in error


def test_a_setting_that_cannot_be_used_is_named(data: Path) -> None:
    result = run("db", "upgrade", data=data, TIMEZONE="Mars/Base")
    assert result.returncode == 1
    assert "TIMEZONE" in result.stderr.decode()


def test_the_schema_is_brought_up_to_date_twice_without_harm(data: Path, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'x.db'}"
    for _ in range(2):
        assert run("db", "upgrade", data=data, DATABASE_URL=url).returncode == 0


def test_cases_from_the_command_line(data: Path, tmp_path: Path) -> None:
    database = f"sqlite:///{tmp_path / 'bot.db'}"

    def bot(*arguments: str) -> subprocess.CompletedProcess[bytes]:
        return run(*arguments, data=data, DATABASE_URL=database)

    table = tmp_path / "cases.csv"
    table.write_text(
        "number,credit_code,name,region,year\n"
        "W-1,91110000600037341L,某某公司,无锡,2026\nW-2,91110000600037341X,某某公司,无锡,2026\n",
        encoding="utf-8",
    )
    imported = bot("cases", "import", str(table), "--json")
    assert imported.returncode == 1
    (report,) = rows(imported)
    assert (report["added"], [e["line"] for e in report["errors"]]) == (1, [3])
    refused = bot("cases", "advance", "W-1", "approval")
    assert refused.returncode == 1
    assert "qualification_review" in refused.stderr.decode()
    assert bot("cases", "advance", "W-1", "资格审核").returncode == 0
    (shown,) = rows(bot("cases", "show", "W-1", "--json"))
    assert shown["stage"] == "qualification_review"
    (listed,) = rows(bot("cases", "list", "--region", "wuxi", "--json"))
    assert [case["number"] for case in listed] == ["W-1"]
    assert bot("cases", "show", "W-9").stderr.decode() == "没有案件W-9\n"


def test_deadlines_and_broadcasts_from_the_command_line(data: Path, tmp_path: Path) -> None:
    database = f"sqlite:///{tmp_path / 'bot.db'}"

    def bot(*arguments: str) -> subprocess.CompletedProcess[bytes]:
        return run(*arguments, data=data, DATABASE_URL=database)

    set_to = ("deadlines", "set", "申报截止", "2099-12-31", "--region", "无锡", "--year", "2099")
    assert bot(*set_to).returncode == 0
    (listed,) = rows(bot("deadlines", "list", "--json"))
    assert [(d["kind"], d["on"]) for d in listed] == [("window_closes", "2099-12-31")]
    nobody = bot("broadcast", "create", "--text", "好", "--audience", "staff")
    assert (nobody.returncode, "没有符合条件" in nobody.stderr.decode()) == (1, True)
    assert bot("staff", "add", "7").returncode == 0
    assert (
        bot("broadcast", "create", "--text", "好", "--audience", "staff", "--confirm").returncode
        == 0
    )
    (sent,) = rows(bot("broadcast", "list", "--json"))
    assert [b["counts"] for b in sent] in ([{"queued": 1}], [{"held": 1}])
    assert bot("broadcast", "confirm", str(sent[0]["id"])).returncode == 1
    assert bot("broadcast", "show", "99").stderr.decode() == "没有群发99\n"
