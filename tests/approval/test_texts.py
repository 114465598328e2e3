"""Whole answers as people read them. `make approve` accepts what has changed, after a look."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from knowledge.answer import Context
from knowledge.assistant import Assistant

EXPECTED = Path(__file__).parent / "expected"
CONVERSATIONS = {
    "one_region": ["天宁的奖拿了能给多少钱"],
    "no_region": ["公示期有几天"],
    "comparison": ["赣州和红旗造假几年不让再报"],
    "ranking": ["哪个城市奖金最高"],
    "silence": ["赣州需要首席质量官吗"],
    "not_covered": ["无锡答辩限时几分钟"],
    "elsewhere": ["苏州市市长质量奖奖金多少"],
    "false_premise": ["无锡奖励200万吧？"],
    "by_number": ["无锡第十条第三项", "第九十九条"],
    "follow_up": ["赣州的公示期", "那北仑呢？", "奖金呢"],
    "two_questions": ["无锡报名要交钱吗？公示期有几天？"],
    "english": ["How many winners are there in Tianning?"],
    "conditions": ["北仑的申报条件有哪些"],
    "procedure": ["红旗区评审程序有哪些步骤"],
    "several_entries": ["红旗老板失信还能报吗"],
}


@pytest.mark.parametrize("name", CONVERSATIONS)
def test_an_answer_reads_as_approved(assistant: Assistant, name: str) -> None:
    context, said = Context(), []
    for question in CONVERSATIONS[name]:
        answer = assistant.ask(question, context)
        context = answer.context
        said.append(f"? {question}\n[{answer.status}]\n{answer.text}\n")
    path = EXPECTED / f"{name}.txt"
    if os.environ.get("APPROVE"):
        path.write_text("\n".join(said), encoding="utf-8")
    assert path.read_text(encoding="utf-8") == "\n".join(said)
