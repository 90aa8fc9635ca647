"""The forms of the escalation's settings: steps, and office hours."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from escalation.models import Hours
from escalation.operations.settings import MOST_STEPS
from escalation.policy import Act, Anchor, Step, Way
from practices.models import Membership, Role
from treffa.dashboard.step_words import ACTS, CONDITIONS

_CHECK = {"class": "form-check-input"}
_SELECT = {"class": "form-select"}
_SIDES = {
    "before_deadline": (_("before the deadline"), Anchor.DEADLINE, -1),
    "after_deadline": (_("after the deadline"), Anchor.DEADLINE, 1),
    "before_start": (_("before the appointment"), Anchor.START, -1),
}
_HOURS = {"hours": (_("hours"), 1), "days": (_("days"), 24)}
_DAYS = (_("Mon"), _("Tue"), _("Wed"), _("Thu"), _("Fri"), _("Sat"), _("Sun"))


class StepForm(forms.Form):
    """One step: how long before or after what, on which condition, what is done and whom it is for."""

    amount = forms.FloatField(
        label=_("How long"),
        min_value=0,
        max_value=60 * 24,
        widget=forms.NumberInput(attrs={"class": "form-control", "step": "any"}),
    )
    unit = forms.ChoiceField(
        label=_("Unit"),
        initial="days",
        choices=[(key, words) for key, (words, _n) in _HOURS.items()],
        widget=forms.Select(attrs=_SELECT),
    )
    side = forms.ChoiceField(
        label=_("Counted from"),
        initial="before_deadline",
        choices=[(key, words) for key, (words, _anchor, _sign) in _SIDES.items()],
        widget=forms.Select(attrs=_SELECT),
    )
    when = forms.ChoiceField(
        label=_("Condition"),
        required=False,
        choices=[(key, words) for key, (words, _progress) in CONDITIONS.items()],
        widget=forms.Select(attrs=_SELECT),
    )
    act = forms.ChoiceField(
        label=_("What is done"),
        initial="call_task",
        choices=[(act.value, words) for act, words in ACTS.items()],
        widget=forms.Select(attrs=_SELECT),
    )
    who = forms.ChoiceField(label=_("For whom"), initial="staff", widget=forms.Select(attrs=_SELECT))
    way = forms.ChoiceField(
        label=_("Told by"),
        initial="email",
        choices=[(Way.EMAIL.value, _("E-mail")), (Way.SMS.value, _("SMS, where a number is known"))],
        widget=forms.Select(attrs=_SELECT),
    )
    repeats = forms.IntegerField(
        label=_("Repeated (times)"),
        required=False,
        min_value=0,
        max_value=5,
        widget=forms.NumberInput(attrs={"class": "form-control"}),
    )
    repeat_hours = forms.FloatField(
        label=_("every (hours)"),
        required=False,
        min_value=1,
        max_value=240,
        widget=forms.NumberInput(attrs={"class": "form-control", "step": "any"}),
    )
    rotate = forms.BooleanField(
        label=_("One after the other instead of all"),
        required=False,
        widget=forms.CheckboxInput(attrs=_CHECK),
    )
    any_time = forms.BooleanField(
        label=_("Outside office hours, too"), required=False, widget=forms.CheckboxInput(attrs=_CHECK)
    )

    def __init__(self, *args: Any, members: Sequence[Membership], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        roles = [(str(role.value), role.label) for role in (Role.STAFF, Role.MANAGER, Role.PHYSICIAN)]
        people = [(f"user:{member.user_id}", str(member.user)) for member in members]
        self.fields["who"].choices = [*roles, *people]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("repeats") and not data.get("repeat_hours"):
            self.add_error("repeat_hours", _("Say after how many hours it is repeated."))
        if data.get("act") == Act.CALL_TASK and str(data.get("who", "")).startswith("user:"):
            self.add_error("who", _("A task is for a role: whoever sees it can take it over."))
        return data

    def step(self, roles: dict[int, str]) -> Step:
        """What was typed in. `roles` is each member's."""
        data = self.cleaned_data
        _words, anchor, sign = _SIDES[data["side"]]
        person = int(data["who"].removeprefix("user:")) if data["who"].startswith("user:") else None
        act = Act(data["act"])
        return Step(
            act=act,
            role="patient" if act is Act.REMIND else roles.get(person, "staff") if person else data["who"],
            anchor=anchor,
            hours=sign * data["amount"] * _HOURS[data["unit"]][1],
            when=CONDITIONS[data["when"]][1],
            person=person,
            way=Way(data["way"]),
            rotate=data["rotate"],
            any_time=data["any_time"] or act is Act.REMIND,
            repeats=data["repeats"] or 0,
            repeat_hours=data["repeat_hours"] or 0,
        )


def initial_of(step: Step) -> dict[str, Any]:
    """The form as a step fills it."""
    hours = abs(step.hours)
    days = bool(hours) and hours % 24 == 0
    side = "before_start" if step.anchor is Anchor.START else "before_deadline"
    when = next((key for key, (_words, found) in CONDITIONS.items() if set(found) == set(step.when)), "")
    return {
        "amount": f"{hours / 24 if days else hours:g}",
        "unit": "days" if days else "hours",
        "side": side if step.hours < 0 or step.anchor is Anchor.START else "after_deadline",
        "when": when,
        "act": step.act.value,
        "who": f"user:{step.person}" if step.person else step.role if step.role in Role.values else "staff",
        "way": step.way.value,
        "repeats": step.repeats,
        "repeat_hours": step.repeat_hours or None,
        "rotate": step.rotate,
        "any_time": step.any_time,
    }


class _Steps(forms.BaseFormSet):  # type: ignore[type-arg]  # generic in the stubs only
    """The steps of a policy, each of which may be taken out."""

    deletion_widget = forms.CheckboxInput(attrs=_CHECK)  # type: ignore[assignment]  # the stubs mean its metaclass


StepFormSet = forms.formset_factory(
    StepForm, formset=_Steps, extra=1, can_delete=True, max_num=MOST_STEPS, validate_max=True
)


class HoursForm(forms.Form):
    """When somebody is at the practice."""

    opens = forms.TimeField(
        label=_("From"),
        widget=forms.TimeInput(attrs={"type": "time", "class": "form-control"}, format="%H:%M"),
    )
    closes = forms.TimeField(
        label=_("Until"),
        widget=forms.TimeInput(attrs={"type": "time", "class": "form-control"}, format="%H:%M"),
    )
    days = forms.TypedMultipleChoiceField(
        label=_("Days"),
        coerce=int,
        choices=list(enumerate(_DAYS)),
        widget=forms.CheckboxSelectMultiple(attrs=_CHECK),
    )

    @classmethod
    def of(cls, held: Hours | None) -> "HoursForm":
        """The form as what is held fills it."""
        held = held or Hours()
        return cls(initial={"opens": held.opens, "closes": held.closes, "days": held.days})

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        opens, closes = data.get("opens"), data.get("closes")
        if opens and closes and opens >= closes:
            self.add_error("closes", _("The practice closes after it opens."))
        return data
