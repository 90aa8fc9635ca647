"""The review: the queue, one thing beside its rule, and the decisions. After a decision the next one opens."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlencode

from django.contrib import messages as notes
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import HttpResponseClientRedirect

from practices import clock
from prerequisites import case_facts, checks, operations, queries, to_review
from prerequisites.models import Requirement, RequirementState
from prerequisites.queries import RequirementRow
from treffa.dashboard import dates, relative, review
from treffa.dashboard.requirements import RECEIVED_BY, phrase, seen
from treffa.dashboard.review_forms import LONGEST_REASON, DateForm, HeldForm
from treffa.dashboard.staff import StaffRequest, View, actor, may_work, page
from treffa.dashboard.version import version

_REFUSALS: dict[str, str | Promise] = {
    "reason_missing": gettext_lazy("Not done: say why, in a sentence."),
    "physician_only": gettext_lazy("Not done: only a physician may decide on this."),
    "not_scanned": gettext_lazy("Not yet: the virus check is still under way. Try again in a moment."),
    "infected": gettext_lazy("Not done: the virus scanner refused this file."),
}
_REFUSED = gettext_lazy("Not done: this can't be done here.")


@dataclass(kw_only=True)
class TypedError(Exception):
    """What was typed can't be taken: which panel stays open, what was in it, and the problem by field."""

    panel: str
    problems: dict[str, str] = field(default_factory=dict)


Act = Callable[[StaffRequest, RequirementRow, datetime], None]


@require_safe
def show_queue(request: StaffRequest) -> HttpResponse:
    """GET /review/ — all that waits; asked for news of what it knows, 204 if there is none."""
    now = clock.now()
    if request.htmx.boosted:  # the workspace is done: another frame
        return HttpResponseClientRedirect(request.get_full_path())
    after = _number(request.GET.get("after", ""))
    code = version(request.user.pk, get_language(), "review", now=now)
    if request.GET.get("known") == code:
        return HttpResponse(status=204)
    language = get_language() or ""
    context = {
        "area": "review",
        "queue": review.load_queue(language=language, now=now),
        "just": review.just(after, language, now=now) if after and request.membership.may_work else None,
        "may_work": request.membership.may_work,
        "poll_url": f"?known={code}",
    }
    partial = request.htmx and not request.htmx.history_restore_request
    template = "dashboard/review_queue.html#list" if partial else "dashboard/review_queue.html"
    return _private(page(request, template, context))


@require_safe
def show(request: StaffRequest, requirement_id: int) -> HttpResponse:
    """GET /review/<id>/ — one thing beside its rule, `after` a decision on another."""
    return _render(request, requirement_id, now=clock.now())


@require_safe
def verdict(request: StaffRequest, requirement_id: int) -> HttpResponse:
    """GET /review/<id>/verdict/?document_date= — what the date that is being typed means."""
    now, row = clock.now(), _row(requirement_id)
    known = case_facts.known_of(row.requirement.case) if row.prerequisite.validity else None
    form = DateForm(request.GET)
    context = {
        "verdict": review.verdict_of(row, known, form.day, now=now),
        "requirement_id": requirement_id,
        "may_work": request.membership.may_work,
    }
    return _private(page(request, "dashboard/review.html#verdict", context))


def _render(
    request: StaffRequest, requirement_id: int, *, now: datetime, refusal: TypedError | None = None
) -> HttpResponse:
    """The workspace, with what was refused beside its field and all that was typed."""
    after = _number(request.GET.get("after", ""))
    try:
        shown = review.load(
            requirement_id,
            member=request.membership,
            language=get_language() or "",
            after=after,
            typed=DateForm(request.POST).day if refusal else None,
            now=now,
        )
    except Requirement.DoesNotExist:
        return _gone(request, requirement_id)
    typed = request.POST if refusal else {}
    context = {
        "page": shown,
        "may_work": request.membership.may_work,
        "ahead": review.pages_ahead(shown.queue.after),
        "panel": refusal.panel if refusal else request.GET.get("open", ""),
        "problems": refusal.problems if refusal else {},
        "typed": typed,
        "chosen": typed.get("phrase", "") or request.GET.get("phrase", ""),
        "held_by": typed.get("held_by") or (str(request.user.pk) if request.user.pk else ""),
        "held_at": typed.get("held_at") or review.local_now(now),
        "today": timezone.localdate(now).isoformat(),
    }
    partial = request.htmx and not request.htmx.history_restore_request
    response = page(request, f"dashboard/review.html{'#workspace' if partial else ''}", context)
    if refusal:
        response["HX-Push-Url"] = "false"
    return _private(response)


