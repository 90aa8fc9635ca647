"""The set-up of a practice, step by step. It frames the pages that are there; what was done elsewhere counts."""

from typing import Any

from django.contrib import messages as notes
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from appointments.models import Appointment, Feed, FeedTrial
from messaging.operations import switch_sending
from practices import clock
from practices.models import Role
from practices.operations import pass_step
from practices.queries import members
from prerequisites import adoption, packs
from prerequisites.models import Plan, PlanState
from treffa.dashboard import pack_pages, sending, setup, setup_frame, type_notices
from treffa.dashboard.calendars import load as load_calendars
from treffa.dashboard.staff import StaffRequest, actor, may_manage, page
from treffa.dashboard.team_forms import InviteForm
from treffa.dashboard.views import team as team_pages

PASSABLE = ("team", "messages", "trial")


@require_safe
@may_manage
def begin(request: StaffRequest) -> HttpResponse:
    """GET /setup/ — goes on where the set-up stands."""
    request.session.pop(setup_frame.LATER, None)
    return redirect(setup.load(request.practice).first_open.address)


@require_POST
def later(request: StaffRequest) -> HttpResponse:
    """POST /setup/later/ — to the board, which leads here no more in this session."""
    request.session[setup_frame.LATER] = request.practice.pk
    return redirect("dashboard:board")


@require_POST
@may_manage
def pass_by(request: StaffRequest, step: str) -> HttpResponse:
    """POST /setup/<step>/passed/ — on to the next step."""
    if step not in PASSABLE:
        raise Http404
    pass_step(step)
    following = setup.load(request.practice, at=step).next
    return redirect(following.address if following else "dashboard:setup")


@require_safe
@may_manage
def calendar(request: StaffRequest) -> HttpResponse:
    """GET /setup/calendar/ — what is connected, or where the first link is pasted."""
    if not Feed.objects.filter(removed_at=None).exists():
        return redirect("dashboard:setup_feed")
    views = load_calendars(now=clock.now())
    return _step(request, "calendar", {"calendars": views})


@require_safe
@may_manage
def rules(request: StaffRequest) -> HttpResponse:
    """GET /setup/rules/ — the look that is open; else each calendar, to look at how it is read."""
    now = clock.now()
    looked = FeedTrial.objects.filter(user_id=request.user.pk, expires_at__gt=now, accepted_at=None)
    found = looked.order_by("-pk").first()
    if found is not None:
        return redirect("dashboard:setup_trial", found.pk)
    feeds = Feed.objects.filter(removed_at=None).order_by("name", "pk")
    if not feeds:
        return redirect("dashboard:setup_feed")
    return _step(request, "rules", {"feeds": feeds})


@require_http_methods(["GET", "POST"])
@may_manage
def pack(request: StaffRequest) -> HttpResponse:
    """GET /setup/pack/?pack=<name> — the packs, what each would know of the calendar; a POST adopts the chosen plans."""
    now = clock.now()
    name = request.GET.get("pack", "")
    if name and name not in packs.NAMES:
        raise Http404
    if request.method == "POST":
        return _adopt(request, name)
    cards = pack_pages.ranked(now=now)
    shown = pack_pages.load(name, number=_number(request), language="", now=now) if name else None
    notices = type_notices.load(now=now, all_texts=True)
    context = {
        "cards": cards,
        "pack": shown,
        "plans": Plan.objects.filter(state=PlanState.PUBLISHED).select_related("type").order_by("name"),
        "notices": [one for one in notices if one.kind != "unplanned"],
        "back_to": "setup",
        "waiting": not Appointment.objects.exists(),
    }
    return _step(request, "pack", context)


def _number(request: StaffRequest) -> int:
    given = request.GET.get("plan", "")
    return int(given) if given.isdecimal() and len(given) < 5 else 0


def _adopt(request: StaffRequest, name: str) -> HttpResponse:
    chosen = request.POST.getlist("plan")
    if not name or not set(chosen) <= {plan.type_name for plan in packs.load(name).plans}:
        raise Http404
    if not chosen:
        notes.warning(request, _("Tick at least one plan."))
        return redirect(request.get_full_path())
    physician = request.user if request.membership.is_physician else None
    adopted = adoption.adopt_pack(
        name, chosen=chosen, signed_off_by=physician, by=actor(request), now=clock.now()
    )
    said = ngettext("%(n)s plan is in use.", "%(n)s plans are in use.", len(adopted)) % {"n": len(adopted)}
    notes.success(request, said if adopted else _("You have done this already."))
    return redirect("dashboard:setup_pack")


@require_safe
@may_manage
def team(request: StaffRequest) -> HttpResponse:
    """GET /setup/team/ — who works here."""
    return team_pages.shown(request, InviteForm(), setup=True)


@require_safe
@may_manage
def trial(request: StaffRequest) -> HttpResponse:
    """GET /setup/trial/ — what would go out in the next seven days."""
    return _step(request, "trial", {"sending": sending.load(request.practice, now=clock.now())})


@require_http_methods(["GET", "POST"])
@may_manage
def switch_on(request: StaffRequest) -> HttpResponse:
    """GET and POST /setup/on/ — how it stands in a few lines, and the switch."""
    now = clock.now()
    if request.method == "POST":
        if switch_sending(on=True, by=actor(request), now=now):
            notes.success(request, _("Patients are written to from now on."))
        return redirect("dashboard:board")
    plans = Plan.objects.filter(state=PlanState.PUBLISHED)
    context = {
        "sending": sending.load(request.practice, now=now),
        "feeds": Feed.objects.filter(removed_at=None).count(),
        "coming": Appointment.objects.filter(start__gt=now).count(),
        "plans": plans.count(),
        "unsigned": plans.filter(signed_off_at=None).count(),
        "physicians": [one.user.name for one in members(Role.PHYSICIAN)],
        "open_steps": [
            one for one in setup.load(request.practice).steps if not one.done and one.name != "on"
        ],
    }
    return _step(request, "on", context)


def _step(request: StaffRequest, at: str, context: dict[str, Any]) -> HttpResponse:
    frame = setup_frame.of(request, at=at)
    response = page(request, f"dashboard/setup_{at}.html", {**context, **frame})
    response["Cache-Control"] = "private, no-store"
    return response
