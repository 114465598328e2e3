"""`cases`: the case database from the command line."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot.evaluation import dump
from bot.importing import import_cases
from bot.office import build_casework
from bot.problem import Problem
from bot.pushing import push
from bot.settings import load_settings
from bot.sheets import read_sheet, write_sheet
from bot.transaction import in_transaction
from handlers.casework import Casework, Fields
from handlers.status import StatusChat
from store import access, cases, staff

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    from store.models import Case

COLUMNS = {
    "number": "案件编号",
    "credit_code": "统一社会信用代码",
    "name": "单位名称",
    "region": "地区",
    "year": "年度",
    "stage": "环节",
    "on": "环节日期",
    "award": "奖项",
    "sector": "行业",
}
NAMES = {column: field for field, column in COLUMNS.items()}
NEEDED = ("案件编号", "统一社会信用代码", "单位名称", "地区", "年度")
ACTOR = "command line"

Work = Callable[["Casework", "AsyncSession", argparse.Namespace], Awaitable[int]]


def register(subcommands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the commands."""
    family = subcommands.add_parser("cases", help="案件：导入、查看、推进")
    actions = family.add_subparsers(required=True, metavar="动作")

    def command(name: str, text: str, work: Work, *arguments: str) -> argparse.ArgumentParser:
        parser = actions.add_parser(name, help=text)
        for argument in arguments:
            parser.add_argument(argument.lower(), metavar=argument)
        parser.set_defaults(call=lambda args: _run(work, args))
        return parser

    _tables(command)
    _steps(command)
    template = actions.add_parser("template", help="生成导入用的空表")
    template.add_argument("file", type=Path, metavar="FILE")
    template.set_defaults(call=_template)
    command("bound", "谁绑定了这个案件，谁看过", _bound, "NUMBER")
    command("unbind", "解除一个会话的绑定", _unbind, "NUMBER", "CHANNEL", "CHAT")
    command("code", "发一个一次性绑定验证码（只显示一次）", _code, "NUMBER")
    command("attempts", "绑定时的错误尝试", _attempts)
    days = command("calendar", "登记某天上班或放假（放假安排公布之前）", _calendar)
    days.add_argument("day", type=date.fromisoformat, metavar="DATE")
    days.add_argument("kind", choices=("work", "rest"))


def _tables(command: Callable[..., argparse.ArgumentParser]) -> None:
    """Everything that reads or writes many cases."""
    load = command("import", "从 csv 或 xlsx 导入", _import)
    load.add_argument("file", type=Path, metavar="FILE")
    load.add_argument("--json", action="store_true", help="输出 JSON")
    listing = command("list", "列出案件", _list)
    _filters(listing)
    listing.add_argument("--json", action="store_true", help="输出 JSON")
    out = command("export", "导出为 csv 或 xlsx", _export)
    out.add_argument("file", type=Path, metavar="FILE")
    _filters(out)
    rank = command("rank", "按总分排名", _rank)
    rank.add_argument("--region", required=True)
    rank.add_argument("--year", type=int, required=True)
    rank.add_argument("--json", action="store_true", help="输出 JSON")


def _steps(command: Callable[..., argparse.ArgumentParser]) -> None:
    """Everything that is done with one case."""
    show = command("show", "一个案件的全部情况", _show, "NUMBER")
    show.add_argument("--json", action="store_true", help="输出 JSON")
    new = command("new", "新建案件", _new)
    for name in ("number", "credit-code", "name", "region", "year"):
        new.add_argument(f"--{name}", required=True)
    for name in ("stage", "on", "award", "sector"):
        new.add_argument(f"--{name}", default="")
    ends = "推进到下一环节，或结束（granted、rejected、withdrawn）"
    advance = command("advance", ends, _advance, "NUMBER", "STAGE")
    advance.add_argument("--on", default="", metavar="DATE")
    advance.add_argument("--note")
    command("note", "记一条备注", _note, "NUMBER", "TEXT")
    require = command("require-document", "要求补交材料", _require, "NUMBER", "NAME")
    require.add_argument("--due", default="", metavar="DATE")
    command("receive-document", "登记收到的材料", _receive, "NUMBER", "NAME")
    score = command("score", "录入得分或票数", _score, "NUMBER", "PART")
    score.add_argument("value", type=float)


