"""What staff type in the review."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from practices.models import Membership

DAYS = ("%Y-%m-%d", "%d.%m.%Y", "%d/%m/%Y")
MOMENTS = ("%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M", "%d.%m.%Y %H:%M", "%d/%m/%Y %H:%M")
LONGEST_REASON = 1000


class DateForm(forms.Form):
    """The date on the document; browsers send it as ISO, people without a date field as they write it."""

    document_date = forms.DateField(
        required=False, input_formats=DAYS, error_messages={"invalid": _("This is no date.")}
    )

    @property
    def day(self) -> date | None:
        """The date; None where there is none."""
        return self.cleaned_data.get("document_date") if self.is_valid() else None


class HeldForm(forms.Form):
    """Who did it, and when, in the practice's zone."""

    held_by = forms.TypedChoiceField(
        coerce=int, error_messages={"required": _("Choose who."), "invalid_choice": _("Choose who.")}
    )
    held_at = forms.DateTimeField(
        input_formats=MOMENTS,
        error_messages={"required": _("Say when."), "invalid": _("This is no date with a time.")},
    )

    PROBLEMS: Mapping[str, tuple[str, str | Promise]] = {
        "held_by": ("held_by", _("Only a physician of the practice can have done it.")),
        "held_in_future": ("held_at", _("This is still to come: note it once it has happened.")),
        "held_after": ("held_at", _("This is after the appointment.")),
        "held_long_ago": ("held_at", _("This is more than a year ago.")),
    }

    def __init__(self, given: Mapping[str, str], *, holders: Sequence[Membership]) -> None:
        super().__init__(given)
        self.fields["held_by"].choices = [(one.user_id, str(one.user)) for one in holders]  # type: ignore[attr-defined]

    def refuse(self, code: str) -> bool:
        """Shows beside the field what the operation refused; whether it was for one of the fields."""
        field, words = self.PROBLEMS.get(code, ("", ""))
        if field:
            self.add_error(field, str(words))
        return bool(field)

    @property
    def held(self) -> tuple[int, datetime]:
        """Who and when, of a valid form."""
        return self.cleaned_data["held_by"], self.cleaned_data["held_at"]
