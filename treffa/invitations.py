"""Joining a practice by the link in an invitation. A GET changes nothing: scanners open links, too."""

from typing import Any

from django.contrib import messages as notes
from django.contrib.auth import login
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from practices import clock, team, tenancy
from practices.middleware import SESSION_PRACTICE
from practices.models import Invitation, User
from treffa.dashboard.team_forms import JoinForm

BACKEND = "django.contrib.auth.backends.ModelBackend"


@require_http_methods(["GET", "POST"])
def show(request: HttpRequest, token: str) -> HttpResponse:
    """GET and POST /invitation/<token>/ — who invites as what; a POST joins: with the account that the address has, signed
    in, or with a new one."""
    practice_id = team.practice_of(token)
    if practice_id is None:
        return _over(request)
    with tenancy.scope(practice_id):
        invitation = team.invitation_of(token, now=clock.now())
        if invitation is None:
            return _over(request)
        practice = invitation.practice
        with timezone.override(practice.time_zone), translation.override(_language(request, invitation)):
            return _closed(_answered(request, invitation))


def _answered(request: HttpRequest, invitation: Invitation) -> HttpResponse:
    person = team.known(invitation.email)
    if person is None:
        return _as_new(request, invitation)
    if request.user.pk == person.pk and request.method == "POST":
        return _join(request, invitation, person)
    here = {"next": request.path}
    context = {
        "invitation": invitation,
        "person": person,
        "oneself": request.user.pk == person.pk,
        "sign_in": f"{reverse('account_login')}?{urlencode(here)}",
    }
    return _rendered(request, context)


def _as_new(request: HttpRequest, invitation: Invitation) -> HttpResponse:
    form = JoinForm(request.POST or None, email=invitation.email, initial={"name": invitation.name})
    if request.method == "POST" and form.is_valid():
        try:
            person = team.new_person(
                email=invitation.email,
                name=form.cleaned_data["name"],
                password=form.cleaned_data["password"],
                language=translation.get_language() or invitation.practice.language,
            )
        except team.TeamError:
            form.add_error(None, _("Nobody can join by this address. Ask for an invitation to another one."))
        else:
            return _join(request, invitation, person)
    return _rendered(request, {"invitation": invitation, "form": form})


def _join(request: HttpRequest, invitation: Invitation, person: User) -> HttpResponse:
    if not team.accept(invitation, user=person, now=clock.now()):
        transaction.set_rollback(True)  # nobody is made by a link that somebody else just used
        return _over(request)
    if request.user.pk != person.pk:
        login(request, person, backend=BACKEND)
    request.session[SESSION_PRACTICE] = invitation.practice_id
    notes.success(request, _("Welcome to %(practice)s.") % {"practice": invitation.practice.name})
    return redirect("dashboard:board")


def _language(request: HttpRequest, invitation: Invitation) -> str:
    """The person's own where they are signed in, else the browser's as Django found it."""
    own: str = getattr(request.user, "language", "")
    return own or translation.get_language() or invitation.practice.language


def _rendered(request: HttpRequest, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
    return TemplateResponse(request, "account/invitation.html", context, status=status).render()


def _over(request: HttpRequest) -> HttpResponse:
    return _closed(_rendered(request, {"over": True}, status=410))


def _closed(response: HttpResponse) -> HttpResponse:
    response["Cache-Control"] = "private, no-store"
    return response
