"""The case page: the head, the one next action, requirements, messages, timeline, contact."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from appointments import entering, sharing
from appointments.models import Appointment, OutcomeKind, OutcomeReason, Patient
from messaging.models import Message, MessageState
from practices.queries import MembershipRow
from prerequisites.models import Case, Kind, PatientLink, Readiness, RequirementState
from prerequisites.queries import CaseDetail, depends_on
from treffa.dashboard import doubles, missing_facts, readiness, relative, requirements, timeline
from treffa.dashboard.doubles import Merged, Question
from treffa.dashboard.messages import MessageView, view_messages
from treffa.dashboard.readiness import Look
from treffa.dashboard.requirements import RequirementView
from treffa.dashboard.row import Contact, lacks_contact, last_contact, places
from treffa.dashboard.timeline import Timeline


@dataclass(frozen=True, kw_only=True)
class Next:
    """The one next action. `phone` to call, `anchor` on the page or the `url` of another, with `word` on the button."""

    title: str
    why: str
    word: str | Promise = ""
    icon: str = ""
    phone: str = ""
    anchor: str = ""
    url: str = ""


@dataclass(frozen=True, kw_only=True)
class OutcomeView:
    """What became of the appointment; `possible`: it may be marked by now. `seen` goes back with the form."""

    possible: bool
    seen: str
    word: str
    kinds: list[tuple[str, str]]
    reasons: list[tuple[str, str]]


@dataclass(frozen=True, kw_only=True)
class CasePage:
    """All that the page of a case shows."""

    case: Case
    look: Look
    name: str
    what: str
    when: str
    until: str
    where: str
    calendars: str
    born: str
    next: Next
    requirements: list[RequirementView]
    withdrawn: list[RequirementView]
    accepted: int
    counted: int
    messages: list[MessageView]
    timeline: Timeline
    link: PatientLink | None
    questions: list[Question]
    merges: list[Merged]
    news: dict[str, str]
    unknown: str
    outcome: "OutcomeView"

    @property
    def locked(self) -> bool:
        return self.link is not None and self.link.tries_left == 0

    @property
    def answered(self) -> bool:
        """Whether there are answers of the patient's."""
        return any(view.row.answers for view in self.requirements)

    @property
    def claimed_birth_date(self) -> date | None:
        """A date of birth that the patient told and nobody has confirmed yet."""
        patient = self.case.appointment.patient
        return self.link.claimed_birth_date if self.link and patient and not patient.birth_date else None


def build(
    detail: CaseDetail, messages: Sequence[Message], *, member: MembershipRow, language: str, now: datetime
) -> CasePage:
    """The page of a case (messages oldest first) for a member."""
    case, appointment = detail.case, detail.case.appointment
    patient = appointment.patient
    talk_open = requirements.talk_is_open(detail.requirements)
    views = [
        requirements.view(row, member=member, language=language, now=now, talk_open=talk_open)
        for row in detail.requirements
    ]
    withdrawn = [
        requirements.view(row, member=member, language=language, now=now) for row in detail.withdrawn
    ]
    counted = [view for view in views if view.row.prerequisite.kind != Kind.INFORMATION]
    contact = last_contact(case, _newest_to_patient(messages), now=now)
    titles = {view.id: view.title for view in [*views, *withdrawn]}
    name = patient.name if patient else appointment.summary
    what = appointment.type.name if appointment.type else appointment.summary
    return CasePage(
        case=case,
        look=readiness.look_of(case, now=now),
        name=name,
        what=what,
        when=_when(appointment.start),
        until=relative.until(appointment.start, now=now),
        where=", ".join(_beside(what, places(appointment))),
        calendars=_calendars(appointment),
        born=_born(patient.birth_date, now=now) if patient and patient.birth_date else "",
        next=_next(case, counted, contact, name=name, now=now),
        requirements=views,
        withdrawn=withdrawn,
        accepted=sum(view.row.requirement.state in _SETTLED for view in counted),
        counted=len(counted),
        messages=view_messages(messages, case=case, now=now),
        timeline=timeline.load(detail, messages=messages, titles=titles, now=now),
        link=PatientLink.objects.filter(case=case).first(),
        questions=doubles.questions_of(patient, now=now),
        merges=doubles.merges_of(patient, now=now),
        news=entering.news(patient) if patient else {},
        unknown=_unknown(case, patient),
        outcome=_outcome(appointment, now=now),
    )


