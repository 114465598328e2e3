"""Every rule in a table that a lawyer can read, and what must hold for any profile."""

from __future__ import annotations

import re
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from knowledge.corpus import REGULATIONS, Corpus, load_corpus
from knowledge.prechecking import Outcome, Precheck, PrecheckError, Verdict
from knowledge.profile import KINDS, Profile, ProfileError, read_profile
from knowledge.reporting import Report, message
from knowledge.rules import facts_of, load_rules

CORPUS = load_corpus()
PRECHECK = Precheck(CORPUS, load_rules(CORPUS))
AS_OF = date(2026, 6, 30)
TABLES = {
    path.stem: yaml.safe_load(path.read_text(encoding="utf-8"))
    for path in sorted((Path(__file__).parent / "rules").glob("*.yaml"))
}
CASES = [(region, *case) for region, table in TABLES.items() for case in table["cases"]]


def plain(value: Any) -> Any:
    """Dates as the JSON of a profile has them."""
    if isinstance(value, dict):
        return {key: plain(part) for key, part in value.items()}
    if isinstance(value, list):
        return [plain(part) for part in value]
    return value.isoformat() if isinstance(value, date) else value


def profile(region: str, **changes: Any) -> Profile:
    data = plain({**TABLES[region]["base"], **changes})
    return read_profile(data, CORPUS.regions, AS_OF)


def clause(name: str) -> tuple[int, int | None]:
    match = re.fullmatch(r"(\d+)(?:\((\d+)\))?", name)
    assert match
    return int(match[1]), int(match[2]) if match[2] else None


@pytest.mark.parametrize("region", TABLES)
def test_the_base_of_each_table_is_eligible(region: str) -> None:
    (result,) = PRECHECK.judge(profile(region), [region], AS_OF).regions
    assert result.verdict is Verdict.ELIGIBLE
    assert {c.outcome for c in result.criteria} == {Outcome.MET}


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case[0]} {case[1]} {case[2]}")
def test_a_case_of_the_tables(case: tuple[Any, ...]) -> None:
    region, name, changes, outcome, *curable = case
    (result,) = PRECHECK.judge(profile(region, **changes), [region], AS_OF).regions
    found = next(c for c in result.criteria if (c.article, c.item) == clause(name))
    assert found.outcome == outcome
    assert found.curable_on == (curable[0] if curable else None)
    article = CORPUS[region].article(found.article)
    assert article
    assert article.quotes(found.quote)
    assert found.reason
    assert bool(found.mends) == (outcome == "not_met")


@pytest.mark.parametrize("region", TABLES)
def test_a_rule_without_its_facts_is_unknown_and_one_is_broken_by_a_case(region: str) -> None:
    broken = {clause(c[1]) for c in CASES if c[0] == region and c[3] == "not_met"}
    for rule in PRECHECK.rules(region):
        missing = profile(region, **dict.fromkeys(facts_of(rule)))
        (result,) = PRECHECK.judge(missing, [region], AS_OF).regions
        found = next(c for c in result.criteria if (c.article, c.item) == (rule.article, rule.item))
        assert found.outcome is Outcome.UNKNOWN
        assert (rule.article, rule.item) in broken


def test_nothing_known_is_undetermined_everywhere() -> None:
    result = PRECHECK.judge(Profile(), PRECHECK.regions, AS_OF)
    assert {r.verdict for r in result.regions} == {Verdict.UNDETERMINED}


def test_the_earliest_day_waits_for_the_last_of_several_causes() -> None:
    late = profile(
        "tianning",
        operating_since=date(2024, 1, 31),
        records=[{"kind": "complaint", "on": "2024-02-29"}],
    )
    (result,) = PRECHECK.judge(late, ["tianning"], AS_OF).regions
    assert result.earliest_eligible_on == date(2027, 3, 1)


def test_what_time_does_not_cure_has_no_earliest_day() -> None:
    late = profile("tianning", operating_since=date(2024, 1, 31), chief_quality_officer=False)
    (result,) = PRECHECK.judge(late, ["tianning"], AS_OF).regions
    assert (result.verdict, result.earliest_eligible_on) == (Verdict.INELIGIBLE, None)


def test_a_rule_whose_words_are_gone_stops_its_region_alone(tmp_path: Path) -> None:
    text = (REGULATIONS / "wuxi" / "rules.yaml").read_text(encoding="utf-8")
    (tmp_path / "wuxi").mkdir()
    changed = text.replace("近三年未发生亏损", "近五年未发生亏损")
    (tmp_path / "wuxi" / "rules.yaml").write_text(changed, encoding="utf-8")
    only = Corpus({"wuxi": CORPUS["wuxi"]})
    with pytest.raises(PrecheckError, match=r"10\(3\).*近五年未发生亏损"):
        Precheck(only, load_rules(only, tmp_path)).judge(Profile(), ["wuxi"], AS_OF)


