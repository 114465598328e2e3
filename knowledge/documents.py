"""Reads the text of a document that somebody hands in: txt, md, docx, html, pdf."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING
from zipfile import BadZipFile, ZipFile

if TYPE_CHECKING:
    from docx.document import Document
    from docx.text.paragraph import Paragraph

BIGGEST = 20_000_000
"""Bytes, unpacked: no regulation is near it."""
_BLOCKS = re.compile(r"p|div|br|li|tr|td|th|h[1-6]|section|article|table|[uo]l")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_UNSEEN = frozenset(("script", "style", "head", "template"))
_MARKDOWN = re.compile(r"^\s{0,3}(?:#{1,6}\s+|>\s?|[-*+]\s+(?=[（(第]))|\*\*|__|`", re.MULTILINE)


class DocumentError(Exception):
    """The file holds no text that can be read; the message says why."""


def read_document(path: Path) -> str:
    """The document's text, a line for each paragraph as far as the format tells.

    Raises:
        DocumentError: the file is missing, too big, of another kind, damaged, or a mere picture.
    """
    read = _READERS.get(path.suffix.lower())
    if read is None:
        raise DocumentError(f"{path.name}：只能读 {'、'.join(sorted(_READERS))} 文件")
    try:
        if path.stat().st_size > BIGGEST:
            raise DocumentError(f"{path.name}：文件超过 {BIGGEST // 1_000_000} MB")
        text = read(path)
    except OSError as error:
        raise DocumentError(f"{path}：{error.strerror or '读不出来'}") from error
    text = _CONTROL.sub("", text)
    if not re.search(r"[一-鿿]", text):
        raise DocumentError(f"{path.name}：里面没有文字（扫描件要先做文字识别）")
    return text


def _plain(path: Path) -> str:
    raw = path.read_bytes()
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise DocumentError(f"{path.name}：既不是 UTF-8 也不是 GB18030 文字")


def _markdown(path: Path) -> str:
    return _MARKDOWN.sub("", _plain(path))


class _Lines(HTMLParser):
    """The visible text of a page, a line for each block."""

    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []
        self._unseen = 0

    def handle_starttag(self, tag: str, _attributes: object) -> None:
        self._unseen += tag in _UNSEEN
        self.parts.append("\n" if _BLOCKS.fullmatch(tag) else "")

    def handle_endtag(self, tag: str) -> None:
        self._unseen -= tag in _UNSEEN and self._unseen > 0
        self.parts.append("\n" if _BLOCKS.fullmatch(tag) else "")

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self.parts.append(re.sub(r"\s+", " ", data))


def _html(path: Path) -> str:
    lines = _Lines()
    lines.feed(_plain(path))
    return "".join(lines.parts)


def _docx(path: Path) -> str:
    import docx
    from docx.opc.exceptions import PackageNotFoundError

    try:
        with ZipFile(path) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > BIGGEST:
                raise DocumentError(f"{path.name}：文件超过 {BIGGEST // 1_000_000} MB")
        document = docx.Document(str(path))
    except (BadZipFile, PackageNotFoundError, KeyError, ValueError) as error:
        raise DocumentError(f"{path.name}：不是完好的 docx 文件") from error
    return "\n".join(paragraph.text for paragraph in _paragraphs(document))


def _paragraphs(document: Document) -> Iterator[Paragraph]:
    """Paragraphs in their order, those inside tables too."""
    from docx.table import Table

    for block in document.iter_inner_content():
        if isinstance(block, Table):
            for row in block.rows:
                for cell in row.cells:
                    yield from cell.paragraphs
        else:
            yield block


def _pdf(path: Path) -> str:
    from pypdf import PdfReader
    from pypdf.errors import PyPdfError

    try:
        return "\n".join(page.extract_text() for page in PdfReader(path).pages)
    except (PyPdfError, ValueError, KeyError) as error:
        raise DocumentError(f"{path.name}：不是能读的 pdf 文件") from error


_READERS: dict[str, Callable[[Path], str]] = {
    ".txt": _plain,
    ".md": _markdown,
    ".htm": _html,
    ".html": _html,
    ".docx": _docx,
    ".pdf": _pdf,
}
