"""Reads about cases and what they require."""

import json
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Exists, OuterRef, Prefetch, Q, QuerySet

from appointments.models import Appointment, AppointmentType
from appointments.queries import live
from practices import lookups, vault
from practices.models import Practice
from prerequisites import rules
from prerequisites.answers import Answer, Question
from prerequisites.models import (
    Case,
    Document,
    Plan,
    PlanState,
    Prerequisite,
    Requirement,
    RequirementState,
    Submission,
)
from prerequisites.working_days import Calendar


def practices_with_due_cases(now: datetime) -> Sequence[int]:
    """Practices with appointments to plan, cases that time changes, or documents to scan. Needs no scope."""
    to_plan = lookups.practices("treffa_practices_to_plan")
    return sorted({*to_plan, *lookups.practices("treffa_practices_with_due_cases", now)})


@dataclass(frozen=True, kw_only=True)
class RequirementRow:
    """A requirement with its prerequisite and all that was handed in, newest first. `reason` is in clear."""

    requirement: Requirement
    prerequisite: Prerequisite
    submissions: list[Submission]
    answers: dict[str, Answer]
    reason: str

    @property
    def documents(self) -> list[Document]:
        """The files of the newest submission."""
        return list(self.submissions[0].documents.all()) if self.submissions else []

    @property
    def questions(self) -> list[Question]:
        return questions_of(self.prerequisite)


@dataclass(frozen=True, kw_only=True)
class CaseDetail:
    """A case with all that its pages show. `withdrawn` is what is needed no longer, but was handed in."""

    case: Case
    requirements: list[RequirementRow]
    withdrawn: list[RequirementRow]


def case_detail(case_id: int) -> CaseDetail:
    """The case of the practice in scope. Case.DoesNotExist where there is none."""
    case = Case.objects.select_related(
        "practice",
        "plan__type",
        "appointment__patient",
        "appointment__sealed_for",
        "appointment__type",
        "appointment__feed",
    ).get(pk=case_id)
    submissions = Submission.objects.select_related("user").prefetch_related(
        Prefetch("documents", Document.objects.order_by("id"))
    )
    found = (
        Requirement.objects.filter(case=case)
        .select_related("prerequisite", "decided_by")
        .prefetch_related(Prefetch("submissions", submissions.order_by("-id")))
        .order_by("prerequisite__position", "id")
    )
    holder = case.appointment.key_holder
    key = holder.key() if holder is not None and holder.wrapped_key is not None else None
    held = [_row(requirement, key) for requirement in found]
    withdrawn = [row for row in held if row.requirement.state == RequirementState.WITHDRAWN]
    return CaseDetail(
        case=case,
        requirements=[row for row in held if row not in withdrawn],
        withdrawn=[row for row in withdrawn if row.submissions],
    )


def unplanned_appointments(*, now: datetime) -> QuerySet[Appointment]:
    """Future appointments of a type that needs something but has no published plan: no case is opened for them, and one
    that was opened for another type rests."""
    planned = Plan.objects.filter(state=PlanState.PUBLISHED).values("type_id")
    return (
        live(now=now)
        .filter(type__needs_nothing=False)
        .exclude(type_id__in=planned)
        .exclude(Exists(Case.objects.filter(appointment=OuterRef("pk"), closed_at=None)))
        .select_related("type", "patient")
        .order_by("start", "id")
    )


def resting_cases(*, now: datetime) -> QuerySet[Case]:
    """Cases that were opened, and whose coming appointment is of no type, or of one without a plan, by now: staff have to
    say what it is. What rests because its type never needs anything is settled."""
    unsettled = live(now=now).filter(Q(type=None) | Q(type__needs_nothing=False))
    found = Case.objects.filter(appointment__in=unsettled).exclude(closed_at=None)
    return found.select_related("appointment__patient", "appointment__type").order_by(
        "appointment__start", "id"
    )


def prepared(texts: Collection[str], *, now: datetime) -> Counter[tuple[str, int | None]]:
    """How many coming appointments with these texts have an open case, by text and type."""
    found = Case.objects.filter(closed_at=None, appointment__in=live(now=now))
    found = found.filter(rows.among("appointment__type_text", texts, type="text"))
    counted = found.values_list("appointment__type_text", "appointment__type_id").annotate(n=Count("id"))
    return Counter({(text, type_id): n for text, type_id, n in counted.order_by()})


def open_cases(*, type_id: int, now: datetime) -> int:
    """How many coming appointments of the type have an open case."""
    return Case.objects.filter(closed_at=None, appointment__in=live(now=now).filter(type=type_id)).count()


