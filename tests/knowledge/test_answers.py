"""Answers on the real regulations: the right article, its own words, and no other city's."""

from __future__ import annotations

from datetime import date

import pytest

from knowledge.answer import Context, Status
from knowledge.assistant import Assistant
from knowledge.regulation import squeeze


def cited(assistant: Assistant, question: str, context: Context = Context()) -> list[str]:
    answer = assistant.ask(question, context)
    return [f"{c.region} {c.article}" + (f"({c.item})" if c.item else "") for c in answer.citations]


class TestByNumber:
    @pytest.mark.parametrize(
        ("question", "place"),
        [
            ("无锡第十条第三项", "wuxi 10(3)"),
            ("天宁 15条", "tianning 15"),
            ("赣州第13条（二）", "ganzhou 13(2)"),
            ("Wuxi article 12", "wuxi 12"),
            ("北仑第二十九条写了什么", "beilun 29"),
        ],
    )
    def test_an_article_is_found_by_its_number(
        self, assistant: Assistant, question: str, place: str
    ) -> None:
        assert cited(assistant, question) == [place]

    def test_a_number_beyond_the_last_is_answered_with_how_many_there_are(
        self, assistant: Assistant
    ) -> None:
        answer = assistant.ask("无锡第99条")
        assert answer.status is Status.NOT_COVERED
        assert "一共17条" in answer.text

    def test_a_paragraph(self, assistant: Assistant) -> None:
        answer = assistant.ask("无锡第三条第二款")
        assert answer.citations[0].quote.startswith("市长质量奖每年评定一次")

    def test_an_article_of_another_law_is_not_ours(self, assistant: Assistant) -> None:
        assert cited(assistant, "产品质量法第十条怎么说") == []


class TestRegions:
    def test_without_a_region_each_one_answers_and_all_are_offered(
        self, assistant: Assistant
    ) -> None:
        answer = assistant.ask("评上以后奖金有多少")
        assert answer.status is Status.CLARIFY
        assert {c.region for c in answer.citations} == set(assistant.corpus.regions)
        assert set(answer.choices) == set(assistant.corpus.regions)

    def test_the_kind_of_award_narrows_the_choice(self, assistant: Assistant) -> None:
        assert set(assistant.ask("区长质量奖的名额").choices) == {"tianning", "hongqi"}

    def test_a_follow_up_keeps_the_question_and_changes_the_region(
        self, assistant: Assistant
    ) -> None:
        first = assistant.ask("赣州拟奖名单要公示多少天")
        assert cited(assistant, "那红旗呢？", first.context) == ["hongqi 18"]

    def test_a_follow_up_keeps_the_region(self, assistant: Assistant) -> None:
        first = assistant.ask("无锡多久评一次")
        assert cited(assistant, "名额有几个", first.context) == ["wuxi 3"]

    def test_a_facet_alone_asks_the_last_question_of_it(self, assistant: Assistant) -> None:
        first = assistant.ask("无锡奖金多少")
        assert cited(assistant, "提名奖呢", first.context) == ["wuxi 12"]

    def test_a_new_topic_in_one_word_is_a_new_question(self, assistant: Assistant) -> None:
        first = assistant.ask("赣州的公示期")
        assert cited(assistant, "奖金呢", first.context) == ["ganzhou 8"]

    def test_another_citys_award_is_not_answered_from_a_twin(self, assistant: Assistant) -> None:
        for question in ("深圳市市长质量奖奖金", "海曙区区长质量奖几年评一次", "中国质量奖条件"):
            answer = assistant.ask(question)
            assert answer.status is Status.NOT_COVERED
            assert answer.citations == ()


class TestWords:
    def test_the_first_line_answers(self, assistant: Assistant) -> None:
        first, quoted, source = assistant.ask("红旗区奖励多少钱").text.splitlines()[:3]
        assert "5万元" in first
        assert quoted.startswith("> ")
        assert source == "《红旗区区长质量奖管理办法》第十九条"

    def test_an_english_question_gets_an_english_frame_and_chinese_quotes(
        self, assistant: Assistant
    ) -> None:
        answer = assistant.ask("How long is the public notice in Wuxi?")
        assert answer.text.startswith("Wuxi City: public notice of 7 days")
        assert "公示期为7日" in answer.text

    def test_a_false_premise_is_corrected(self, assistant: Assistant) -> None:
        assert assistant.ask("天宁奖金是80万元吧？").text.startswith("不是80万元。")

    def test_a_ranking_is_in_order(self, assistant: Assistant) -> None:
        answer = assistant.ask("哪个城市的奖金最高")
        regions = [c.region for c in answer.citations]
        assert regions == ["wuxi", "ganzhou", "beilun", "tianning", "hongqi"]
        assert "100万元" in answer.text.splitlines()[0]

    def test_silence_is_said_and_nothing_is_stretched(self, assistant: Assistant) -> None:
        answer = assistant.ask("无锡的获奖称号能印在包装上吗")
        assert answer.status is Status.NOT_COVERED
        assert answer.citations == ()
        assert {c.region for c in answer.related} == {"tianning", "ganzhou", "hongqi", "beilun"}

    def test_two_questions_are_answered_one_by_one(self, assistant: Assistant) -> None:
        answer = assistant.ask("无锡报名要交钱吗？公示期有几天？")
        assert [c.article for c in answer.citations] == [6, 11]

    def test_every_quote_is_verbatim(self, assistant: Assistant) -> None:
        for question in ("天宁的申报条件", "赣州评审流程有哪些步骤", "北仑领导小组的职责"):
            for citation in assistant.ask(question).citations:
                article = assistant.corpus[citation.region].article(citation.article)
                assert article is not None
                assert squeeze(citation.quote) in squeeze(article.text)


class TestLegalStatus:
    def test_a_draft_is_called_a_draft(self, assistant: Assistant) -> None:
        assert "征求意见稿" in assistant.ask("北仑奖金多少").notices[0]

    @pytest.mark.parametrize(
        ("today", "told"),
        [
            (date(2026, 6, 30), None),
            (date(2028, 9, 3), "2028年9月3日为止"),
            (date(2028, 9, 4), "已于2028年9月3日届满"),
            (date(2023, 9, 3), "自2023年9月4日起才施行"),
        ],
    )
    def test_the_dates_are_judged_against_today(
        self, assistant: Assistant, monkeypatch: pytest.MonkeyPatch, today: date, told: str | None
    ) -> None:
        monkeypatch.setattr(assistant, "_today", lambda: today)
        notices = assistant.ask("天宁奖金多少").notices
        assert (told in notices[0]) if told else notices == ()


class TestBadInput:
    @pytest.mark.parametrize(
        "text",
        [
            "",
            "   ",
            "\x00\x07\n",
            "。？！",
            "😀😀",
            "'; DROP TABLE outbox;--",
            "<b>&lt;</i>",
            "奖" * 10_000,
        ],
    )
    def test_it_gets_a_short_answer_and_no_error(self, assistant: Assistant, text: str) -> None:
        answer = assistant.ask(text)
        assert answer.text
        assert len(answer.text) < 4000
