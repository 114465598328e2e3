"""Who may see a case: one-time codes, bound chats, wrong tries, and every look that was taken."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from store.models import Attempts, Binding, BindingCode, Case, CaseRead, Organisation

CODE_LENGTH = 10
CODE_DAYS = 14
FREE_TRIES = 3
LONGEST_PAUSE = timedelta(hours=24)
_ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
_COST = {"n": 2**12, "r": 8, "p": 1, "dklen": 32}


async def issue_code(session: AsyncSession, case: Case) -> tuple[str, datetime]:
    """A new code for a case, shown this once, and until when it holds; older ones end."""
    code = "".join(secrets.choice(_ALPHABET) for _ in range(CODE_LENGTH))
    salt, expires = secrets.token_hex(16), datetime.now(UTC) + timedelta(days=CODE_DAYS)
    await session.execute(
        update(BindingCode)
        .where(BindingCode.case_id == case.id, BindingCode.used_at.is_(None))
        .values(used_at=datetime.now(UTC))
    )
    session.add(
        BindingCode(case_id=case.id, salt=salt, digest=_digest(code, salt), expires_at=expires)
    )
    return code, expires


async def bind(
    session: AsyncSession, channel: str, chat: str, number: str, credit_code: str, code: str
) -> Case | None:
    """Binds a chat to a case where number, credit code and one-time code are right.

    Whatever is wrong, the same work is done, so that the time tells nothing.
    """
    now = datetime.now(UTC)
    found = (
        await session.execute(
            select(Case, Organisation.credit_code, BindingCode)
            .join(Organisation, Organisation.id == Case.organisation_id)
            .outerjoin(
                BindingCode, (BindingCode.case_id == Case.id) & (BindingCode.used_at.is_(None))
            )
            .where(Case.number == number)
            .order_by(BindingCode.id.desc())
            .limit(1)
        )
    ).first()
    case: Case | None = found[0] if found else None
    owner: str = found[1] if found else ""
    issued: BindingCode | None = found[2] if found else None
    salt = issued.salt if issued else "0" * 32
    right = hmac.compare_digest(_digest(code.upper(), salt), issued.digest if issued else "0" * 64)
    same = hmac.compare_digest(owner.encode(), credit_code.encode())
    if case is None or issued is None or not right or not same or issued.expires_at < now:
        return None
    issued.used_at = now
    await session.merge(
        Binding(case_id=case.id, channel=channel, chat=chat, wants=True, bound_at=now)
    )
    return case


def _digest(code: str, salt: str) -> str:
    return hashlib.scrypt(code.encode(), salt=salt.encode(), **_COST).hex()


async def paused(session: AsyncSession, subjects: Sequence[str]) -> timedelta | None:
    """How long one of the subjects (a chat, a case number) still has to wait."""
    now = datetime.now(UTC)
    chosen = select(Attempts).where(Attempts.subject.in_(subjects))
    waits = [
        row.paused_until - now
        for row in await session.scalars(chosen)
        if row.paused_until and row.paused_until > now
    ]
    return max(waits, default=None)


async def count_wrong(session: AsyncSession, subjects: Sequence[str]) -> None:
    """Counts a wrong try; each beyond the free ones doubles the pause."""
    now = datetime.now(UTC)
    for subject in subjects:
        row = await session.get(Attempts, subject)
        if row is None:
            row = Attempts(subject=subject, count=0, last_at=now, paused_until=None)
            session.add(row)
        row.count += 1
        row.last_at = now
        beyond = row.count - FREE_TRIES
        if beyond >= 0:
            row.paused_until = now + min(timedelta(minutes=1) * 2 ** min(beyond, 20), LONGEST_PAUSE)


async def clear(session: AsyncSession, subjects: Sequence[str]) -> None:
    """Forgets the wrong tries."""
    await session.execute(delete(Attempts).where(Attempts.subject.in_(subjects)))


async def wrong_tries(session: AsyncSession) -> Sequence[Attempts]:
    """Every subject with wrong tries, the worst first: for staff."""
    return (await session.scalars(select(Attempts).order_by(Attempts.count.desc()))).all()


async def cases_of(session: AsyncSession, channel: str, chat: str) -> Sequence[Case]:
    """The cases to which a chat is bound."""
    chosen = (
        select(Case)
        .join(Binding, Binding.case_id == Case.id)
        .where(Binding.channel == channel, Binding.chat == chat)
        .order_by(Case.id)
    )
    return (await session.scalars(chosen)).all()


async def bindings(session: AsyncSession, case: Case) -> Sequence[Binding]:
    """The chats that are bound to a case."""
    chosen = select(Binding).where(Binding.case_id == case.id).order_by(Binding.bound_at)
    return (await session.scalars(chosen)).all()


async def binding(session: AsyncSession, case: Case, channel: str, chat: str) -> Binding | None:
    """A chat's binding to a case."""
    return await session.get(Binding, (case.id, channel, chat))


async def unbind(session: AsyncSession, case: Case, channel: str, chat: str) -> bool:
    """Ends a binding; says whether there was one."""
    done: Any = await session.execute(
        delete(Binding).where(
            Binding.case_id == case.id, Binding.channel == channel, Binding.chat == chat
        )
    )
    return bool(done.rowcount)


async def note_read(session: AsyncSession, case: Case, channel: str, chat: str) -> None:
    """Keeps that a case was shown to a chat."""
    session.add(CaseRead(case_id=case.id, channel=channel, chat=chat, at=datetime.now(UTC)))


async def reads(session: AsyncSession, case: Case) -> Sequence[CaseRead]:
    """Every time that a case was shown."""
    chosen = select(CaseRead).where(CaseRead.case_id == case.id).order_by(CaseRead.id)
    return (await session.scalars(chosen)).all()
