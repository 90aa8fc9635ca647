"""The pages of the appointment types: staff look, managers say how they are known."""

from datetime import datetime
from typing import Any

from django.contrib import messages as notes
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

import prerequisites.queries
from appointments import operations
from appointments.models import AppointmentType
from appointments.operations.types import clashes
from practices import clock
from treffa.dashboard import answers, type_notices, type_pages
from treffa.dashboard.staff import StaffRequest, actor, may_manage, page
from treffa.dashboard.type_forms import TypeForm
from treffa.dashboard.type_pages import TypeView


@require_safe
def show_all(request: StaffRequest) -> HttpResponse:
    """GET /types/ — all types, and above them what is still to be said."""
    now = clock.now()
    views = type_pages.load(now=now)
    notices = type_notices.load(now=now, all_texts=True)
    context = {
        "area": "types",
        "answered": answers.last(request, now=now),
        "notices": [notice for notice in notices if notice.kind != "unplanned"],
        "loud": [view for view in views if not view.type.needs_nothing],
        "quiet": [view for view in views if view.type.needs_nothing],
        "unplanned": [view for view in views if view.unplanned],
        "choices": list(prerequisites.queries.types_with_plan()),
        "back_to": "types",
    }
    return _closed(page(request, "dashboard/types.html", context))


@require_http_methods(["GET", "POST"])
@may_manage
def new(request: StaffRequest) -> HttpResponse:
    """GET and POST /types/new/ — a new type; a POST previews it or (do=save) adds it."""
    now = clock.now()
    if request.method == "POST":
        return _typed(request, None, now=now)
    return _shown(request, None, TypeForm(), now=now)


@require_http_methods(["GET", "POST"])
def show(request: StaffRequest, type_id: int) -> HttpResponse:
    """GET and POST /types/<id>/ — one type; a POST previews another wording or (do=save) makes it true."""
    now = clock.now()
    view = next((view for view in type_pages.load(now=now) if view.type.pk == type_id), None)
    if view is None:
        raise Http404
    if request.method != "POST":
        return _shown(request, view, TypeForm.of(view.type), now=now)
    if not request.membership.may_manage:
        raise PermissionDenied
    return _typed(request, view, now=now)


def _typed(request: StaffRequest, view: TypeView | None, *, now: datetime) -> HttpResponse:
    form = TypeForm(request.POST)
    if form.is_valid() and request.POST.get("do") == "save":
        draft = form.draft(view.type.pk if view else None)
        try:
            known, retyped = operations.save_type(
                draft, seen=form.cleaned_data["seen"], by=actor(request), now=now
            )
        except AppointmentType.DoesNotExist as gone:
            raise Http404 from gone
        except operations.InvalidInputError as invalid:
            elsewhere = invalid.code == "found_elsewhere"
            names = dict(AppointmentType.objects.values_list("id", "name"))
            why = type_pages.clash_words(clashes(draft), names) if elsewhere else []
            form.refuse(field=invalid.field, code=invalid.code, why=why)
            if view and invalid.field == "seen":
                form.as_seen(view.type)
        else:
            _tell_saved(request, retyped)
            return redirect("dashboard:type", known.pk)
    form.mark_mistakes()
    return _shown(request, view, form, now=now)


def _tell_saved(request: StaffRequest, retyped: int) -> None:
    said = ngettext(
        "Saved. %(n)s coming appointment has another type now.",
        "Saved. %(n)s coming appointments have another type now.",
        retyped,
    )
    notes.success(request, said % {"n": retyped} if retyped else _("Saved."))


def _shown(request: StaffRequest, view: TypeView | None, form: TypeForm, *, now: datetime) -> HttpResponse:
    held = view.type if view else None
    previewed = None
    if form.is_bound and form.is_valid():
        previewed = type_pages.preview(form.draft(held.pk if held else None), held, now=now)
    context: dict[str, Any] = {
        "area": "types",
        "view": view,
        "form": form,
        "preview": previewed,
        "answered": answers.last(request, now=now),
        "choices": list(prerequisites.queries.types_with_plan()),
        "back_to": view.type.pk if view else "types",
    }
    alone = request.htmx and request.method == "POST"
    template = "dashboard/type.html#preview" if alone else "dashboard/type.html"
    return _closed(page(request, template, context))


@require_POST
@may_manage
def remove(request: StaffRequest, type_id: int) -> HttpResponse:
    """POST /types/<id>/remove/ — deletes a type that nothing hangs on."""
    known = AppointmentType.objects.filter(pk=type_id).first()
    if known is None:
        raise Http404
    if not operations.remove_type(type_id=type_id, by=actor(request), now=clock.now()):
        notes.warning(request, _("Not done: appointments are to come, or it has a plan."))
        return redirect("dashboard:type", type_id)
    notes.success(request, _("“%(name)s” is removed.") % {"name": known.name})
    return redirect("dashboard:types")


def _closed(response: HttpResponse) -> HttpResponse:
    response["Cache-Control"] = "private, no-store"
    response["Vary"] = "HX-Request"
    return response
