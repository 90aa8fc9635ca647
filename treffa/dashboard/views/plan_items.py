"""Editing one prerequisite of a draft, with a live preview of the patient's page."""

from dataclasses import replace

from django.contrib import messages as notes
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from practices import clock
from prerequisites import drafts
from prerequisites.acts import NotAllowedError, StaleError
from prerequisites.answers import Question
from prerequisites.models import Kind, Prerequisite
from prerequisites.packs import PackPrerequisite
from treffa.dashboard import plan_conditions, plan_entry, plan_example, plan_page, plan_words
from treffa.dashboard.plan_forms import ICONS
from treffa.dashboard.plan_page import PlanView
from treffa.dashboard.plan_typed import Typed
from treffa.dashboard.staff import StaffRequest, actor, may_adopt, page
from treffa.dashboard.views.plan import closed, found

NEW = "new"


@require_http_methods(["GET", "POST"])
@may_adopt
def new(request: StaffRequest, plan_id: int, kind: str) -> HttpResponse:
    """GET and POST /plans/<id>/items/new/<kind>/ — a further prerequisite; a POST previews it or (do=save) adds it."""
    if kind not in Kind.values:
        raise Http404
    view = found(request, plan_id)
    audience = "practice" if kind == Kind.STAFF_CHECK else "patient"
    blank = PackPrerequisite(
        key=NEW, kind=kind, title={}, icon=ICONS[kind], audience=audience, blocking=kind != Kind.INFORMATION
    )
    return _edited(request, view, blank, None)


@require_http_methods(["GET", "POST"])
@may_adopt
def show(request: StaffRequest, plan_id: int, prerequisite_id: int) -> HttpResponse:
    """GET and POST /plans/<id>/items/<id>/ — one prerequisite of a draft; a POST previews it or (do=save) changes it."""
    view = found(request, plan_id)
    row = next((row for row in view.plan.prerequisites.all() if row.pk == prerequisite_id), None)
    if row is None:
        if request.method == "POST" and request.POST.get("kind") in Kind.values:
            return _gone(request, view)
        raise Http404
    return _edited(request, view, plan_entry.content_of(row), row)


def _gone(request: StaffRequest, view: PlanView) -> HttpResponse:
    """Somebody removed it while it was edited: what was typed can be added again."""
    kind = request.POST["kind"]
    blank = PackPrerequisite(key=NEW, kind=kind, title={}, icon=ICONS[kind])
    languages = plan_page.languages(request.practice)
    typed = Typed.posted(request.POST, blank, _questions(view, NEW), languages=languages).checked()
    typed.form.add_error(
        None, _("Somebody removed this while you edited it. Saving adds what you typed anew.")
    )
    return _shown(request, view, typed, None)


def _edited(
    request: StaffRequest, view: PlanView, held: PackPrerequisite, row: Prerequisite | None
) -> HttpResponse:
    languages, questions = plan_page.languages(request.practice), _questions(view, held.key)
    if request.method != "POST":
        if not view.editable:
            return redirect("dashboard:plan", view.plan.pk)
        seen = drafts.state_of(row) if row else ""
        return _shown(request, view, Typed.of(held, questions, languages=languages, seen=seen), row)
    typed = Typed.posted(request.POST, held, questions, languages=languages)
    do = request.POST.get("do", "")
    if do not in ("save", "preview"):
        return _shown(request, view, typed, row)  # a row more or less: nothing is wrong yet
    typed = typed.checked()
    if do == "save" and typed.valid:
        try:
            return _saved(request, view, typed, row)
        except (StaleError, drafts.ChangedError, NotAllowedError) as refused:
            typed = _refused(view, typed, row, refused)
    return _shown(request, view, typed, row)


def _saved(request: StaffRequest, view: PlanView, typed: Typed, row: Prerequisite | None) -> HttpResponse:
    by, now, content = actor(request), clock.now(), typed.content()
    if row is None:
        kept = drafts.add(plan_id=view.plan.pk, content=content, by=by, now=now)
    else:
        seen = typed.form.cleaned_data["seen"]
        kept = drafts.edit(
            plan_id=view.plan.pk, prerequisite_id=row.pk, content=content, seen=seen, by=by, now=now
        )
    notes.success(request, _("“%(title)s” is saved.") % {"title": plan_words.said(content.title)})
    if kept.kind == Kind.FORM and not kept.questions:
        return redirect("dashboard:new_plan_question", view.plan.pk, kept.pk)
    return redirect("dashboard:plan_item", view.plan.pk, kept.pk)


def _refused(view: PlanView, typed: Typed, row: Prerequisite | None, refused: Exception) -> Typed:
    """Told, and nothing that was typed is lost."""
    if isinstance(refused, StaleError):
        typed.form.add_error(None, closed())
    elif isinstance(refused, NotAllowedError):
        typed.form.add_error(
            None, _("A plan holds at most %(n)s prerequisites.") % {"n": drafts.MOST_PREREQUISITES}
        )
    elif row is not None:
        said = _(
            "Somebody changed this while you did. Below is what you typed; saving again puts it in place of theirs."
        )
        typed.form.add_error(None, said)
        typed.form.data = {**typed.form.data.dict(), "seen": drafts.state_of(row)}  # type: ignore[attr-defined]
    return typed


def _shown(request: StaffRequest, view: PlanView, typed: Typed, row: Prerequisite | None) -> HttpResponse:
    contents, stale = _tried(view, typed, row)
    tried = plan_example.load(
        contents,
        request.POST if request.method == "POST" else request.GET,
        practice=request.practice,
        type_name=view.plan.type.name,
        now=clock.now(),
        key=row.key if row else NEW,
        stale=stale,
    )
    context = {
        "area": "plans",
        "view": view,
        "typed": typed,
        "row": row,
        "preview": tried,
        "entry": view.entry(row.pk) if row else None,
        "codes": _codes(),
        "shown_language": shown_language(request),
        "title": plan_words.said(typed.held.title) or dict(plan_page.KINDS)[typed.held.kind],
    }
    template = "dashboard/plan_item.html"
    if request.htmx and request.method == "POST" and request.POST.get("do") != "save":
        template += "#preview" if request.POST.get("do") == "preview" else "#both"
    response = page(request, template, context)
    response["Cache-Control"] = "private, no-store"
    return response


def _tried(view: PlanView, typed: Typed, row: Prerequisite | None) -> tuple[list[PackPrerequisite], bool]:
    """The plan with what was typed in it, so far as that says something; and whether it does not."""
    typed = typed.checked() if typed.form.is_bound else typed
    if not typed.form.is_bound or not typed.valid:
        content, stale = typed.held, typed.form.is_bound
    else:
        content, stale = typed.content(), False
    key = row.key if row else NEW
    content = replace(content, key=key, title=content.title or {"": "…"})
    if row is None:
        return [*view.contents, content], stale
    return [content if one.key == key else one for one in view.contents], stale


def _questions(view: PlanView, key: str) -> dict[str, Question]:
    return plan_conditions.offered(plan_words.questions_of(view.contents), but=key)


def shown_language(request: StaffRequest) -> int:
    """Which language's tab is open."""
    given = request.POST.get("shown_language", "")
    return int(given) if given.isdecimal() and len(given) == 1 else 1


def _codes() -> list[str]:
    """The words under which something counts again in this practice."""
    known = Prerequisite.objects.exclude(code="").values_list("code", flat=True)
    return sorted(set(known))