@pytest.mark.parametrize(
    ("data", "field", "complaint"),
    [
        ({"colour": "red"}, "colour", "没有这个字段"),
        ({"legal_form": "club"}, "legal_form", "legal_person、unincorporated、branch"),
        ({"registered_in": "mars"}, "registered_in", "other"),
        ({"operating_since": "2024-02-30"}, "operating_since", "没有 2024-02-30"),
        ({"operating_since": "2026-07-01"}, "operating_since", "之后"),
        ({"operating_since": 20240101}, "operating_since", "2024-03-01"),
        ({"industrial": "yes"}, "industrial", "true"),
        ({"industry_rank": 0}, "industry_rank", "小于 1"),
        ({"industry_rank": True}, "industry_rank", "整数"),
        ({"safety_standardization_level": 4}, "safety_standardization_level", "1、2、3、none"),
        ({"annual_profits": [1, 2]}, "annual_profits[2]", "三个数"),
        ({"annual_profits": [1, 2, float("nan")]}, "annual_profits[2]", "有限"),
        ({"records": [{"kind": "theft"}]}, "records[0]", "accident"),
        ({"records": [{"kind": "accident", "grade": "huge"}]}, "records[0].grade", "extraordinary"),
        ({"records": [{"kind": "complaint", "on": "2026-07-01"}]}, "records[0].on", "之后"),
        ({"awards": [{"region": "x", "award": "quality"}]}, "awards", "wuxi"),
        ([], "profile", "对象"),
    ],
)
def test_bad_input_names_the_field_and_what_is_allowed(
    data: Any, field: str, complaint: str
) -> None:
    with pytest.raises(ProfileError, match=re.escape(complaint)) as caught:
        read_profile(data, CORPUS.regions, AS_OF)
    assert caught.value.field == field


def test_the_same_facts_give_the_same_report_byte_for_byte() -> None:
    facts = profile("tianning", operating_since=date(2024, 1, 31))
    one, other = (
        Report(CORPUS, facts, PRECHECK.judge(facts, ["tianning", "beilun"], AS_OF))
        for _ in range(2)
    )
    assert one.as_pdf() == other.as_pdf()
    assert one.as_json() == other.as_json()
    text = message(CORPUS, one.result)
    assert "2027年1月31日" in text
    assert "征求意见稿" in text
    assert "不是审批" in text
    assert len(one.result.evidence) == len(set(one.result.evidence))


DAYS = st.dates(date(2012, 1, 1), AS_OF)
RECORDS = (
    st.fixed_dictionaries(
        {"kind": st.sampled_from(sorted(KINDS)), "on": DAYS},
        optional={
            "grade": st.sampled_from(["general", "larger", "major"]),
            "fatal": st.booleans(),
            "authority": st.sampled_from(["national", "provincial", "municipal"]),
            "serious": st.booleans(),
            "credit_repaired": st.dates(date(2020, 1, 1), date(2028, 1, 1)),
            "region": st.sampled_from(CORPUS.regions),
        },
    )
    .map(lambda r: {k: v for k, v in r.items() if k in KINDS[r["kind"]].model_fields})
    .filter(lambda r: not (r["kind"] == "labour_dishonesty" and r.get("grade") == "general"))
)
CHANGES: dict[str, st.SearchStrategy[Any]] = {
    "operating_since": DAYS,
    "qms_certified_since": DAYS,
    "excellence_model_since": DAYS,
    "records": st.lists(RECORDS, max_size=3),
    "awards": st.lists(
        st.fixed_dictionaries(
            {
                "region": st.sampled_from(CORPUS.regions),
                "award": st.sampled_from(["quality", "nomination"]),
                "on": DAYS,
            }
        ),
        max_size=2,
    ),
    "revocations": st.lists(
        st.fixed_dictionaries(
            {
                "region": st.sampled_from(CORPUS.regions),
                "reason": st.sampled_from(["fraud", "conduct"]),
                "on": DAYS,
            }
        ),
        max_size=2,
    ),
    "exports": st.booleans(),
    "business_kind": st.sampled_from(["commercial", "nonprofit"]),
    "annual_profits": st.lists(st.integers(-5, 9), min_size=3, max_size=3),
}
QUICKLY = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])


@QUICKLY
@given(st.sampled_from(sorted(TABLES)), st.fixed_dictionaries({}, optional=CHANGES))
def test_the_earliest_day_is_the_first_eligible_one(region: str, changes: dict[str, Any]) -> None:
    facts = profile(region, **changes)
    (result,) = PRECHECK.judge(facts, [region], AS_OF).regions
    if day := result.earliest_eligible_on:
        assert PRECHECK.verdict(facts, region, day) is Verdict.ELIGIBLE
        assert PRECHECK.verdict(facts, region, day - timedelta(days=1)) is not Verdict.ELIGIBLE


@QUICKLY
@given(
    st.sampled_from(sorted(TABLES)),
    st.fixed_dictionaries({}, optional=CHANGES),
    st.sets(st.sampled_from(sorted(Profile.model_fields))),
)
def test_knowing_more_never_turns_a_verdict_into_undetermined(
    region: str, changes: dict[str, Any], unknown: set[str]
) -> None:
    whole = profile(region, **changes)
    part = whole.model_copy(update=dict.fromkeys(unknown))
    before, after = (PRECHECK.verdict(facts, region, AS_OF) for facts in (part, whole))
    assert before in (after, Verdict.UNDETERMINED)
    assert bool(PRECHECK.open_facts(part, [region], AS_OF)) == (before is Verdict.UNDETERMINED)
