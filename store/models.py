"""The tables. Times are UTC; what a person wrote is kept only until it has been answered."""

from __future__ import annotations

from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    JSON,
    DateTime,
    Dialect,
    ForeignKey,
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
    HELD = "held"
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"


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
    """The outbox: one message to one chat.

    `origin` is the broadcast (`b:7`) or the reminder (`r:7:3`) that it belongs to: each goes to a
    chat once at most. `topic` is the subscription that it is sent for; who ends that gets it not.
    """

    __tablename__ = "outbox"
    __table_args__ = (
        UniqueConstraint("origin", "channel", "chat", name="uq_outbox_origin_channel_chat"),
        Index("ix_outbox_origin_state", "origin", "state"),
        Index("ix_outbox_channel_state_priority_id", "channel", "state", "priority", "id"),
        Index("ix_outbox_channel_chat_id", "channel", "chat", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    channel: Mapped[str] = mapped_column(String(16))
    chat: Mapped[str] = mapped_column(String(64))
    kind: Mapped[str] = mapped_column(String(16))
    origin: Mapped[str | None] = mapped_column(String(32))
    topic: Mapped[str | None] = mapped_column(String(40))
    payload: Mapped[dict[str, Any] | None]
    priority: Mapped[int] = mapped_column(Integer)
    state: Mapped[str] = mapped_column(String(10), default=Delivery.QUEUED.value)
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


class Organisation(Base):
    """An applicant, known by its credit code (GB 32100)."""

    __tablename__ = "organisations"

    id: Mapped[int] = mapped_column(primary_key=True)
    credit_code: Mapped[str] = mapped_column(String(18), unique=True)
    name: Mapped[str] = mapped_column(String(200))


class Case(Base):
    """One organisation's application in one region and year."""

    __tablename__ = "cases"
    __table_args__ = (
        UniqueConstraint("organisation_id", "region", "year", name="uq_cases_application"),
        Index("ix_cases_region_year_stage", "region", "year", "stage"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(40), unique=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisations.id"), index=True)
    region: Mapped[str] = mapped_column(String(24))
    year: Mapped[int]
    award: Mapped[str | None] = mapped_column(String(12))
    sector: Mapped[str | None] = mapped_column(String(16))
    stage: Mapped[str] = mapped_column(String(32))
    stage_on: Mapped[date]
    outcome: Mapped[str | None] = mapped_column(String(12))
    opened_on: Mapped[date]


class CaseEvent(Base):
    """Something that happened to a case; rows are added and never changed."""

    __tablename__ = "case_events"

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), index=True)
    at: Mapped[datetime]
    kind: Mapped[str] = mapped_column(String(16))
    stage: Mapped[str] = mapped_column(String(32))
    on: Mapped[date]
    actor: Mapped[str] = mapped_column(String(64))
    note: Mapped[str | None] = mapped_column(Text)


class CaseDocument(Base):
    """A document that an applicant owes, or has handed in."""

    __tablename__ = "case_documents"
    __table_args__ = (UniqueConstraint("case_id", "name", name="uq_case_documents_name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), index=True)
    name: Mapped[str] = mapped_column(String(120))
    required_on: Mapped[date]
    due_on: Mapped[date | None] = mapped_column(index=True)
    received_on: Mapped[date | None]
    reminded_for: Mapped[date | None]


class CaseScore(Base):
    """What a part of the review gave a case."""

    __tablename__ = "case_scores"

    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), primary_key=True)
    part: Mapped[str] = mapped_column(String(16), primary_key=True)
    value: Mapped[float]


class Binding(Base):
    """A chat that may see a case; `wants` is whether it is told of changes."""

    __tablename__ = "case_bindings"
    __table_args__ = (Index("ix_case_bindings_chat", "channel", "chat"),)

    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), primary_key=True)
    channel: Mapped[str] = mapped_column(String(16), primary_key=True)
    chat: Mapped[str] = mapped_column(String(64), primary_key=True)
    wants: Mapped[bool] = mapped_column(default=True)
    bound_at: Mapped[datetime]


