"""Editing the questions of a form in a draft, with a live preview of the page on which the patient answers them."""

from collections.abc import Sequence
from dataclasses import replace

from django.contrib import messages as notes
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from practices import clock
from prerequisites import drafts
from prerequisites.acts import StaleError
from prerequisites.answers import Question
from prerequisites.models import Kind, Prerequisite
from treffa.dashboard import plan_entry, plan_example, plan_page, plan_words
from treffa.dashboard.plan_page import PlanView
from treffa.dashboard.plan_question_forms import TypedQuestion
from treffa.dashboard.staff import StaffRequest, actor, may_adopt, page
from treffa.dashboard.views.plan import closed, found
from treffa.dashboard.views.plan_items import shown_language

MOST_QUESTIONS = 60


@require_http_methods(["GET", "POST"])
@may_adopt
def new(request: StaffRequest, plan_id: int, prerequisite_id: int) -> HttpResponse:
    """GET and POST /plans/<id>/items/<id>/questions/new/ — a further question."""
    view, row = _form(request, plan_id, prerequisite_id)
    return _edited(request, view, row, None)


@require_http_methods(["GET", "POST"])
@may_adopt
def show(request: StaffRequest, plan_id: int, prerequisite_id: int, key: str) -> HttpResponse:
    """GET and POST /plans/<id>/items/<id>/questions/<key>/ — a question; a POST previews it or (do=save) changes it."""
    view, row = _form(request, plan_id, prerequisite_id)
    held = next((one for one in plan_entry.content_of(row).questions if one.key == key), None)
    if held is None:
        raise Http404
    return _edited(request, view, row, held)


@require_POST
@may_adopt
def change(request: StaffRequest, plan_id: int, prerequisite_id: int, key: str) -> HttpResponse:
    """POST /plans/<id>/items/<id>/questions/<key>/change/ — `to`: up, down or away."""
    view, row = _form(request, plan_id, prerequisite_id)
    held = plan_entry.content_of(row)
    order = list(held.questions)
    place = next((n for n, one in enumerate(order) if one.key == key), None)
    if place is None:
        notes.warning(request, _("It was removed already."))
        return redirect("dashboard:plan_item", plan_id, prerequisite_id)
    taken, to = order.pop(place), request.POST.get("to", "")
    if to in ("up", "down"):
        order.insert(max(place - 1, 0) if to == "up" else place + 1, taken)
    if _stored(request, view, row, order) and to not in ("up", "down"):
        notes.success(request, _("The question is removed."))
    return redirect("dashboard:plan_item", plan_id, prerequisite_id)


def _form(request: StaffRequest, plan_id: int, prerequisite_id: int) -> tuple[PlanView, Prerequisite]:
    view = found(request, plan_id)
    rows = view.plan.prerequisites.all()
    row = next((row for row in rows if row.pk == prerequisite_id and row.kind == Kind.FORM), None)
    if row is None:
        raise Http404
    return view, row


def _edited(request: StaffRequest, view: PlanView, row: Prerequisite, held: Question | None) -> HttpResponse:
    languages = plan_page.languages(request.practice)
    if request.method != "POST":
        if not view.editable:
            return redirect("dashboard:plan", view.plan.pk)
        typed = TypedQuestion.of(held, languages=languages, seen=drafts.state_of(row))
        return _shown(request, view, row, typed, held)
    typed = TypedQuestion.posted(request.POST, held, languages=languages)
    if request.POST.get("do") not in ("save", "preview"):
        return _shown(request, view, row, typed, held)
    valid = typed.form.is_valid()
    typed = replace(typed, mistake=typed.problem())
    if request.POST.get("do") == "save" and valid and not typed.mistake:
        kept = _kept(row, typed, held)
        said = _refusal(request, view, row, kept, seen=typed.form.cleaned_data["seen"])
        if not said:
            notes.success(request, _("The question is saved."))
            return redirect("dashboard:plan_item", view.plan.pk, row.pk)
        typed.form.add_error(None, said)
        typed.form.data = {**typed.form.data.dict(), "seen": drafts.state_of(row)}  # type: ignore[attr-defined]
    return _shown(request, view, row, typed, held)


def _kept(row: Prerequisite, typed: TypedQuestion, held: Question | None) -> list[Question]:
    """The form's questions with what was typed in place of the one, or behind all."""
    others = list(plan_entry.content_of(row).questions)
    question = typed.question(taken={one.key for one in others}, held=held)
    if held is None:
        return [*others, question]
    return [question if one.key == held.key else one for one in others]


def _stored(request: StaffRequest, view: PlanView, row: Prerequisite, questions: Sequence[Question]) -> bool:
    said = _refusal(request, view, row, questions, seen=drafts.state_of(row))
    if said:
        notes.warning(request, said)
    return not said


def _refusal(
    request: StaffRequest, view: PlanView, row: Prerequisite, questions: Sequence[Question], *, seen: str
) -> str:
    """Stores the questions; why that was refused, or empty."""
    if len(questions) > MOST_QUESTIONS:
        return _("A form holds at most %(n)s questions.") % {"n": MOST_QUESTIONS}
    content = replace(plan_entry.content_of(row), questions=tuple(questions))
    try:
        drafts.edit(
            plan_id=view.plan.pk,
            prerequisite_id=row.pk,
            content=content,
            seen=seen,
            by=actor(request),
            now=clock.now(),
        )
    except StaleError:
        return closed()
    except drafts.ChangedError:
        return _(
            "Somebody changed this form while you did. Below is what you typed; saving again puts it in place."
        )
    return ""


def _shown(
    request: StaffRequest, view: PlanView, row: Prerequisite, typed: TypedQuestion, held: Question | None
) -> HttpResponse:
    stale = typed.form.is_bound and not (typed.form.is_valid() and not typed.problem())
    content = plan_entry.content_of(row)
    if typed.form.is_bound and not stale:
        content = replace(content, questions=tuple(_kept(row, typed, held)))
    tried = plan_example.load(
        [content if one.key == row.key else one for one in view.contents],
        request.POST if request.method == "POST" else request.GET,
        practice=request.practice,
        type_name=view.plan.type.name,
        now=clock.now(),
        key=row.key,
        question=held.key if held else content.questions[-1].key if content.questions and not stale else "",
        stale=stale,
    )
    context = {
        "area": "plans",
        "view": view,
        "row": row,
        "typed": typed,
        "shown_language": shown_language(request),
        "held": held,
        "preview": tried,
        "title": plan_words.said(held.label) if held else _("New question"),
        "form_title": plan_words.said(row.title),
    }
    template = "dashboard/plan_question.html"
    if request.htmx and request.method == "POST" and request.POST.get("do") != "save":
        template += "#preview" if request.POST.get("do") == "preview" else "#both"
    response = page(request, template, context)
    response["Cache-Control"] = "private, no-store"
    return response
