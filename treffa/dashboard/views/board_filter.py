"""Narrowing the board: by whom, what and where; ways to look at it that somebody keeps; a day to print, a table to take."""

from datetime import date

from django.contrib import messages as notes
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from practices import clock, record
from treffa.dashboard import board_export, narrowing, searches
from treffa.dashboard.asked import Asked
from treffa.dashboard.row import Row
from treffa.dashboard.staff import StaffRequest, actor, page
from treffa.dashboard.views.board import asked_of_form

_PROBLEMS: dict[str, str | Promise] = {
    "name_missing": gettext_lazy("Give it a name."),
    "name_too_long": gettext_lazy("At most 40 letters."),
    "too_many": gettext_lazy("Twenty views are kept at most: remove one first."),
}
_KINDS = {
    "csv": (board_export.as_csv, "text/csv; charset=utf-8"),
    "xlsx": (board_export.as_workbook, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
}


@require_safe
def show(request: StaffRequest) -> HttpResponse:
    """GET /filter/ — what the board can be narrowed by, with what is in force chosen."""
    return _page(request, _asked(request))


def _page(request: StaffRequest, asked: Asked, *, problem: str = "", typed: str = "") -> HttpResponse:
    context = {
        "area": "board",
        "asked": asked,
        "address": asked.address(),
        "choices": narrowing.choices(),
        "views": narrowing.saved_views(person=request.user.pk),
        "problem": _PROBLEMS.get(problem, ""),
        "typed": typed,
    }
    return page(request, "dashboard/board_filter.html", context, status=422 if problem else 200)


@require_POST
def narrow(request: StaffRequest) -> HttpResponse:
    """POST /narrow/ — to the board that the form asks for: what is chosen stands in its address, nothing typed does."""
    asked = Asked.from_query(request.POST, search=searches.find(request, request.POST.get("s", "")))
    return HttpResponseRedirect(reverse("dashboard:board") + asked.address())


@require_POST
def keep(request: StaffRequest) -> HttpResponse:
    """POST /views/ — keeps the board as it is under a name."""
    asked, name = asked_of_form(request), request.POST.get("name", "")
    problem = narrowing.save_view(person=request.user.pk, name=name, asked=asked)
    if problem:
        return _page(request, asked, problem=problem, typed=name[:200])
    notes.success(request, _("Kept as “%(name)s”.") % {"name": " ".join(name.split())})
    return HttpResponseRedirect(reverse("dashboard:board") + asked.to_keep())


@require_POST
def forget(request: StaffRequest, view_id: int) -> HttpResponse:
    """POST /views/<id>/remove/ — one's own alone."""
    if not narrowing.forget_view(person=request.user.pk, view_id=view_id):
        raise Http404
    notes.success(request, _("Removed."))
    return HttpResponseRedirect(reverse("dashboard:board_filter") + asked_of_form(request).address())


@require_safe
def print_list(request: StaffRequest) -> HttpResponse:
    """GET /print/ — the list on paper."""
    asked, now = _asked(request), clock.now()
    found = board_export.rows(asked, person=request.user.pk, language=get_language() or "", now=now)
    days: dict[date, list[Row]] = {}
    for row in found:
        days.setdefault(row.date, []).append(row)
    context = {
        "area": "board",
        "asked": asked,
        "address": asked.address(),
        "days": days,
        "now": timezone.localtime(now),
    }
    response = page(request, "dashboard/board_print.html", context)
    response["Cache-Control"] = "private, no-store"
    return response


@require_POST
def export(request: StaffRequest) -> HttpResponse:
    """POST /export/ — the list as `format` csv or xlsx; that it was taken is in the record."""
    made, content_type = _KINDS.get(request.POST.get("format", ""), (None, ""))
    if made is None:
        raise Http404
    now = clock.now()
    found = board_export.rows(
        asked_of_form(request), person=request.user.pk, language=get_language() or "", now=now
    )
    taken = {"format": request.POST["format"], "rows": len(found)}
    record.write(record.Entry(event="board.exported", at=now, actor=actor(request), data=taken))
    response = HttpResponse(made(found), content_type=content_type)
    day = timezone.localdate(now).isoformat()
    response["Content-Disposition"] = f'attachment; filename="treffa-{day}.{request.POST["format"]}"'
    response["Cache-Control"] = "private, no-store"
    return response


def _asked(request: StaffRequest) -> Asked:
    return Asked.from_query(request.GET, search=searches.find(request, request.GET.get("s", "")))
