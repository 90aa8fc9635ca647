"""Reads about cases and what they require."""

import json
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db.models import Count, Exists, OuterRef, Prefetch, Q, QuerySet

from appointments.models import Appointment, AppointmentType
from appointments.queries import live, with_calendars
from appointments.queries import prepared as prepared_appointments
from practices import lookups, rows, vault
from prerequisites import case_facts, rules
from prerequisites.answers import Answer, Question, check_answers
from prerequisites.case_facts import Known
from prerequisites.models import (
    Case,
    Document,
    Kind,
    Plan,
    PlanState,
    Prerequisite,
    Requirement,
    RequirementState,
    Submission,
)
from prerequisites.ruled import asked_of, current_calendar, questions_of, rule_of
from prerequisites.validity import Caution
from prerequisites.working_days import Calendar

# What is read of a requirement of another case that counts here, its keys included.
SOURCE = (
    "prerequisite",
    "case__appointment__patient__practice",
    "case__appointment__sealed_for__practice",
)


def practices_with_due_cases(now: datetime) -> Sequence[int]:
    """Practices with appointments to plan, cases that time changes, documents to scan, or uploads that nobody handed in.
    Needs no scope."""
    to_plan = lookups.practices("treffa_practices_to_plan")
    old = lookups.practices("treffa_practices_with_old_uploads", now)
    return sorted({*to_plan, *old, *lookups.practices("treffa_practices_with_due_cases", now)})


@dataclass(frozen=True, kw_only=True)
class RequirementRow:
    """A requirement with its prerequisite and all that was handed in, newest first. `reason` is in clear.
    `proposed` are the answers of an earlier case, for the patient to confirm or to change; `cautions` are what staff
    should look at though it does not hold the appointment up. `needs_date`: it can't be accepted without the document's
    own date; `oldest` is the first day that counts, `limit` the days that it may be old here (None: never too old)."""

    requirement: Requirement
    prerequisite: Prerequisite
    submissions: list[Submission]
    answers: dict[str, Answer]
    reason: str
    proposed: dict[str, Answer] = field(default_factory=dict)
    cautions: tuple[Caution, ...] = ()
    needs_date: bool = False
    oldest: date | None = None
    limit: int | None = None

    @property
    def given(self) -> list[Submission]:
        """What was handed in, for the earlier case where that counts here; newest first. A form's answers are confirmed
        here."""
        source = self.requirement.reused_from
        confirmed = self.prerequisite.kind == Kind.FORM and self.submissions
        if source is None or not self.reused or confirmed:
            return self.submissions
        return list(source.submissions.all())

    @property
    def documents(self) -> list[Document]:
        """The files of the newest submission."""
        return list(self.given[0].documents.all()) if self.given else []

    @property
    def reused(self) -> bool:
        """Whether what counts here was in place for another appointment of the patient."""
        return self.requirement.reused_from_id is not None and (
            self.requirement.state == RequirementState.ACCEPTED
        )

    @property
    def may_be_unchanged(self) -> bool:
        """Whether the patient may confirm the answers of an earlier case as they are."""
        return bool(self.proposed) and not check_answers(self.questions, self.proposed)

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
    found_case = Case.objects.select_related(
        "practice",
        "plan__type",
        "appointment__patient",
        "appointment__sealed_for",
        "appointment__type",
        "appointment__feed",
        "appointment__outcome__marked_by",
    )
    case = found_case.prefetch_related(with_calendars("appointment__")).get(pk=case_id)
    submissions = Submission.objects.select_related("user").prefetch_related(
        Prefetch("documents", Document.objects.order_by("id"))
    )
    found = (
        Requirement.objects.filter(case=case)
        .select_related("prerequisite", "decided_by", "held_by", *(f"reused_from__{name}" for name in SOURCE))
        .prefetch_related(
            Prefetch("submissions", submissions.order_by("-id")),
            Prefetch("reused_from__submissions", submissions.order_by("-id")),
        )
        .order_by("prerequisite__position", "id")
    )
    for requirement in found:
        requirement.case = case
    key = _key(case.appointment)
    known = case_facts.known_of(case) if any(one.prerequisite.validity for one in found) else None
    held = [_row(requirement, key, known) for requirement in found]
    withdrawn = [row for row in held if row.requirement.state == RequirementState.WITHDRAWN]
    return CaseDetail(
        case=case,
        requirements=[row for row in held if row not in withdrawn],
        withdrawn=[row for row in withdrawn if row.submissions],
    )


def _key(appointment: Appointment) -> bytes | None:
    """The key of all that was handed in for the appointment; None once it is destroyed."""
    holder = appointment.key_holder
    return holder.key() if holder is not None and holder.wrapped_key is not None else None


def words_about(requirement: Requirement) -> str:
    """What was said about a requirement (with its case and appointment): the patient's reason why they can't get it, or the
    practice's; empty where nothing was, or it can't be read any more."""
    said: str = _opened(
        requirement.sealed_reason,
        _key(requirement.case.appointment),
        requirement.sealed_context("reason"),
        "",
    )
    return said


def answers_of(submission: Submission, *, detail: CaseDetail) -> dict[str, Answer]:
    """The answers of a submission for the case; empty where there are none, or none that can be read."""
    context = submission.requirement.sealed_context("answers")
    answers: dict[str, Answer] = _opened(
        submission.sealed_answers, _key(detail.case.appointment), context, {}
    )
    return answers


