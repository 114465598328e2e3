"""Tables from people: csv and xlsx in, csv and xlsx out."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

from bot.problem import Problem

BIGGEST = 50_000_000
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def read_sheet(
    path: Path,
    columns: Sequence[str],
    needed: Sequence[str],
    also: Mapping[str, str] | None = None,
) -> Iterator[Any]:
    """The rows below the heading, as (line, {column: text}); columns may stand in any order.

    `also` gives other names that a column may have.

    Raises:
        Problem: the file cannot be read, is no table, or lacks a needed column.
    """
    kind = path.suffix.lower()
    if kind not in (".csv", ".xlsx"):
        raise Problem(f"{path.name}：只能读 csv 和 xlsx 文件")
    try:
        if path.stat().st_size > BIGGEST:
            raise Problem(f"{path.name}：文件太大（超过 {BIGGEST // 1_000_000} MB）")
        rows = _csv(path) if kind == ".csv" else _xlsx(path)
    except OSError as error:
        raise Problem(f"{path}：无法读取（{error.strerror}）") from error
    heading: dict[int, str] = {}
    for line, cells in rows:
        if not heading:
            names = [(also or {}).get(cell.strip(), cell.strip()) for cell in cells]
            heading = {at: name for at, name in enumerate(names) if name in columns}
            if len(set(heading.values())) != len(heading):
                raise Problem(f"{path.name}：第{line}行的表头有重复的列")
            if missing := [column for column in needed if column not in heading.values()]:
                raise Problem(f"{path.name}：第{line}行的表头缺少列：{'、'.join(missing)}")
        elif any(cell.strip() for cell in cells):
            yield line, {name: cells[at] if at < len(cells) else "" for at, name in heading.items()}
    if not heading:
        raise Problem(f"{path.name}：是空的")


def _csv(path: Path) -> Iterator[tuple[int, list[str]]]:
    raw = path.read_bytes()
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        reader = csv.reader(io.StringIO(text))
        try:
            for cells in reader:
                yield reader.line_num, cells
        except csv.Error as error:
            raise Problem(f"{path.name}：第{reader.line_num}行不是 csv（{error}）") from error
        return
    raise Problem(f"{path.name}：既不是 UTF-8 也不是 GB18030 文字")


def _xlsx(path: Path) -> Iterator[tuple[int, list[str]]]:
    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        book = load_workbook(path, read_only=True, data_only=True)
        sheet = book.worksheets[0]
        for line, cells in enumerate(sheet.iter_rows(values_only=True), 1):
            yield line, [_text(cell) for cell in cells]
        book.close()
    except (BadZipFile, InvalidFileException, KeyError, IndexError, ValueError) as error:
        raise Problem(f"{path.name}：不是完好的 xlsx 文件") from error


def _text(cell: Any) -> str:
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        return cell.date().isoformat()
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell)


def write_sheet(path: Path, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Writes a table; no cell can be taken for a formula.

    Raises:
        Problem: the file cannot be written.
    """
    kind = path.suffix.lower()
    if kind not in (".csv", ".xlsx"):
        raise Problem(f"{path.name}：只能写 csv 和 xlsx 文件")
    try:
        if kind == ".csv":
            with path.open("w", encoding="utf-8-sig", newline="") as file:
                writer = csv.writer(file, lineterminator="\n")
                writer.writerow(columns)
                writer.writerows([harmless(cell) for cell in row] for row in rows)
            return
        from openpyxl import Workbook

        book = Workbook(write_only=True)
        sheet = book.create_sheet()
        sheet.append(list(columns))
        for row in rows:
            sheet.append([harmless(cell) for cell in row])
        book.save(path)
    except OSError as error:
        raise Problem(f"{path} 写不进去：{error.strerror}") from error


def harmless(cell: Any) -> str:
    """A cell that no spreadsheet takes for a formula."""
    text = "" if cell is None else str(cell)
    return f"'{text}" if text.startswith(_FORMULA) else text
