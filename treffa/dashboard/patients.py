"""The patients of a practice: whom a search finds, page by page, and all that is known of one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import reduce
from operator import and_

from django.db.models import Count, F, Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from appointments.matching import read_date
from appointments.models import Appointment, AppointmentStatus, Patient
from messaging import queries as messaging
from messaging.models import Channel, Message
from messaging.operations.optouts import WISHES
from prerequisites import validity
from prerequisites.conditions import ConditionError
from prerequisites.consent import is_consent
from prerequisites.models import Case, Requirement, RequirementState
from prerequisites.replanning import REUSABLE
from prerequisites.validity import Validity, ValidityError
from treffa.dashboard import dates, doubles, readiness, relative
from treffa.dashboard.doubles import Merged, Question
from treffa.dashboard.readiness import Look

PAGE = 50
APPOINTMENTS = 60
MESSAGES = 30
# A few digits are a house number or a year, more are of a telephone.
FEWEST_DIGITS = 4


@dataclass(frozen=True, kw_only=True)
class Line:
    """A patient in the list, with the next appointment."""

    patient: Patient
    born: str
    count: int
    next: str
    look: Look | None


@dataclass(frozen=True, kw_only=True)
class Listed:
    """A page of the list; `after` is the patient after whom the next one begins."""

    lines: Sequence[Line]
    found: int
    after: int | None


@dataclass(frozen=True, kw_only=True)
class Booked:
    """An appointment of a patient; `case_id` where it is prepared."""

    when: str
    what: str
    where: str
    look: Look | None
    case_id: int | None


@dataclass(frozen=True, kw_only=True)
class Paper:
    """What is in place and may serve the next appointment, too; `until` is empty where there is no end."""

    title: str
    dated: str
    until: str
    only_advised: bool
    case_id: int


@dataclass(frozen=True, kw_only=True)
class Said:
    """A message, without its words: those stand on its appointment's page."""

    what: str
    look: Look
    fate: str
    case_id: int | None


@dataclass(frozen=True, kw_only=True)
class Refused:
    """A channel over which the patient is not written to, and why."""

    channel: str
    address: str
    why: str


@dataclass(frozen=True, kw_only=True)
class PatientPage:
    """All of one patient."""

    patient: Patient
    born: str
    coming: Sequence[Booked]
    past: Sequence[Booked]
    papers: Sequence[Paper]
    messages: Sequence[Said]
    refused: Sequence[Refused]
    also: Sequence[str]
    questions: Sequence[Question]
    merges: Sequence[Merged]


_WHY: Mapping[bool, str | Promise] = {
    True: gettext_lazy("wishes none"),
    False: gettext_lazy("can't be reached there"),
}


def listed(*, search: str, after: int | None, now: datetime) -> Listed:
    """The patients by name, from the one after `after` on. Who was merged is found by either name."""
    found = Patient.objects.filter(merged_into=None, wrapped_key__isnull=False)
    if search:
        known = Patient.objects.filter(_matches(search, today=timezone.localdate(now)))
        found = found.filter(pk__in=known.values(person=Coalesce("merged_into_id", "id")))
    count = found.count()
    last = Patient.objects.filter(pk=after).first() if after else None
    if last is not None:
        found = found.filter(Q(name__gt=last.name) | Q(name=last.name, pk__gt=last.pk))
    shown = list(found.order_by("name", "pk")[: PAGE + 1])
    patients = shown[:PAGE]
    return Listed(
        lines=_lines(patients, now=now), found=count, after=patients[-1].pk if len(shown) > PAGE else None
    )


def load(patient_id: int, *, language: str, now: datetime) -> PatientPage:
    """One patient; of one who was merged, the one they were merged into. Patient.DoesNotExist for none, or an erased one."""
    patient = Patient.objects.select_related("merged_into").get(pk=patient_id, wrapped_key__isnull=False)
    patient = patient.merged_into or patient
    booked = _appointments(patient)
    coming = [row for row in reversed(booked) if not row.is_over(now=now) and not row.cancelled]
    past = [row for row in booked if row.is_over(now=now) or row.cancelled]
    cases = _cases([row.pk for row in booked])
    return PatientPage(
        patient=patient,
        born=born(patient, now=now),
        coming=[_booked(row, cases.get(row.pk), now=now) for row in coming],
        past=[_booked(row, cases.get(row.pk), now=now) for row in past],
        papers=_papers(patient, language=language, today=timezone.localdate(now)),
        messages=_messages(patient, now=now),
        refused=_refused(patient),
        also=[_also(row) for row in Patient.objects.filter(merged_into=patient).order_by("pk")],
        questions=doubles.questions_of(patient, now=now),
        merges=doubles.merges_of(patient, now=now),
    )


def born(patient: Patient, *, now: datetime) -> str:
    """ "14.03.1947, 78 years", or nothing."""
    day = patient.birth_date
    if day is None:
        return ""
    today = timezone.localdate(now)
    age = today.year - day.year - ((today.month, today.day) < (day.month, day.day))
    return _("%(date)s, %(age)s years") % {"date": dates.spoken(day), "age": age}


def _matches(search: str, *, today: date) -> Q:
    """A date of birth, a telephone number, or words of the name."""
    day = read_date(search, not_after=today)
    if day is not None:
        return Q(birth_date=day)
    digits = "".join(sign for sign in search if sign.isdigit()).lstrip("0")
    if len(digits) >= FEWEST_DIGITS and not any(sign.isalpha() for sign in search):
        return Q(phone__contains=digits)
    if "@" in search:
        return Q(email__icontains=search.strip())
    return reduce(and_, (Q(name__icontains=word) for word in search.split()))


