"""One row of the board: time, patient, how it stands, what is missing by when, the last contact, and what mends it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from appointments import sharing
from appointments.models import Appointment, Outcome
from messaging.models import Message, MessageState
from prerequisites import queries
from prerequisites.models import Audience, Case, Prerequisite, Readiness, Requirement, RequirementState
from prerequisites.working_days import Calendar
from treffa.dashboard import missing_facts, readiness, relative
from treffa.dashboard.forms import ContactForm, FactsForm
from treffa.dashboard.readiness import Look

NEAR_DAYS = 2
_TITLES = 2
_UNREACHED = (MessageState.FAILED, MessageState.UNKNOWN, MessageState.SUPPRESSED)


@dataclass(frozen=True, kw_only=True)
class Need:
    """What is missing and by when; `tone` is the deadline's class."""

    what: str = ""
    deadline: str = ""
    tone: str = ""


@dataclass(frozen=True, kw_only=True)
class Contact:
    """The last contact with the patient."""

    look: Look
    text: str


@dataclass(frozen=True, kw_only=True)
class Mend:
    """The one button of a row. `phone` for a call, `review` for a requirement to decide on, else `anchor` within the case's
    page."""

    word: str | Promise
    icon: str
    phone: str = ""
    review: int | None = None
    anchor: str = ""


@dataclass(frozen=True, kw_only=True)
class Row:
    """A row, ready to be shown. `outcome` is what became of it, `to_mark`: it has begun and nobody has said so yet;
    `carer`: who of the practice cares for it."""

    case: Case
    look: Look
    date: date
    day: str
    time: str
    name: str
    birth_year: int | None
    what: str
    where: str
    need: Need
    contact: Contact | None
    mend: Mend | None
    contact_form: ContactForm | None
    facts_form: FactsForm | None
    outcome: str
    seen: str
    to_mark: bool
    carer: str
    needs_person: bool
    quiet: bool


def make_row(
    case: Case,
    requirements: Sequence[Requirement],
    message: Message | None,
    *,
    hanging: Sequence[str] = (),
    language: str,
    calendar: Calendar,
    now: datetime,
) -> Row:
    """The row of a case from its undecided requirements (by deadline) and the newest message; `hanging` are the titles of
    what hangs on facts that nobody knows."""
    appointment, patient = case.appointment, case.appointment.patient
    handed_in = any(one.state == RequirementState.SUBMITTED for one in requirements)
    outcome = appointment.marked
    to_mark = outcome is None and appointment.start <= now and not appointment.cancelled
    # Something optional may still wait for review: then the row stays in sight.
    quiet = outcome is not None or (case.readiness in readiness.QUIET and not handed_in and not to_mark)
    may_enter = case.readiness == Readiness.TO_REVIEW and not handed_in and not to_mark
    facts_form = missing_facts.form_of(case) if may_enter else None
    return Row(
        case=case,
        look=readiness.look_of(case, now=now),
        date=timezone.localtime(appointment.start).date(),
        day=relative.day(appointment.start, now=now),
        time=relative.clock_time(appointment.start),
        name=patient.name if patient else appointment.summary,
        birth_year=patient.birth_date.year if patient and patient.birth_date else None,
        what=appointment.type.name if appointment.type else appointment.summary,
        where=" · ".join([*places(appointment), *(feed.name for feed in sharing.calendars(appointment))]),
        need=Need(what=missing_facts.sentence(case, hanging))
        if facts_form
        else _need(case, requirements, language=language, calendar=calendar, now=now),
        contact=None if quiet or case.readiness == Readiness.CLOSED else last_contact(case, message, now=now),
        mend=None if quiet or case.readiness == Readiness.CLOSED else _mend(case, requirements, message),
        contact_form=ContactForm.of(patient, case_id=case.pk) if patient and lacks_contact(case) else None,
        facts_form=facts_form,
        outcome=_outcome(outcome) if outcome else "",
        seen=outcome.kind if outcome else "",
        to_mark=to_mark,
        carer=str(case.assigned_to) if case.assigned_to else "",
        needs_person=case.readiness in readiness.NEEDS_PERSON,
        quiet=quiet,
    )


def places(appointment: Appointment) -> list[str]:
    """With whom and where: practitioner and calendar, or one of them where it says the other as well."""
    names = [name for name in (appointment.practitioner, appointment.feed.name) if name]
    shortest = min(names, key=len, default="")
    return [shortest] if all(shortest in name for name in names) and shortest else names


def last_contact(case: Case, message: Message | None, *, now: datetime) -> Contact:
    """What the patient last heard from us, and whether it arrived; the opened link where that is newer."""
    opened = case.link_opened_at
    if opened and (message is None or opened >= message.created_at):
        word = str(readiness.OPENED.word)
        return Contact(look=readiness.OPENED, text=f"{word}, {relative.moment(opened, now=now)}")
    if message is None:
        return Contact(look=readiness.NOTHING_SENT, text=str(readiness.NOTHING_SENT.word))
    look = readiness.MESSAGE[message.state]
    word = str(look.word) % {"channel": message.get_channel_display()}
    waits_until = message.due_at if message.state == MessageState.QUEUED else None
    when = (
        waits_until or message.opened_at or message.delivered_at or message.accepted_at or message.created_at
    )
    return Contact(look=look, text=f"{word}, {relative.moment(when, now=now)}")


