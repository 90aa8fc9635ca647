"""Until when a task is put off: any moment of the coming month, by the practice's clock."""

from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from escalation.operations import LONGEST_SNOOZE


class MomentForm(forms.Form):
    """A date and a time as somebody chose them; the active zone is the practice's."""

    moment = forms.DateTimeField(
        label=gettext_lazy("Until"),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"],
        error_messages={
            "required": gettext_lazy("Choose a date and a time."),
            "invalid": gettext_lazy("Choose a date and a time."),
        },
    )

    def __init__(self, *given: Any, now: datetime, **more: Any) -> None:
        super().__init__(*given, **more)
        self._now = now

    def clean_moment(self) -> datetime:
        """To come, and within the month in which a task is not forgotten."""
        moment: datetime = self.cleaned_data["moment"]
        if moment <= self._now:
            raise forms.ValidationError(_("That moment is past."))
        if moment > self._now + LONGEST_SNOOZE:
            raise forms.ValidationError(_("A task is put off by a month at most."))
        return moment