def _private(response: HttpResponse) -> HttpResponse:
    response["Cache-Control"] = "private, no-store"
    response["Vary"] = "HX-Request"
    return response


def _gone(request: StaffRequest, requirement_id: int) -> HttpResponse:
    """Not needed any more: a sentence and the queue. Another practice's: 404."""
    if not Requirement.objects.filter(pk=requirement_id).exists():
        raise Http404
    notes.warning(request, _("This is not needed any more: the plan or an answer has changed."))
    return HttpResponseRedirect(reverse("dashboard:review_queue"))


def _number(text: str) -> int | None:
    return int(text) if text.isdecimal() and len(text) < 18 else None


def _row(requirement_id: int) -> RequirementRow:
    """404 where there is none in the practice, or it is not needed any more."""
    case_id = Requirement.objects.filter(pk=requirement_id).values_list("case_id", flat=True).first()
    if case_id is None:
        raise Http404
    rows = queries.case_detail(case_id).requirements
    row = next((one for one in rows if one.requirement.pk == requirement_id), None)
    if row is None:
        raise Http404
    return row


def _act(aim: str = "") -> Callable[[Act], View]:
    """A POST on one requirement that opens the next. Refused where the page no longer showed the truth; `aim` is the state
    that it leads to: who did it already (a double click, the back button) goes on, too."""

    def decorate(act: Act) -> View:
        @require_POST
        @may_work
        def view(request: StaffRequest, requirement_id: int) -> HttpResponse:
            now = clock.now()
            try:
                row = _row(requirement_id)
            except Http404:
                return _gone(request, requirement_id)
            order = to_review.queue(now=now)
            try:
                if request.POST.get("seen") != seen(row):
                    raise operations.StaleError
                act(request, row, now)
            except operations.StaleError:
                return _stale(request, requirement_id, aim, order, now=now)
            except operations.NotAllowedError as refused:
                notes.warning(request, str(_REFUSALS.get(refused.code, _REFUSED)))
                return HttpResponseRedirect(reverse("dashboard:review", args=[requirement_id]))
            except TypedError as refusal:
                return _render(request, requirement_id, now=now, refusal=refusal)
            return _on(requirement_id, order, now=now)

        return view

    return decorate


def _on(requirement_id: int, order: Sequence[int], *, now: datetime) -> HttpResponse:
    """To what follows in the queue as it was shown, else to what comes before, else to the queue."""
    waiting = to_review.queue(now=now)
    place = order.index(requirement_id) if requirement_id in order else len(order)
    candidates = [*order[place + 1 :], *reversed(order[:place]), *waiting]
    following = next((pk for pk in candidates if pk in set(waiting) and pk != requirement_id), None)
    address = (
        reverse("dashboard:review", args=[following]) if following else reverse("dashboard:review_queue")
    )
    return HttpResponseRedirect(f"{address}?{urlencode({'after': requirement_id})}")


def _stale(
    request: StaffRequest, requirement_id: int, aim: str, order: Sequence[int], *, now: datetime
) -> HttpResponse:
    """Says who decided what meanwhile; oneself is led on."""
    try:
        row = _row(requirement_id)
    except Http404:
        return _gone(request, requirement_id)
    requirement = row.requirement
    if aim and requirement.state == aim and requirement.decided_by == request.user:
        return _on(requirement_id, order, now=now)
    notes.warning(request, _what_happened(row, now=now))
    return HttpResponseRedirect(reverse("dashboard:review", args=[requirement_id]))


_DECIDED: dict[str, str | Promise] = {
    RequirementState.ACCEPTED: gettext_lazy("Not done: %(who)s accepted this already, %(when)s."),
    RequirementState.REJECTED: gettext_lazy("Not done: %(who)s asked for this again already, %(when)s."),
    RequirementState.WAIVED: gettext_lazy("Not done: %(who)s waived this already, %(when)s."),
}


def _what_happened(row: RequirementRow, *, now: datetime) -> str:
    requirement = row.requirement
    if requirement.case.closed_at is not None:
        return _("Not done: the appointment is over or cancelled.")
    if requirement.state in _DECIDED:
        when = relative.moment(requirement.decided_at or requirement.changed_at, now=now)
        who = requirement.decided_by or _("somebody else")
        return str(_DECIDED[requirement.state]) % {"who": who, "when": when}
    if requirement.state == RequirementState.SUBMITTED:
        return _("Not done: something new came in, or a decision was taken back. Look at it first.")
    return _("Not done: this was changed meanwhile. You see how it stands now.")


