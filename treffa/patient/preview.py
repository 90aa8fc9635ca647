"""The patient's pages of a plan that nobody has booked yet: the same templates, an invented visit. Nothing is written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from django.template.loader import render_to_string
from django.utils import timezone, translation

from appointments.models import Appointment, AppointmentType, Patient
from practices.models import Practice
from prerequisites import conditions, exchange, validity
from prerequisites.answers import Answer
from prerequisites.models import Case, Kind, PatientLink, Plan, Prerequisite, Requirement
from prerequisites.packs import PackPrerequisite
from prerequisites.queries import RequirementRow
from prerequisites.required import Booking, PlanRules, Verdict
from prerequisites.ruled import asked_of, calendar_of
from prerequisites.rules import Due
from treffa.patient import forms, presenter
from treffa.patient.access import Visit
from treffa.patient.session import Session
from treffa.patient.views import TEMPLATES

LASTS = timedelta(minutes=30)


@dataclass(frozen=True, kw_only=True)
class Example:
    """An invented patient and appointment. `answers` are given to the forms, by their keys."""

    start: datetime
    booked_at: datetime
    born: date | None = None
    sex: str = conditions.UNKNOWN
    insurance: str = conditions.UNKNOWN
    first_visit: bool | None = None
    answers: Mapping[str, Mapping[str, Answer]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What becomes of one prerequisite in the example: whether it is asked for (None: not known before something is
    answered), and by when. `oldest`: the first day from which a document counts."""

    prerequisite: Prerequisite
    verdict: Verdict
    due: Due | None
    oldest: date | None


@dataclass(frozen=True, kw_only=True)
class Trial:
    """A plan tried on an example. `circular`: its conditions go round in a circle, so all of it is taken as asked for."""

    outcomes: Sequence[Outcome]
    circular: bool


def try_out(
    contents: Sequence[PackPrerequisite], example: Example, *, practice: Practice, type_name: str
) -> Trial:
    """Decides by the pure rules what the example's patient would be asked for on the day of booking."""
    rows = exchange.rows_of(contents, plan=Plan(practice_id=practice.pk))
    for number, row in enumerate(rows, start=1):
        row.pk = number
    entries = tuple(asked_of(row) for row in rows)
    booking = Booking(
        start=example.start,
        booked_at=example.booked_at,
        calendar=calendar_of(practice),
        type=type_name,
        born=example.born,
        sex=example.sex,
        insurance=example.insurance,
        first_visit=example.first_visit,
    )
    rules = PlanRules(entries)
    try:
        verdicts, facts = rules.verdicts(booking, example.answers), rules.facts(booking, example.answers)
    except ValueError:
        verdicts = {one.key: Verdict(asked=one, holds=True) for one in entries}
        return Trial(
            outcomes=[_outcome(row, verdicts[row.key], booking, booking.facts({})) for row in rows],
            circular=True,
        )
    return Trial(outcomes=[_outcome(row, verdicts[row.key], booking, facts) for row in rows], circular=False)


def _outcome(row: Prerequisite, verdict: Verdict, booking: Booking, facts: conditions.Facts) -> Outcome:
    due = booking.due(verdict.asked.rule, now=booking.booked_at) if verdict.holds else None
    rule = verdict.asked.validity
    oldest = validity.oldest(rule, appointment=booking.day, booked=booking.booked_day, facts=facts)
    return Outcome(
        prerequisite=row,
        verdict=verdict,
        due=due,
        oldest=oldest if row.kind == Kind.DOCUMENT else None,
    )


def page(
    trial: Trial, example: Example, *, practice: Practice, type_name: str, language: str, key: str = ""
) -> str:
    """The patient's list as a whole document; or, by the key of what is asked for, the page on which it is handed in."""
    visit = _visit(example, practice=practice, type_name=type_name, language=language)
    with timezone.override(practice.time_zone), translation.override(visit.language):
        rows = [_row(one, number) for number, one in enumerate(trial.outcomes, start=1) if one.verdict.holds]
        overview = presenter.overview_of(rows, visit)
        wanted = next((row for row in rows if row.prerequisite.key == key), None)
        shown = overview.item(wanted.requirement.pk) if wanted is not None else None
        frame = {"visit": visit, "preview": True, "overview": overview}
        if shown is None or not shown.open:
            return render_to_string("patient/list.html", {**frame, **presenter.head(visit)})
        questions = shown.row.questions if shown.row.prerequisite.kind == Kind.FORM else []
        given = example.answers.get(key, {})
        form = forms.Answers.with_answers(questions, given, language=visit.language)
        template = "patient/questions.html" if questions else TEMPLATES[Kind(shown.row.prerequisite.kind)]
        return render_to_string(template, {**frame, "item": shown, "form": form})


def _visit(example: Example, *, practice: Practice, type_name: str, language: str) -> Visit:
    appointment = Appointment(
        practice=practice,
        type=AppointmentType(practice=practice, name=type_name),
        patient=Patient(practice=practice, name="", birth_date=example.born),
        start=example.start,
        end=example.start + LASTS,
        booked_at=example.booked_at,
    )
    case = Case(practice=practice, appointment=appointment)
    link = PatientLink(practice=practice, case=case)
    session = Session(
        practice_id=practice.pk, link_id=0, generation=0, identified="confirmed", language=language
    )
    return Visit(session=session, link=link, now=example.booked_at)


def _row(outcome: Outcome, number: int) -> RequirementRow:
    due = outcome.due
    requirement = Requirement(
        pk=number,
        prerequisite=outcome.prerequisite,
        state="open",
        deadline=due.at if due else None,
        bring_along=due.bring_along if due else False,
    )
    return RequirementRow(
        requirement=requirement,
        prerequisite=outcome.prerequisite,
        submissions=[],
        answers={},
        reason="",
        oldest=outcome.oldest,
    )
