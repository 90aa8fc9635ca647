"""The patients: the list, its search, and a page for each."""

from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import get_language
from django.views.decorators.http import require_POST, require_safe

from appointments.models import Patient
from practices import clock
from treffa.dashboard import patients, searches
from treffa.dashboard.staff import StaffRequest, page


@require_safe
def show_all(request: StaffRequest) -> HttpResponse:
    """GET /patients/ — by name; ?s= is the code of a search, ?after= the last patient of the page before."""
    code, after = request.GET.get("s", ""), request.GET.get("after", "")
    words = searches.find(request, code)
    listed = patients.listed(
        search=words,
        after=int(after) if after.isdecimal() and len(after) < 19 else None,
        now=clock.now(),
    )
    context = {
        "area": "patients",
        "listed": listed,
        "words": words,
        "code": code if words else "",
        "later": bool(after),
    }
    return _private(page(request, "dashboard/patients.html", context))


@require_POST
def search(request: StaffRequest) -> HttpResponse:
    """POST /patients/search/ — keeps what was typed and leads to whom it finds."""
    code = searches.keep(request, request.POST.get("q", ""))
    return redirect(reverse("dashboard:patients") + (f"?s={code}" if code else ""))


@require_safe
def show(request: StaffRequest, patient_id: int) -> HttpResponse:
    """GET /patients/<id>/ — one patient."""
    try:
        found = patients.load(patient_id, language=get_language() or "", now=clock.now())
    except Patient.DoesNotExist as missing:
        raise Http404 from missing
    if found.patient.pk != patient_id:
        return redirect("dashboard:patient", found.patient.pk)
    return _private(page(request, "dashboard/patient.html", {"area": "patients", "page": found}))


def _private(response: HttpResponse) -> HttpResponse:
    response["Cache-Control"] = "private, no-store"
    return response
