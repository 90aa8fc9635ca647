"""What is to come for cases, and what would come for an appointment that does not exist. Needs an open scope; reads only."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from messaging import forecast, queries
from messaging.forecast import Expected
from messaging.occasions import Facts, Need
from messaging.providers import registry
from practices.models import Practice
from prerequisites import case_facts
from prerequisites.models import Case, Plan
from prerequisites.required import Asked, Booking, required
from prerequisites.ruled import calendar_of
from prerequisites.rules import Due


def prospects_of(cases: Sequence[Case], *, practice: Practice, now: datetime) -> dict[int, list[Expected]]:
    """The messages to come, by case (with appointment and patient), in a fixed number of statements. What is said together
    with others of the patient's appointments is foretold with them."""
    patients = {case.appointment.patient_id for case in cases} - {None}
    others = Case.objects.filter(
        appointment__patient_id__in=patients, appointment__start__gt=now, closed_at=None
    ).exclude(pk__in=[case.pk for case in cases])
    beside = others.select_related("appointment__patient__practice").order_by("pk")
    known = queries.facts_of([*cases, *beside], practice=practice, now=now)
    groups: dict[tuple[int, int], dict[int, Facts]] = defaultdict(dict)
    for case in [*cases, *beside]:
        patient = case.appointment.patient_id
        groups[(patient, 0) if patient else (0, case.pk)][case.pk] = known[case.pk]
    found: dict[int, list[Expected]] = {}
    for group in groups.values():
        found |= _expected(group, practice=practice, now=now)
    return {case.pk: found[case.pk] for case in cases}


@dataclass(frozen=True, kw_only=True)
class WhatIf:
    """What would be asked for by when, and said when, for a sample appointment that nobody prepares."""

    required: list[tuple[Asked, Due]]
    messages: list[Expected]


def what_if(
    plan: Plan, *, start: datetime, booked_at: datetime, practice: Practice, channels: Sequence[str] = ()
) -> WhatIf:
    """The timeline of a sample appointment under a plan, published or not: of a patient of whom nothing is known but how
    to write to them (`channels`; all of the practice's, if none are named)."""
    calendar = calendar_of(practice)
    planned = case_facts.with_rules([plan])[plan.pk]
    booking = Booking(start=start, booked_at=booked_at, calendar=calendar)
    asked = required(planned.rules, booking, {}, now=booked_at)
    needs = [
        Need(id=one.id, kind=one.kind, state="open", deadline=due.at, bring_along=due.bring_along)
        for one, due in asked
        if one.audience == "patient"
    ]
    usable = [channel for channel in practice.channels if channel in registry.CHANNELS]
    ways = [(channel, "sample") for channel in usable if not channels or channel in channels]
    facts = Facts(
        case_id=0,
        start=start,
        needs=needs,
        addresses=dict(ways),
        ways=ways,
        deadline=min((due.at for _, due in asked), default=None),
        starts=[start],
    )
    return WhatIf(required=asked, messages=_expected({0: facts}, practice=practice, now=booked_at)[0])


def _expected(facts: Mapping[int, Facts], *, practice: Practice, now: datetime) -> dict[int, list[Expected]]:
    return forecast.expected(
        facts, hours=queries.hours_of(practice), fallback_hours=practice.fallback_hours, now=now
    )
