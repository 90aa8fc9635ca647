"""Reads about messages, and the facts that decide what is said."""

import json
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from operator import itemgetter
from uuid import UUID

from django.db.models import BooleanField, Exists, ExpressionWrapper, F, OuterRef, Q, QuerySet, Value
from django.db.models.expressions import Combinable

from appointments.models import Appointment, AppointmentStatus, Patient
from messaging import numbers, occasions, schedule, told
from messaging.models import (
    Attempt,
    Channel,
    Message,
    Occasion,
    OwnText,
    Suppression,
    WhatsAppOptIn,
    WhatsAppTemplate,
)
from messaging.occasions import Facts, Need, Said
from messaging.providers import registry
from messaging.schedule import Hours
from messaging.texts import Own, Template
from practices import lookups, vault
from practices.models import ActorKind, Practice
from prerequisites.models import Audience, Case, Readiness, Requirement, RequirementState, Submission
from prerequisites.queries import too_late
from prerequisites.ruled import calendar_of
from prerequisites.working_days import Calendar


def practices_with_due_requests(now: datetime) -> Sequence[int]:
    """Practices with cases about which something may have to be said. Needs no scope."""
    return lookups.practices("treffa_practices_with_due_requests", now)


def practices_with_due_messages(now: datetime) -> Sequence[int]:
    """Practices with messages to send or to look up. Needs no scope."""
    return lookups.practices("treffa_practices_with_due_messages", now)


@dataclass(frozen=True, kw_only=True)
class AttemptRef:
    """Whose attempt it is; enough to open the practice's scope."""

    practice_id: int
    message_id: int


def find_attempt(attempt_id: UUID) -> AttemptRef | None:
    """The attempt that a callback names. Needs no scope."""
    found = lookups.rows("treffa_attempt", attempt_id)
    return AttemptRef(practice_id=found[0][0], message_id=found[0][1]) if found else None


def find_attempts(provider_id: str) -> list[tuple[UUID, int]]:
    """The attempts (id, practice) that a provider knows by this id. Needs no scope."""
    return [(row[0], row[1]) for row in lookups.rows("treffa_attempts_of_provider", provider_id)]


def practices_of_sender(sender: str) -> Sequence[int]:
    """The practices that write from a number. Needs no scope."""
    return lookups.practices("treffa_practices_of_sender", sender)


@dataclass(frozen=True, kw_only=True)
class Words:
    """What a message says, `{link}` still in place of the link."""

    subject: str
    text: str
    content_sid: str = ""
    content_variables: dict[str, str] = field(default_factory=dict)


def wording(message: Message) -> Words:
    """What the message says. LookupError once the patient was erased."""
    words = json.loads(
        vault.unseal(
            key=key_of(practice=message.practice, patient=message.patient),
            sealed=bytes(message.sealed_wording),
            context=wording_context(message),
        )
    )
    return Words(**words)


def key_of(*, practice: Practice, patient: Patient | None) -> bytes:
    """The key of a wording: the patient's, or the practice's for its own people."""
    return practice.key() if patient is None else patient.key()


def wording_context(message: Message) -> str:
    """What a sealed wording belongs to."""
    return f"message:{message.practice_id}:{message.dedupe_key}"


def facts_of(cases: Sequence[Case], *, practice: Practice, now: datetime) -> dict[int, Facts]:
    """The facts of the cases (with appointment and patient), in three statements however many they are."""
    ids = [case.pk for case in cases]
    starts = {case.pk: case.appointment.start for case in cases}
    needs, answered = _needs(starts, calendar=calendar_of(practice), now=now)
    said = told.said_of(ids)
    patients = [case.appointment.patient for case in cases if case.appointment.patient is not None]
    whatsapp = _Whatsapp.of(practice, patients)
    around = _Around.of(patients, now=now)
    suppressed = frozenset(around.suppressed)
    return {
        case.pk: _facts(
            case,
            practice=practice,
            needs=needs[case.pk],
            said=said[case.pk],
            answered=case.pk in answered,
            suppressed=suppressed,
            whatsapp=whatsapp,
            starts=around.starts[case.appointment.patient_id],
            sent=list(around.sent[case.appointment.patient_id].items()),
        )
        for case in cases
    }


def addresses_of(patient: Patient | None) -> dict[str, str]:
    """Channel -> address, as far as the patient can be written to at all."""
    if patient is None or patient.wrapped_key is None:
        return {}
    given = {Channel.SMS: patient.texted, Channel.WHATSAPP: patient.texted, Channel.EMAIL: patient.email}
    return {str(channel): address for channel, address in given.items() if address}


