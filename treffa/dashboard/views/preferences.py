"""How a person of the practice wants to be told."""

from django.contrib import messages as notes
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from escalation.models import Preference
from escalation.operations.settings import prefer
from practices import clock
from treffa.dashboard.preference_forms import PreferenceForm
from treffa.dashboard.staff import StaffRequest, actor, page


@require_http_methods(["GET", "POST"])
def show(request: StaffRequest) -> HttpResponse:
    """GET and POST /notices/ — the person's own number and the hour of the daily overview."""
    country = request.practice.country
    held = Preference.objects.filter(user=request.user).first()
    form = PreferenceForm.of(held, country=country)
    if request.method == "POST":
        form = PreferenceForm(request.POST, country=country)
        if form.is_valid():
            prefer(user_id=request.user.pk, **form.cleaned_data, by=actor(request), now=clock.now())
            notes.success(request, _("Saved."))
            return redirect("dashboard:preferences")
    return page(request, "dashboard/preferences.html", {"area": "preferences", "form": form})
