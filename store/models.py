"""The tables. Times are UTC; what a person wrote is kept only until it has been answered."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    JSON,
    DateTime,
    Dialect,
    Index,
    Integer,
    String,
    Text,
    TypeDecorator,
    UniqueConstraint,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC time on databases that keep no zone."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        return value.astimezone(UTC).replace(tzinfo=None) if value else None

    def process_result_value(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        return value.replace(tzinfo=UTC) if value else None


class Base(DeclarativeBase):
    type_annotation_map = {datetime: UtcDateTime, dict[str, Any]: JSON, list[dict[str, Any]]: JSON}  # noqa: RUF012


class Delivery(StrEnum):
    """How far an outgoing message has come."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    BLOCKED = "blocked"
    FAILED = "failed"


class Received(Base):
    """The inbox: something that a channel received, under the channel's own id."""

    __tablename__ = "inbox"
    __table_args__ = (
        UniqueConstraint("channel", "external_id", name="uq_inbox_channel_external_id"),
        Index("ix_inbox_done_at_id", "done_at", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    channel: Mapped[str] = mapped_column(String(16))
    external_id: Mapped[str] = mapped_column(String(64))
    chat: Mapped[str] = mapped_column(String(64))
    payload: Mapped[dict[str, Any] | None]
    received_at: Mapped[datetime]
    done_at: Mapped[datetime | None]
    failure: Mapped[str | None] = mapped_column(Text)


class Outgoing(Base):
    """The outbox: one message to one chat."""

    __tablename__ = "outbox"
    __table_args__ = (
        Index("ix_outbox_channel_state_priority_id", "channel", "state", "priority", "id"),
        Index("ix_outbox_channel_chat_id", "channel", "chat", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    channel: Mapped[str] = mapped_column(String(16))
    chat: Mapped[str] = mapped_column(String(64))
    kind: Mapped[str] = mapped_column(String(16))
    payload: Mapped[dict[str, Any] | None]
    priority: Mapped[int] = mapped_column(Integer)
    state: Mapped[str] = mapped_column(String(8), default=Delivery.QUEUED.value)
    attempts: Mapped[int] = mapped_column(default=0)
    not_before: Mapped[datetime | None]
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    message_id: Mapped[str | None] = mapped_column(String(64))
    error: Mapped[str | None] = mapped_column(Text)


class Remembered(Base):
    """What the bot remembers of a conversation."""

    __tablename__ = "conversations"

    channel: Mapped[str] = mapped_column(String(16), primary_key=True)
    chat: Mapped[str] = mapped_column(String(64), primary_key=True)
    state: Mapped[dict[str, Any]]
    updated_at: Mapped[datetime]


class KeptQuestion(Base):
    """A question that was not covered or that someone rated; nothing of who asked."""

    __tablename__ = "questions"

    id: Mapped[int] = mapped_column(primary_key=True)
    asked_at: Mapped[datetime] = mapped_column(index=True)
    question: Mapped[str] = mapped_column(Text)
    regions: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(String(16))
    citations: Mapped[list[dict[str, Any]]]
    trace: Mapped[dict[str, Any]]
    verdict: Mapped[str | None] = mapped_column(String(8))


class StoredPrecheck(Base):
    """A chat's pre-check: regions, answers, and where it stands; `ruleset` once it is finished."""

    __tablename__ = "prechecks"

    channel: Mapped[str] = mapped_column(String(16), primary_key=True)
    chat: Mapped[str] = mapped_column(String(64), primary_key=True)
    state: Mapped[dict[str, Any]]
    ruleset: Mapped[str | None] = mapped_column(String(16), index=True)
    updated_at: Mapped[datetime]
