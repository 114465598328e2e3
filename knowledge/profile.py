"""What an organisation says of itself: the facts that a pre-check judges by.

Names and values are fixed, so that profiles can be exchanged. An absent or null value is unknown.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from datetime import date
from typing import Annotated, Any, Literal, get_args

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    ValidationError,
    ValidationInfo,
    field_validator,
)

REASONS = {
    "extra_forbidden": "没有这个字段",
    "missing": "缺少",
    "bool_type": "只能是 true 或 false",
    "date_type": "不是日期",
    "finite_number": "只能是有限的数",
    "tuple_type": "要是一个列表",
}


class ProfileError(ValueError):
    """A profile cannot be used; `field` is where, and the message names it and what is allowed."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}：{message}")
        self.field = field


def _iso(value: Any) -> Any:
    """Only `2024-03-01` is a date here: no times, no numbers, no other order."""
    if value is None or type(value) is date:
        return value
    if not isinstance(value, str) or not re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
        raise ValueError("日期要写成 2024-03-01 这样")
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise ValueError(f"没有 {value} 这一天") from None


def _whole(value: Any) -> Any:
    if value is not None and type(value) is not int and value != "none":
        raise ValueError("只能是整数")
    return value


def _number(value: Any) -> Any:
    if type(value) not in (int, float):
        raise ValueError("只能是数（单位：万元）")
    return value


