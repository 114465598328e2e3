"""A new regulation in any of the formats is read, described, mapped and can be asked about."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path

import docx
import pytest
from fpdf import FPDF
from pylopdf_fonts_zh_cn import __file__ as fonts

from knowledge.adding import AddingError, add_regulation, confirm_regulation
from knowledge.answer import Status
from knowledge.documents import DocumentError, read_document
from knowledge.embedding import BuiltIn
from knowledge.index import Location
from knowledge.opening import Knowledge, open_knowledge
from knowledge.parsing import parse
from knowledge.regulation import squeeze
from knowledge.topics import faults

LINES = """常州市市长质量奖管理办法
第一章 总则
第一条 为了加强质量管理，根据《中华人民共和国产品质量法》，制定本办法。
第二条 市长质量奖每两年评选一次，每次获奖组织不超过5家。达不到标准的，可以空缺。
第三条 评审办公室设在市市场监督管理局，负责日常工作。
第二章 申报
第四条 申报组织应当具备下列条件：
（一）在本市登记注册，具有独立法人资格，正常运营5年以上；
（二）近三年无重大质量、安全、环境事故。
第五条 候选名单向社会公示7个工作日。
第六条 对获奖组织一次性奖励80万元，所需经费由市财政承担。
第七条 申报组织弄虚作假的，撤销称号，5年内不得再次申报。
第八条 本办法自2025年3月1日起施行，有效期5年。""".splitlines()


def as_txt(file: Path) -> None:
    file.write_text("\n".join(LINES), encoding="gb18030")


def as_md(file: Path) -> None:
    marked = [f"## {line}" if "章 " in line else line.replace("条 ", "条** ") for line in LINES]
    text = "\n\n".join(f"**{line}" if line.startswith("第") else line for line in marked)
    file.write_text(text, encoding="utf-8")


def as_html(file: Path) -> None:
    body = "".join(f"<p>{line}</p>" for line in LINES)
    page = f"<html><head><title>x</title><style>p{{}}</style></head><body>{body}</body></html>"
    file.write_text(page, encoding="utf-8")


def as_docx(file: Path) -> None:
    document = docx.Document()
    for line in LINES:
        document.add_paragraph(line)
    document.save(str(file))


def as_pdf(file: Path) -> None:
    page = FPDF()
    page.add_font("font", fname=Path(fonts).parent / "NotoSansSC-Regular.otf")
    page.add_page()
    page.set_font("font", size=14)
    for line in LINES:
        page.multi_cell(100, 8, line, new_x="LMARGIN", new_y="NEXT")
    page.output(str(file))


FORMATS = {"txt": as_txt, "md": as_md, "html": as_html, "docx": as_docx, "pdf": as_pdf}


@pytest.mark.parametrize("kind", FORMATS)
def test_every_format_gives_the_same_articles(kind: str, tmp_path: Path) -> None:
    file = tmp_path / f"new.{kind}"
    write: Callable[[Path], None] = FORMATS[kind]
    write(file)
    chapters, articles = parse(read_document(file), ())
    plain = parse("\n".join(LINES), ())
    assert [squeeze(a.text) for a in articles] == [squeeze(a.text) for a in plain[1]]
    assert [chapter.title for chapter in chapters] == ["总则", "申报"]
    assert [item.number for item in articles[3].items] == [1, 2]


def test_it_is_described_and_mapped_to_topics(tmp_path: Path, knowledge: Knowledge) -> None:
    as_docx(tmp_path / "new.docx")
    added = add_regulation(tmp_path / "new.docx", "changzhou", tmp_path / "added", knowledge)
    regulation = added.regulation
    assert regulation.title == "常州市市长质量奖管理办法"
    assert regulation.place.name == "常州市"
    assert regulation.issuing_body == "常州市人民政府"
    assert (regulation.in_force_from, regulation.in_force_until) == (
        date(2025, 3, 1),
        date(2030, 2, 28),
    )
    settled = added.proposal.settled
    assert settled["prize_money"][0].article == 6
    assert settled["public_notice"][0].article == 5
    assert settled["years_in_operation"][0].item == 1
    assert "nomination_award" not in settled


def test_it_can_be_asked_about_at_once_and_says_that_nobody_checked_it(
    tmp_path: Path, knowledge: Knowledge, index_folder: Path
) -> None:
    file = tmp_path / "new.txt"
    as_txt(file)
    into = tmp_path / "added"
    add_regulation(file, "changzhou", into, knowledge)
    folder = tmp_path / "data" / "index"
    shutil.copytree(index_folder, folder)  # what is in it is not embedded again

    def opened() -> Knowledge:
        return open_knowledge(Location(folder), BuiltIn(), lambda: date(2026, 6, 30), added=into)

    wider = opened()
    assert not faults(wider.topics, wider.corpus)
    answer = wider.assistant.ask("常州市长质量奖奖金多少")
    assert (answer.citations[0].region, answer.citations[0].article) == ("changzhou", 6)
    assert any("还没有人核对" in notice for notice in answer.notices)
    silent = wider.assistant.ask("常州市长质量奖要投票吗")
    assert (silent.status, silent.citations) == (Status.NOT_COVERED, ())
    compared = wider.assistant.ask("常州和无锡的奖金哪个高")
    assert {c.region for c in compared.citations} == {"changzhou", "wuxi"}
    confirm_regulation(into / "changzhou")
    assert not opened().assistant.ask("常州市长质量奖奖金多少").notices


@pytest.mark.parametrize(
    ("name", "content", "complaint"),
    [
        ("a.xls", b"x", "只能读"),
        ("a.txt", b"\xff\xfe\x00\x80", "GB18030"),
        ("a.txt", "常州市市长质量奖管理办法\n没有条文".encode(), "no article"),
        ("a.txt", "第一条 为了加强管理。".encode(), "标题"),
        ("a.docx", b"not a zip", "docx"),
        ("a.pdf", b"%PDF-1.4 broken", "pdf"),
        ("a.html", b"<p>nothing</p>", "没有文字"),
    ],
)
def test_what_is_no_regulation_is_refused_with_its_reason(
    name: str, content: bytes, complaint: str, tmp_path: Path, knowledge: Knowledge
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(AddingError, match=complaint):
        add_regulation(tmp_path / name, "changzhou", tmp_path / "added", knowledge)
    assert not list((tmp_path / "added").iterdir())


@pytest.mark.parametrize("region", ["wuxi", "../x", "Changzhou", "常州", ""])
def test_an_unfit_or_taken_id_is_refused(region: str, tmp_path: Path, knowledge: Knowledge) -> None:
    as_txt(tmp_path / "new.txt")
    with pytest.raises(AddingError, match="--id"):
        add_regulation(tmp_path / "new.txt", region, tmp_path / "added", knowledge)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match=r"gone\.txt"):
        read_document(tmp_path / "gone.txt")