def _need(
    case: Case, requirements: Sequence[Requirement], *, language: str, calendar: Calendar, now: datetime
) -> Need:
    if case.readiness == Readiness.CLOSED:
        return Need(what=_how_it_stood(case, now=now))
    if lacks_contact(case):
        return _need_of_contact(case, requirements, now=now)
    handed_in = [r for r in requirements if r.state == RequirementState.SUBMITTED]
    if handed_in and case.readiness in (Readiness.TO_REVIEW, *readiness.QUIET):
        received = relative.ago(max(r.changed_at for r in handed_in), now=now)
        return Need(what=_titles(handed_in, language), deadline=_("received %(ago)s") % {"ago": received})
    to_check = own_checks(requirements)
    if to_check and case.readiness == Readiness.TO_REVIEW:
        return Need(what=_titles(to_check, language), **_by_when(to_check, now=now))
    brought = [r for r in requirements if r.bring_along]
    blocking = [r for r in requirements if not r.bring_along and r.prerequisite.blocking]
    missing = [r for r in blocking if r.state != RequirementState.SUBMITTED] or blocking
    if case.readiness in readiness.QUIET:
        return Need(what=_("Brings %(what)s") % {"what": _titles(brought, language)}) if brought else Need()
    if not missing:
        return Need()
    start = case.appointment.start
    too_late = [r for r in missing if queries.too_late(r, start=start, calendar=calendar, now=now)]
    if too_late:
        return Need(what=_titles(too_late, language), deadline=_why_too_late(too_late), tone="deadline--past")
    return Need(what=_titles(missing, language), **_by_when(missing, now=now))


def _how_it_stood(case: Case, *, now: datetime) -> str:
    """Of what is over: how it stood when it began, as far as that is known."""
    appointment = case.appointment
    if appointment.marked is None and not appointment.is_over(now=now):
        return _("Nothing is asked for at present")
    if case.readiness_at_start in ("", Readiness.CLOSED):
        return ""
    return _("Stood at: %(readiness)s") % {"readiness": case.get_readiness_at_start_display()}


def _outcome(outcome: Outcome) -> str:
    reason = f": {outcome.get_reason_display()}" if outcome.reason else ""
    return f"{outcome.get_kind_display()}{reason}"


def lacks_contact(case: Case) -> bool:
    """Whether it is the missing contact that holds the case up: also once it is overdue."""
    patient = case.appointment.patient
    late = case.readiness in (Readiness.OVERDUE, Readiness.AT_RISK)
    return case.readiness == Readiness.NEEDS_CONTACT or (late and (patient is None or not patient.reachable))


def _need_of_contact(case: Case, requirements: Sequence[Requirement], *, now: datetime) -> Need:
    patient = case.appointment.patient
    if patient is not None and patient.phone:
        what = _("Only a landline, no e-mail in the calendar")
    else:
        what = _("No number, no e-mail in the calendar")
    if case.readiness == Readiness.NEEDS_CONTACT:
        waiting = _("Waiting %(since)s") % {"since": relative.deadline(case.readiness_since, now=now)}
        return Need(what=what, deadline=waiting, tone="deadline--near")
    return Need(what=what, **_by_when(requirements, now=now))


def _why_too_late(too_late: Sequence[Requirement]) -> str:
    days = max(r.prerequisite.lead_days for r in too_late)
    words = ngettext("takes %(n)s day, too late now", "takes %(n)s days, too late now", days)
    return words % {"n": days}


def own_checks(requirements: Sequence[Requirement]) -> list[Requirement]:
    """What the practice itself has still to do: its checks, and what it gets from somebody else than the patient."""
    return [r for r in requirements if r.prerequisite.ours and r.state != RequirementState.SUBMITTED]


def _by_when(missing: Sequence[Requirement], *, now: datetime) -> dict[str, str]:
    deadlines = [r.deadline for r in missing if r.deadline]
    if not deadlines:
        return {}
    first = min(deadlines)
    near = "deadline--near" if relative.days_between(first, now=now) < NEAR_DAYS else ""
    return {
        "deadline": relative.deadline(first, now=now),
        "tone": "deadline--past" if first <= now else near,
    }


def _titles(requirements: Sequence[Requirement], language: str) -> str:
    titles = [_title(r.prerequisite, language) for r in requirements]
    text = ", ".join(titles[:_TITLES])
    rest = len(titles) - _TITLES
    if rest <= 0:
        return text
    return ngettext("%(titles)s and %(n)s more", "%(titles)s and %(n)s more", rest) % {
        "titles": text,
        "n": rest,
    }


def _title(prerequisite: Prerequisite, language: str) -> str:
    title = prerequisite.said("title", language)
    if prerequisite.audience != Audience.REFERRER:
        return title
    return _("%(title)s (from the referring practice, nobody is written to)") % {"title": title}


_OPEN = Mend(word=gettext_lazy("Open"), icon="arrow-right")


def _mend(case: Case, requirements: Sequence[Requirement], message: Message | None) -> Mend | None:
    patient = case.appointment.patient
    phone = patient.phone if patient else ""
    handed_in = next((r for r in requirements if r.state == RequirementState.SUBMITTED), None)
    if lacks_contact(case):
        word = gettext_lazy("Contact") if patient else gettext_lazy("Name patient")
        return Mend(word=word, icon="plus", anchor="contact")
    if handed_in is not None and case.readiness != Readiness.NOT_PERFORMABLE:
        return Mend(word=gettext_lazy("Review"), icon="scan-eye", review=handed_in.pk)
    to_check = own_checks(requirements)
    if to_check and case.readiness == Readiness.TO_REVIEW:
        return Mend(word=gettext_lazy("To do"), icon="list-checks", review=to_check[0].pk)
    unreached = message is not None and message.state in _UNREACHED
    if case.readiness in readiness.NEEDS_PERSON or unreached:
        return Mend(word=gettext_lazy("Call"), icon="phone", phone=phone) if phone else _OPEN
    return None
