"""What is known of many cases, read set-wise, as the rules see it: plans, bookings, what is held, what others have."""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Exists, OuterRef, Q

from appointments.models import Appointment, AppointmentStatus, Patient
from practices import vault
from practices.models import Practice
from prerequisites import validity
from prerequisites.answers import Answer
from prerequisites.conditions import Facts
from prerequisites.models import (
    Case,
    Plan,
    PlanState,
    Prerequisite,
    Requirement,
    RequirementState,
    Submission,
)
from prerequisites.replanning import REUSABLE, Held, Source
from prerequisites.required import Asked, Booking, PlanRules
from prerequisites.ruled import asked_of, current_calendar
from prerequisites.rules import Due
from prerequisites.validity import Judgement
from prerequisites.working_days import Calendar

# What is read of a requirement, and written back where something became of it.
ROW = (
    "id",
    "case_id",
    "prerequisite_id",
    "state",
    "deadline",
    "bring_along",
    "promised_at",
    "obstacle",
    "document_date",
    "lapsed_at",
    "withdrawn_from",
    "asked_at",
    "reused_from_id",
    "own_date",
    "changed_at",
)
# What was handed in for the case itself. A form that the patient confirmed is: of that day, whatever the answers were taken
# from. A document that was taken from another case is that case's to offer.
OWN = Q(reused_from=None) | Q(prerequisite__kind="form")
# Answers that were given, though nobody may have reviewed them; those taken back are not known.
GIVEN = Q(state__in=("submitted", "accepted", "rejected", "waived")) | Q(lapsed_at__isnull=False)
GIVEN_ONCE = GIVEN | Q(state="withdrawn", withdrawn_from__in=("submitted", "accepted", "rejected", "waived"))


@dataclass(frozen=True, kw_only=True)
class PlannedBy:
    """A plan with its rules."""

    plan: Plan
    rules: PlanRules


@dataclass(frozen=True, kw_only=True)
class Row:
    """A requirement as it is stored (ROW by name) and as the rules see it."""

    stored: dict[str, Any]
    held: Held


def published_plans(type_ids: Collection[int]) -> dict[int, PlannedBy]:
    """The published plans by type; types that need nothing have none."""
    plans = list(
        Plan.objects.filter(type_id__in=type_ids, state=PlanState.PUBLISHED, type__needs_nothing=False)
    )
    return {planned.plan.type_id: planned for planned in with_rules(plans).values()}


def with_rules(plans: Iterable[Plan]) -> dict[int, PlannedBy]:
    """The plans with their rules, by id."""
    wanted = {plan.pk: plan for plan in plans}
    entries: dict[int, list[Asked]] = defaultdict(list)
    for prerequisite in Prerequisite.objects.filter(plan_id__in=wanted):
        entries[prerequisite.plan_id].append(asked_of(prerequisite))
    return {pk: PlannedBy(plan=plan, rules=PlanRules(tuple(entries[pk]))) for pk, plan in wanted.items()}


def bookings(
    appointments: Sequence[Appointment], *, uses: frozenset[str], calendar: Calendar
) -> dict[int, Booking]:
    """The appointments (with type and patient) as the rules see them, by id. Whether it is a first visit is looked up only
    if the plans use it."""
    first = _first_visits(appointments) if "first_visit" in uses else {}
    return {row.pk: _booking(row, first.get(row.pk), calendar) for row in appointments}


def rows_of(
    cases: Collection[Case], *, asked: Mapping[int, Asked], with_answers: bool
) -> dict[int, list[Row]]:
    """What the cases require, by case. `asked` knows more prerequisites than theirs; the others are read."""
    stored = list(Requirement.objects.filter(case__in=cases).order_by("pk").values(*ROW))
    unknown = {row["prerequisite_id"] for row in stored} - asked.keys()
    others = {one.pk: asked_of(one) for one in Prerequisite.objects.filter(pk__in=unknown)}
    known = {**asked, **others}
    starts = {case.pk: case.appointment.start for case in cases}
    answers = _answers(cases) if with_answers else {}
    found: dict[int, list[Row]] = defaultdict(list)
    for row in stored:
        due = Due(at=row["deadline"] or starts[row["case_id"]], bring_along=row["bring_along"])
        held = _held(row, known[row["prerequisite_id"]], due, answers.get(row["id"]))
        found[row["case_id"]].append(Row(stored=row, held=held))
    return found


def sources_of(patients: Collection[int], *, codes: Collection[str]) -> dict[int, list[tuple[int, Source]]]:
    """What the patients have in place under these codes, by patient: with its case, the newest first. What lapsed or is
    not required any more may serve another appointment."""
    if not patients or not codes:
        return {}
    found = (
        Requirement.objects.filter(OWN, case__appointment__patient_id__in=patients)
        .filter(prerequisite__code__in=codes, prerequisite__kind__in=REUSABLE)
        .filter(Q(state=RequirementState.ACCEPTED) | Q(withdrawn_from=RequirementState.ACCEPTED))
        .values_list(
            "id",
            "case_id",
            "case__appointment__patient_id",
            "document_date",
            "prerequisite__code",
            "prerequisite__kind",
            "prerequisite__by_physician",
        )
    )
    sources: dict[int, list[tuple[int, Source]]] = defaultdict(list)
    for pk, case_id, patient_id, dated, code, kind, by_physician in found:
        source = Source(id=pk, code=code, kind=kind, document_date=dated, by_physician=by_physician)
        sources[patient_id].append((case_id, source))
    for those in sources.values():
        those.sort(key=lambda one: (one[1].document_date or date.min, one[1].id), reverse=True)
    return sources


