"""Whether what was handed in is still of use for an appointment. Pure.

    {"measured_at": "appointment", "days": 30, "effect": "block",
     "limits": [{"when": {"answer": "contrast-questions.kidney", "is": ["yes"]}, "days": 7}],
     "quarter": "warn"}

The age is counted in days from the document's own date to the appointment's day, or to the day on which it was booked
(`measured_at`: "booking"). It is valid while its age is at most `days`; the first of the `limits` whose condition holds
counts instead. `effect`: what is too old does not count ("block"), or counts with a warning ("warn"). `quarter`: a
warning where a referral is of an earlier quarter than the appointment, for the insurance card must be read anew. It is
never rejected for that. Empty: for ever.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from prerequisites import conditions
from prerequisites.conditions import Condition, Facts
from prerequisites.sentences import sentence

APPOINTMENT, BOOKING = "appointment", "booking"
BLOCK, WARN = "block", "warn"
KNOWN = {"measured_at", "days", "effect", "limits", "quarter"}
MOST_DAYS = 36_500


class ValidityError(ValueError):
    """What is wrong with a validity, in a sentence."""


@dataclass(frozen=True, kw_only=True)
class Limit:
    """Another number of days where a condition holds."""

    when: Condition
    days: int


@dataclass(frozen=True, kw_only=True)
class Validity:
    """For how long something is of use. Without `days`: for ever."""

    measured_at: str = APPOINTMENT
    days: int | None = None
    effect: str = BLOCK
    limits: tuple[Limit, ...] = ()
    quarter: bool = False

    @property
    def blocks(self) -> bool:
        """Whether something can be too old to count."""
        return self.days is not None and self.effect == BLOCK

    @property
    def needs_date(self) -> bool:
        """Whether it can't be judged without the document's date."""
        return self.days is not None or self.quarter


@dataclass(frozen=True, kw_only=True)
class Caution:
    """What staff should look at: "too_old" (`age`, `limit` in days), "earlier_quarter", "date_unknown"."""

    code: str
    params: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """`age` and `limit` in days, None where there is none. What `blocks` does not count."""

    age: int | None = None
    limit: int | None = None
    blocks: bool = False
    cautions: tuple[Caution, ...] = ()


def parse(content: object) -> Validity:
    """Reads a validity. ValidityError or conditions.ConditionError for what is none."""
    if not isinstance(content, dict):
        raise ValidityError(sentence("a validity is an object, not %(content)s", content=repr(content)))
    if not set(content) <= KNOWN:
        raise ValidityError(
            sentence("a validity has no %(names)s", names=", ".join(sorted(map(str, set(content) - KNOWN))))
        )
    limits = content.get("limits", [])
    if not isinstance(limits, list):
        raise ValidityError(sentence('"limits" is a list'))
    if "days" not in content and {"limits", "effect", "measured_at"} & set(content):
        raise ValidityError(sentence('a validity that measures needs "days"'))
    return Validity(
        measured_at=_among(content, "measured_at", (APPOINTMENT, BOOKING)),
        days=_days(content["days"]) if "days" in content else None,
        effect=_among(content, "effect", (BLOCK, WARN)),
        limits=tuple(_limit(limit) for limit in limits),
        quarter="quarter" in content and _among(content, "quarter", (WARN,)) == WARN,
    )


def judge(
    validity: Validity, *, document_date: date | None, appointment: date, booked: date, facts: Facts
) -> Judgement:
    """How a document of that date stands for an appointment on that day, booked on that. What has no date is not too old:
    a warning says that it can't be judged."""
    if document_date is None:
        unknown = (Caution(code="date_unknown"),) if validity.needs_date else ()
        return Judgement(cautions=unknown)
    cautions: list[Caution] = []
    age = limit = None
    if validity.days is not None:
        age = ((appointment if validity.measured_at == APPOINTMENT else booked) - document_date).days
        limit = limit_for(validity, facts)
        if age > limit and validity.effect == WARN:
            cautions.append(Caution(code="too_old", params={"age": age, "limit": limit}))
    if validity.quarter and _quarter(document_date) < _quarter(appointment):
        cautions.append(Caution(code="earlier_quarter"))
    too_old = age is not None and limit is not None and age > limit
    return Judgement(
        age=age, limit=limit, blocks=too_old and validity.effect == BLOCK, cautions=tuple(cautions)
    )


def oldest(validity: Validity, *, appointment: date, booked: date, facts: Facts) -> date | None:
    """The first day of which a document counts; None where none is too old."""
    if not validity.blocks:
        return None
    measured = appointment if validity.measured_at == APPOINTMENT else booked
    return measured - timedelta(days=limit_for(validity, facts))


def limit_for(validity: Validity, facts: Facts) -> int:
    """The days that count for this patient: the first limit whose condition holds, else the rule's own."""
    found = (limit.days for limit in validity.limits if limit.when.holds(facts))
    return next(found, validity.days or 0)


def answers_used(validity: Validity) -> frozenset[tuple[str, str]]:
    """The (form, question) that its limits ask for."""
    return frozenset(ref for limit in validity.limits for ref in conditions.answers_used(limit.when))


def facts_used(validity: Validity) -> frozenset[str]:
    """What its limits depend on, as in conditions.facts_used."""
    return frozenset(fact for limit in validity.limits for fact in conditions.facts_used(limit.when))


def _limit(content: object) -> Limit:
    if not isinstance(content, dict) or set(content) != {"when", "days"}:
        raise ValidityError(sentence('each of the "limits" has "when" and "days"'))
    return Limit(when=conditions.parse(content["when"]), days=_days(content["days"]))


def _days(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MOST_DAYS:
        raise ValidityError(sentence('"days" is a number of days, not %(value)s', value=repr(value)))
    return value


def _among(content: dict[str, Any], name: str, allowed: Sequence[str]) -> str:
    value = content.get(name, allowed[0])
    if value not in allowed:
        first, *others = allowed
        either = sentence("%(one)s or %(other)s", one=first, other=others[0]) if others else first
        raise ValidityError(
            sentence('"%(name)s" is %(allowed)s, not %(value)s', name=name, allowed=either, value=repr(value))
        )
    return str(value)


def _quarter(day: date) -> tuple[int, int]:
    return day.year, (day.month - 1) // 3
