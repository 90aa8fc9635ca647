"""What staff say on the board of texts and types that Treffa does not know, and taking it back."""

from datetime import datetime

from django.contrib import messages as notes
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from appointments import operations
from appointments.models import AppointmentType, TypeText
from appointments.operations import Answer, Answered
from practices import clock, record
from practices.models import Role
from prerequisites import adoption, packs
from prerequisites.acts import NotAllowedError
from treffa.dashboard import answers
from treffa.dashboard.staff import StaffRequest, actor, may_work

NOTHING = "nothing"
PACK = "pack"


@require_POST
@may_work
def assign_type(request: StaffRequest) -> HttpResponse:
    """POST /types/assign/ — a text of the calendar means this type, or never needs anything."""
    chosen, text = request.POST.get("type", ""), request.POST.get("text", "")
    type_id = None if chosen == NOTHING else int(chosen) if chosen.isdecimal() else 0
    now = clock.now()
    try:
        answered = operations.assign_type(text=text, type_id=type_id, by=actor(request), now=now)
    except (operations.InvalidInputError, AppointmentType.DoesNotExist) as invalid:
        raise Http404 from invalid
    if answered.text_id is not None:
        answers.keep(request, kind=answers.TEXT, id=answered.text_id, now=now)
    _tell(request, answered, text)
    return _back(request)


def _tell(request: StaffRequest, answered: Answered, text: str) -> None:
    named = {"text": text.strip(), "name": answered.type.name}
    if answered.answer is Answer.REMEMBERED:
        said = ngettext(
            "Understood: %(n)s appointment has a type now.",
            "Understood: %(n)s appointments have a type now.",
            answered.appointments,
        )
        notes.success(request, said % {"n": answered.appointments})
    elif answered.answer is Answer.KNOWN:
        notes.success(request, _("You have done this already."))
    elif answered.answer is Answer.NAME_TAKEN:
        said = _(
            "Not done: “%(name)s” is a type that needs something. Assign the text to it, or have the type never need anything."
        )
        notes.warning(request, said % named)
    else:
        said = _(
            "Not done: meanwhile “%(text)s” means “%(name)s”. It can be changed under “Appointment types”."
        )
        notes.warning(request, said % named)


@require_POST
@may_work
def undo(request: StaffRequest) -> HttpResponse:
    """POST /types/undo/ — takes back that a text means something (`answer`: its id), or that a type (`type`) never needs
    anything. One's own last answer; managers any that is remembered."""
    now = clock.now()
    said = answers.last(request, now=now)
    kind = answers.TYPE if request.POST.get("type") else answers.TEXT
    given = request.POST.get(kind if kind == answers.TYPE else "answer", "")
    chosen = int(given) if given.isdecimal() and len(given) < 19 else 0
    own = said is not None and (said.kind, said.id) == (kind, chosen)
    if not own and not request.membership.may_manage:
        if TypeText.objects.filter(pk=chosen).exists():
            notes.warning(
                request, _("Not done: by now a manager has to take it back, under “Appointment types”.")
            )
            return _back(request)
        chosen = 0  # taken back already, or never said
    if kind == answers.TYPE:
        done = operations.set_needs_nothing(type_id=chosen, needs_nothing=False, by=actor(request), now=now)
        found = 0 if done else None
    else:
        found = operations.forget_text(text_id=chosen, by=actor(request), now=now)
    _tell_undone(request, found)
    return _back(request)


def _tell_undone(request: StaffRequest, found: int | None) -> None:
    if found is None:
        notes.warning(request, _("This was taken back already."))
    elif found:
        said = ngettext(
            "Taken back: %(n)s appointment is asked about again.",
            "Taken back: %(n)s appointments are asked about again.",
            found,
        )
        notes.success(request, said % {"n": found})
    else:
        notes.success(request, _("Taken back."))


@require_POST
@may_work
def plan_type(request: StaffRequest, type_id: int) -> HttpResponse:
    """POST /types/<id>/plan/ — a type without a plan needs what its pack says, what another type needs, or nothing."""
    known, chosen = AppointmentType.objects.filter(pk=type_id).first(), request.POST.get("type", "")
    if known is None or (chosen not in (NOTHING, PACK) and not chosen.isdecimal()):
        raise Http404
    by, now = actor(request), clock.now()
    if chosen == NOTHING:
        if operations.set_needs_nothing(type_id=type_id, needs_nothing=True, by=by, now=now):
            answers.keep(request, kind=answers.TYPE, id=type_id, now=now)
        notes.success(request, _("Understood: “%(name)s” never needs anything.") % {"name": known.name})
    elif given := _give_plan(request, known, chosen, by=by, now=now):
        notes.success(request, _("“%(name)s” has a plan now. Its cases open at once.") % {"name": known.name})
    elif given is False:
        notes.warning(request, _("Somebody was quicker: this is decided already."))
    return _back(request)


def _give_plan(
    request: StaffRequest, known: AppointmentType, chosen: str, *, by: record.Actor, now: datetime
) -> bool | None:
    """Whether the type has it now. None where it was refused, which is said already."""
    physician = request.user if request.membership.role == Role.PHYSICIAN else None
    if chosen != PACK:
        other = int(chosen)
        try:
            like = adoption.plan_like(
                type_id=known.pk, other_type_id=other, signed_off_by=physician, by=by, now=now
            )
        except NotAllowedError:
            notes.warning(
                request, _("A stored rule of that plan can't be read: mend it under “Plans” first.")
            )
            return None
        return like is not None
    pack = packs.with_type(known.name)
    if pack is None:
        raise Http404
    if not request.membership.may_adopt:
        raise PermissionDenied
    return any(
        plan.type_id == known.pk
        for plan in adoption.adopt_pack(pack, signed_off_by=physician, by=by, now=now)
    )


def _back(request: StaffRequest) -> HttpResponse:
    """To the page that it was said on."""
    began = request.POST.get("from", "")
    if began == "setup":
        return redirect("dashboard:setup_pack")
    if began.isdecimal() and AppointmentType.objects.filter(pk=int(began)).exists():
        return redirect("dashboard:type", began)
    return redirect("dashboard:types" if began else "dashboard:board")