@_act(aim=RequirementState.ACCEPTED)
def accept(request: StaffRequest, row: RequirementRow, now: datetime) -> None:
    """Looked at, in order; with the document's own date where that matters."""
    form = DateForm(request.POST)
    if not form.is_valid():
        raise TypedError(panel="accept", problems={"document_date": str(form.errors["document_date"][0])})
    try:
        operations.accept(
            requirement_id=row.requirement.pk,
            by=actor(request),
            now=now,
            document_date=form.day,
            as_physician=request.membership.is_physician,
        )
    except operations.NotAllowedError as refused:
        if problem := _about_date(refused):
            raise TypedError(panel="accept", problems={"document_date": problem}) from refused
        raise


@_act(aim=RequirementState.REJECTED)
def ask_again(request: StaffRequest, row: RequirementRow, now: datetime) -> None:
    """Asks the patient again, in words of one's own, else in the chosen phrase, in the patient's language."""
    reason = request.POST.get("reason", "").strip() or phrase(row, request.POST.get("phrase", ""))
    if not reason:
        raise TypedError(panel="ask", problems={"reason": _("Choose a sentence or write one.")})
    operations.reject(
        requirement_id=row.requirement.pk, reason=reason[:LONGEST_REASON], by=actor(request), now=now
    )


@_act(aim=RequirementState.WAIVED)
def waive(request: StaffRequest, row: RequirementRow, now: datetime) -> None:
    """Goes without it."""
    reason = request.POST.get("reason", "").strip()
    if not reason:
        raise TypedError(panel="waive", problems={"waive": _("Say why it is not needed this time.")})
    operations.waive(
        requirement_id=row.requirement.pk,
        reason=reason[:LONGEST_REASON],
        by=actor(request),
        may_waive_blocking=request.membership.may_waive_blocking,
        now=now,
    )


@_act(aim=RequirementState.ACCEPTED)
def note_done(request: StaffRequest, row: RequirementRow, now: datetime) -> None:
    """A check of the practice's own, or the conversation: by whom and when."""
    form = HeldForm(request.POST, holders=checks.may_hold(row.prerequisite))
    if form.is_valid():
        held_by, held_at = form.held
        try:
            checks.note_done(
                requirement_id=row.requirement.pk,
                held_by=held_by,
                held_at=held_at,
                by=actor(request),
                now=now,
                as_physician=request.membership.is_physician,
            )
        except operations.NotAllowedError as refused:
            if not form.refuse(refused.code):
                raise
    if form.errors:
        raise TypedError(
            panel="done", problems={name: str(errors[0]) for name, errors in form.errors.items()}
        )


@_act(aim=RequirementState.ACCEPTED)
def receive(request: StaffRequest, row: RequirementRow, now: datetime) -> None:
    """What the practice asked somebody else for is here."""
    form, how = DateForm(request.POST), request.POST.get("how", "")
    if not form.is_valid():
        raise TypedError(panel="receive", problems={"document_date": str(form.errors["document_date"][0])})
    if how not in RECEIVED_BY:
        raise operations.NotAllowedError("how")
    try:
        operations.mark_received(
            requirement_id=row.requirement.pk,
            how=how,
            by=actor(request),
            now=now,
            document_date=form.day,
            as_physician=request.membership.is_physician,
        )
    except operations.NotAllowedError as refused:
        if problem := _about_date(refused):
            raise TypedError(panel="receive", problems={"document_date": problem}) from refused
        raise


def _about_date(refused: operations.NotAllowedError) -> str:
    """What is wrong with the date; empty where it is something else."""
    return _("Not accepted.") if refused.code == "too_old" else dates.refusal(refused.code, {})


@require_POST
@may_work
def undo(request: StaffRequest, requirement_id: int) -> HttpResponse:
    """Takes a decision back and opens it again."""
    now = clock.now()
    try:
        row = _row(requirement_id)
    except Http404:
        return _gone(request, requirement_id)
    try:
        if request.POST.get("seen") != seen(row):
            raise operations.StaleError
        operations.undo(requirement_id=requirement_id, by=actor(request), now=now)
    except operations.StaleError:
        notes.warning(request, _not_undone(row, now=now))
    except operations.NotAllowedError as refused:
        notes.warning(request, str(_REFUSALS.get(refused.code, _REFUSED)))
    else:
        notes.success(request, _("Taken back."))
    return HttpResponseRedirect(reverse("dashboard:review", args=[requirement_id]))


def _not_undone(row: RequirementRow, *, now: datetime) -> str:
    decided_at = row.requirement.decided_at
    if decided_at is not None and decided_at <= now - operations.UNDO_WITHIN:
        return _("Not taken back: more than 30 minutes have passed.")
    return _("Not taken back: this was changed meanwhile. You see how it stands now.")
