"""`broadcast` and `deadlines`: messages to many, and the days that the office has set."""

from __future__ import annotations

import argparse
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING

from bot.evaluation import dump
from bot.office import build_broadcasting, build_casework, build_notices, now_in
from bot.problem import Problem
from bot.pushing import push
from bot.settings import Settings, load_settings
from bot.sheets import read_sheet, write_sheet
from bot.transaction import in_transaction
from handlers.broadcasting import Broadcasting, local_time
from handlers.casework import CaseError
from handlers.notices import Notices
from store import notices, outbox

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    from store.models import Broadcast

Work = Callable[[Settings, "AsyncSession", argparse.Namespace], Awaitable[int]]
ACTOR = "command line"


def register(subcommands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the commands."""
    family = subcommands.add_parser("broadcast", help="群发：写、预览、确认、暂停、报告")
    actions = family.add_subparsers(required=True, metavar="动作")

    def command(name: str, text: str, work: Work) -> argparse.ArgumentParser:
        parser = actions.add_parser(name, help=text)
        parser.set_defaults(call=lambda args: _run(work, args))
        return parser

    create = command("create", "写一条群发，先预览；--confirm 则随即确认", _create)
    source = create.add_mutually_exclusive_group(required=True)
    source.add_argument("--text")
    source.add_argument("--file", type=Path, metavar="FILE")
    source.add_argument("--template", metavar="NAME")
    create.add_argument("--audience", default="cases", choices=("cases", "subscribers", "staff"))
    create.add_argument("--region", default="")
    create.add_argument("--year", type=int)
    create.add_argument("--stage", default="")
    create.add_argument("--missing", action="store_true", help="只要还缺材料的")
    create.add_argument("--at", metavar="TIME", help="什么时候发，例如 '2026-12-01 09:00'")
    create.add_argument("--confirm", action="store_true", help="预览后直接确认")
    _by(create)
    for name, text, work in (
        ("confirm", "确认；超过一定人数要由另一个人批准", _confirm),
        ("approve", "批准别人提交的群发", _confirm),
        ("pause", "暂停", _change),
        ("resume", "继续", _change),
        ("cancel", "取消没有发出的", _change),
        ("retry", "把不确定是否送达的再发一次", _change),
    ):
        parser = command(name, text, work)
        parser.add_argument("id", type=int, metavar="ID")
        parser.set_defaults(action=name)
        _by(parser)
    correct = command("correct", "改正已经发出的文字", _correct)
    correct.add_argument("id", type=int, metavar="ID")
    correct.add_argument("text")
    _by(correct)
    listing = command("list", "列出群发", _list)
    listing.add_argument("--json", action="store_true", help="输出 JSON")
    show = command("show", "一条群发的进度、审计和每个收件人的状态", _show)
    show.add_argument("id", type=int, metavar="ID")
    show.add_argument("--json", action="store_true", help="输出 JSON")
    show.add_argument("--csv", type=Path, metavar="FILE", help="每个收件人的状态写到文件")
    template = command("template", "保存一个模板（每次保存是一个新版本）", _template)
    template.add_argument("name")
    template.add_argument("text")
    _by(template)
    _register_deadlines(subcommands)


def _register_deadlines(subcommands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    family = subcommands.add_parser("deadlines", help="办公室定的日期，会自动提醒")
    actions = family.add_subparsers(required=True, metavar="动作")
    setting = actions.add_parser("set", help="登记或改期")
    setting.add_argument("kind", metavar="KIND")
    setting.add_argument("on", metavar="DATE")
    setting.add_argument("--region", default="")
    setting.add_argument("--year", default="")
    setting.add_argument("--case", default="", metavar="NO")
    _by(setting)
    loading = actions.add_parser("import", help="从 csv 或 xlsx 登记")
    loading.add_argument("file", type=Path, metavar="FILE")
    _by(loading)
    listing = actions.add_parser("list", help="列出")
    listing.add_argument("--json", action="store_true", help="输出 JSON")
    cancel = actions.add_parser("cancel", help="取消")
    cancel.add_argument("id", type=int, metavar="ID")
    for parser, work in (
        (setting, _set_deadline),
        (loading, _import_deadlines),
        (listing, _deadlines),
        (cancel, _cancel_deadline),
    ):
        parser.set_defaults(call=lambda args, work=work: _run(work, args))


def _by(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--by", default=ACTOR, metavar="NAME", help="以谁的名义")


def _run(work: Work, args: argparse.Namespace) -> int:
    settings = load_settings()
    return in_transaction(settings.database, lambda session: work(settings, session, args))


def _broadcasting(settings: Settings) -> Broadcasting:
    return build_broadcasting(settings, build_casework(settings))


def _notices(settings: Settings) -> Notices:
    return build_notices(settings, build_casework(settings))


async def _found(session: AsyncSession, number: int) -> Broadcast:
    broadcast = await notices.get(session, number)
    if broadcast is None:
        raise Problem(f"没有群发{number}")
    return broadcast


async def _create(settings: Settings, session: AsyncSession, args: argparse.Namespace) -> int:
    work = _broadcasting(settings)
    text = args.text
    if args.file:
        try:
            text = args.file.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise Problem(f"{args.file}：无法读取") from error
    if args.template:
        template = await notices.template(session, args.template)
        if template is None:
            raise Problem(f"没有模板 {args.template}")
        text = template.text
    words = [args.audience, *filter(None, (args.region, args.stage))]
    words += [str(args.year)] if args.year else []
    words += ["missing"] if args.missing else []
    at = local_time(args.at, now_in(settings)()) if args.at else None
    broadcast = await work.write(session, text, work.audience(words), args.by, at)
    count, sample = await work.preview(session, broadcast)
    print(f"群发{broadcast.id}，{count} 个收件人，第一位收到的是：\n\n{sample}\n")
    if args.confirm:
        return await _go(work, session, broadcast, args.by)
    print(f"确认：broadcast confirm {broadcast.id}")
    return 0


async def _confirm(settings: Settings, session: AsyncSession, args: argparse.Namespace) -> int:
    broadcast = await _found(session, args.id)
    return await _go(_broadcasting(settings), session, broadcast, args.by)


async def _go(work: Broadcasting, session: AsyncSession, broadcast: Broadcast, actor: str) -> int:
    told, messages = await work.confirm(session, broadcast, actor)
    await push(session, messages)
    print(told)
    return 0


async def _change(settings: Settings, session: AsyncSession, args: argparse.Namespace) -> int:
    work = _broadcasting(settings)
    broadcast = await _found(session, args.id)
    count = await getattr(work, args.action)(session, broadcast, args.by)
    print(f"群发{broadcast.id}：{args.action}，涉及 {count} 条")
    return 0


async def _correct(settings: Settings, session: AsyncSession, args: argparse.Namespace) -> int:
    broadcast = await _found(session, args.id)
    replies = await _broadcasting(settings).correct(session, broadcast, args.text, args.by)
    await push(session, replies)
    print(f"群发{broadcast.id}：改正 {len(replies)} 条已发出的")
    return 0


async def _list(settings: Settings, session: AsyncSession, args: argparse.Namespace) -> int:
    work = _broadcasting(settings)
    rows = []
    for broadcast in await notices.broadcasts(session):
        counts = await outbox.counts(session, f"b:{broadcast.id}")
        row = {"id": broadcast.id, "state": broadcast.state, "counts": counts}
        rows.append({**row, "audience": broadcast.audience, "text": broadcast.text})
        if not args.json:
            print(work.progress(broadcast, counts))
    if args.json:
        print(dump(rows))
    return 0


async def _show(settings: Settings, session: AsyncSession, args: argparse.Namespace) -> int:
    broadcast = await _found(session, args.id)
    rows = await outbox.of_origin(session, f"b:{broadcast.id}")
    counts = await outbox.counts(session, f"b:{broadcast.id}")
    audit = await notices.audit(session, broadcast)
    recipients = [
        {
            "channel": row.channel,
            "chat": row.chat,
            "state": row.state,
            "sent_at": row.sent_at.isoformat(timespec="seconds") if row.sent_at else None,
            "message_id": row.message_id,
            "error": row.error,
        }
        for row in rows
    ]
    if args.csv:
        columns = ["channel", "chat", "state", "sent_at", "message_id", "error"]
        write_sheet(args.csv, columns, [list(recipient.values()) for recipient in recipients])
    if args.json:
        told = [{"at": e.at.isoformat(), "actor": e.actor, "what": e.what} for e in audit]
        about = {"id": broadcast.id, "state": broadcast.state, "text": broadcast.text}
        print(dump({**about, "counts": counts, "audit": told, "recipients": recipients}))
        return 0
    print(_broadcasting(settings).progress(broadcast, counts))
    for event in audit:
        print(f"  {event.at:%Y-%m-%d %H:%M} UTC  {event.actor}  {event.what}  {event.note or ''}")
    for state, count in sorted(counts.items()):
        print(f"  {state}  {count}")
    return 0


async def _template(_settings: Settings, session: AsyncSession, args: argparse.Namespace) -> int:
    version = await notices.keep_template(session, args.name, args.text, args.by)
    print(f"{args.name}：第{version}版")
    return 0


async def _set_deadline(settings: Settings, session: AsyncSession, args: argparse.Namespace) -> int:
    work = _notices(settings)
    if args.case:
        deadline = await work.set_for_case(session, args.case, args.kind, args.on, args.by)
    else:
        deadline = await work.set(session, args.region, args.year, args.kind, args.on, args.by)
    print(f"{deadline.id}  {work.spoken(deadline)}")
    return 0


async def _import_deadlines(
    settings: Settings, session: AsyncSession, args: argparse.Namespace
) -> int:
    work, columns, failed = _notices(settings), ("地区", "年度", "种类", "日期"), 0
    for line, row in read_sheet(args.file, columns, columns):
        try:
            region, year, kind, on = (row[column] for column in columns)
            deadline = await work.set(session, region, year, kind, on, args.by)
        except CaseError as error:
            failed += 1
            print(f"第{line}行：{error}")
        else:
            print(f"{deadline.id}  {work.spoken(deadline)}")
    return 1 if failed else 0


async def _deadlines(settings: Settings, session: AsyncSession, args: argparse.Namespace) -> int:
    work = _notices(settings)
    rows = []
    for deadline in await notices.deadlines(session):
        row = {"id": deadline.id, "kind": deadline.kind, "region": deadline.region}
        rows.append({**row, "year": deadline.year, "on": deadline.on.isoformat()})
        if not args.json:
            print(f"{deadline.id}  {work.spoken(deadline)}")
    if args.json:
        print(dump(rows))
    return 0


async def _cancel_deadline(
    _settings: Settings, session: AsyncSession, args: argparse.Namespace
) -> int:
    if not await notices.cancel_deadline(session, args.id):
        raise Problem(f"没有这个日期：{args.id}")
    print(f"{args.id}：已取消")
    return 0
