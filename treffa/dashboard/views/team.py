"""The team: managers invite, give roles and let people go; everybody else looks."""

from django.contrib import messages as notes
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from practices import clock, invitation_mail, team
from practices.models import Invitation, Membership, Role
from treffa.dashboard import setup_frame, teams
from treffa.dashboard.staff import StaffRequest, actor, may_manage, page
from treffa.dashboard.team_forms import InviteForm

SETUP = "setup"


@require_safe
def show(request: StaffRequest) -> HttpResponse:
    """GET /settings/team/ — who works here as what."""
    return shown(request, InviteForm())


def shown(request: StaffRequest, form: InviteForm, *, setup: bool = False) -> HttpResponse:
    """The page, among the settings or as a step of the set-up."""
    frame = setup_frame.of(request, at="team") if setup else {"area": "settings"}
    people = teams.load(user_id=request.user.pk, now=clock.now())
    context = {"team": people, "form": form, "roles": Role.choices, "explained": _explained(), **frame}
    response = page(request, "dashboard/team.html", context)
    response["Cache-Control"] = "private, no-store"
    return response


def _explained() -> list[tuple[str, str]]:
    """What each role may do, in a sentence."""
    return [
        (str(Role.MANAGER.label), _("Sets the practice up: calendars, plans, texts, team, sending.")),
        (str(Role.STAFF.label), _("Works with the board: reviews, answers, reminds.")),
        (str(Role.PHYSICIAN.label), _("The same, and signs plans off, and waives what is blocking.")),
        (str(Role.VIEWER.label), _("Looks, changes nothing.")),
    ]


@require_POST
@may_manage
def invite(request: StaffRequest) -> HttpResponse:
    """POST /settings/team/invite/ — mails a link that holds for a week and opens once."""
    setup = request.POST.get("from") == SETUP
    form = InviteForm(request.POST)
    if not form.is_valid():
        form.mark_mistakes()
        return shown(request, form, setup=setup)
    given = form.cleaned_data
    try:
        invited = team.invite(
            email=given["email"],
            name=given["name"],
            role=Role(given["role"]),
            by=actor(request),
            now=clock.now(),
        )
    except team.TeamError as refused:
        form.refuse(refused.code)
        return shown(request, form, setup=setup)
    invitation_mail.send(invited, practice=request.practice)
    notes.success(request, _("An invitation goes to %(email)s.") % {"email": given["email"]})
    return _back(request)


@require_POST
@may_manage
def withdraw(request: StaffRequest, invitation_id: int) -> HttpResponse:
    """POST /settings/team/invitations/<id>/withdraw/ — its link opens nothing any more."""
    if not Invitation.objects.filter(pk=invitation_id).exists():
        raise Http404
    if team.withdraw(invitation_id=invitation_id, by=actor(request), now=clock.now()):
        notes.success(request, _("Withdrawn: the link opens nothing any more."))
    else:
        notes.warning(request, _("Not done: it was used or withdrawn already."))
    return _back(request)


@require_POST
@may_manage
def change(request: StaffRequest, membership_id: int) -> HttpResponse:
    """POST /settings/team/<id>/role/ — another role; the person signs in anew."""
    wanted = request.POST.get("role", "")
    if wanted not in Role.values:
        raise Http404
    member = _member(membership_id)
    try:
        changed = team.change_role(
            membership_id=membership_id, role=Role(wanted), by=actor(request), now=clock.now()
        )
    except team.TeamError:
        notes.warning(request, _("Not done: a practice needs at least one manager."))
        return _back(request)
    if changed:
        said = _("%(name)s: %(role)s from now on. They sign in anew.")
        notes.success(request, said % {"name": member.user.name, "role": Role(wanted).label})
    return _back(request)


@require_POST
@may_manage
def remove(request: StaffRequest, membership_id: int) -> HttpResponse:
    """POST /settings/team/<id>/remove/ — the person gets at nothing here any more."""
    member = _member(membership_id)
    try:
        team.deactivate(membership_id=membership_id, by=actor(request), now=clock.now())
    except team.TeamError:
        notes.warning(request, _("Not done: a practice needs at least one manager."))
        return _back(request)
    notes.success(request, _("%(name)s gets at nothing here any more.") % {"name": member.user.name})
    return _back(request)


def _member(membership_id: int) -> Membership:
    found = Membership.objects.select_related("user").filter(pk=membership_id, active=True).first()
    if found is None:
        raise Http404
    return found


def _back(request: StaffRequest) -> HttpResponse:
    return redirect("dashboard:setup_team" if request.POST.get("from") == SETUP else "dashboard:team")