Day = Annotated[date, BeforeValidator(_iso)]
Since = Annotated[date | Literal["none"], BeforeValidator(lambda v: v if v == "none" else _iso(v))]
Profit = Annotated[float, Field(allow_inf_nan=False), BeforeValidator(_number)]
Graded = Literal["general", "larger", "major", "extraordinary"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _OnDay(_Strict):
    on: Day | None = None


class Accident(_OnDay):
    kind: Literal["accident"]
    grade: Graded | None = None
    fatal: StrictBool | None = None


class FailedInspection(_OnDay):
    kind: Literal["failed_inspection"]
    authority: Literal["national", "provincial", "municipal"] | None = None
    serious: StrictBool | None = None


class LabourDishonesty(_OnDay):
    kind: Literal["labour_dishonesty"]
    grade: Literal["larger", "major"] | None = None
    credit_repaired: Day | None = None


class Violation(_OnDay):
    kind: Literal["violation"]
    grade: Literal["general", "larger", "major"] | None = None
    credit_repaired: Day | None = None


class AwardFraud(_OnDay):
    kind: Literal["award_fraud"]
    region: str | None = None


class PlainRecord(_OnDay):
    kind: Literal[
        "complaint",
        "quality_dispute",
        "tax_dishonesty",
        "statistics_fraud",
        "severe_dishonesty",
        "export_incident",
        "service_problem",
    ]


RECORDS = (Accident, FailedInspection, LabourDishonesty, Violation, AwardFraud, PlainRecord)
KINDS: Mapping[str, type[_OnDay]] = {
    kind: record for record in RECORDS for kind in get_args(record.model_fields["kind"].annotation)
}
"""Every kind of adverse record, and what is kept of it."""
Record = Annotated[
    Accident | FailedInspection | LabourDishonesty | Violation | AwardFraud | PlainRecord,
    Field(discriminator="kind"),
]


class Award(_OnDay):
    """An earlier award."""

    region: str
    award: Literal["quality", "nomination"]


class Revocation(_OnDay):
    """An award that was revoked: for `fraud`, or for `conduct` after it was given."""

    region: str
    reason: Literal["fraud", "conduct"]


class Profile(_Strict):
    """The facts; None is unknown."""

    registered_in: str | None = None
    legal_form: Literal["legal_person", "unincorporated", "branch"] | None = None
    business_kind: Literal["commercial", "nonprofit"] | None = None
    industrial: StrictBool | None = None
    above_designated_size: StrictBool | None = None
    exports: StrictBool | None = None
    operating_since: Day | None = None
    policy_compliant: StrictBool | None = None
    licences_complete: StrictBool | None = None
    qms_certified_since: Since | None = None
    qms_sound: StrictBool | None = None
    excellence_model_since: Since | None = None
    chief_quality_officer: StrictBool | None = None
    quality_practice_replicable: StrictBool | None = None
    quality_results_outstanding: StrictBool | None = None
    quality_strategy: StrictBool | None = None
    nationally_leading: StrictBool | None = None
    industry_leading: StrictBool | None = None
    industry_rank: Annotated[int, Field(ge=1), BeforeValidator(_whole)] | None = None
    social_contribution_leading: StrictBool | None = None
    safety_standardization_level: (
        Annotated[Literal[1, 2, 3, "none"], BeforeValidator(_whole)] | None
    ) = None
    annual_profits: tuple[Profit | None, Profit | None, Profit | None] | None = None
    per_mu_grade: Literal["A", "B", "C", "D"] | None = None
    good_credit: StrictBool | None = None
    credit_commitment_signed: StrictBool | None = None
    supports_party_line: StrictBool | None = None
    records: tuple[Record, ...] | None = None
    awards: tuple[Award, ...] | None = None
    revocations: tuple[Revocation, ...] | None = None

    @field_validator("registered_in")
    @classmethod
    def _a_region(cls, region: str | None, info: ValidationInfo) -> str | None:
        known = [*info.context["regions"], "other"] if info.context else None
        if region is not None and known is not None and region not in known:
            raise ValueError(f"只能是 {'、'.join(known)}")
        return region

    @field_validator("awards", "revocations", "records")
    @classmethod
    def _of_a_region(cls, entries: Any, info: ValidationInfo) -> Any:
        known = info.context["regions"] if info.context else None
        for at, entry in enumerate(entries or ()):
            region = getattr(entry, "region", None)
            if region is not None and known is not None and region not in known:
                raise ValueError(f"[{at}].region 只能是 {'、'.join(known)}")
        return entries


def read_profile(data: Any, regions: Collection[str], as_of: date) -> Profile:
    """A profile from outside, checked: known fields, allowed values, no date after `as_of`.

    Raises:
        ProfileError: naming the field, what was wrong and what is allowed.
    """
    if not isinstance(data, dict):
        raise ProfileError("profile", "要是一个 JSON 对象")
    try:
        profile = Profile.model_validate(data, context={"regions": tuple(regions)})
    except ValidationError as error:
        first = error.errors()[0]
        raise ProfileError(_place(first["loc"]), _reason(first)) from error
    for field, day in _past_days(profile):
        if day > as_of:
            raise ProfileError(field, f"{day} 在申报日 {as_of} 之后，只能填已经发生的日期")
    return profile


def _past_days(profile: Profile) -> Iterator[tuple[str, date]]:
    """Every date that can only lie in the past, with its field."""
    for field in ("operating_since", "qms_certified_since", "excellence_model_since"):
        if isinstance(day := getattr(profile, field), date):
            yield field, day
    for field in ("records", "awards", "revocations"):
        for at, entry in enumerate(getattr(profile, field) or ()):
            if entry.on:
                yield f"{field}[{at}].on", entry.on


def _place(location: tuple[int | str, ...]) -> str:
    """`records[0].grade`: without the names that pydantic gives the variants of a value."""
    path = ""
    for at, step in enumerate(location):
        if isinstance(step, int):
            path += f"[{step}]"
        elif at == 0:
            path = step
        elif at < 2 or step not in _VARIANTS:
            path += f".{step}" if step.isidentifier() else ""
    return path or "profile"


_VARIANTS = frozenset(KINDS)


def _reason(error: Any) -> str:
    kind = error["type"]
    context = error.get("ctx", {})
    if kind == "extra_forbidden" and len(error["loc"]) == 1:
        return f"没有这个字段；可以有 {'、'.join(Profile.model_fields)}"
    if kind == "literal_error":
        return f"只能是 {_listed(context['expected'])}"
    if kind == "union_tag_invalid":
        return f"kind 只能是 {_listed(context['expected_tags'])}"
    if kind == "union_tag_not_found":
        return "缺少 kind"
    if kind == "value_error":
        return str(context["error"])
    if kind in ("too_short", "too_long") or (
        kind == "missing" and isinstance(error["loc"][-1], int)
    ):
        return "要有三个数（最近一年在前，不清楚的一年写 null）"
    if kind == "greater_than_equal":
        return f"不能小于 {context['ge']}"
    return str(REASONS.get(kind, error["msg"]))


def _listed(values: str) -> str:
    """pydantic's list of values in Chinese punctuation."""
    return values.replace("'", "").replace(" or ", "、").replace(", ", "、")
