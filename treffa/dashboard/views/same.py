"""Whether two patients are one person: both side by side, and what staff say."""

from datetime import datetime

from django.contrib import messages as notes
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from appointments import doubles, merging
from appointments.models import Patient, PatientMerge
from appointments.operations import StaleError
from practices import clock
from prerequisites.models import Case
from treffa.dashboard import doubles as words
from treffa.dashboard.staff import StaffRequest, actor, may_work, page


@require_http_methods(["GET", "POST"])
def show(request: StaffRequest, first_id: int, second_id: int) -> HttpResponse:
    """GET and POST /patients/<id>/<id>/ — the two, the one seen first first. A POST says what is true (`do` merge or
    apart); `case` names the case that it was asked on."""
    now = clock.now()
    first, second = _two(first_id, second_id)
    if request.method == "POST":
        return _decide(request, first, second, now=now)
    merge = PatientMerge.objects.filter(kept=first, merged=second, undone_at=None).first()
    context: dict[str, object] = {"area": "board", "case_id": _case(request.GET.get("case", ""))}
    if merge is not None and merge.at > now - merging.UNDO_WITHIN and first.merged_into_id is None:
        context["done"] = words.merged(merge)
    elif first.merged_into_id is not None or second.merged_into_id is not None:
        context["over"] = _(
            "They were put together with somebody meanwhile. There is nothing left to decide."
        )
    else:
        both = words.compare(first, second, now=now)
        context |= {"both": both, "sides": [both.first, both.second]}
    response = page(request, "dashboard/same_person.html", context)
    response["Cache-Control"] = "private, no-store"
    return response


@may_work
def _decide(request: StaffRequest, first: Patient, second: Patient, *, now: datetime) -> HttpResponse:
    by, case_id = actor(request), _case(request.POST.get("case", ""))
    try:
        if request.POST.get("do") == "merge":
            chosen = {name: _chosen(request, name) for name in merging.FIELDS}
            merging.merge(
                first_id=first.pk,
                second_id=second.pk,
                chosen=merging.Chosen(right=chosen),
                as_seen=request.POST.get("seen", ""),
                by=by,
                now=now,
            )
            notes.success(request, _("Put together. You can take it back for 30 minutes."))
        elif request.POST.get("do") == "apart":
            merging.keep_apart(first_id=first.pk, second_id=second.pk, by=by, now=now)
            notes.success(request, _("Noted: two people. Treffa does not ask about them again."))
        else:
            raise Http404
    except StaleError:
        notes.warning(request, _("Not done: this was decided or changed meanwhile."))
        return HttpResponseRedirect(_address(first, second, case_id))
    return HttpResponseRedirect(_onward(case_id, now=now))


@require_POST
@may_work
def undo(request: StaffRequest, merge_id: int) -> HttpResponse:
    """POST /patients/merges/<id>/undo/ — they are two again; back to where it was asked (`case`)."""
    now = clock.now()
    if not PatientMerge.objects.filter(pk=merge_id).exists():
        raise Http404
    try:
        merging.undo(merge_id=merge_id, by=actor(request), now=now)
    except StaleError:
        notes.warning(request, _("Not done: it was taken back already, or more than 30 minutes have passed."))
    else:
        notes.success(request, _("Taken back: they are two patients again."))
    case_id = _case(request.POST.get("case", ""))
    return HttpResponseRedirect(
        reverse("dashboard:case", args=[case_id]) if case_id else reverse("dashboard:board")
    )


def _two(first_id: int, second_id: int) -> tuple[Patient, Patient]:
    """Both, in order; 404 for one who is erased, another practice's, or the same twice."""
    found = Patient.objects.filter(pk__in=(first_id, second_id), wrapped_key__isnull=False).in_bulk()
    if first_id >= second_id or len(found) != 2:
        raise Http404
    return found[first_id], found[second_id]


def _chosen(request: StaffRequest, name: str) -> int:
    said = request.POST.get(name, "")
    return int(said) if said.isdecimal() and len(said) < 20 else 0


def _case(said: str) -> int | None:
    """The case that somebody comes from, if there is one."""
    if not said.isdecimal() or len(said) > 18:
        return None
    return Case.objects.filter(pk=said).values_list("pk", flat=True).first()


def _address(first: Patient, second: Patient, case_id: int | None) -> str:
    address = reverse("dashboard:same_person", args=[first.pk, second.pk])
    return f"{address}?case={case_id}" if case_id else address


def _onward(case_id: int | None, *, now: datetime) -> str:
    """Back to the case, else to the next question, else to the board."""
    if case_id:
        return reverse("dashboard:case", args=[case_id])
    pairs = doubles.pairs(now=now)
    return _address(pairs[0].first, pairs[0].second, None) if pairs else reverse("dashboard:board")
