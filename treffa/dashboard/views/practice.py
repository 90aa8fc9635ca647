"""What the practice is: the first step of the set-up, and a page of the settings. The logo is read and drawn anew before a
transaction opens."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.contrib import messages as notes
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from escalation.models import Hours
from escalation.operations import settings as hours_settings
from practices import clock, tenancy
from practices.middleware import own_scope
from practices.operations import change_practice
from practices.queries import current_practice
from prerequisites import images
from treffa import accent
from treffa.dashboard import setup_frame
from treffa.dashboard.policy_forms import HoursForm
from treffa.dashboard.practice_forms import PracticeForm
from treffa.dashboard.staff import StaffRequest, actor, may_manage, page

# What a file that is no logo begins with is not looked into.
PICTURES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")


@own_scope
@require_http_methods(["GET", "POST"])
@may_manage
def show(request: StaffRequest, setup: bool = False) -> HttpResponse:
    """GET and POST /settings/practice/ and /setup/practice/ — name, place, languages, hours, colour and logo."""
    with _scope(request):
        practice = request.practice
        form, hours = PracticeForm.of(practice), HoursForm.of(Hours.objects.first())
    if request.method == "POST":
        form, hours = PracticeForm(request.POST, request.FILES, practice=practice), HoursForm(request.POST)
        logo = _logo(form) if form.is_valid() else None
        if form.is_valid() and hours.is_valid():
            with _scope(request):
                _save(request, form, hours, logo)
            return redirect("dashboard:setup") if setup else redirect("dashboard:settings_practice")
        form.mark_mistakes()
    with _scope(request):
        return _rendered(request, form, hours, setup=setup)


@contextmanager
def _scope(request: StaffRequest) -> Iterator[None]:
    """As PracticeScopeMiddleware opens it for other views."""
    with tenancy.scope(request.membership.practice_id):
        request.practice = current_practice()
        language = request.user.language or request.practice.language
        with timezone.override(request.practice.time_zone), translation.override(language):
            yield


def _logo(form: PracticeForm) -> bytes | None:
    """The logo that was given, drawn anew; None where none was. What can't be used is said beside the field, in the language
    that the page is rendered in."""
    given = form.cleaned_data["logo"]
    if given is None:
        return None
    content = given.read()
    if not content.startswith(PICTURES):
        form.refuse_logo(ValidationError(gettext_lazy("This is no PNG or JPEG picture.")))
        return None
    try:
        return images.rebuild([content], order="logo").content
    except images.UnreadableError as unreadable:
        large = unreadable.code == "too_many_pixels"
        why = (
            gettext_lazy("This picture is too large.")
            if large
            else gettext_lazy("This picture can't be read.")
        )
        form.refuse_logo(ValidationError(why))
        return None


def _save(request: StaffRequest, form: PracticeForm, hours: HoursForm, logo: bytes | None) -> None:
    by, now = actor(request), clock.now()
    fields: dict[str, Any] = form.values
    if logo is not None:
        fields["logo"] = logo
    elif form.cleaned_data["without_logo"]:
        fields["logo"] = None
    change_practice(fields=fields, by=by, now=now)
    given = hours.cleaned_data
    hours_settings.open_at(opens=given["opens"], closes=given["closes"], days=given["days"], by=by, now=now)
    notes.success(request, _("Saved."))
    if fields["accent"] and accent.accent_of(fields["accent"]).adjusted:
        notes.success(request, _("Your colour is used a little darker, so that it can be read."))


def _rendered(request: StaffRequest, form: PracticeForm, hours: HoursForm, *, setup: bool) -> HttpResponse:
    frame = setup_frame.of(request, at="practice") if setup else {"area": "settings"}
    context = {"form": form, "hours": hours, **frame}
    response = page(request, "dashboard/practice.html", context)
    response["Cache-Control"] = "private, no-store"
    return response.render()
