"""`regulations list | show | add | confirm | check`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot.evaluation import dump
from bot.problem import Problem
from bot.settings import load_settings
from knowledge.catalogue import catalogue
from knowledge.corpus import REGULATIONS, Corpus
from knowledge.procedure import load_procedures, procedure_faults
from knowledge.regulation import Article, Regulation
from knowledge.rules import load_rules
from knowledge.topics import Topics, faults

if TYPE_CHECKING:
    from knowledge.adding import Added


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
    add = actions.add_parser("add", help="收入一部新办法（txt、md、docx、html、pdf）")
    add.add_argument("file", type=Path, metavar="FILE")
    add.add_argument("--id", required=True, metavar="ID", help="地区代号，例如 changzhou")
    add.add_argument("--json", action="store_true", help="输出 JSON")
    add.set_defaults(call=_add)
    confirm = actions.add_parser("confirm", help="确认新收入的办法已经人工核对")
    confirm.add_argument("region", metavar="REGION")
    confirm.set_defaults(call=_confirm)
    check = actions.add_parser("check", help="核对资料与条文逐字一致")
    check.set_defaults(call=_check)


def _corpus() -> Corpus:
    return _data()[0]


def _data() -> tuple[Corpus, Topics]:
    from knowledge.opening import load_data

    return load_data(load_settings().added_regulations)


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


def _add(args: argparse.Namespace) -> int:
    from bot.wiring import build_knowledge
    from knowledge.adding import AddingError, add_regulation

    settings = load_settings()
    known = build_knowledge(settings)
    try:
        added = add_regulation(args.file, args.id, settings.added_regulations, known)
    except AddingError as error:
        raise Problem(str(error)) from error
    knowledge = build_knowledge(settings)
    silent = [t.name for t in knowledge.topics if args.id in t.silent]
    if args.json:
        print(dump({**_about(added.regulation, _today()), **_proposed(added, silent)}))
        return 0
    regulation = added.regulation
    chapters = f"{len(regulation.chapters)}章" if regulation.chapters else ""
    print(
        f"已收入《{regulation.title}》（{regulation.region}）：{chapters}{len(regulation.articles)}条。"
    )
    print(f"办公室：{regulation.office.name}（第{regulation.office.article}条）")
    print(f"\n主题对应（共{len(added.proposal.settled)}个，把握小的在前）：")
    sureness = added.proposal.sureness
    for topic, provisions in sorted(
        added.proposal.settled.items(), key=lambda pair: sureness.get(pair[0], 0.0)
    ):
        cited = "、".join(regulation.cite(p.article, p.item).partition("》")[2] for p in provisions)
        print(f"  {sureness.get(topic, 0.0):.2f}  {knowledge.topics[topic].name}：{cited}")
    print(f"\n办法没有规定（{len(silent)}个）：{'、'.join(silent)}")
    print("\n请核对：")
    for doubt in added.doubts:
        print(f"· {doubt}")
    if added.proposal.added:
        numbers = "、".join(f"第{number}条" for number in added.proposal.added)
        print(f"· {numbers}没有明显的主题，归到了最接近的主题")
    print(f"· 核对并修改 {added.folder}/topics.yaml，然后运行 regulations confirm {args.id}")
    print("现在就可以提问；核对之前，回答会注明主题对应未经核对。")
    return 0


def _proposed(added: Added, silent: list[str]) -> dict[str, Any]:
    return {
        "settled": {
            topic: [{"article": p.article, "item": p.item} for p in provisions]
            for topic, provisions in added.proposal.settled.items()
        },
        "silent": silent,
        "needs_review": list(added.doubts),
        "without_topic": list(added.proposal.added),
        "folder": str(added.folder),
    }


def _confirm(args: argparse.Namespace) -> int:
    from knowledge.adding import AddingError, confirm_regulation

    try:
        confirm_regulation(load_settings().added_regulations / args.region)
    except AddingError as error:
        raise Problem(str(error)) from error
    print(f"{args.region}：已确认。")
    return 0


def _check(_args: argparse.Namespace) -> int:
    corpus, topics = _data()
    ruleset = load_rules(corpus, REGULATIONS, load_settings().added_regulations)
    procedures = load_procedures(corpus, REGULATIONS, load_settings().added_regulations)
    found = [
        *faults(topics, corpus),
        *(line for lines in ruleset.broken.values() for line in lines),
        *(line for r, p in procedures.items() for line in procedure_faults(corpus[r], p)),
    ]
    if found:
        print("\n".join(found))
        raise Problem(f"{len(found)} 处与条文不一致。")
    articles = sum(len(regulation.articles) for regulation in corpus)
    stages = sum(len(procedure.stages) for procedure in procedures.values())
    rules = sum(len(of_region) for of_region in ruleset.by_region.values())
    counts = (
        f"{len(corpus.regions)} 部办法",
        f"{articles} 条",
        f"{len(topics)} 个主题",
        f"{rules} 条预检规则",
        f"{stages} 个评审环节",
    )
    print(f"{'、'.join(counts)}：与条文逐字一致。")
    return 0


def _today() -> Any:
    from bot.office import today_in

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