def answers_given(requirement: Requirement) -> dict[str, Answer]:
    """The answers of a form that were handed in last; empty where there are none, or none that can be read."""
    newest = requirement.submissions.filter(sealed_answers__isnull=False).order_by("-id").first()
    answers: dict[str, Answer] = _opened(
        newest.sealed_answers if newest else None,
        _key(requirement.case.appointment),
        requirement.sealed_context("answers"),
        {},
    )
    return answers


def unplanned_appointments(*, now: datetime) -> QuerySet[Appointment]:
    """Future appointments of a type that needs something but has no published plan: no case is opened for them, and one
    that was opened for another type rests."""
    planned = Plan.objects.filter(state=PlanState.PUBLISHED).values("type_id")
    return (
        prepared_appointments(now=now)
        .filter(type__needs_nothing=False)
        .exclude(type_id__in=planned)
        .exclude(Exists(Case.objects.filter(appointment=OuterRef("pk"), closed_at=None)))
        .select_related("type", "patient")
        .order_by("start", "id")
    )


def resting_cases(*, now: datetime) -> QuerySet[Case]:
    """Cases that were opened, and whose coming appointment is of no type, or of one without a plan, by now: staff have to
    say what it is. What rests because its type never needs anything is settled."""
    unsettled = prepared_appointments(now=now).filter(Q(type=None) | Q(type__needs_nothing=False))
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


def movable_cases(plan: Plan, *, now: datetime) -> QuerySet[Case]:
    """The open cases of the plan's type that have another version of it and whose appointment is to come."""
    found = Case.objects.filter(plan__type_id=plan.type_id, closed_at=None, appointment__start__gt=now)
    return found.exclude(plan_id=plan.pk)


def depends_on(plan: Plan) -> frozenset[str]:
    """What the plan's conditions and limits depend on (conditions.facts_used)."""
    return case_facts.with_rules([plan])[plan.pk].rules.uses


def current_plans(*, drafts: bool = False, names: Sequence[str] | None = None) -> QuerySet[Plan]:
    """The published plans, or the drafts, by their type's name, with all that they ask for."""
    state = PlanState.DRAFT if drafts else PlanState.PUBLISHED
    found = Plan.objects.filter(state=state).select_related("type").prefetch_related("prerequisites")
    return (found if names is None else found.filter(type__name__in=names)).order_by("type__name")


def types_with_plan() -> QuerySet[AppointmentType]:
    """The types that cases are opened for, by name."""
    return AppointmentType.objects.filter(plans__state=PlanState.PUBLISHED, needs_nothing=False).order_by(
        "name"
    )


def items_of(starts: Mapping[int, datetime]) -> dict[int, list[rules.Item]]:
    """The requirements of cases (id -> the appointment's start) as the rules see them, by case, in three statements."""
    found = Requirement.objects.filter(case_id__in=starts).order_by("pk")
    calendar = current_calendar()
    held = list(found.values_list("case_id", "prerequisite_id", "state", "deadline", "bring_along"))
    asked = {one.pk: asked_of(one) for one in Prerequisite.objects.filter(pk__in={row[1] for row in held})}
    items: dict[int, list[rules.Item]] = defaultdict(list)
    for case_id, prerequisite_id, state, deadline, bring_along in held:
        start = starts[case_id]
        due = rules.Due(at=deadline or start, bring_along=bring_along)
        one = asked[prerequisite_id]
        items[case_id].append(one.item(state=state, due=due, start=start, calendar=calendar))
    return items


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


def _row(requirement: Requirement, key: bytes | None, known: Known | None) -> RequirementRow:
    submissions = list(requirement.submissions.all())
    answers = next((s.sealed_answers for s in submissions if s.sealed_answers is not None), None)
    return RequirementRow(
        requirement=requirement,
        prerequisite=requirement.prerequisite,
        submissions=submissions,
        answers=_opened(answers, key, requirement.sealed_context("answers"), {}),
        reason=_opened(requirement.sealed_reason, key, requirement.sealed_context("reason"), ""),
        proposed=_proposed(requirement),
        **_judged(requirement, known),
    )


def _judged(requirement: Requirement, known: Known | None) -> dict[str, Any]:
    """What the date of a requirement means, where it has a validity at all."""
    if known is None or not requirement.prerequisite.validity:
        return {}
    prerequisite_id, accepted = requirement.prerequisite_id, requirement.state == RequirementState.ACCEPTED
    judged = known.judge(prerequisite_id, requirement.document_date)
    document = requirement.prerequisite.kind == Kind.DOCUMENT
    return {
        "cautions": judged.cautions if accepted else (),
        "needs_date": document and known.needs_date(prerequisite_id),
        "oldest": known.oldest(prerequisite_id) if document else None,
        "limit": known.limit(prerequisite_id),
    }


def _proposed(requirement: Requirement) -> dict[str, Answer]:
    source, asked = requirement.reused_from, (RequirementState.OPEN, RequirementState.REJECTED)
    if source is None or requirement.state not in asked or requirement.prerequisite.kind != Kind.FORM:
        return {}
    key = _key(source.case.appointment)
    given = (one.sealed_answers for one in source.submissions.all() if one.sealed_answers is not None)
    answers: dict[str, Answer] = _opened(next(given, None), key, source.sealed_context("answers"), {})
    return answers


def _opened(sealed: Any, key: bytes | None, context: str, empty: Any) -> Any:
    if sealed is None or key is None:
        return empty
    return json.loads(vault.unseal(key=key, sealed=bytes(sealed), context=context))
