"""Two patients who may be one person, in words: on the board, on a case, and side by side."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from appointments import doubles, entering, merging
from appointments.doubles import Pair
from appointments.matching import Likeness
from appointments.models import Appointment, Patient, PatientMerge
from appointments.queries import live
from prerequisites.models import Case
from treffa.dashboard import relative
from treffa.templatetags.treffa import phone

SHOWN = 6
APPOINTMENTS = 5

FIELDS: Mapping[str, str | Promise] = {
    "name": gettext_lazy("Name"),
    "birth_date": gettext_lazy("Date of birth"),
    "phone": gettext_lazy("Phone"),
    "email": gettext_lazy("E-mail"),
}
WHY: Mapping[Likeness, str | Promise] = {
    Likeness.NAME: gettext_lazy("The name is the same, and a date of birth is missing."),
    Likeness.NAME_AND_BIRTH: gettext_lazy("Name and date of birth are the same."),
    Likeness.BIRTH: gettext_lazy("The date of birth is the same, and the name nearly so."),
    Likeness.CONTACT: gettext_lazy(
        "They share a phone number or an e-mail address, and nearly all the rest."
    ),
}


@dataclass(frozen=True, kw_only=True)
class Row:
    """A field of both. `same`: both say so; `choice`: each says something else, so staff choose."""

    name: str
    label: str
    first: str
    second: str

    @property
    def same(self) -> bool:
        return bool(self.first) and self.first == self.second

    @property
    def choice(self) -> bool:
        return bool(self.first and self.second) and not self.same


@dataclass(frozen=True, kw_only=True)
class Booked:
    """An appointment in a line; `case_id` where it has a page."""

    when: str
    what: str
    case_id: int | None
    past: bool


@dataclass(frozen=True, kw_only=True)
class Side:
    """One of the two."""

    patient: Patient
    since: str
    booked: list[Booked]
    more: int


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Both side by side. `seen` goes with the answer, so that nobody decides on what is no longer so."""

    first: Side
    second: Side
    rows: list[Row]
    why: str | Promise
    seen: str
    left: int
    apart: str


@dataclass(frozen=True, kw_only=True)
class Question:
    """A pair as the board asks about it."""

    pair: Pair
    first: str
    second: str
    when: str


@dataclass(frozen=True, kw_only=True)
class Merged:
    """A merge that can still be taken back."""

    merge: PatientMerge
    text: str


@dataclass(frozen=True, kw_only=True)
class News:
    """A patient of whom a calendar says another phone or e-mail than a person entered."""

    patient: Patient
    case_id: int
    says: list[str] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class OnBoard:
    """What the board says about people; `asked` and `differing` are all, of whom the first few are shown."""

    questions: list[Question]
    asked: int
    news: list[News]
    differing: int
    merges: list[Merged]

    def __bool__(self) -> bool:
        return bool(self.questions or self.news or self.merges)


def load(*, now: datetime) -> OnBoard:
    """Open questions, contacts that a calendar says otherwise, and what was put together just now."""
    pairs = doubles.pairs(now=now)
    news = _news(now=now)
    return OnBoard(
        questions=[_question(pair, now=now) for pair in pairs[:SHOWN]],
        asked=len(pairs),
        news=news[:SHOWN],
        differing=len(news),
        merges=[merged(one) for one in doubles.merges(since=now - merging.UNDO_WITHIN)[:SHOWN]],
    )


def compare(first: Patient, second: Patient, *, now: datetime) -> Comparison:
    """The two side by side."""
    why, said = doubles.why(first, second), doubles.said_apart(first, second)
    asked = {(pair.first.pk, pair.second.pk) for pair in doubles.pairs(now=now)}
    return Comparison(
        first=_side(first, now=now),
        second=_side(second, now=now),
        rows=[
            Row(name=name, label=str(label), first=_said(first, name), second=_said(second, name))
            for name, label in FIELDS.items()
        ],
        why=WHY[why] if why else "",
        seen=merging.seen(first, second),
        left=len(asked - {(first.pk, second.pk)}),
        apart=_("%(who)s said on %(day)s: two people.")
        % {"who": said.user or _("The practice"), "day": date_format(said.at, "SHORT_DATE_FORMAT")}
        if said
        else "",
    )


def questions_of(patient: Patient | None, *, now: datetime) -> list[Question]:
    """The open questions about a patient."""
    if patient is None:
        return []
    return [_question(pair, now=now) for pair in doubles.doubles_of(patient.pk, now=now)]


def merges_of(patient: Patient | None, *, now: datetime) -> list[Merged]:
    """What was merged into a patient and can still be taken back."""
    if patient is None:
        return []
    found = doubles.merges(since=now - merging.UNDO_WITHIN)
    return [merged(one) for one in found if one.kept_id == patient.pk]


def merged(merge: PatientMerge) -> Merged:
    """A merge in words: whom, by whom, until when it can be taken back."""
    words = _(
        "“%(name)s” was put together with “%(other)s” by %(who)s at %(at)s. This can be taken back until %(until)s."
    )
    text = words % {
        "name": merge.kept.name,
        "other": merge.merged.name,
        "who": merge.user or _("the practice"),
        "at": relative.clock_time(merge.at),
        "until": relative.clock_time(merge.at + merging.UNDO_WITHIN),
    }
    return Merged(merge=merge, text=text)


def _question(pair: Pair, *, now: datetime) -> Question:
    return Question(
        pair=pair,
        first=_facts(pair.first),
        second=_facts(pair.second),
        when=relative.moment(pair.next_start, now=now),
    )


def _facts(patient: Patient) -> str:
    """What tells people of one name apart."""
    born = f"*{_said(patient, 'birth_date')}" if patient.birth_date else _("date of birth unknown")
    return " · ".join(filter(None, (born, _said(patient, "phone") or patient.email)))


def _news(*, now: datetime) -> list[News]:
    """By the next appointment."""
    booked = live(now=now).filter(patient__calendar_said_at__isnull=False)
    cases = Case.objects.filter(appointment__in=booked, closed_at=None).select_related("appointment__patient")
    found: dict[int, News] = {}
    for case in cases.order_by("appointment__start", "pk"):
        patient = case.appointment.patient
        says = [phone(value) if name == "phone" else value for name, value in entering.news(patient).items()]
        if says and patient.pk not in found:
            found[patient.pk] = News(patient=patient, case_id=case.pk, says=says)
    return list(found.values())


def _side(patient: Patient, *, now: datetime) -> Side:
    rows = doubles.appointments_of(patient)
    cases = dict(Case.objects.filter(appointment__in=rows).values_list("appointment_id", "pk"))
    return Side(
        patient=patient,
        since=date_format(patient.created_at, "SHORT_DATE_FORMAT"),
        booked=[_booked(row, cases.get(row.pk), now=now) for row in rows[:APPOINTMENTS]],
        more=max(0, len(rows) - APPOINTMENTS),
    )


def _booked(row: Appointment, case_id: int | None, *, now: datetime) -> Booked:
    what = row.type.name if row.type else row.summary
    cancelled = _(" (cancelled)") if row.cancelled else ""
    return Booked(
        when=relative.moment(row.start, now=now),
        what=f"{what}{cancelled}",
        case_id=case_id,
        past=row.cancelled or row.is_over(now=now),
    )


def _said(patient: Patient, name: str) -> str:
    value = getattr(patient, name)
    if not value:
        return ""
    if name == "birth_date":
        return date_format(value, "SHORT_DATE_FORMAT")
    return phone(value) if name == "phone" else str(value)
