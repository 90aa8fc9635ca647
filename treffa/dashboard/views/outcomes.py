"""What became of an appointment: marked in one click on the board or the page of a case, and taken back."""

from collections.abc import Callable
from functools import partial

from django.contrib import messages as notes
from django.http import Http404, HttpResponse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from appointments.models import OutcomeKind
from appointments.operations import InvalidInputError, StaleError, mark_outcome, take_back_outcome
from practices import clock
from prerequisites import operations
from prerequisites.models import Case
from treffa.dashboard.staff import StaffRequest, actor, may_work
from treffa.dashboard.views import board, cases

_REFUSED: dict[str, str | Promise] = {
    "reason_missing": gettext_lazy("Not done: Say why it could not be performed."),
    "too_early": gettext_lazy("Not done: this can be marked on the day of the appointment and after."),
    "cancelled": gettext_lazy("Not done: the appointment was cancelled."),
}
_STALE = gettext_lazy("Not done: this was changed meanwhile by somebody else. You see how it stands now.")


@require_POST
@may_work
def mark(request: StaffRequest, case_id: int) -> HttpResponse:
    """POST /cases/<id>/outcome/ — `kind`, `reason` where it could not be performed, `seen`: the outcome the page showed."""
    now, case = clock.now(), _case(case_id)

    def act() -> None:
        mark_outcome(
            appointment_id=case.appointment_id,
            kind=request.POST.get("kind", ""),
            reason=request.POST.get("reason", ""),
            seen=request.POST.get("seen", ""),
            case_id=case_id,
            by=actor(request),
            now=now,
        )

    return _acted(request, case, act, done=_done(case, request.POST.get("kind", "")))


@require_POST
@may_work
def take_back(request: StaffRequest, case_id: int) -> HttpResponse:
    """POST /cases/<id>/outcome/undo/ — nothing is said of it any more."""
    now, case = clock.now(), _case(case_id)

    def act() -> None:
        take_back_outcome(
            appointment_id=case.appointment_id,
            seen=request.POST.get("seen", ""),
            case_id=case_id,
            by=actor(request),
            now=now,
        )

    return _acted(request, case, act, done=_("Taken back."))


@require_POST
@may_work
def mark_on_board(request: StaffRequest) -> HttpResponse:
    """POST /mark/ — a button of one of the board's rows: `mark` is "case:outcome" of one without, `undo` of one with."""
    now, undoes = clock.now(), "undo" in request.POST
    number, _colon, kind = request.POST.get("undo" if undoes else "mark", "").partition(":")
    if not (number.isascii() and number.isdecimal() and len(number) < 18):
        raise Http404
    case, by = _case(int(number)), actor(request)
    appointment_id = case.appointment_id
    if undoes:
        back = partial(
            take_back_outcome, appointment_id=appointment_id, case_id=case.pk, seen=kind, by=by, now=now
        )
        return _acted(request, case, back, done=_("Taken back."))
    marks = partial(
        mark_outcome, appointment_id=appointment_id, case_id=case.pk, kind=kind, seen="", by=by, now=now
    )
    return _acted(request, case, marks, done=_done(case, kind))


def _done(case: Case, kind: str) -> str:
    patient, outcome = case.appointment.patient, dict(OutcomeKind.choices).get(kind, "")
    return f"{patient.name}: {outcome}." if patient else f"{outcome}."


def _case(case_id: int) -> Case:
    case = Case.objects.select_related("appointment__patient").filter(pk=case_id).first()
    if case is None:
        raise Http404
    return case


def _acted(request: StaffRequest, case: Case, act: Callable[[], None], *, done: str) -> HttpResponse:
    """The act, what to say about it, and back to where it was asked for."""
    now = clock.now()
    try:
        act()
    except InvalidInputError as invalid:
        notes.warning(request, str(_REFUSED.get(invalid.code, _("Not done: this can't be done here."))))
    except StaleError:
        notes.warning(request, str(_STALE))
    else:
        operations.touch(case_id=case.pk, now=now)
        notes.success(request, done)
    if "board" in request.POST:
        return board.back(request, case_id=case.pk, now=now)
    return cases.back(request, case.pk, anchor="outcome", now=now)
