"""`regulations list | show | check`."""

from __future__ import annotations

import argparse
from typing import Any

from bot.evaluation import dump
from bot.problem import Problem
from bot.settings import load_settings
from knowledge.catalogue import catalogue
from knowledge.corpus import Corpus, load_corpus
from knowledge.files import DataError
from knowledge.regulation import Article, Regulation
from knowledge.topics import faults, load_topics


def register(subcommands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds the commands."""
    family = subcommands.add_parser("regulations", help="收录的办法")
    actions = family.add_subparsers(required=True, metavar="动作")
    listing = actions.add_parser("list", help="列出收录的办法和效力")
    listing.add_argument("--json", action="store_true", help="输出 JSON")
    listing.set_defaults(call=_list)
    show = actions.add_parser("show", help="显示一部办法或其中一条")
    show.add_argument("region", metavar="REGION")
    show.add_argument("article", nargs="?", type=int, metavar="ARTICLE")
    show.add_argument("--json", action="store_true", help="输出 JSON")
    show.set_defaults(call=_show)
    check = actions.add_parser("check", help="核对资料与条文逐字一致")
    check.set_defaults(call=_check)


def _corpus() -> Corpus:
    try:
        return load_corpus()
    except DataError as error:
        raise Problem(str(error)) from error


def _list(args: argparse.Namespace) -> int:
    today = _today()
    regulations = [_about(regulation, today) for regulation in _corpus()]
    if args.json:
        print(dump(regulations))
        return 0
    say = catalogue("zh")
    for about in regulations:
        status = say(f"status.{about['legal_status']}")
        print(f"{about['region']:<10}《{about['title']}》 {about['articles']}条  {status}")
    return 0


def _show(args: argparse.Namespace) -> int:
    corpus = _corpus()
    regulation = corpus.regulations.get(args.region)
    if regulation is None:
        raise Problem(f"没有地区 {args.region}；有：{'、'.join(corpus.regions)}")
    if args.article is None:
        return _show_whole(regulation, args.json)
    article = regulation.article(args.article)
    if article is None:
        raise Problem(
            f"《{regulation.title}》一共{len(regulation.articles)}条，没有第{args.article}条。"
        )
    if args.json:
        print(dump({"region": regulation.region, "title": regulation.title, **_article(article)}))
    else:
        print(f"《{regulation.title}》{article.mark}\n{article.text}")
    return 0


def _show_whole(regulation: Regulation, as_json: bool) -> int:
    about = _about(regulation, _today())
    if as_json:
        print(dump({**about, "text": [_article(article) for article in regulation]}))
        return 0
    status = catalogue("zh")(f"status.{about['legal_status']}")
    print(f"《{regulation.title}》（{status}）")
    chapter = 0
    for article in regulation:
        if article.chapter != chapter:
            chapter = article.chapter
            heading = regulation.chapters[chapter - 1]
            print(f"\n{heading.mark} {heading.title}")
        print(f"\n{article.mark} {article.text}")
    return 0


def _check(_args: argparse.Namespace) -> int:
    try:
        corpus, topics = load_corpus(), load_topics()
    except DataError as error:
        raise Problem(str(error)) from error
    found = faults(topics, corpus)
    if found:
        print("\n".join(found))
        raise Problem(f"{len(found)} 处与条文不一致。")
    articles = sum(len(regulation.articles) for regulation in corpus)
    print(f"{len(corpus.regions)} 部办法、{articles} 条、{len(topics)} 个主题：与条文逐字一致。")
    return 0


def _today() -> Any:
    from bot.wiring import today_in

    return today_in(load_settings())()


def _about(regulation: Regulation, today: Any) -> dict[str, Any]:
    return {
        "region": regulation.region,
        "place": regulation.place.name,
        "title": regulation.title,
        "document_number": regulation.document_number,
        "issuing_body": regulation.issuing_body,
        "award": regulation.award,
        "nomination_award": regulation.nomination_award,
        "office": regulation.office.name,
        "legal_status": regulation.status(today).value,
        "issued_on": _iso(regulation.issued_on),
        "in_force_from": _iso(regulation.in_force_from),
        "in_force_until": _iso(regulation.in_force_until),
        "repeals": [r.number for r in regulation.repeals],
        "articles": len(regulation.articles),
    }


def _article(article: Article) -> dict[str, Any]:
    return {
        "article": article.number,
        "text": article.text,
        "paragraphs": [
            {
                "number": paragraph.number,
                "text": paragraph.text,
                "items": [{"number": i.number, "text": i.full_text} for i in paragraph.items],
            }
            for paragraph in article.paragraphs
        ],
    }


def _iso(day: Any) -> str | None:
    return day.isoformat() if day else None