class BindingCode(Base):
    """A one-time code that binds a chat to a case: only its hash is kept."""

    __tablename__ = "binding_codes"

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), index=True)
    salt: Mapped[str] = mapped_column(String(32))
    digest: Mapped[str] = mapped_column(String(64))
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class Attempts(Base):
    """Wrong tries to bind, of one chat or at one case number, and the pause that they led to."""

    __tablename__ = "binding_attempts"

    subject: Mapped[str] = mapped_column(String(100), primary_key=True)
    count: Mapped[int]
    last_at: Mapped[datetime]
    paused_until: Mapped[datetime | None]


class CaseRead(Base):
    """That a chat was shown a case."""

    __tablename__ = "case_reads"

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), index=True)
    channel: Mapped[str] = mapped_column(String(16))
    chat: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime]


class CalendarDay(Base):
    """A day of which staff say whether it is worked, before the holidays are announced."""

    __tablename__ = "calendar_days"

    day: Mapped[date] = mapped_column(primary_key=True)
    worked: Mapped[bool]


class StaffMember(Base):
    """A chat of a member of staff, with its role."""

    __tablename__ = "staff"

    channel: Mapped[str] = mapped_column(String(16), primary_key=True)
    chat: Mapped[str] = mapped_column(String(64), primary_key=True)
    role: Mapped[str] = mapped_column(String(16))


class Hold(Base):
    """Until when a channel asked everyone to wait."""

    __tablename__ = "channel_holds"

    channel: Mapped[str] = mapped_column(String(16), primary_key=True)
    until: Mapped[datetime]


class BlockedChat(Base):
    """A chat that is out of reach, since when."""

    __tablename__ = "blocked_chats"

    channel: Mapped[str] = mapped_column(String(16), primary_key=True)
    chat: Mapped[str] = mapped_column(String(64), primary_key=True)
    since: Mapped[datetime]


class Subscription(Base):
    """A chat that wants the notices of a region."""

    __tablename__ = "subscriptions"

    channel: Mapped[str] = mapped_column(String(16), primary_key=True)
    chat: Mapped[str] = mapped_column(String(64), primary_key=True)
    region: Mapped[str] = mapped_column(String(24), primary_key=True)
    since: Mapped[datetime]


class Deadline(Base):
    """A day that the office has set: for a region and year, or for one case."""

    __tablename__ = "deadlines"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    region: Mapped[str] = mapped_column(String(24), index=True)
    year: Mapped[int]
    case_id: Mapped[int | None] = mapped_column(ForeignKey("cases.id"))
    on: Mapped[date]
    cancelled: Mapped[bool] = mapped_column(default=False)
    actor: Mapped[str] = mapped_column(String(80))


class ReminderRun(Base):
    """That a deadline's reminder of so many days before has been looked after."""

    __tablename__ = "reminder_runs"

    deadline_id: Mapped[int] = mapped_column(ForeignKey("deadlines.id"), primary_key=True)
    offset: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]


class Broadcast(Base):
    """A message to many, and how far it has come."""

    __tablename__ = "broadcasts"

    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str] = mapped_column(Text)
    audience: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(String(10), index=True)
    created_by: Mapped[str] = mapped_column(String(80))
    approved_by: Mapped[str | None] = mapped_column(String(80))
    created_at: Mapped[datetime]
    send_at: Mapped[datetime | None]
    progress: Mapped[dict[str, Any] | None]


class BroadcastEvent(Base):
    """Who wrote, approved, paused, resumed, cancelled or corrected a broadcast."""

    __tablename__ = "broadcast_events"

    id: Mapped[int] = mapped_column(primary_key=True)
    broadcast_id: Mapped[int] = mapped_column(ForeignKey("broadcasts.id"), index=True)
    at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(String(80))
    what: Mapped[str] = mapped_column(String(16))
    note: Mapped[str | None] = mapped_column(Text)


class Template(Base):
    """A text for broadcasts; a change is a new version."""

    __tablename__ = "templates"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str] = mapped_column(Text)
    actor: Mapped[str] = mapped_column(String(80))
    at: Mapped[datetime]
