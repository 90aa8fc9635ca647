"""What happens, and when: the timeline of a sample appointment under a plan, by the functions that later decide. Nothing is
stored, nobody is written to."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django import forms
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from escalation import queries
from escalation.policy import Act, Planned, Progress, applies, lay_out
from messaging import occasions, prospects
from messaging.forecast import Expected
from practices.models import Practice
from prerequisites.models import Plan
from treffa.dashboard import policies, relative, step_words, to_come

SAMPLE_DAYS = 21
SAMPLE_TIME = time(10, 30)
FARTHEST = timedelta(days=366)
YEARS = range(2000, 2101)


class SampleForm(forms.Form):
    """A sample appointment: when it is, and when it was booked."""

    day = forms.DateField(
        label=gettext_lazy("Appointment on"),
        widget=forms.DateInput(attrs={"type": "date", "class": "form-control"}),
    )
    at = forms.TimeField(
        label=gettext_lazy("at"),
        widget=forms.TimeInput(attrs={"type": "time", "class": "form-control"}, format="%H:%M"),
    )
    booked = forms.DateField(
        label=gettext_lazy("Booked on"),
        widget=forms.DateInput(attrs={"type": "date", "class": "form-control"}),
    )

    def clean(self) -> None:
        """The appointment comes after its booking, and within a year."""
        day, booked = self.cleaned_data.get("day"), self.cleaned_data.get("booked")
        if day and booked and not (booked.year in YEARS and booked <= day <= booked + FARTHEST):
            self.add_error("day", _("The appointment comes after the booking, within a year."))


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One thing that happens. `kind`: message, deadline, step or start."""

    at: datetime
    when: str
    what: str
    more: str
    icon: str
    kind: str


def form_of(given: dict[str, str], *, practice: Practice, now: datetime) -> SampleForm:
    """What was asked for; an appointment in three weeks, booked today, where nothing was."""
    today = now.astimezone(ZoneInfo(practice.time_zone)).date()
    shown = {
        "day": (today + timedelta(days=SAMPLE_DAYS)).isoformat(),
        "at": f"{SAMPLE_TIME:%H:%M}",
        "booked": today.isoformat(),
    }
    return SampleForm({name: given.get(name, text) for name, text in shown.items()})


def timeline(
    plan: Plan, *, day: date, at: time, booked: date, practice: Practice, now: datetime
) -> list[Entry]:
    """All that happens until the appointment if the patient does nothing, in order."""
    zone = ZoneInfo(practice.time_zone)
    start = datetime.combine(day, at, zone)
    booked_at = datetime.combine(booked, time(9), zone)
    if booked == now.astimezone(zone).date():
        booked_at = now
    found = prospects.what_if(plan, start=start, booked_at=booked_at, practice=practice)
    entries = [*_messages(found.messages, now=now), *_deadlines(found, plan, now=now)]
    entries += _steps(found, plan, start=start, booked_at=booked_at, practice=practice, now=now)
    entries.append(_entry(start, _("The appointment"), "", "calendar-check", "start", now=now))
    return sorted(entries, key=lambda entry: entry.at)


def _entry(at: datetime, what: str, more: str, icon: str, kind: str, *, now: datetime) -> Entry:
    return Entry(at=at, when=relative.moment(at, now=now), what=what, more=more, icon=icon, kind=kind)


def _messages(expected: Sequence[Expected], *, now: datetime) -> list[Entry]:
    return [
        _entry(one.at, to_come.what(one), to_come.then(one, now=now), "send", "message", now=now)
        for one in expected
    ]


def _deadlines(found: prospects.WhatIf, plan: Plan, *, now: datetime) -> list[Entry]:
    """By when each thing is asked for; what is brought along has no deadline of its own."""
    titles = {
        one.pk: one.said("title", get_language() or plan.practice.language)
        for one in plan.prerequisites.all()
    }
    return [
        _entry(
            due.at,
            _("Deadline: %(what)s") % {"what": titles.get(one.id, "")},
            "",
            "clock",
            "deadline",
            now=now,
        )
        for one, due in found.required
        if not due.bring_along
    ]


def _steps(
    found: prospects.WhatIf,
    plan: Plan,
    *,
    start: datetime,
    booked_at: datetime,
    practice: Practice,
    now: datetime,
) -> list[Entry]:
    """The escalation of a case of which the patient opens nothing."""
    due = [due.at for one, due in found.required if one.audience == "patient" and not due.bring_along]
    policy = queries.policies()
    planned = lay_out(
        policy.get(plan.type_id) or policy[None],
        deadline=min(due, default=None),
        start=start,
        office=queries.office_of(practice),
    )
    people = policies.names()
    return [
        _entry(
            one.at,
            step_words.what(one.step, people),
            "",
            step_words.ICONS[one.step.act],
            "step",
            now=now,
        )
        for one in planned
        if booked_at < one.at < start and applies(one.step, Progress.UNOPENED) and not _left_out(one, found)
    ]


def _left_out(one: Planned, found: prospects.WhatIf) -> bool:
    """A policy's reminder shortly after a message that was due anyway is not sent."""
    near = (message for message in found.messages if one.at - occasions.ONE_STEP < message.at <= one.at)
    return one.step.act is Act.REMIND and any(near)
