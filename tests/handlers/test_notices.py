"""Deadlines, reminders and broadcasts: the right people, once, and nobody who opted out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

import pytest

from bot.pushing import push
from handlers.broadcasting import Audience, Broadcasting
from handlers.casework import CaseError
from handlers.dialogue import Chat, Reply
from handlers.notices import Notices
from handlers.precheck import PrecheckChat
from knowledge.assistant import Assistant
from knowledge.prechecking import Precheck
from knowledge.rules import load_rules
from store import audiences, notices, outbox, prechecks, staff
from store.database import Sessions
from store.models import Binding, Delivery
from tests.handlers.talk import TODAY, ZONE, Talk, casework, dialogue
from tests.handlers.test_cases import fields

WORK = casework()


class Clock:
    """A clock that stands where it is put."""

    def __init__(self) -> None:
        self.at = datetime(2026, 6, 30, 10, tzinfo=ZONE)

    def __call__(self) -> datetime:
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock()


async def sent_by(work: Notices, sessions: Sessions) -> list[Reply]:
    """One tick, into the outbox."""
    async with sessions.begin() as session:
        replies = await work.remind(session)
        await push(session, replies)
    return replies


async def subscribed(sessions: Sessions, *chats: str, region: str = "wuxi") -> None:
    async with sessions.begin() as session:
        for chat in chats:
            await audiences.subscribe(session, "test", chat, region)


async def deadline(sessions: Sessions, work: Notices, on: date, kind: str = "window_closes") -> int:
    async with sessions.begin() as session:
        row = await work.set(session, "无锡", "2026", kind, on.isoformat(), "test")
        return row.id


class TestReminders:
    async def test_seven_three_and_one_day_before_once_each(
        self, sessions: Sessions, clock: Clock
    ) -> None:
        work = Notices(WORK, clock)
        await subscribed(sessions, "a", "b")
        await subscribed(sessions, "elsewhere", region="beilun")
        await deadline(sessions, work, date(2026, 7, 20))
        told = []
        start = clock.at
        for hours in range(0, 24 * 22, 3):
            clock.at = start + timedelta(hours=hours)
            told += [(clock.at.date(), r.to.id) for r in await sent_by(work, sessions) if r.to]
        days = (date(2026, 7, 13), date(2026, 7, 17), date(2026, 7, 19))
        assert told == [(day, chat) for day in days for chat in ("a", "b")]

    async def test_after_an_outage_only_the_nearest_is_sent_late_and_says_so(
        self, sessions: Sessions, clock: Clock
    ) -> None:
        work = Notices(WORK, clock)
        await subscribed(sessions, "a")
        await deadline(sessions, work, date(2026, 7, 20))
        clock.at = datetime(2026, 7, 18, 15, tzinfo=ZONE)
        (late,) = await sent_by(work, sessions)
        assert "迟发" in late.text
        assert "还有2天" in late.text
        assert not await sent_by(work, sessions)

    async def test_a_moved_deadline_takes_its_reminders_along_twice(
        self, sessions: Sessions, clock: Clock
    ) -> None:
        work = Notices(WORK, clock)
        await subscribed(sessions, "a")
        number = await deadline(sessions, work, date(2026, 7, 7))
        assert len(await sent_by(work, sessions)) == 1
        for day in (date(2026, 7, 20), date(2026, 8, 3)):
            assert await deadline(sessions, work, day) == number
            async with sessions() as session:
                assert not await outbox.of_origin(session, f"r:{number}:7")
        assert not await sent_by(work, sessions)
        clock.at = datetime(2026, 7, 27, 9, tzinfo=ZONE)
        assert len(await sent_by(work, sessions)) == 1

    async def test_what_has_been_sent_is_never_sent_again(
        self, sessions: Sessions, clock: Clock
    ) -> None:
        work = Notices(WORK, clock)
        await subscribed(sessions, "a")
        number = await deadline(sessions, work, date(2026, 7, 7))
        await sent_by(work, sessions)
        async with sessions.begin() as session:
            (row,) = await outbox.of_origin(session, f"r:{number}:7")
            await outbox.mark(session, row.id, Delivery.SENT)
        await deadline(sessions, work, date(2026, 7, 20))
        clock.at = datetime(2026, 7, 13, 9, tzinfo=ZONE)
        assert not await sent_by(work, sessions)

    async def test_a_cancelled_deadline_reminds_nobody(
        self, sessions: Sessions, clock: Clock
    ) -> None:
        work = Notices(WORK, clock)
        await subscribed(sessions, "a")
        number = await deadline(sessions, work, date(2026, 7, 7))
        await sent_by(work, sessions)
        async with sessions.begin() as session:
            assert await notices.cancel_deadline(session, number)
        async with sessions() as session:
            assert not await outbox.of_origin(session, f"r:{number}:7")
        assert not await sent_by(work, sessions)

    async def test_the_right_people(self, sessions: Sessions, clock: Clock) -> None:
        work = Notices(WORK, clock)
        async with sessions.begin() as session:
            case = await WORK.open_case(session, fields("wuxi"), "test")
            session.add(
                Binding(
                    case_id=case.id, channel="test", chat="applicant", wants=True, bound_at=clock()
                )
            )
            for chat, verdict in (("fit", "eligible"), ("unfit", "ineligible")):
                state = {"notify": True, "verdicts": {"wuxi": verdict}}
                await prechecks.save(session, "test", chat, state, "v")
            await audiences.block(session, "test", "gone")
        await subscribed(sessions, "a", "gone")
        await deadline(sessions, work, date(2026, 7, 7), "window_closes")
        assert {r.to.id for r in await sent_by(work, sessions) if r.to} == {"a", "fit"}
        await deadline(sessions, work, date(2026, 7, 7), "documents_due")
        assert {r.to.id for r in await sent_by(work, sessions) if r.to} == {"a"}
        async with sessions.begin() as session:
            case = await WORK.find(session, "N-1")
            await WORK.require(session, case, "自评报告", None, "test")
        await deadline(sessions, work, date(2026, 7, 8), "documents_due")
        clock.at = datetime(2026, 7, 7, 9, tzinfo=ZONE)
        told = {r.to.id for r in await sent_by(work, sessions) if r.to and "材料" in r.text}
        assert told == {"a", "applicant"}


class TestConsent:
    async def test_who_unsubscribes_gets_not_even_what_was_queued(
        self, assistant: Assistant, sessions: Sessions, clock: Clock
    ) -> None:
        talk = Talk(bot(assistant, clock), sessions, "a")
        work = Notices(WORK, clock)
        await talk.say("/subscribe")
        await talk.tap("无锡")
        number = await deadline(sessions, work, date(2026, 7, 7))
        (reminder,) = await sent_by(work, sessions)
        assert reminder.buttons[0][0].data == "u:off:wuxi"
        await talk.press("u:off:wuxi")
        async with sessions() as session:
            (row,) = await outbox.of_origin(session, f"r:{number}:7")
            assert row.state == Delivery.CANCELLED
            assert not await audiences.subscriptions(session, "test", "a")

    async def test_the_tap_works_for_who_only_agreed_in_a_precheck(
        self, assistant: Assistant, sessions: Sessions, clock: Clock
    ) -> None:
        work = Notices(WORK, clock)
        async with sessions.begin() as session:
            state = {"notify": True, "verdicts": {"wuxi": "eligible"}}
            await prechecks.save(session, "test", "a", state, "v")
        await deadline(sessions, work, date(2026, 7, 7))
        assert len(await sent_by(work, sessions)) == 1
        await Talk(bot(assistant, clock), sessions, "a").press("u:off:wuxi")
        clock.at = datetime(2026, 7, 4, 9, tzinfo=ZONE)
        assert not await sent_by(work, sessions)

    async def test_this_years_days_come_from_the_office(
        self, assistant: Assistant, sessions: Sessions, clock: Clock
    ) -> None:
        talk = Talk(bot(assistant, clock), sessions, "a")
        assert "办公室的通知" not in await talk.say("无锡今年什么时候截止报名")
        await deadline(sessions, Notices(WORK, clock), date(2026, 7, 20))
        said = await talk.say("无锡今年什么时候截止报名")
        assert "办公室的通知（不是办法的规定）" in said
        assert "2026年7月20日" in said


def bot(assistant: Assistant, clock: Clock):  # type: ignore[no-untyped-def]
    precheck = Precheck(assistant.corpus, load_rules(assistant.corpus))

    async def no_aside(*_args: object) -> None:
        return None

    chat = PrecheckChat(precheck, lambda: TODAY, None, no_aside)  # type: ignore[arg-type]
    return dialogue(assistant, chat, WORK, clock)


class TestBroadcasts:
    @pytest.fixture
    def work(self, clock: Clock) -> Broadcasting:
        return Broadcasting(WORK, clock, approval_above=2)

    async def bound(self, sessions: Sessions, *chats: str) -> None:
        async with sessions.begin() as session:
            case = await WORK.open_case(session, fields("wuxi"), "test")
            for chat in chats:
                session.add(
                    Binding(
                        case_id=case.id, channel="test", chat=chat, wants=True, bound_at=TODAY_AT
                    )
                )
            await WORK.require(session, case, "自评报告", TODAY + timedelta(days=2), "test")

    async def test_placeholders_are_filled_for_each(
        self, work: Broadcasting, sessions: Sessions
    ) -> None:
        await self.bound(sessions, "a")
        async with sessions.begin() as session:
            text = "{organisation}（{region}，{stage}）请在{deadline}前补交。"
            row = await work.write(session, text, Audience(kind="cases", missing=True), "me")
            count, sample = await work.preview(session, row)
        assert count == 1
        assert sample == "某某公司（无锡市，申报推荐）请在2026-07-02前补交。"

    @pytest.mark.parametrize(
        ("text", "kind", "complaint"),
        [
            ("{salary}", "cases", "占位符"),
            ("{organisation}", "subscribers", "占位符"),
            ("{0}", "cases", "占位符"),
            ("{organisation.__class__}", "cases", "占位符"),
            ("{oops", "cases", "花括号"),
            ("", "cases", "空的"),
            ("长" * 5000, "cases", "5000"),
        ],
    )
    async def test_a_text_that_cannot_be_sent_is_refused(
        self, text: str, kind: str, complaint: str, work: Broadcasting, sessions: Sessions
    ) -> None:
        async with sessions() as session:
            with pytest.raises(CaseError, match=complaint):
                await work.write(session, text, Audience.model_validate({"kind": kind}), "me")

    async def test_nobody_and_the_past_are_refused(
        self, work: Broadcasting, sessions: Sessions, clock: Clock
    ) -> None:
        async with sessions() as session:
            with pytest.raises(CaseError, match="已经过了"):
                past = clock() - timedelta(hours=1)
                await work.write(session, "x", Audience(kind="staff"), "me", past)
            row = await work.write(session, "x", Audience(kind="staff"), "me")
            with pytest.raises(CaseError, match="没有符合条件"):
                await work.confirm(session, row, "me")
            assert not await outbox.of_origin(session, f"b:{row.id}")

    async def test_two_confirmations_send_once(
        self, work: Broadcasting, sessions: Sessions
    ) -> None:
        await self.bound(sessions, "a", "b")
        async with sessions.begin() as session:
            row = await work.write(session, "好", Audience(kind="cases"), "me")
            _, messages = await work.confirm(session, row, "me")
            await push(session, messages)
            number = row.id
        async with sessions.begin() as session:
            again = await notices.get(session, number)
            assert again
            with pytest.raises(CaseError, match="已经确认过"):
                await work.confirm(session, again, "other")
            assert len(await outbox.of_origin(session, f"b:{number}")) == 2

    async def test_above_a_size_a_second_member_approves(
        self, work: Broadcasting, sessions: Sessions
    ) -> None:
        await self.bound(sessions, "a", "b", "c")
        async with sessions.begin() as session:
            for chat in ("me", "colleague"):
                await staff.add(session, "test", chat, staff.Role.EDITOR)
            row = await work.write(session, "好", Audience(kind="cases"), "test me")
            told, asked = await work.confirm(session, row, "test me")
            assert "另一位" in told
            assert [r.to.id for r in asked if r.to] == ["colleague"]
            assert row.state == "waiting"
            _, messages = await work.confirm(session, row, "test colleague")
            assert len(messages) == 3
            assert [e.what for e in await notices.audit(session, row)] == [
                "wrote",
                "submitted",
                "confirmed",
            ]

    async def test_pause_resume_cancel_and_correct(
        self, work: Broadcasting, sessions: Sessions
    ) -> None:
        await self.bound(sessions, "a", "b")
        async with sessions.begin() as session:
            row = await work.write(session, "明天", Audience(kind="cases"), "me")
            _, messages = await work.confirm(session, row, "me")
            await push(session, messages)
            assert await work.pause(session, row, "me") == 2
            assert not await outbox.due(session, "test", (), 10)
            assert await work.resume(session, row, "me") == 2
            first, _ = await outbox.of_origin(session, f"b:{row.id}")
            await outbox.mark(session, first.id, Delivery.SENT, message_id="7")
        async with sessions.begin() as session:
            again = await notices.get(session, row.id)
            assert again
            (edit,) = await work.correct(session, again, "后天", "me")
            assert (edit.edit_of, edit.text) == ("7", "后天")
        async with sessions.begin() as session:
            waiting = await outbox.of_origin(session, f"b:{row.id}", [Delivery.QUEUED])
            assert [w.payload["text"] for w in waiting if w.payload] == ["后天"]
            again = await notices.get(session, row.id)
            assert again
            assert await work.cancel(session, again, "me") == 1
            assert await outbox.counts(session, f"b:{row.id}") == {"sent": 1, "cancelled": 1}

    async def test_quiet_hours_and_a_set_time_hold_it_back(
        self, sessions: Sessions, clock: Clock
    ) -> None:
        work = Broadcasting(WORK, clock, quiet=(22, 8))
        await self.bound(sessions, "a")
        clock.at = datetime(2026, 6, 30, 23, tzinfo=ZONE)
        async with sessions.begin() as session:
            row = await work.write(session, "好", Audience(kind="cases"), "me")
            _, messages = await work.confirm(session, row, "me")
            await push(session, messages)
        for hour, state in ((7, Delivery.HELD), (8, Delivery.QUEUED)):
            clock.at = datetime(2026, 7, 1, hour, tzinfo=ZONE)
            async with sessions.begin() as session:
                await work.look_after(session)
                (message,) = await outbox.of_origin(session, f"b:{row.id}")
                assert message.state == state

    async def test_a_paused_broadcast_still_waits_for_its_time(
        self, work: Broadcasting, sessions: Sessions, clock: Clock
    ) -> None:
        await self.bound(sessions, "a")
        async with sessions.begin() as session:
            later = clock() + timedelta(hours=2)
            row = await work.write(session, "好", Audience(kind="cases"), "me", later)
            _, messages = await work.confirm(session, row, "me")
            await push(session, messages)
            await work.pause(session, row, "me")
            assert await work.resume(session, row, "me") == 0
            await work.look_after(session)
            assert await outbox.counts(session, f"b:{row.id}") == {"held": 1}
            clock.at = later
            await work.look_after(session)
            assert await outbox.counts(session, f"b:{row.id}") == {"queued": 1}

    async def test_from_a_chat_with_preview_test_and_confirmation(
        self, assistant: Assistant, sessions: Sessions, clock: Clock
    ) -> None:
        await self.bound(sessions, "a", "b")
        office = Talk(bot(assistant, clock), sessions, "office", staff=True)
        assert "写法" in await office.say("/broadcast")
        assert "占位符" in await office.say("/broadcast 无锡 缺材料\n{nonsense}")
        shown = await office.say("/broadcast 无锡 缺材料\n{organisation}请补交")
        assert "2个收件人" in shown
        assert "某某公司请补交" in shown
        preview = office.replies
        await office.tap("先发给我")
        assert [r.to.id for r in office.pushed if r.to] == ["office"]
        office.replies = preview
        await office.tap("确认发送")
        assert {r.to.id for r in office.pushed if r.to} == {"a", "b", "office"}
        office.replies = preview
        assert "已经确认过" in await office.tap("确认发送")
        stranger = Talk(bot(assistant, clock), sessions, "x")
        await stranger.press("b:go:1")
        assert not pushes(stranger.pushed)


class TestProgress:
    async def test_one_message_is_edited_as_it_goes(self, sessions: Sessions, clock: Clock) -> None:
        work = Broadcasting(WORK, clock)
        await subscribed(sessions, "a", "b")
        async with sessions.begin() as session:
            row = await work.write(session, "好", Audience(kind="subscribers"), "test office")
            _, messages = await work.confirm(session, row, "test office")
            shown = Reply("…", to=Chat("test", "office"), origin=f"p:{row.id}")
            await push(session, [shown, *messages])
        async with sessions.begin() as session:
            (told,) = await outbox.of_origin(session, f"p:{row.id}")
            await outbox.mark(session, told.id, Delivery.SENT, message_id="5")
            first, _ = await outbox.of_origin(session, f"b:{row.id}")
            await outbox.mark(session, first.id, Delivery.SENT)
        async with sessions.begin() as session:
            (edit,) = await work.look_after(session)
            assert (edit.edit_of, "1/2" in edit.text) == ("5", True)
            assert not await work.look_after(session)
            await outbox.change(session, f"b:{row.id}", [Delivery.QUEUED], Delivery.BLOCKED)
            (last,) = await work.look_after(session)
            assert "已完成" in last.text
            assert "1个不可达" in last.text


def pushes(replies: Sequence[Reply]) -> list[Reply]:
    return [reply for reply in replies if reply.origin]


TODAY_AT = datetime(2026, 6, 30, 10, tzinfo=ZONE)