def _facts(
    case: Case,
    *,
    practice: Practice,
    needs: Sequence[Need],
    said: Sequence[Said],
    answered: bool,
    suppressed: frozenset[tuple[str, str]],
    whatsapp: "_Whatsapp",
    starts: Sequence[datetime],
    sent: Sequence[tuple[str, datetime]],
) -> Facts:
    appointment = case.appointment
    addresses = addresses_of(appointment.patient)
    ways = [
        (channel, addresses[channel])
        for channel in practice.channels
        if channel in registry.CHANNELS
        and channel in addresses
        and (channel, addresses[channel]) not in suppressed
        and _may_be_used(channel, addresses[channel], practice, whatsapp)
    ]
    language = (appointment.patient.language if appointment.patient else "") or practice.language
    return Facts(
        case_id=case.pk,
        start=appointment.start,
        cancelled=appointment.cancelled and appointment.same_as_id is None,
        closed=case.closed_at is not None or case.readiness == Readiness.CLOSED,
        answered=answered,
        deadline=case.deadline,
        link_renewed_at=case.link_renewed_at,
        needs=needs,
        said=said,
        addresses=addresses,
        suppressed=suppressed,
        ways=ways,
        templates=frozenset(occasion for occasion, spoken in whatsapp.templates if spoken == language),
        says_thanks=practice.says_thanks,
        starts=starts,
        sent=sent,
    )


@dataclass(frozen=True, kw_only=True)
class _Whatsapp:
    """What WhatsApp may be used for: the approved (occasion, language), and the numbers that want it."""

    templates: frozenset[tuple[str, str]] = frozenset()
    wanted: frozenset[str] = frozenset()

    @classmethod
    def of(cls, practice: Practice, patients: Sequence[Patient]) -> "_Whatsapp":
        """Nothing is asked where the practice does not use it."""
        if Channel.WHATSAPP not in practice.channels or not practice.whatsapp_sender:
            return cls()
        wanted = wants_whatsapp({patient.phone for patient in patients})
        return cls(templates=frozenset(templates()), wanted=wanted)


def _may_be_used(channel: str, address: str, practice: Practice, whatsapp: _Whatsapp) -> bool:
    """Texts go to mobile numbers of the countries that the practice allows, WhatsApp only to who wants it."""
    if channel == Channel.WHATSAPP and address not in whatsapp.wanted:
        return False
    return channel == Channel.EMAIL or numbers.takes_texts(address, countries=practice.sms_countries)


def templates() -> dict[tuple[str, str], Template]:
    """The practice's approved WhatsApp templates by (occasion, language)."""
    return {
        (row.occasion, row.language): Template(
            content_sid=row.content_sid, body=row.body, variables=tuple(row.variables)
        )
        for row in WhatsAppTemplate.objects.all()
    }


def wants_whatsapp(addresses: Collection[str]) -> frozenset[str]:
    """Which of the numbers want WhatsApp messages."""
    return frozenset(WhatsAppOptIn.objects.filter(address__in=addresses).values_list("address", flat=True))


OwnTexts = Mapping[tuple[int | None, str, str], Own]


def own_texts() -> OwnTexts:
    """The practice's own texts that count, by (type or None, occasion, language)."""
    newest = OwnText.objects.order_by("type_id", "occasion", "language", "-number")
    return {
        (row.type_id, row.occasion, row.language): Own(
            number=row.number, short=row.short, subject=row.subject, letter=row.letter
        )
        for row in newest.distinct("type_id", "occasion", "language")
    }


def own_text(texts: OwnTexts, *, type_id: int | None, occasion: str, language: str) -> Own | None:
    """What the practice says: for this type, else for all; None for Treffa's own words."""
    found = [texts.get((key, occasion, language)) for key in (type_id, None)]
    return next((own for own in found if own is not None and own.short), None)


def hours_of(practice: Practice) -> Hours:
    """The practice's times, as the schedule sees them."""
    return Hours(
        quiet_from=practice.quiet_from,
        quiet_until=practice.quiet_until,
        calendar=calendar_of(practice),
        days_of_rest=practice.days_of_rest,
        doctolib=practice.doctolib_reminds,
        weekly_cap=practice.weekly_cap,
    )


