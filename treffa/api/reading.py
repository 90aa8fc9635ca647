"""Reading: cases, what they require, and whose token it is."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from datetime import datetime

from django.db.models import QuerySet
from ninja import Router

from practices.models import Scope
from prerequisites.models import Case, Kind, Readiness, Requirement, RequirementState
from treffa.api.access import Call, in_practice
from treffa.api.problems import Problem
from treffa.api.schemas import (
    AppointmentOut,
    CaseOut,
    CasePage,
    PatientOut,
    RequirementList,
    RequirementOut,
    TokenOut,
)

DEFAULT, MOST = 50, 200
BIGGEST = 2**63 - 1
router = Router(tags=["read"])


@router.get("/token", response=TokenOut, summary="Whose token this is, and what it may")
@in_practice(Scope.READ)
def token(request: Call) -> TokenOut:
    return TokenOut(
        practice=request.practice.name, token=request.token.name, scopes=sorted(request.token.scopes)
    )


@router.get("/cases", response=CasePage, summary="Cases, the first one opened first")
@in_practice(Scope.READ)
def cases(
    request: Call,
    readiness: Readiness | None = None,
    starts_from: datetime | None = None,
    starts_before: datetime | None = None,
    changed_since: datetime | None = None,
    limit: int = DEFAULT,
    cursor: str = "",
) -> CasePage:
    """`changed_since`: those whose readiness changed then or later. `cursor` is `next` of the answer before."""
    if not 1 <= limit <= MOST:
        raise Problem(422, "limit_invalid", f"From 1 to {MOST}.")
    found = _cases().filter(pk__gt=_after(cursor)).order_by("pk")
    wanted = {
        "readiness": readiness,
        "appointment__start__gte": _aware(starts_from),
        "appointment__start__lt": _aware(starts_before),
        "readiness_since__gte": _aware(changed_since),
    }
    shown = list(
        found.filter(**{name: value for name, value in wanted.items() if value is not None})[: limit + 1]
    )
    more = len(shown) > limit
    return CasePage(
        items=[_case(case) for case in shown[:limit]], next=_cursor(shown[limit - 1].pk) if more else None
    )


@router.get("/cases/{int:case_id}", response=CaseOut, summary="One case")
@in_practice(Scope.READ)
def case(request: Call, case_id: int) -> CaseOut:
    return _case(_one(case_id))


@router.get("/cases/{int:case_id}/requirements", response=RequirementList, summary="What a case requires")
@in_practice(Scope.READ)
def requirements(request: Call, case_id: int) -> RequirementList:
    found = Requirement.objects.filter(case=_one(case_id)).exclude(state=RequirementState.WITHDRAWN)
    needed = found.exclude(prerequisite__kind=Kind.INFORMATION).select_related("prerequisite")
    language = request.practice.language
    return RequirementList(
        items=[
            requirement_out(one, language=language) for one in needed.order_by("prerequisite__position", "pk")
        ]
    )


def requirement_out(one: Requirement, *, language: str) -> RequirementOut:
    """A requirement (with its prerequisite) as the API says it."""
    asked = one.prerequisite
    return RequirementOut(
        id=one.pk,
        key=asked.key,
        title=asked.said("title", language),
        kind=asked.kind,
        audience=asked.audience,
        blocking=asked.blocking,
        state=one.state,
        deadline=one.deadline,
        bring_along=one.bring_along,
        document_date=one.document_date,
    )


def _cases() -> QuerySet[Case]:
    return Case.objects.select_related(
        "appointment__patient", "appointment__type", "appointment__feed"
    ).defer("appointment__feed__blocks")


def _one(case_id: int) -> Case:
    found = _cases().filter(pk=case_id).first() if case_id <= BIGGEST else None
    if found is None:
        raise Problem(404, "no_such_case")
    return found


def _case(one: Case) -> CaseOut:
    booked, patient = one.appointment, one.appointment.patient
    return CaseOut(
        id=one.pk,
        readiness=one.readiness,
        readiness_since=one.readiness_since,
        ready_at=one.ready_at,
        deadline=one.deadline,
        opened_at=one.opened_at,
        closed_at=one.closed_at,
        appointment=AppointmentOut(
            id=booked.pk,
            uid=booked.uid,
            start=booked.start,
            end=booked.end,
            status=booked.status,
            type=booked.type.name if booked.type else None,
            practitioner=booked.practitioner or booked.feed.practitioner,
        ),
        patient=PatientOut(id=patient.pk, name=patient.name, birth_date=patient.birth_date)
        if patient
        else None,
    )


def _aware(moment: datetime | None) -> datetime | None:
    if moment is not None and moment.tzinfo is None:
        raise Problem(422, "time_without_zone", "Say the zone, as in 2026-03-14T09:00:00Z.")
    return moment


def _cursor(case_id: int) -> str:
    return urlsafe_b64encode(str(case_id).encode()).decode().rstrip("=")


def _after(cursor: str) -> int:
    if not cursor:
        return 0
    try:
        said = urlsafe_b64decode(cursor.encode() + b"=" * (-len(cursor) % 4)).decode()
    except (Error, ValueError):
        said = ""
    if not (said.isascii() and said.isdecimal() and int(said[:19]) <= BIGGEST and len(said) < 20):
        raise Problem(422, "cursor_invalid")
    return int(said)
