"""Several cases at once: what will happen is shown first; what was done can be taken back for half an hour."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from django.contrib import messages as notes
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from messaging.operations import by_hand
from practices import clock
from practices.models import Role
from practices.queries import members
from prerequisites import operations
from prerequisites.assigning import assign, assign_each
from prerequisites.models import Case
from treffa.dashboard import bulk
from treffa.dashboard.bulk import Do
from treffa.dashboard.staff import StaffRequest, actor, may_work, page
from treffa.dashboard.views.board import asked_of_form


@require_POST
@may_work
def preview(request: StaffRequest) -> HttpResponse:
    """POST /bulk/ — `do` with the chosen `case`s: what will happen to each; nothing is done yet."""
    cases = _cases(request)
    if not cases:
        notes.warning(request, _("Choose appointments first."))
        return _to_board(request)
    return _preview(request, _do(request), cases)


def _preview(request: StaffRequest, do: Do, cases: Sequence[Case], *, problem: str = "") -> HttpResponse:
    now = clock.now()
    planned = bulk.plan(
        do,
        cases,
        practice=request.practice,
        member=request.membership,
        language=get_language() or "",
        now=now,
    )
    context = {
        "area": "board",
        "address": asked_of_form(request).address(),
        "do": do.value,
        "happens": [one for one in planned if one.happens],
        "passed": [one for one in planned if not one.happens],
        "people": _people() if do is Do.ASSIGN else [],
        "problem": problem,
        "reason": request.POST.get("reason", "")[:1000],
    }
    response = page(request, "dashboard/bulk.html", context, status=422 if problem else 200)
    response["Cache-Control"] = "private, no-store"
    return response


@require_POST
@may_work
def carry_out(request: StaffRequest) -> HttpResponse:
    """POST /bulk/do/ — does it with those for whom it is still right, and says how many."""
    do, cases, now = _do(request), _cases(request), clock.now()
    problem = _problem(request, do)
    if problem:
        return _preview(request, do, cases, problem=problem)
    acts: dict[Do, Callable[..., tuple[int, list[Any]]]] = {
        Do.REMIND: _remind,
        Do.ASSIGN: _assign,
        Do.WAIVE: _waive,
    }
    done, undo = acts[do](request, cases, now)
    words = ngettext("Done for %(n)s appointment.", "Done for %(n)s appointments.", done) % {"n": done}
    if done:
        notes.success(request, words)
        request.session[bulk.SESSION] = {
            "practice": request.practice.pk,
            "do": do.value,
            "at": now.isoformat(),
            "done": undo,
        }
    else:
        notes.warning(request, _("Nothing was left to do."))
    return _to_board(request)


@require_POST
@may_work
def undo(request: StaffRequest) -> HttpResponse:
    """POST /bulk/undo/ — takes back what this session did last, as far as it can be."""
    now = clock.now()
    last = bulk.last_done(request, now=now)
    request.session.pop(bulk.SESSION, None)
    if last is None:
        notes.warning(request, _("There is nothing to take back any more."))
        return _to_board(request)
    backs: dict[Do, Callable[..., int]] = {
        Do.REMIND: _unremind,
        Do.ASSIGN: _unassign,
        Do.WAIVE: _unwaive,
    }
    taken = backs[Do(last["do"])](request, last["done"], now)
    if taken:
        words = ngettext("Taken back: %(n)s.", "Taken back: %(n)s.", taken)
        notes.success(request, words % {"n": taken})
    else:
        notes.warning(request, _("Too late to take it back: it has gone out, or was changed meanwhile."))
    return _to_board(request)


def _remind(request: StaffRequest, cases: Sequence[Case], now: datetime) -> tuple[int, list[Any]]:
    ids = [case.pk for case in cases]
    written = by_hand.remind_now(ids, practice=request.practice, by=actor(request), now=now)
    return len(written), [message.pk for message in written]


def _unremind(request: StaffRequest, done: list[int], now: datetime) -> int:
    return by_hand.take_back(done, now=now)


def _assign(request: StaffRequest, cases: Sequence[Case], now: datetime) -> tuple[int, list[Any]]:
    to = int(request.POST["to"]) if request.POST["to"] else None
    had = assign([case.pk for case in cases], to=to, by=actor(request), now=now)
    return len(had), [[pk, person] for pk, person in had.items()]


def _unassign(request: StaffRequest, done: list[tuple[int, int | None]], now: datetime) -> int:
    wanted: dict[int, int | None] = dict(done)
    return len(assign_each(wanted, by=actor(request), now=now))


def _waive(request: StaffRequest, cases: Sequence[Case], now: datetime) -> tuple[int, list[Any]]:
    waived: list[int] = []
    touched = set()
    for case_id, requirements in bulk.waivable(cases, member=request.membership).items():
        for requirement in requirements:
            try:
                operations.waive(
                    requirement_id=requirement.pk,
                    reason=request.POST["reason"].strip()[:1000],
                    by=actor(request),
                    may_waive_blocking=request.membership.may_waive_blocking,
                    now=now,
                )
            except (operations.StaleError, operations.NotAllowedError):
                continue
            waived.append(requirement.pk)
            touched.add(case_id)
    return len(touched), waived


def _unwaive(request: StaffRequest, done: list[int], now: datetime) -> int:
    taken = 0
    for requirement_id in done:
        try:
            operations.undo(requirement_id=requirement_id, by=actor(request), now=now)
        except (operations.StaleError, operations.NotAllowedError):
            continue
        taken += 1
    return taken


def _problem(request: StaffRequest, do: Do) -> str:
    if do is Do.WAIVE and not request.POST.get("reason", "").strip():
        return _("Say why, in a sentence.")
    if do is Do.ASSIGN and request.POST.get("to", "none") not in {"", *(str(pk) for pk, _name in _people())}:
        return _("Choose a person of your practice.")
    return ""


def _people() -> list[tuple[int, str]]:
    return [(one.user_id, str(one.user)) for one in members(Role.MANAGER, Role.STAFF, Role.PHYSICIAN)]


def _do(request: StaffRequest) -> Do:
    try:
        return Do(request.POST.get("do", ""))
    except ValueError as unknown:
        raise Http404 from unknown


def _cases(request: StaffRequest) -> list[Case]:
    """The chosen ones; 404 where one is of nobody here."""
    given = request.POST.getlist("case")[: bulk.MOST]
    ids = {int(one) for one in given if one.isascii() and one.isdecimal() and len(one) < 18}
    cases = bulk.cases_of(sorted(ids))
    if len(cases) != len(set(given)):
        raise Http404
    return cases


def _to_board(request: StaffRequest) -> HttpResponse:
    return HttpResponseRedirect(reverse("dashboard:board") + asked_of_form(request).address())