@dataclass
class _Around:
    """What is known of patients beside a case: when their coming appointments begin (Doctolib reminds of each), what
    they were written in the last week, about whatever, and the (channel, address) that must not be written to."""

    starts: dict[int | None, list[datetime]] = field(default_factory=lambda: defaultdict(list))
    sent: dict[int | None, dict[str, datetime]] = field(default_factory=lambda: defaultdict(dict))
    suppressed: set[tuple[str, str]] = field(default_factory=set)

    @classmethod
    def of(cls, patients: Sequence[Patient], *, now: datetime) -> "_Around":
        """In one statement. One decision counts once, over all its channels, from its first message on."""
        ids = {patient.pk for patient in patients}
        booked = Appointment.objects.filter(patient_id__in=ids, start__gt=now)
        booked = booked.exclude(status=AppointmentStatus.CANCELLED).order_by()
        out = Message.objects.filter(patient_id__in=ids, state__in=occasions.GONE_OUT)
        lately = out.filter(Q(accepted_at__gt=now - schedule.WEEK) | Q(accepted_at=None)).order_by()
        found = booked.values_list(Value(0), "pk", "patient_id", Value(""), Value(""), "start").union(
            lately.values_list(Value(1), "pk", "patient_id", "dedupe_key", Value(""), "accepted_at"),
            suppressions_of(patients).values_list(Value(2), "pk", "pk", "channel", "address", "at"),
            all=True,
        )
        around = cls()
        for what, _, patient_id, text, address, at in sorted(found, key=itemgetter(0, 1)):
            if what == 0:
                around.starts[patient_id].append(at)
            elif what == 1:
                around.sent[patient_id].setdefault(text.rpartition("/")[0], at or now)
            else:
                around.suppressed.add((text, address))
        return around


# What a prerequisite says in all its languages is read by nobody here, and is most of what there is of it.
_WORDS = ("title", "text", "questions", "condition", "validity", "source")


def _needs(
    starts: Mapping[int, datetime], *, calendar: Calendar, now: datetime
) -> tuple[dict[int, list[Need]], set[int]]:
    """The requirements by case (id -> the appointment's start), and the cases whose patient has done something: handed
    in, said they can't or will."""
    by_patient = Submission.objects.filter(requirement_id=OuterRef("pk"), by=ActorKind.PATIENT)
    found = (
        Requirement.objects.filter(case_id__in=starts)
        .filter(prerequisite__audience=Audience.PATIENT)
        .exclude(state=RequirementState.WITHDRAWN)
        .select_related("prerequisite")
        .defer("sealed_reason", *(f"prerequisite__{name}" for name in _WORDS))
        .annotate(handed_in=Exists(by_patient))
        .order_by("id")
    )
    needs: dict[int, list[Need]] = defaultdict(list)
    answered: set[int] = set()
    for requirement in found:
        needs[requirement.case_id].append(
            Need(
                id=requirement.pk,
                kind=requirement.prerequisite.kind,
                state=requirement.state,
                deadline=requirement.deadline,
                decided_at=requirement.decided_at,
                asked_at=requirement.asked_at,
                bring_along=requirement.bring_along,
                too_late=too_late(requirement, start=starts[requirement.case_id], calendar=calendar, now=now),
            )
        )
        if requirement.handed_in or requirement.bring_along or requirement.obstacle:
            answered.add(requirement.case_id)
    return needs, answered


def suppressed_of(patients: Sequence[Patient]) -> frozenset[tuple[str, str]]:
    """The (channel, address) of the patients that must not be written to."""
    return frozenset(suppressions_of(patients).values_list("channel", "address"))


def suppressions_of(patients: Sequence[Patient]) -> QuerySet[Suppression]:
    """The same with the reasons."""
    addresses = {address for patient in patients for address in addresses_of(patient).values()}
    return Suppression.objects.filter(address__in=addresses).order_by()


def still_right() -> "ExpressionWrapper[Combinable]":
    """For a queryset of messages: what of occasions.why_not may change at any moment, as one expression. Notices to the
    practice are always right."""
    called_off = Q(case__appointment__status=AppointmentStatus.CANCELLED)
    asked_for = Q(case__closed_at=None, case__appointment__start=F("told_start"))
    truth = (Q(occasion=Occasion.CANCELLED) & called_off) | (
        ~Q(occasion=Occasion.CANCELLED)
        & ~called_off
        & asked_for
        & ~(Q(shared=True) & Exists(told.mentions_gone_wrong()))
    )
    # Of whoever has the appointment now: who was written to may have been merged into them since.
    theirs = Q(channel=Channel.EMAIL, case__appointment__patient__email=F("address")) | (
        ~Q(channel=Channel.EMAIL) & Q(case__appointment__patient__phone=F("address"))
    )
    opted_out = Suppression.objects.filter(channel=OuterRef("channel"), address=OuterRef("address"))
    return ExpressionWrapper(
        Q(patient__isnull=True)
        | (Q(practice__sending=True, practice__stopped=False) & truth & theirs & ~Exists(opted_out)),
        output_field=BooleanField(),
    )


def current_attempts(messages: Sequence[Message]) -> dict[UUID, Attempt]:
    """The attempts that the messages are at, by id."""
    ids = [message.attempt_id for message in messages if message.attempt_id is not None]
    return {attempt.pk: attempt for attempt in Attempt.objects.filter(pk__in=ids)}