def _outcome(appointment: Appointment, *, now: datetime) -> OutcomeView:
    marked = appointment.marked
    reason = f" ({marked.get_reason_display()})" if marked and marked.reason else ""
    day = timezone.localtime(appointment.start).date()
    return OutcomeView(
        possible=not appointment.cancelled and day <= timezone.localdate(now),
        seen=marked.kind if marked else "",
        word=f"{marked.get_kind_display()}{reason}" if marked else "",
        kinds=[(str(kind), str(kind.label)) for kind in (OutcomeKind.PERFORMED, OutcomeKind.NO_SHOW)],
        reasons=[(value, str(label)) for value, label in OutcomeReason.choices],
    )


def _unknown(case: Case, patient: Patient | None) -> str:
    """What nobody has said of the patient and the plan's conditions hang on, be it but for something optional."""
    if patient is None or case.closed_at is not None:
        return ""
    unknown = missing_facts.unknown(patient)
    entered = unknown & {"sex", "insurance"}
    asked = depends_on(case.plan) if entered else frozenset()
    return missing_facts.named((entered & asked) | unknown.intersection(case.facts_missing))


def _newest_to_patient(messages: Sequence[Message]) -> Message | None:
    """The newest that went out, else the newest that waits."""
    said = [message for message in messages if message.patient_id is not None]
    return max(said, key=lambda message: (message.state != MessageState.QUEUED, message.pk), default=None)


_SETTLED = (RequirementState.ACCEPTED, RequirementState.WAIVED)


def _when(start: datetime) -> str:
    # Translators: a date format of Django, for the head of a case
    return date_format(timezone.localtime(start), _("l, j F, H:i"))


def _beside(what: str, names: Sequence[str]) -> list[str]:
    """The places without what was booked: a calendar is often named after it."""
    without = (name.replace(what, "").strip(" ,;:·–-") if what else name for name in names)
    return [name for name in without if name and name.casefold() not in what.casefold()]


def _calendars(appointment: Appointment) -> str:
    """Where one appointment stands in several calendars: which ones."""
    also = sharing.calendars(appointment)
    return ", ".join(feed.name for feed in (appointment.feed, *also)) if also else ""


def _born(day: date, *, now: datetime) -> str:
    today = timezone.localdate(now)
    age = today.year - day.year - ((today.month, today.day) < (day.month, day.day))
    return f"*{date_format(day, 'SHORT_DATE_FORMAT')} ({age})"


def _next(
    case: Case, views: Sequence[RequirementView], contact: Contact, *, name: str, now: datetime
) -> Next:
    handed_in = [view for view in views if view.row.requirement.state == RequirementState.SUBMITTED]
    missing = [view for view in views if _is_missing(view)]
    to_check = [view for view in missing if view.row.prerequisite.ours]
    if case.readiness == Readiness.CLOSED:
        return _closed(case, now=now)
    if case.readiness in readiness.QUIET and handed_in:
        return _to_review(handed_in, why=_("The appointment can take place, whatever it says."))
    if case.readiness in readiness.QUIET:
        return Next(title=_("Everything is in place"), why=_("The appointment can take place as planned."))
    if case.appointment.patient is None and missing:
        return Next(
            title=_("Say whom this appointment is for"),
            why=_("The calendar names nobody, so nothing can be asked for."),
            word=gettext_lazy("Name patient"),
            icon="plus",
            anchor="contact",
        )
    if lacks_contact(case):
        landline = case.appointment.patient is not None and bool(case.appointment.patient.phone)
        return Next(
            title=_("Add a mobile number or an e-mail address")
            if landline
            else _("Add a phone number or an e-mail address"),
            why=_("The number is a landline: no text message arrives there, and there is no e-mail address.")
            if landline
            else _("There is neither in the calendar, so nothing can be sent."),
            word=gettext_lazy("Add contact"),
            icon="plus",
            anchor="contact",
        )
    if handed_in:
        return _to_review(handed_in, why=handed_in[0].rule)
    if missing_facts.to_enter(case) and case.readiness == Readiness.TO_REVIEW:
        return Next(
            title=_("Enter: %(facts)s") % {"facts": missing_facts.named(missing_facts.to_enter(case))},
            why=_("What this appointment needs depends on it."),
            word=gettext_lazy("Go there"),
            icon="arrow-right",
            anchor="edit-facts",
        )
    if to_check and (case.readiness == Readiness.TO_REVIEW or len(to_check) == len(missing)):
        return Next(
            title=_("To be done by the practice: %(what)s") % {"what": _titles(to_check)},
            why=to_check[0].rule,
            word=gettext_lazy("Go there"),
            icon="arrow-right",
            url=reverse("dashboard:review", args=[to_check[0].id]),
        )
    asked = [view for view in missing if view not in to_check]
    return _from_patient(case, asked, contact, name=name, now=now)


