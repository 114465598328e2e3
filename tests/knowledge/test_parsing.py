"""Nothing of a regulation's text is lost or invented on the way into articles."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from knowledge.corpus import REGULATIONS, load_corpus, load_regulation
from knowledge.files import DataError
from knowledge.parsing import ParseError, parse
from knowledge.regulation import Regulation, squeeze

CORPUS = load_corpus()
COUNTS = {"tianning": 22, "ganzhou": 34, "hongqi": 30, "beilun": 29, "wuxi": 17}
NOISE = "天宁区行政规范性文件"


def body(source: str) -> str:
    """The source from first chapter to last article, without noise, white space and bullets."""
    lines = [line.strip() for line in source.splitlines()]
    start = next(at for at, line in enumerate(lines) if re.match(r"第一章", line))
    end = next((at for at, line in enumerate(lines) if line.startswith("抄送")), len(lines))
    kept = [re.sub(r"^- ?(?=[（(])", "", line) for line in lines[start:end] if line != NOISE]
    return squeeze("".join(kept))


def put_together(regulation: Regulation) -> str:
    """Chapters and articles one after the other."""
    parts, chapter = [], 0
    for article in regulation:
        if article.chapter != chapter:
            chapter = article.chapter
            heading = regulation.chapters[chapter - 1]
            parts.append(heading.mark + heading.title)
        parts.append(article.mark + article.text)
    return squeeze("".join(parts))


@pytest.mark.parametrize("region", COUNTS)
def test_the_articles_put_together_are_the_source(region: str) -> None:
    source = (REGULATIONS / region / "source.txt").read_text(encoding="utf-8")
    assert put_together(CORPUS[region]) == body(source)


@pytest.mark.parametrize(("region", "count"), COUNTS.items())
def test_every_article_is_found(region: str, count: int) -> None:
    assert [article.number for article in CORPUS[region]] == list(range(1, count + 1))


def test_a_running_head_does_not_break_a_sentence() -> None:
    article = CORPUS["tianning"].article(8)
    assert article is not None
    assert "负责区长质量奖评审工作" in article.text


def test_an_item_on_the_line_of_its_lead_is_an_item() -> None:
    article = CORPUS["ganzhou"].article(13)
    assert article is not None
    assert [item.number for item in article.items] == [1, 2, 3, 4, 5, 6]
    assert article.items[0].text.endswith("从事合法生产经营3年以上。")


def test_a_paragraph_between_two_items_belongs_to_the_first() -> None:
    article = CORPUS["wuxi"].article(11)
    assert article is not None
    third = article.item(3)
    assert third is not None
    assert "确定20个" in third.text


def test_a_paragraph_after_the_last_item_is_the_articles() -> None:
    article = CORPUS["wuxi"].article(10)
    assert article is not None
    assert [p.number for p in article.paragraphs] == [1, 2]
    assert article.paragraphs[1].text.startswith("经评委会同意")


def test_a_reference_at_the_start_of_a_line_opens_no_article() -> None:
    _, articles = parse("第一条 依照\n第一条的规定办理。\n第二条 完。")
    assert [squeeze(a.text) for a in articles] == ["依照第一条的规定办理。", "完。"]


def test_a_gap_in_the_numbers_names_its_line() -> None:
    with pytest.raises(ParseError, match="line 2: article 3 where article 2 was expected"):
        parse("第一条 甲。\n第三条 乙。")


def test_a_broken_yaml_names_file_and_line(tmp_path: Path) -> None:
    folder = tmp_path / "x"
    folder.mkdir()
    (folder / "regulation.yaml").write_text("title: a\n  award: [", encoding="utf-8")
    with pytest.raises(DataError, match=r"regulation\.yaml:2: "):
        load_regulation(folder)


def test_a_wrong_field_names_file_and_line(tmp_path: Path) -> None:
    folder = tmp_path / "wuxi"
    folder.mkdir()
    text = (REGULATIONS / "wuxi" / "regulation.yaml").read_text(encoding="utf-8")
    broken = text.replace("articles: 17", "articles: many")
    (folder / "regulation.yaml").write_text(broken, encoding="utf-8")
    line = broken.split("articles: many")[0].count("\n") + 1
    with pytest.raises(DataError, match=rf"regulation\.yaml:{line}: articles"):
        load_regulation(folder)


def test_a_source_that_lost_an_article_stops_the_start(tmp_path: Path) -> None:
    folder = tmp_path / "wuxi"
    folder.mkdir()
    for name in ("regulation.yaml", "source.txt"):
        content = (REGULATIONS / "wuxi" / name).read_text(encoding="utf-8")
        (folder / name).write_text(content.replace("第十七条", "末条"), encoding="utf-8")
    with pytest.raises(DataError, match=r"source\.txt:1: 16 articles"):
        load_regulation(folder)
