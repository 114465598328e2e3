"""`precheck`: judges profiles by the rules, one or a file of them."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

from bot.evaluation import dump, lines_of
from bot.office import build_precheck, today_in
from bot.problem import Problem
from bot.settings import load_settings
from knowledge.prechecking import Precheck, PrecheckError, Result
from knowledge.profile import ProfileError, read_profile

_ENTRY = frozenset(("id", "as_of", "regions", "profile"))


def register(subcommands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the command."""
    command = subcommands.add_parser("precheck", help="按规则预检能不能申报")
    command.add_argument("--profiles", type=Path, required=True, metavar="FILE")
    command.add_argument("--region", action="append", metavar="R", help="可以多次给；缺省为全部")
    command.add_argument("--as-of", type=_day, metavar="DATE", help="申报日；缺省为今天")
    command.add_argument("--json", action="store_true", help="输出 JSON")
    command.set_defaults(call=_precheck)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text} 不是 2026-06-30 这样的日期") from None


def _precheck(args: argparse.Namespace) -> int:
    settings = load_settings()
    precheck = build_precheck(settings)
    judge = _Judge(precheck, args.region, args.as_of or today_in(settings)())
    single = _single(args.profiles)
    if single is not None and not (isinstance(single, dict) and "profile" in single):
        try:
            result = judge.entry(single)
        except (ProfileError, PrecheckError) as error:
            raise Problem(str(error)) from error
        print(dump(result) if args.json else judge.readable(single))
        return 0
    failed = False
    lines = lines_of(args.profiles) if single is None else [(1, json.dumps(single))]
    for number, line in lines:
        entry: Any = None
        try:
            entry = _parsed(line)
            print(dump(judge.entry(entry)) if args.json else judge.readable(entry))
        except (ProfileError, PrecheckError) as error:
            failed = True
            identity = entry.get("id") if isinstance(entry, dict) else None
            field = getattr(error, "field", None)
            print(dump({"id": identity, "field": field, "error": f"第{number}行：{error}"}))
    if failed:
        raise Problem("有的行不能预检，见输出里的 error。")
    return 0


class _Judge:
    """Judges entries: a bare profile, or `{"id", "as_of", "regions", "profile"}`."""

    def __init__(self, precheck: Precheck, regions: list[str] | None, as_of: date) -> None:
        self._precheck, self._as_of = precheck, as_of
        self._regions = regions or list(precheck.regions)

    def entry(self, entry: Any) -> dict[str, Any]:
        """The result as JSON, with the entry's id where it has one."""
        result = self.result(entry).as_json()
        return {"id": entry["id"], **result} if "id" in entry else result

    def readable(self, entry: Any) -> str:
        from knowledge.reporting import message

        text = message(self._precheck.corpus, self.result(entry))
        return f"{entry['id']}\n{text}" if "id" in entry else text

    def result(self, entry: Any) -> Result:
        if not isinstance(entry, dict):
            raise ProfileError("profile", "要是一个 JSON 对象")
        if "profile" not in entry:
            entry = {"profile": entry}
        if unknown := sorted(set(entry) - _ENTRY):
            raise ProfileError(unknown[0], f"没有这个字段；可以有 {'、'.join(sorted(_ENTRY))}")
        as_of = _as_of(entry.get("as_of")) or self._as_of
        regions = entry.get("regions") or self._regions
        known = self._precheck.corpus.regions
        if not isinstance(regions, list) or not all(isinstance(r, str) for r in regions):
            raise ProfileError("regions", "要是地区代号的列表")
        if strange := [r for r in regions if r not in known]:
            raise ProfileError("regions", f"没有 {strange[0]}；只能是 {'、'.join(known)}")
        profile = read_profile(entry["profile"], known, as_of)
        return self._precheck.judge(profile, regions, as_of)


def _as_of(value: Any) -> date | None:
    if value is None:
        return None
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        raise ProfileError("as_of", f"{value} 不是 2026-06-30 这样的日期") from None


def _single(file: Path) -> Any:
    """The file's content if it is one JSON object (or value), None if it is JSON Lines."""
    text = "\n".join(line for _, line in lines_of(file))
    try:
        return json.loads(text, parse_constant=_no_constant)
    except ValueError as error:
        if text.count("\n") == 0 or not _looks_like_lines(text):
            raise Problem(f"{file}：不是 JSON（{error}）") from error
        return None


def _looks_like_lines(text: str) -> bool:
    """Whether any line by itself is a JSON object."""
    return any(isinstance(found, dict) for found in _each(text))


def _each(text: str) -> Iterator[Any]:
    for line in text.splitlines():
        try:
            yield json.loads(line)
        except ValueError:
            continue


def _parsed(line: str) -> Any:
    try:
        return json.loads(line, parse_constant=_no_constant)
    except ValueError as error:
        raise ProfileError("JSON", f"不是 JSON（{error}）") from error


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} 不是数")