def published_plans() -> dict[int, Plan]:
    """The plans that cases are opened from, by type."""
    found = Plan.objects.filter(state=PlanState.PUBLISHED).select_related("signed_off_by")
    return {plan.type_id: plan for plan in found}


def types_with_plan() -> QuerySet[AppointmentType]:
    """The types that cases are opened for, by name."""
    return AppointmentType.objects.filter(plans__state=PlanState.PUBLISHED, needs_nothing=False).order_by(
        "name"
    )


def questions_of(prerequisite: Prerequisite) -> list[Question]:
    """The form's questions, in order."""
    return [Question.from_dict(content) for content in prerequisite.questions]


@dataclass(frozen=True, kw_only=True)
class Ruled:
    """A prerequisite with its rule, read once for all the requirements that share it."""

    prerequisite: Prerequisite
    rule: rules.Rule

    @classmethod
    def of(cls, prerequisite: Prerequisite) -> "Ruled":
        return cls(prerequisite=prerequisite, rule=rule_of(prerequisite))

    def item(self, *, state: str, due: rules.Due, start: datetime, calendar: Calendar) -> rules.Item:
        """A requirement as the rules see it."""
        return rules.Item(
            kind=self.prerequisite.kind,
            state=state,
            blocking=self.prerequisite.blocking,
            deadline=due.at,
            latest_useful=rules.latest_useful(self.rule, start=start, calendar=calendar),
            bring_along=due.bring_along,
        )


def items_of(starts: Mapping[int, datetime]) -> dict[int, list[rules.Item]]:
    """The requirements of cases (id -> the appointment's start) as the rules see them, by case, in three statements."""
    found = Requirement.objects.filter(case_id__in=starts).order_by("pk")
    calendar = current_calendar()
    held = list(found.values_list("case_id", "prerequisite_id", "state", "deadline", "bring_along"))
    ruled = {one.pk: Ruled.of(one) for one in Prerequisite.objects.filter(pk__in={row[1] for row in held})}
    items: dict[int, list[rules.Item]] = defaultdict(list)
    for case_id, prerequisite_id, state, deadline, bring_along in held:
        start = starts[case_id]
        due = rules.Due(at=deadline or start, bring_along=bring_along)
        one = ruled[prerequisite_id]
        items[case_id].append(one.item(state=state, due=due, start=start, calendar=calendar))
    return items


def rule_of(prerequisite: Prerequisite) -> rules.Rule:
    """The deadline rule of a prerequisite."""
    return rules.Rule(
        days_before=prerequisite.days_before,
        time_of_day=prerequisite.time_of_day,
        lead_days=prerequisite.lead_days,
        may_be_brought=prerequisite.may_be_brought,
        working_days=prerequisite.working_days,
    )


def calendar_of(practice: Practice) -> Calendar:
    """The practice's working days."""
    return Calendar(zone=practice.time_zone, country=practice.country, region=practice.region)


def current_calendar() -> Calendar:
    """The working days of the practice in scope."""
    return calendar_of(Practice.objects.get())


def too_late(requirement: Requirement, *, start: datetime, calendar: Calendar, now: datetime) -> bool:
    """Whether something that blocks and takes days to get (a laboratory's answer) can't be had any more."""
    prerequisite = requirement.prerequisite
    return (
        prerequisite.lead_days > 0
        and prerequisite.blocking
        and not requirement.bring_along
        and requirement.state in (RequirementState.OPEN, RequirementState.REJECTED)
        and rules.latest_useful(rule_of(prerequisite), start=start, calendar=calendar) <= now
    )


def sealed_context(requirement: Requirement, field: str) -> str:
    """What a requirement's sealed `answers` or `reason` belongs to: it opens in no other row and no other field."""
    return f"requirement:{requirement.practice_id}:{requirement.pk}:{field}"


def _row(requirement: Requirement, key: bytes | None) -> RequirementRow:
    submissions = list(requirement.submissions.all())
    answers = next((s.sealed_answers for s in submissions if s.sealed_answers is not None), None)
    return RequirementRow(
        requirement=requirement,
        prerequisite=requirement.prerequisite,
        submissions=submissions,
        answers=_opened(answers, key, sealed_context(requirement, "answers"), {}),
        reason=_opened(requirement.sealed_reason, key, sealed_context(requirement, "reason"), ""),
    )


def _opened(sealed: Any, key: bytes | None, context: str, empty: Any) -> Any:
    if sealed is None or key is None:
        return empty
    return json.loads(vault.unseal(key=key, sealed=bytes(sealed), context=context))