def _closed(case: Case, *, now: datetime) -> Next:
    """Over or cancelled; or it takes place, and somebody has to say what it is or needs."""
    appointment = case.appointment
    if appointment.same_as_id is not None:
        return _prepared_elsewhere(appointment.same_as_id)
    if appointment.cancelled or appointment.is_over(now=now) or not case.set_aside:
        return Next(title=_("Nothing left to do"), why=_("The appointment is over or cancelled."))
    if appointment.type is None:
        text = appointment.type_text or appointment.summary
        title = _("Say what “%(text)s” is: nothing is asked for until then") % {"text": text}
    elif appointment.type.needs_nothing:
        title = _("Nothing is asked for: “%(name)s” never needs anything") % {"name": appointment.type.name}
        return Next(title=title, why=_("What was handed in stays here."))
    else:
        title = _("Say what “%(name)s” needs: nothing is asked for until then") % {
            "name": appointment.type.name
        }
    return Next(
        title=title,
        why=_("It was being prepared as “%(name)s”. What was handed in stays here.")
        % {"name": case.plan.type.name},
        word=gettext_lazy("To the appointment types"),
        icon="tags",
        url=reverse("dashboard:types"),
    )


def _prepared_elsewhere(appointment_id: int) -> Next:
    other = Case.objects.filter(appointment=appointment_id).first()
    title = _("It is the same appointment as one in another calendar, and is prepared there")
    why = _("What was handed in here stays here.")
    if other is None:
        return Next(title=title, why=why)
    url = reverse("dashboard:case", args=[other.pk])
    return Next(title=title, why=why, word=gettext_lazy("Open"), icon="arrow-right", url=url)


def _to_review(handed_in: Sequence[RequirementView], *, why: str) -> Next:
    return Next(
        title=_("Review: %(what)s") % {"what": _titles(handed_in)},
        why=why,
        word=gettext_lazy("Review"),
        icon="scan-eye",
        url=reverse("dashboard:review", args=[handed_in[0].id]),
    )


def _by(case: Case, *, now: datetime) -> str:
    """The case's deadline as a sentence; a German date has its full stop already."""
    by = relative.deadline(case.deadline, now=now).removesuffix(".") if case.deadline else ""
    return f"{by[:1].upper()}{by[1:]}." if by else ""


def _from_patient(
    case: Case, missing: Sequence[RequirementView], contact: Contact, *, name: str, now: datetime
) -> Next:
    what = _titles(missing) or _("what is missing")
    patient = case.appointment.patient
    phone = patient.phone if patient else ""
    if case.readiness == Readiness.WAITING:
        by = _by(case, now=now)
        return Next(
            title=_("%(name)s is to act: %(what)s") % {"name": name, "what": what},
            why=" ".join(filter(None, (by, f"{contact.text}."))),
        )
    words = _("Call %(name)s: %(what)s") if phone else _("No number to call %(name)s: %(what)s")
    if case.readiness == Readiness.NOT_PERFORMABLE:
        why = _("It can no longer be had in time. Move the appointment, or give the slot to somebody else.")
    else:
        by = _by(case, now=now)
        why = " ".join(filter(None, (by, f"{contact.text}.")))
    title = words % {"name": name, "what": what}
    if not phone:
        return Next(title=title, why=why, word=gettext_lazy("Add contact"), icon="plus", anchor="contact")
    return Next(title=title, why=why, word=phone, icon="phone", phone=phone)


def _is_missing(view: RequirementView) -> bool:
    requirement = view.row.requirement
    asked = requirement.state in (RequirementState.OPEN, RequirementState.REJECTED)
    return asked and not requirement.bring_along and view.row.prerequisite.blocking


def _titles(views: Sequence[RequirementView]) -> str:
    return ", ".join(view.title for view in views[:3])
