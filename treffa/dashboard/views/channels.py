"""How the practice writes: order and limits, its own account, approved templates, a message to oneself."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.account.decorators import reauthentication_required
from allauth.core.exceptions import ReauthenticationRequired
from django.contrib import messages as notes
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from messaging.models import Channel, WhatsAppTemplate
from messaging.operations import channels
from practices import clock
from practices.operations import change_practice
from treffa.dashboard import channel_page, setup_frame
from treffa.dashboard.channel_forms import AccountForm, LimitsForm, OrderForm, SelfTestForm, TemplateForm
from treffa.dashboard.staff import StaffRequest, View, actor, may_manage, page

SETUP = "setup"


@require_safe
@may_manage
def show(request: StaffRequest, setup: bool = False) -> HttpResponse:
    """GET /settings/channels/ and /setup/messages/ — how patients are written to, and a message to oneself."""
    return _shown(request, setup=setup)


def _shown(request: StaffRequest, *, setup: bool, **forms: Any) -> HttpResponse:
    practice = request.practice
    frame = setup_frame.of(request, at="messages") if setup else {"area": "settings"}
    last = channels.last_test(request.user.pk)
    context: dict[str, Any] = {
        "order": OrderForm.of(practice),
        "limits": LimitsForm.of(practice),
        "test": SelfTestForm(
            country=practice.country,
            initial={
                "channel": last.channel if last else Channel.EMAIL,
                "address": last.address if last else request.user.email,
            },
        ),
        "account": channel_page.account(practice),
        "tested": channel_page.tested(request.user.pk, now=clock.now()),
        **forms,
        **frame,
    }
    return _closed(page(request, "dashboard/channels.html", context))


@require_POST
@may_manage
def order(request: StaffRequest) -> HttpResponse:
    """POST /settings/channels/order/ — which way first."""
    setup = request.POST.get("from") == SETUP
    form = OrderForm(request.POST, practice=request.practice)
    if not form.is_valid():
        form.mark_mistakes()
        return _shown(request, setup=setup, order=form)
    return _saved(request, form.values, setup=setup)


@require_POST
@may_manage
def limits(request: StaffRequest) -> HttpResponse:
    """POST /settings/channels/limits/ — quiet hours, days of rest, how often at most."""
    form = LimitsForm(request.POST)
    if not form.is_valid():
        form.mark_mistakes()
        return _shown(request, setup=False, limits=form)
    return _saved(request, form.values, setup=False)


def _saved(request: StaffRequest, fields: dict[str, Any], *, setup: bool) -> HttpResponse:
    change_practice(fields=fields, by=actor(request), now=clock.now())
    notes.success(request, _("Saved."))
    return _back(setup=setup)


def _back(*, setup: bool) -> HttpResponse:
    return redirect("dashboard:setup_messages" if setup else "dashboard:channels")


@require_POST
@may_manage
def test(request: StaffRequest) -> HttpResponse:
    """POST /settings/channels/test/ — a message to oneself. It goes out as all do, so that what works here works."""
    setup = request.POST.get("from") == SETUP
    form = SelfTestForm(request.POST, country=request.practice.country)
    if form.is_valid():
        given = form.cleaned_data
        try:
            sent = channels.test_oneself(
                channel=Channel(given["channel"]),
                address=given["address"],
                subject=_("Treffa: a message to yourself"),
                text=_("This is a message from Treffa to yourself: the way to your patients works."),
                language=request.user.language,
                user_id=request.user.pk,
                now=clock.now(),
            )
        except channels.RefusedTestError as refused:
            form.add_error("address", str(channel_page.REFUSED[refused.code]))
        else:
            if sent is None:
                notes.warning(request, _("The last one is less than a minute old."))
            return _back(setup=setup)
    form.mark_mistakes()
    return _shown(request, setup=setup, test=form)


@require_safe
@may_manage
def tested(request: StaffRequest) -> HttpResponse:
    """GET /settings/channels/test/state/ — what became of the last message to oneself."""
    context = {"tested": channel_page.tested(request.user.pk, now=clock.now())}
    return _closed(page(request, "dashboard/channels.html#tested", context))


def fresh_sign_in(view: View) -> View:
    """Asks for the password again unless that was just done. What was posted is not kept: it holds credentials."""
    checked: Callable[..., HttpResponse] = reauthentication_required(view)

    @wraps(view)
    def guarded(request: StaffRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return checked(request, *args, **kwargs)
        except ReauthenticationRequired:
            return redirect(f"{reverse('account_reauthenticate')}?{urlencode({'next': request.path})}")

    return guarded


@require_http_methods(["GET", "POST"])
@may_manage
@fresh_sign_in
def account(request: StaffRequest) -> HttpResponse:
    """GET and POST /settings/channels/account/ — the practice's own account; `do=remove` goes back to the operator's."""
    by, now = actor(request), clock.now()
    form = AccountForm(request.POST or None, country=request.practice.country)
    if request.POST.get("do") == "remove":
        channels.set_account(account=None, sms_sender="", whatsapp_sender="", by=by, now=now)
        notes.success(request, _("Removed. Texts go over Treffa's account once a sender is assigned."))
        return redirect("dashboard:channels")
    if request.method == "POST" and form.is_valid():
        channels.set_account(
            account=form.account,
            sms_sender=form.cleaned_data["sms_sender"],
            whatsapp_sender=form.cleaned_data["whatsapp_sender"],
            by=by,
            now=now,
        )
        notes.success(request, _("Saved. Send a message to yourself to see that it works."))
        return redirect("dashboard:channels")
    form.mark_mistakes()
    context = {"area": "settings", "form": form, "account": channel_page.account(request.practice)}
    return _closed(page(request, "dashboard/channel_account.html", context))


@require_http_methods(["GET", "POST"])
@may_manage
def templates(request: StaffRequest) -> HttpResponse:
    """GET and POST /settings/channels/whatsapp/ — the texts that WhatsApp has approved."""
    form = TemplateForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        channels.save_template(**form.cleaned_data, by=actor(request), now=clock.now())
        notes.success(request, _("Saved."))
        return redirect("dashboard:whatsapp")
    form.mark_mistakes()
    held = WhatsAppTemplate.objects.order_by("occasion", "language")
    return _closed(page(request, "dashboard/whatsapp.html", {"area": "settings", "form": form, "held": held}))


@require_POST
@may_manage
def remove_template(request: StaffRequest, template_id: int) -> HttpResponse:
    """POST /settings/channels/whatsapp/<id>/remove/ — that occasion goes by the next channel."""
    if not channels.remove_template(template_id=template_id, by=actor(request), now=clock.now()):
        raise Http404
    notes.success(request, _("Removed."))
    return redirect("dashboard:whatsapp")


def _closed(response: HttpResponse) -> HttpResponse:
    response["Cache-Control"] = "private, no-store"
    return response
