"""What is kept of questions, and how staff see it."""

from store import questions
from store.database import Sessions
from store.questions import Verdict


async def test_the_most_frequent_question_comes_first(sessions: Sessions) -> None:
    async with sessions() as session:
        for text in ("要带公章吗？", "几点上班", "要带公章吗"):
            await questions.keep(session, text, ["wuxi"], "not_covered", [], {})
        found = await questions.tallies(session)
    assert [(tally.count, tally.not_covered) for tally in found] == [(2, 2), (1, 1)]
    assert found[0].question == "要带公章吗"


async def test_the_same_question_in_two_regions_is_two(sessions: Sessions) -> None:
    async with sessions() as session:
        await questions.keep(session, "几点上班", ["wuxi"], "not_covered", [], {})
        await questions.keep(session, "几点上班", ["beilun"], "not_covered", [], {})
        assert len(await questions.tallies(session)) == 2


async def test_a_second_tap_replaces_the_first(sessions: Sessions) -> None:
    async with sessions() as session:
        kept = await questions.keep(session, "奖金多少", [], "answered", [], {}, Verdict.GOOD)
        assert await questions.rate(session, kept, Verdict.BAD)
        (tally,) = await questions.tallies(session)
    assert (tally.good, tally.bad) == (0, 1)


async def test_numbers_that_may_identify_someone_are_masked(sessions: Sessions) -> None:
    asked = "我的手机13912345678，信用代码91320200MA1ABCDE23，邮箱a.b@example.com"
    async with sessions() as session:
        await questions.keep(session, asked, [], "not_covered", [], {"read_as": asked})
        (tally,) = await questions.tallies(session)
    assert tally.question == "我的手机***，信用代码***，邮箱***"
    assert tally.trace == {"read_as": tally.question}