@dataclass(frozen=True, kw_only=True)
class Known:
    """What is known of one case, to judge what is handed in for it."""

    asked: Mapping[int, Asked]
    booking: Booking
    facts: Facts

    def needs_date(self, prerequisite_id: int) -> bool:
        """Whether it can't be judged without its own date."""
        return self.asked[prerequisite_id].validity.needs_date

    def oldest(self, prerequisite_id: int) -> date | None:
        """The first day of which a document counts; None where none is too old."""
        rule = self.asked[prerequisite_id].validity
        return validity.oldest(
            rule, appointment=self.booking.day, booked=self.booking.booked_day, facts=self.facts
        )

    def limit(self, prerequisite_id: int) -> int | None:
        """The days that it may be old here; None where it can't be too old."""
        if not self.asked[prerequisite_id].validity.blocks:
            return None
        return self.judge(prerequisite_id, date.min).limit

    def judge(self, prerequisite_id: int, document_date: date | None) -> Judgement:
        """How a document of that date stands."""
        return validity.judge(
            self.asked[prerequisite_id].validity,
            document_date=document_date,
            appointment=self.booking.day,
            booked=self.booking.booked_day,
            facts=self.facts,
        )


def known_of(case: Case) -> Known:
    """What is known of a case (with plan, appointment and patient)."""
    plan = with_rules([case.plan])[case.plan_id].rules
    asked = {entry.id: entry for entry in plan.entries}
    held = rows_of([case], asked=asked, with_answers=bool(plan.forms_used))[case.pk]
    answers = {row.held.asked.key: row.held.answers for row in held if row.held.answers is not None}
    appointment = case.appointment
    booking = bookings([appointment], uses=plan.uses, calendar=current_calendar())[appointment.pk]
    asked |= {row.held.asked.id: row.held.asked for row in held}
    return Known(asked=asked, booking=booking, facts=plan.facts(booking, answers))


def _booking(appointment: Appointment, first_visit: bool | None, calendar: Calendar) -> Booking:
    patient = appointment.patient
    known: dict[str, Any] = {}
    if patient is not None:
        known = {"born": patient.birth_date, "sex": patient.sex, "insurance": patient.insurance}
    return Booking(
        start=appointment.start,
        booked_at=appointment.booked_at,
        calendar=calendar,
        type=appointment.type.name if appointment.type else "",
        first_visit=first_visit,
        **known,
    )


def _first_visits(appointments: Sequence[Appointment]) -> dict[int, bool]:
    """Whether the patient has no earlier appointment, by the appointment's id; nothing of those without a patient."""
    earlier = Appointment.objects.filter(
        patient_id=OuterRef("patient_id"), start__lt=OuterRef("start")
    ).exclude(status=AppointmentStatus.CANCELLED)
    found = Appointment.objects.filter(pk__in=[row.pk for row in appointments], patient__isnull=False)
    return {pk: not was_there for pk, was_there in found.values_list("pk", Exists(earlier))}


def _held(row: Mapping[str, Any], asked: Asked, due: Due, answers: Mapping[str, Answer] | None) -> Held:
    return Held(
        id=row["id"],
        asked=asked,
        state=row["state"],
        due=due,
        promised=row["promised_at"] is not None,
        document_date=row["document_date"],
        lapsed=row["lapsed_at"] is not None,
        withdrawn_from=row["withdrawn_from"],
        reused_from=row["reused_from_id"],
        own_date=row["own_date"],
        answers=answers,
    )


def _answers(cases: Collection[Case]) -> dict[int, Mapping[str, Answer]]:
    """The answers that were given last and count, by requirement. Nothing of patients whose key is destroyed."""
    keys = _keys({case.pk: case.appointment.key_holder for case in cases})
    given = Requirement.objects.filter(GIVEN_ONCE, case_id__in=keys, prerequisite__kind="form")
    newest = (
        Submission.objects.filter(requirement__in=given, sealed_answers__isnull=False)
        .order_by("requirement_id", "-id")
        .distinct("requirement_id")
        .select_related("requirement")
        .only("sealed_answers", "requirement__practice_id", "requirement__case_id")
    )
    return {
        one.requirement_id: json.loads(
            vault.unseal(
                key=keys[one.requirement.case_id],
                sealed=bytes(one.sealed_answers or b""),
                context=one.requirement.sealed_context("answers"),
            )
        )
        for one in newest
    }


def _keys(holders: Mapping[int, Patient | None]) -> dict[int, bytes]:
    """The keys by case, the practice's opened once."""
    practice = Practice.objects.get().key()
    return {
        case_id: vault.patient_key(practice=practice, wrapped=bytes(holder.wrapped_key))
        for case_id, holder in holders.items()
        if holder is not None and holder.wrapped_key is not None
    }
