"""Who can be written to: subscriptions, blocked chats, and the chats behind cases."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from store.models import (
    Binding,
    BlockedChat,
    Case,
    CaseDocument,
    Organisation,
    StaffMember,
    StoredPrecheck,
    Subscription,
)


@dataclass(frozen=True)
class Recipient:
    """A chat, and the case because of which it is written to, if that is why."""

    channel: str
    chat: str
    organisation: str | None = None
    stage: str | None = None
    region: str | None = None
    due: str | None = None

    @property
    def address(self) -> tuple[str, str]:
        return self.channel, self.chat


async def subscribe(session: AsyncSession, channel: str, chat: str, region: str) -> None:
    """Begins a subscription."""
    await session.merge(
        Subscription(channel=channel, chat=chat, region=region, since=datetime.now(UTC))
    )


async def unsubscribe(session: AsyncSession, channel: str, chat: str, region: str) -> bool:
    """Ends a subscription; says whether there was one."""
    done: Any = await session.execute(
        delete(Subscription).where(
            Subscription.channel == channel,
            Subscription.chat == chat,
            Subscription.region == region,
        )
    )
    return bool(done.rowcount)


async def subscriptions(session: AsyncSession, channel: str, chat: str) -> set[str]:
    """The regions to which a chat has subscribed."""
    chosen = select(Subscription.region).where(
        Subscription.channel == channel, Subscription.chat == chat
    )
    return set(await session.scalars(chosen))


async def block(session: AsyncSession, channel: str, chat: str) -> None:
    """Notes that a chat is out of reach."""
    await session.merge(BlockedChat(channel=channel, chat=chat, since=datetime.now(UTC)))


async def unblock(session: AsyncSession, channel: str, chat: str) -> None:
    """Notes that a chat can be reached again."""
    await session.execute(
        delete(BlockedChat).where(BlockedChat.channel == channel, BlockedChat.chat == chat)
    )


async def blocked(session: AsyncSession) -> set[tuple[str, str]]:
    """Every chat that is out of reach."""
    chosen = select(BlockedChat.channel, BlockedChat.chat)
    return {(channel, chat) for channel, chat in (await session.execute(chosen)).all()}


async def subscribers(session: AsyncSession, region: str | None) -> Sequence[Recipient]:
    """Who has subscribed to a region, or to any."""
    chosen = select(Subscription.channel, Subscription.chat, Subscription.region)
    if region:
        chosen = chosen.where(Subscription.region == region)
    return _each_once(
        Recipient(channel, chat, region=of)
        for channel, chat, of in (await session.execute(chosen)).all()
    )


async def staff_chats(session: AsyncSession) -> Sequence[Recipient]:
    """Everyone who is staff."""
    rows = await session.scalars(select(StaffMember))
    return [Recipient(row.channel, row.chat) for row in rows]


async def bound_chats(
    session: AsyncSession,
    region: str | None = None,
    year: int | None = None,
    stage: str | None = None,
    missing: bool = False,
    case: int | None = None,
) -> Sequence[Recipient]:
    """The chats bound to open cases of a kind that want to be told, each once."""
    chosen = (
        select(Binding.channel, Binding.chat, Organisation.name, Case.stage, Case.region, Case.id)
        .join(Case, Case.id == Binding.case_id)
        .join(Organisation, Organisation.id == Case.organisation_id)
        .where(Binding.wants, Case.outcome.is_(None))
        .order_by(Case.id)
    )
    for column, value in (
        (Case.region, region), (Case.year, year), (Case.stage, stage), (Case.id, case)
    ):  # fmt: skip
        if value is not None:
            chosen = chosen.where(column == value)
    owed = select(CaseDocument.case_id).where(CaseDocument.received_on.is_(None))
    if missing:
        chosen = chosen.where(Case.id.in_(owed))
    rows = (await session.execute(chosen)).all()
    dues = await _dues(session, [row[5] for row in rows])
    return _each_once(
        Recipient(channel, chat, name, at, of, dues.get(of_case))
        for channel, chat, name, at, of, of_case in rows
    )


async def _dues(session: AsyncSession, ids: Sequence[int]) -> dict[int, str]:
    """The nearest due day of what each case owes."""
    found: dict[int, str] = {}
    for at in range(0, len(ids), 500):
        chosen = select(CaseDocument.case_id, CaseDocument.due_on).where(
            CaseDocument.case_id.in_(ids[at : at + 500]),
            CaseDocument.received_on.is_(None),
            CaseDocument.due_on.is_not(None),
        )
        for case, due in (await session.execute(chosen.order_by(CaseDocument.due_on))).all():
            if due is not None:
                found.setdefault(case, due.isoformat())
    return found


async def eligible_chats(session: AsyncSession, region: str) -> Sequence[Recipient]:
    """The chats whose pre-check came out eligible for a region and that agreed to messages."""
    rows = await session.scalars(select(StoredPrecheck).where(StoredPrecheck.ruleset.is_not(None)))
    return [
        Recipient(row.channel, row.chat, region=region)
        for row in rows
        if row.state.get("notify") and row.state.get("verdicts", {}).get(region) == "eligible"
    ]


def _each_once(recipients: Any) -> list[Recipient]:
    found: dict[tuple[str, str], Recipient] = {}
    for recipient in recipients:
        found.setdefault(recipient.address, recipient)
    return list(found.values())