def _filters(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--region", default="")
    parser.add_argument("--year", type=int)
    parser.add_argument("--stage")
    parser.add_argument("--missing", action="store_true", help="只要还缺材料的")


def _run(work: Work, args: argparse.Namespace) -> int:
    settings = load_settings()
    casework = build_casework(settings)
    return in_transaction(settings.database, lambda session: work(casework, session, args))


def _template(args: argparse.Namespace) -> int:
    write_sheet(args.file, list(COLUMNS.values()), [])
    print(f"{args.file}：表头 {'、'.join(COLUMNS.values())}；前五列必填")
    return 0


async def _import(casework: Casework, session: AsyncSession, args: argparse.Namespace) -> int:
    def progress(done: int) -> None:
        if sys.stderr.isatty():
            sys.stderr.write(f"\r已读 {done} 行")

    rows = read_sheet(args.file, list(COLUMNS.values()), NEEDED, COLUMNS)
    fields = ((line, {NAMES[c]: text for c, text in row.items()}) for line, row in rows)
    report = await import_cases(casework, session, fields, f"import {args.file.name}", progress)
    await push(session, report.told)
    if args.json:
        print(dump(report.as_json()))
    else:
        for line, reason in report.errors:
            print(f"第{line}行：{reason}")
        print(
            f"新增 {report.added}，推进 {report.advanced}，没有变化 {report.unchanged}，"
            f"有错 {len(report.errors)}"
        )
    return 1 if report.errors else 0


async def _list(casework: Casework, session: AsyncSession, args: argparse.Namespace) -> int:
    rows = await _rows(casework, session, args)
    if args.json:
        print(dump(rows))
        return 0
    for row in rows:
        print("  ".join(str(value) for value in row.values() if value is not None))
    return 0


async def _export(casework: Casework, session: AsyncSession, args: argparse.Namespace) -> int:
    rows = await _rows(casework, session, args)
    table = [[row[field] for field in COLUMNS] for row in rows]
    write_sheet(args.file, list(COLUMNS.values()), table)
    print(f"{len(rows)} 个案件写到 {args.file}")
    return 0


async def _rows(
    casework: Casework, session: AsyncSession, args: argparse.Namespace
) -> list[dict[str, Any]]:
    region = casework.region(args.region) if args.region else None
    wanted = cases.Wanted(region, args.year, args.stage, args.missing)
    return [
        {
            "number": case.number,
            "credit_code": owner.credit_code,
            "name": owner.name,
            "region": case.region,
            "year": case.year,
            "stage": case.stage,
            "on": case.stage_on.isoformat(),
            "outcome": case.outcome,
            "award": case.award,
            "sector": case.sector,
        }
        for case, owner in await cases.listed(session, wanted)
    ]


async def _show(casework: Casework, session: AsyncSession, args: argparse.Namespace) -> int:
    case = await casework.find(session, args.number)
    end = await casework.notice_end(session, case)
    if not args.json:
        print(await StatusChat(casework, casework.corpus).timeline(case, session))
        print("可以到：" + "、".join(f"{name}（{to}）" for to, name in casework.allowed(case)))
        return 0
    owner = await cases.organisation(session, case)
    given = (await cases.scores(session, [case.id]))[case.id]
    scoring = casework.procedures[case.region].scoring
    print(
        dump(
            {
                "number": case.number,
                "credit_code": owner.credit_code,
                "name": owner.name,
                "region": case.region,
                "year": case.year,
                "award": case.award,
                "sector": case.sector,
                "stage": case.stage,
                "on": case.stage_on.isoformat(),
                "outcome": case.outcome,
                "next": [to for to, _ in casework.allowed(case)],
                "scores": given,
                "total": scoring.total(given) if scoring else None,
                "notice_ends": end.day.isoformat() if end else None,
                "notice_end_estimated": end.estimated if end else None,
                "documents": [
                    {
                        "name": document.name,
                        "due": document.due_on.isoformat() if document.due_on else None,
                        "received": document.received_on.isoformat()
                        if document.received_on
                        else None,
                    }
                    for document in await cases.documents(session, case)
                ],
                "events": [
                    {
                        "kind": event.kind,
                        "stage": event.stage,
                        "on": event.on.isoformat(),
                        "actor": event.actor,
                        "note": event.note,
                    }
                    for event in await cases.events(session, case)
                ],
                "bound": len(await access.bindings(session, case)),
            }
        )
    )
    return 0


async def _new(casework: Casework, session: AsyncSession, args: argparse.Namespace) -> int:
    fields = Fields(
        args.number,
        args.credit_code,
        args.name,
        args.region,
        args.year,
        args.stage,
        args.on,
        args.award,
        args.sector,
    )
    case = await casework.open_case(session, fields, ACTOR)
    print(f"已建立案件 {case.number}")
    return 0


async def _advance(casework: Casework, session: AsyncSession, args: argparse.Namespace) -> int:
    case = await casework.find(session, args.number)
    on = casework.day(args.on) if args.on else None
    told = await casework.advance(session, case, args.stage, ACTOR, on, args.note)
    await push(session, told)
    count = len(told)
    now = casework.name(case.region, case.outcome or case.stage)
    print(f"{case.number}：{now}；通知 {count} 个会话")
    return 0


async def _note(casework: Casework, session: AsyncSession, args: argparse.Namespace) -> int:
    case = await casework.find(session, args.number)
    await casework.note(session, case, args.text, ACTOR)
    print(f"{case.number}：已记下")
    return 0


async def _require(casework: Casework, session: AsyncSession, args: argparse.Namespace) -> int:
    case = await casework.find(session, args.number)
    due = casework.day(args.due) if args.due else None
    told = await casework.require(session, case, args.name, due, ACTOR)
    await push(session, told)
    count = len(told)
    print(f"{case.number}：要求补交“{args.name}”；通知 {count} 个会话")
    return 0


async def _receive(casework: Casework, session: AsyncSession, args: argparse.Namespace) -> int:
    case = await casework.find(session, args.number)
    told = await casework.receive(session, case, args.name, ACTOR)
    await push(session, told)
    count = len(told)
    print(f"{case.number}：收到“{args.name}”；通知 {count} 个会话")
    return 0


async def _score(casework: Casework, session: AsyncSession, args: argparse.Namespace) -> int:
    case = await casework.find(session, args.number)
    await casework.score(session, case, args.part, args.value)
    print(f"{case.number}：{args.part} {args.value:g}")
    return 0


async def _rank(casework: Casework, session: AsyncSession, args: argparse.Namespace) -> int:
    found = await casework.rank(session, casework.region(args.region), args.year)
    if args.json:
        print(dump([asdict(ranked) for ranked in found]))
        return 0
    for ranked in found:
        print("  ".join(str(value) for value in asdict(ranked).values()))
    return 0


async def _code(casework: Casework, session: AsyncSession, args: argparse.Namespace) -> int:
    case = await casework.find(session, args.number)
    code, expires = await access.issue_code(session, case)
    cases.note_event(session, case, "code", casework.today(), ACTOR)
    print(f"{case.number} 的一次性验证码：{code}（有效期到 {expires:%Y-%m-%d}，只显示这一次）")
    return 0


async def _bound(casework: Casework, session: AsyncSession, args: argparse.Namespace) -> int:
    case: Case = await casework.find(session, args.number)
    for binding in await access.bindings(session, case):
        print(f"绑定  {binding.channel}  {binding.chat}  {binding.bound_at:%Y-%m-%d %H:%M}")
    for read in await access.reads(session, case):
        print(f"查看  {read.channel}  {read.chat}  {read.at:%Y-%m-%d %H:%M}")
    return 0


async def _unbind(casework: Casework, session: AsyncSession, args: argparse.Namespace) -> int:
    case = await casework.find(session, args.number)
    if not await access.unbind(session, case, args.channel, args.chat):
        raise Problem(f"{args.channel} {args.chat} 没有绑定 {case.number}")
    print(f"{case.number}：已解除 {args.channel} {args.chat} 的绑定")
    return 0


async def _attempts(_casework: Casework, session: AsyncSession, _args: argparse.Namespace) -> int:
    for row in await access.wrong_tries(session):
        until = f"  暂停到 {row.paused_until:%Y-%m-%d %H:%M} UTC" if row.paused_until else ""
        print(f"{row.subject}  {row.count}次  最后 {row.last_at:%Y-%m-%d %H:%M} UTC{until}")
    return 0


async def _calendar(_casework: Casework, session: AsyncSession, args: argparse.Namespace) -> int:
    await staff.set_day(session, args.day, args.kind == "work")
    print(f"{args.day}：{'上班' if args.kind == 'work' else '放假'}")
    return 0
