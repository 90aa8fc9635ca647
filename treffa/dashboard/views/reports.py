"""The reports: how many appointments were ready in time, and what helped."""

from collections.abc import Mapping

from django import forms
from django.contrib import messages as notes
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from practices import clock, operations
from treffa.dashboard import report_tables, reports
from treffa.dashboard.report_forms import PriceForm
from treffa.dashboard.staff import StaffRequest, actor, may_manage, may_see_reports, page

DEFAULT = 12


@require_safe
@may_see_reports
def show(request: StaffRequest) -> HttpResponse:
    """GET /reports/ — the report over ?weeks=4, 12 or 52."""
    return _show(request, PriceForm(initial={"price": request.practice.text_price}))


def _show(request: StaffRequest, form: forms.Form) -> HttpResponse:
    weeks = _weeks(request.GET)
    report = reports.load(request.practice, weeks=weeks, language=get_language() or "", now=clock.now())
    context = {
        "area": "reports",
        "form": form,
        "periods": [(n, word, n == weeks) for n, word in reports.PERIODS.items()],
        "report": report,
        "target": reports.TARGET,
        "shown": reports.LISTED,
    }
    response = page(request, "dashboard/reports.html", context)
    response["Cache-Control"] = "private, no-store"
    return response


@require_safe
@may_see_reports
def table(request: StaffRequest, name: str) -> HttpResponse:
    """GET /reports/<table>.csv — one of its tables, for spreadsheets."""
    if name not in report_tables.TABLES:
        raise Http404
    language = get_language() or ""
    report = reports.load(request.practice, weeks=_weeks(request.GET), language=language, now=clock.now())
    text = report_tables.as_csv(report_tables.TABLES[name](report), language=language)
    response = HttpResponse(text, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="treffa-{name}.csv"'
    response["Cache-Control"] = "private, no-store"
    return response


@require_POST
@may_manage
def price(request: StaffRequest) -> HttpResponse:
    """POST /reports/price/ — what a text costs the practice; empty: not known."""
    form = PriceForm(request.POST)
    if not form.is_valid():
        return _show(request, form)
    operations.set_text_price(price=form.cleaned_data["price"], by=actor(request), now=clock.now())
    notes.success(request, _("Saved."))
    return redirect("dashboard:reports")


def _weeks(query: Mapping[str, str]) -> int:
    asked = query.get("weeks", "")
    return int(asked) if asked in map(str, reports.PERIODS) else DEFAULT
