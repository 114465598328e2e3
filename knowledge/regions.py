"""Which regions a question is about: the five texts are near twins, so this comes first.

A region is recognised by its names (short names, usual slips, pinyin, English), by the kind of
award where only one regulation has it, or by the conversation. Other places and other awards are
recognised too, so that no twin answers for them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from knowledge.corpus import Corpus
from knowledge.files import read_yaml
from knowledge.regulation import Regulation

PLACES = Path(__file__).parent / "places.yaml"

_EVERY = re.compile(
    r"[五5]个?(?:地方|城市|地区|地|办法|规定|政府|奖|省市)|各个?(?:地|城市|地方|地区|市|区)|"
    r"(?:哪|那)(?:一|几|些)?个?(?:城市|地方|地区|地|市|区)|哪[里儿](?:的奖|最|更)|这?几个(?:城市|地方|地区)|"
    r"(?:所有|每个|全部)(?:的)?(?:城市|地方|地区|办法)|谁家|哪家的?奖|横向|(?:各|几)地|"
    r"\b(?:which (?:city|place|region|district|one|award)|all (?:five|the) |each (?:city|region)|"
    r"(?:five|5) (?:cities|regions|places|regulations|awards))"
)
_ORDERING = re.compile(
    r"从.到.|由.到.|怎么排(?:名|序)?|排[名序]|分别|各自?|谁家?|哪(?:个|家|里)?|更|最[高低多少长短]?|"
    r"有什么(?:不同|区别|差别)|(?:差|区别|不同)在哪|一样吗|相比|对比|比较|三地|两地|两个?|"
    r"\b(?:which|highest|lowest|compare|compared|differ|difference)\b"
)
_JOINTS = re.compile(r"(?:^|\s)[和与跟及同、,，\s]+(?:的)?")
_KIND = re.compile(r"(区长|市长|区政府|市政府|区人民政府)(?:质量)?[奖将]")
_OTHER_OFFICE = re.compile(
    r"([一-鿿]{1,3}[省市区县州旗])(?:的)?(?:省长|市长|区长|县长|州长|人民政府|政府)?质量奖"
)
_OWN_WORDS = re.compile(r"[我本该这那全各贵此某每哪个当几]")


class _Places(BaseModel):
    model_config = ConfigDict(extra="forbid")

    unless: tuple[str, ...] = ()
    provinces: tuple[str, ...]
    cities: tuple[str, ...]
    districts: tuple[str, ...]
    awards: tuple[str, ...]
    spelt: dict[str, str] = {}


@dataclass(frozen=True)
class Mentions:
    """What a question names.

    `regions` in the order of mention; `candidates` fit a kind of award (区长质量奖) that was named
    alone; `every` is true for “which city …”; `places` and `awards` are other ones; `rest` is the
    question without the names of its regions and, in a comparison, without the words that compare.
    """

    regions: tuple[str, ...]
    candidates: tuple[str, ...]
    every: bool
    places: tuple[str, ...]
    awards: tuple[str, ...]
    rest: str

    @property
    def elsewhere(self) -> tuple[str, ...]:
        return self.places + self.awards


class Gazetteer:
    """Finds regions, other places and other awards in a normalised question."""

    def __init__(self, corpus: Corpus, places: Path = PLACES) -> None:
        self._corpus = corpus
        self._others = read_yaml(places, _Places)
        self._names = [(r.region, _names_of(r)) for r in corpus]

    @cached_property
    def _place(self) -> re.Pattern[str]:
        others = self._others
        names = "|".join(
            map(re.escape, _longest_first({*others.provinces, *others.cities, *others.districts}))
        )
        return re.compile("|".join([*map(re.escape, others.unless), f"(?P<place>{names})"]))

    @cached_property
    def _award(self) -> re.Pattern[str]:
        own = {r.award for r in self._corpus} | {r.award_kind for r in self._corpus}
        return re.compile(
            "|".join(
                re.escape(n.lower())
                for n in _longest_first({*self._others.awards, *self._others.spelt} - own)
            )
        )

    @cached_property
    def _in_chinese(self) -> dict[str, str]:
        return {spelt.lower(): award for spelt, award in self._others.spelt.items()}

    def read(self, question: str) -> Mentions:
        """Reads a normalised question (see `wording.normalise`)."""
        found: list[tuple[int, str]] = []
        rest = question
        for region, pattern in self._names:
            hits = [m for m in pattern.finditer(question) if m["name"]]
            if hits:
                found.append((hits[0].start(), region))
                rest = pattern.sub(lambda m: m[0] if not m["name"] else " ", rest)
        regions = tuple(region for _, region in sorted(found))
        own_cities = {c for r in regions if (c := self._corpus[r].place.city)}
        awards = tuple(dict.fromkeys(self._award.findall(rest)))
        for award in awards:
            rest = rest.replace(award, f" {award} ")
        awards = tuple(self._in_chinese.get(award, award) for award in awards)
        found_places = dict.fromkeys(m["place"] for m in self._place.finditer(rest) if m["place"])
        places = [place for place in found_places if place not in own_cities]
        for city in own_cities:
            rest = re.sub(rf"{city}市?(?!长|政府)", " ", rest)
        regions, places = self._through_city(regions, places, rest)
        for place in {p for r in regions for p in self._corpus[r].place.within} - {*places}:
            rest = re.sub(rf"{place}[市区县]?", "本地", rest)
        if not regions:
            places += [p for p in self._other_offices(rest) if not any(q in p for q in places)]
        every = bool(_EVERY.search(rest))
        candidates = self._by_kind(rest) if not regions else ()
        if every or len(regions) > 1:
            rest = _JOINTS.sub(" ", _ORDERING.sub(" ", _EVERY.sub(" ", rest)))
        return Mentions(
            regions=regions,
            candidates=candidates,
            every=every,
            places=tuple(places),
            awards=awards,
            rest=re.sub(r"\s+", " ", rest).strip(" ,，、的"),
        )

    def _through_city(
        self, regions: tuple[str, ...], places: list[str], rest: str
    ) -> tuple[tuple[str, ...], list[str]]:
        """A superior city stands for its district, and a county for its city, unless an award of
        their own is meant."""
        for place in list(places):
            above = [r.region for r in self._corpus if place in r.place.within]
            below = [r.region for r in self._corpus if r.place.city == place]
            if "区" not in rest.replace("地区", ""):
                below = []
            levels = "区县市" if above else "市"
            own_award = re.search(
                rf"{place}[{levels}]?的?(?:[{levels}](?:长|政府|人民政府|级)|政府质量奖)", rest
            )
            found = above or below
            if found and not own_award:
                regions += tuple(r for r in found if r not in regions)
                places.remove(place)
        return regions, places

    def _by_kind(self, rest: str) -> tuple[str, ...]:
        kinds = {m[1].replace("人民", "") for m in _KIND.finditer(rest)}
        return tuple(
            r.region for r in self._corpus if any(r.award_kind.startswith(kind) for kind in kinds)
        )

    def _other_offices(self, rest: str) -> Iterable[str]:
        """新北区区长质量奖, 章丘区政府质量奖: places that no list need know."""
        for match in _OTHER_OFFICE.finditer(rest):
            name = match[1]
            if len(name) > 2 and not _OWN_WORDS.search(name):
                yield name


def _names_of(regulation: Regulation) -> re.Pattern[str]:
    """Names of a region, with the ordinary words in which a name stands by accident set aside."""
    place = regulation.place
    latin = [
        re.escape(n).replace(r"\ ", r"[\s-]*")
        for n in _longest_first({*place.latin, regulation.region, place.english.lower()})
    ]
    spelt = rf"(?<![a-z])(?:{'|'.join(latin)})(?:[\s-]*(?:district|city|shi|qu))?(?![a-z])(?:'s)?"
    names = "|".join(map(re.escape, _longest_first({*place.names, place.name, place.short})))
    name = rf"(?P<name>(?:{names})(?:(?:市区|[市区])(?!长|政府质量奖))?|{spelt}(?:市|区)?(?!长))"
    return re.compile("|".join([*(f"(?:{u})" for u in place.unless), name]))


def _longest_first(names: Iterable[str]) -> Sequence[str]:
    return sorted(names, key=lambda n: (-len(n), n))
