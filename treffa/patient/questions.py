"""A form, one question a page: each answer is kept as a draft at once, all are looked over before they are sent, and they
can be changed later."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse

from practices import record
from prerequisites import answering
from prerequisites.acts import NotAllowedError, StaleError
from prerequisites.answers import Answer, Question, asked, check_answers, only_asked
from prerequisites.models import Kind
from treffa.patient import forms, presenter, texts
from treffa.patient.access import Visit, see, with_link

CHECK = "check"


@dataclass(frozen=True, kw_only=True)
class Filling:
    """A form while it is filled in: its questions as far as they are asked, and the answers so far. `changing`: it was
    handed in before."""

    item: presenter.Item
    answers: Mapping[str, Answer]
    changing: bool

    @property
    def questions(self) -> list[Question]:
        return asked(self.item.row.questions, self.answers)

    @property
    def missing(self) -> Question | None:
        """The first question that has to be answered yet; one that need not be was passed if it is in the answers."""
        wrong = check_answers(self.item.row.questions, self.answers)
        return next((q for q in self.questions if q.key in wrong or q.key not in self.answers), None)

    def address(self, question: Question | None) -> str:
        """Of a question; of the page where all is looked over."""
        if question is None:
            return reverse("patient:check", args=[self.item.id])
        return reverse("patient:question", args=[self.item.id, question.key])


def filling(visit: Visit, shown: presenter.Item) -> Filling:
    """What was answered so far: a draft, else what was handed in or told for another appointment, to whoever is certain."""
    row = shown.row
    mark = None if visit.certain else visit.session.form_token
    answers = answering.draft_of(row.requirement, mark=mark)
    if answers is None and visit.certain:
        answers = row.answers if shown.changeable else row.proposed if shown.unchanged else None
    return Filling(item=shown, answers=answers or {}, changing=shown.changeable)


def start(request: HttpRequest, visit: Visit, shown: presenter.Item) -> HttpResponse:
    """The way in: the answers of another appointment to confirm, else the first question that is open."""
    draft = filling(visit, shown)
    if shown.unchanged and shown.row.requirement.sealed_draft is None:
        context = {
            "item": shown,
            "summary": _summary(draft, visit),
            "first": draft.address(draft.questions[0]),
        }
        return TemplateResponse(request, "patient/check.html", {**context, "known": True})
    return redirect(draft.address(draft.missing))


@with_link()
def question(request: HttpRequest, visit: Visit, requirement_id: int, key: str) -> HttpResponse:
    """One question. Its answer is kept, then the next one is asked; `?from=check` leads back to where all is looked over."""
    draft = _draft(visit, requirement_id)
    here = next((q for q in draft.questions if q.key == key), None) if draft else None
    if draft is None or here is None:
        return redirect("patient:item", requirement_id) if draft else redirect("patient:home")
    form = forms.Answers.with_answers([here], draft.answers, language=visit.language)
    mistakes = []
    if request.method == "POST":
        alone = replace(here, when={})
        form, given = forms.Answers.posted([alone], request.POST, language=visit.language)
        mistakes = form.mistakes
        if not mistakes:
            try:
                return _kept(request, visit, draft, here, given)
            except NotAllowedError:
                mistakes = [forms.not_taken()]
            except StaleError:
                return redirect("patient:home")
    place = [q.key for q in draft.questions].index(key)
    context = {
        "item": draft.item,
        "field": form.fields[0],
        "mistakes": mistakes,
        "number": place + 1,
        "count": len(draft.questions),
        "before": draft.address(draft.questions[place - 1]) if place else "",
        "from_check": CHECK if request.GET.get("from") == CHECK else "",
    }
    return TemplateResponse(request, "patient/question.html", context)


def _kept(
    request: HttpRequest, visit: Visit, draft: Filling, here: Question, given: Mapping[str, Answer]
) -> HttpResponse:
    answers = {**draft.answers, **given}
    with transaction.atomic():
        answering.keep_draft(requirement_id=draft.item.id, answers=answers, mark=visit.session.form_token)
    now = replace(draft, answers=answers)
    behind = [q.key for q in now.questions]
    following = now.questions[behind.index(here.key) + 1 :]
    to = now.missing if request.GET.get("from") == CHECK else next(iter(following), now.missing)
    response = redirect(now.address(to))
    response.status_code = 303
    return response


@with_link()
def check(request: HttpRequest, visit: Visit, requirement_id: int) -> HttpResponse:
    """All answers, each to be changed; POST sends them."""
    draft = _draft(visit, requirement_id)
    if draft is None:
        return redirect("patient:home")
    if draft.missing is not None:
        return redirect(draft.address(draft.missing))
    mistakes = []
    if request.method == "POST":
        try:
            with transaction.atomic():
                return _sent(visit, draft)
        except StaleError:
            return redirect("patient:home")
        except NotAllowedError:
            mistakes = [forms.not_taken()]
    context = {"item": draft.item, "summary": _summary(draft, visit), "changing": draft.changing}
    return TemplateResponse(request, "patient/check.html", {**context, "mistakes": mistakes})


def _sent(visit: Visit, draft: Filling) -> HttpResponse:
    hand_in = answering.change_answers if draft.changing else answering.submit_answers
    answers = only_asked(draft.item.row.questions, draft.answers)
    hand_in(requirement_id=draft.item.id, answers=answers, by=record.PATIENT, now=visit.now)
    return see(draft.item.id)


def _draft(visit: Visit, requirement_id: int) -> Filling | None:
    shown = presenter.overview(visit).item(requirement_id)
    wanted = shown is not None and shown.row.prerequisite.kind == Kind.FORM and not visit.over
    if shown is None or not wanted or not (shown.open or shown.changeable):
        return None
    return filling(visit, shown)


def _summary(draft: Filling, visit: Visit) -> list[dict[str, str]]:
    """Each question with its answer in words, and where to change it."""
    return [
        {
            "label": texts.said(q.label, visit.language),
            "answer": texts.answer_words(q, draft.answers.get(q.key, ""), language=visit.language),
            "url": f"{draft.address(q)}?from={CHECK}",
        }
        for q in draft.questions
    ]