def _lines(patients: Sequence[Patient], *, now: datetime) -> list[Line]:
    ids = [patient.pk for patient in patients]
    booked = _own(ids)
    counts = dict(booked.order_by().values_list("patient_id").annotate(n=Count("pk")))
    coming = booked.filter(end__gt=now).exclude(status=AppointmentStatus.CANCELLED)
    first = coming.order_by("patient_id", "start", "pk").distinct("patient_id").select_related("type")
    next_of = {row.patient_id: row for row in first}
    cases = _cases([row.pk for row in next_of.values()])
    return [
        Line(
            patient=patient,
            born=dates.spoken(patient.birth_date) if patient.birth_date else "",
            count=counts.get(patient.pk, 0),
            next=_next(next_of.get(patient.pk), now=now),
            look=_look(next_of.get(patient.pk), cases, now=now),
        )
        for patient in patients
    ]


def _own(patient_ids: Sequence[int]) -> QuerySet[Appointment]:
    """Each appointment once, in however many calendars it stands."""
    return Appointment.objects.filter(patient_id__in=patient_ids, same_as=None)


def _cases(appointment_ids: Sequence[int]) -> dict[int, Case]:
    found = Case.objects.filter(appointment__in=appointment_ids)
    return {
        case.appointment_id: case
        for case in found.select_related("appointment__type", "appointment__outcome", "plan")
    }


def _next(row: Appointment | None, *, now: datetime) -> str:
    if row is None:
        return ""
    what = row.type.name if row.type else row.summary
    return _("%(when)s: %(what)s") % {"when": relative.moment(row.start, now=now), "what": what}


def _look(row: Appointment | None, cases: Mapping[int, Case], *, now: datetime) -> Look | None:
    case = cases.get(row.pk) if row else None
    return readiness.look_of(case, now=now) if case else None


def _appointments(patient: Patient) -> list[Appointment]:
    """The latest first."""
    found = _own([patient.pk]).select_related("type", "feed").defer("feed__blocks")
    return list(found.order_by("-start", "-pk")[:APPOINTMENTS])


def _booked(row: Appointment, case: Case | None, *, now: datetime) -> Booked:
    what = row.type.name if row.type else row.summary
    return Booked(
        when=relative.moment(row.start, now=now),
        what=f"{what}{_(' (cancelled)') if row.cancelled else ''}",
        where=row.practitioner or row.feed.practitioner or row.feed.name,
        look=readiness.look_of(case, now=now) if case else None,
        case_id=case.pk if case else None,
    )


def _papers(patient: Patient, *, language: str, today: date) -> list[Paper]:
    """What was accepted and is known not to be too old yet: of each kind the one that counts longest."""
    found = (
        Requirement.objects.filter(case__appointment__patient=patient, reused_from=None)
        .filter(state=RequirementState.ACCEPTED, prerequisite__kind__in=REUSABLE)
        .exclude(prerequisite__code="")
        .select_related("prerequisite")
        .order_by(F("document_date").desc(nulls_last=True), "-pk")
    )
    papers: dict[str, Paper] = {}
    for one in found:
        asked = one.prerequisite
        if asked.code in papers or is_consent(kind=asked.kind, code=asked.code):
            continue
        rule = _validity(one)
        until = _until(one, rule) if rule else None
        if rule is None or (rule.days is not None and (until is None or until < today)):
            continue
        papers[asked.code] = Paper(
            title=asked.said("title", language),
            dated=dates.spoken(one.document_date) if one.document_date else "",
            until=dates.spoken(until) if until else "",
            only_advised=not rule.blocks,
            case_id=one.case_id,
        )
    return list(papers.values())


def _validity(one: Requirement) -> Validity | None:
    """None where it can't be read: nobody knows then."""
    try:
        return validity.parse(one.prerequisite.validity)
    except (ValidityError, ConditionError):
        return None


def _until(one: Requirement, rule: Validity) -> date | None:
    """The last day of an appointment for which it counts; shorter limits that hang on answers are looked at then."""
    if rule.days is None or one.document_date is None:
        return None
    return one.document_date + timedelta(days=rule.days)


def _messages(patient: Patient, *, now: datetime) -> list[Said]:
    """The latest first, those to a row that was merged into this one among them."""
    to = Q(patient=patient) | Q(patient__merged_into=patient)
    found = Message.objects.filter(to).defer("sealed_wording").order_by("-pk")
    return [_said(message, now=now) for message in found[:MESSAGES]]


def _said(message: Message, *, now: datetime) -> Said:
    look = readiness.MESSAGE[message.state]
    moments = (message.opened_at, message.delivered_at, message.accepted_at, message.due_at)
    when = next((one for one in moments if one), message.created_at)
    fate = str(look.word) % {"channel": message.get_channel_display()}
    return Said(
        what=message.get_occasion_display(),
        look=look,
        fate=f"{fate}, {relative.moment(when, now=now)}",
        case_id=message.case_id,
    )


def _refused(patient: Patient) -> list[Refused]:
    return [
        Refused(
            channel=str(Channel(one.channel).label), address=one.address, why=str(_WHY[one.reason in WISHES])
        )
        for one in messaging.suppressions_of([patient]).order_by("channel", "address")
    ]


def _also(row: Patient) -> str:
    """By which name and date of birth somebody was known, too."""
    return f"{row.name}, *{dates.spoken(row.birth_date)}" if row.birth_date else row.name
