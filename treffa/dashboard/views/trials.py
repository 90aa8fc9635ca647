"""Connecting a calendar: paste the link, see what Treffa reads in it, put the rules right, add it. A worker fetches;
the page asks until it is there. Links are secrets: in the body of a POST, sealed in the database, nowhere else."""

from datetime import datetime
from typing import Any

from django.contrib import messages as notes
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST
from django_htmx.http import HttpResponseClientRedirect

from appointments import operations
from appointments.models import AppointmentType, Feed, FeedTrial, TrialPurpose
from practices import clock
from treffa.dashboard import corrections, feed_words, setup_frame, trials
from treffa.dashboard.staff import StaffRequest, actor, may_manage, page
from treffa.dashboard.trial_forms import LinkForm, RulesForm

_REFUSED: dict[str, str | Promise] = {
    "bad_address": gettext_lazy(
        "This is no link to a calendar. In Doctolib it begins with https:// or webcal:// and is found under calendar export."
    ),
    "known": gettext_lazy("This calendar is connected already."),
}


@require_http_methods(["GET", "POST"])
@may_manage
def new(request: StaffRequest, setup: bool = False) -> HttpResponse:
    """GET and POST /feeds/new/ and, in the set-up, /setup/calendar/new/ — a link to look at."""
    return _ask(request, feed=None, setup=setup, now=clock.now())


@require_http_methods(["GET", "POST"])
@may_manage
def link(request: StaffRequest, feed_id: int) -> HttpResponse:
    """GET and POST /feeds/<id>/link/ — another link for a calendar, also for one that was removed."""
    feed = Feed.objects.filter(pk=feed_id).first()
    if feed is None:
        raise Http404
    return _ask(request, feed=feed, setup=False, now=clock.now())


def _ask(request: StaffRequest, *, feed: Feed | None, setup: bool, now: datetime) -> HttpResponse:
    form = LinkForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            trial = operations.begin_trial(
                purpose=TrialPurpose.LINK if feed else TrialPurpose.ADD,
                user_id=request.user.pk,
                url=form.cleaned_data["url"],
                name=form.cleaned_data["name"],
                feed=feed,
                now=now,
            )
        except operations.InvalidInputError as invalid:
            form.refuse(str(_REFUSED[invalid.code]))
        else:
            return redirect(_here(trial, setup=setup))
    context = {"form": form, "feed": feed, **_frame(request, feed, setup=setup, at="calendar")}
    return _closed(page(request, "dashboard/feed_link.html", context))


def _here(trial: FeedTrial, *, setup: bool) -> str:
    return reverse("dashboard:setup_trial" if setup else "dashboard:trial", args=(trial.pk,))


def _frame(request: StaffRequest, feed: Feed | None, *, setup: bool, at: str) -> dict[str, Any]:
    """What stands around a page, and where its ways lead: within the set-up, or among the calendars."""
    if setup:
        ask_at = reverse("dashboard:setup_feed")
        return {
            **setup_frame.of(request, at=at),
            "ask_at": ask_at,
            "back": reverse("dashboard:setup_calendar"),
        }
    ask_at = reverse("dashboard:feed_link", args=(feed.pk,)) if feed else reverse("dashboard:new_feed")
    stands = feed is not None and feed.removed_at is None
    back = reverse("dashboard:feed", args=(feed.pk,)) if feed and stands else reverse("dashboard:feeds")
    return {"area": "feeds", "ask_at": ask_at, "back": back}


@require_POST
@may_manage
def rules(request: StaffRequest, feed_id: int, setup: bool = False) -> HttpResponse:
    """POST /feeds/<id>/rules/ and /setup/rules/<id>/ — looks at a calendar that is read, to change how."""
    feed = Feed.objects.select_related("practice").filter(pk=feed_id, removed_at=None).first()
    if feed is None:
        raise Http404
    trial = operations.begin_trial(
        purpose=TrialPurpose.RULES, user_id=request.user.pk, feed=feed, now=clock.now()
    )
    return redirect(_here(trial, setup=setup))


@require_http_methods(["GET", "POST"])
@may_manage
def show(request: StaffRequest, trial_id: int, setup: bool = False) -> HttpResponse:
    """GET and POST /feeds/trials/<id>/ and /setup/calendar/<id>/ — what was found. A POST previews other rules or
    (do=accept) makes it true."""
    now = clock.now()
    trial = (
        FeedTrial.objects.select_related("practice", "feed")
        .filter(pk=trial_id, user_id=request.user.pk, expires_at__gt=now)
        .first()
    )
    if trial is None:
        raise Http404
    if trial.accepted_at is not None and trial.feed_id is not None:
        return redirect("dashboard:setup") if setup else redirect("dashboard:feed", trial.feed_id)
    if trial.due_at is not None:
        frame = _frame(request, trial.feed, setup=setup, at="calendar")
        context = {"trial": trial, "here": _here(trial, setup=setup), **frame}
        return _closed(page(request, _template(request, "waiting"), context))
    if trial.reason:
        return _refused(request, trial, setup=setup)
    if request.method == "POST":
        return _typed(request, trial, setup=setup, now=now)
    if setup and request.htmx:  # the steps beside it move on, too
        return HttpResponseClientRedirect(_here(trial, setup=True))
    form = RulesForm.of(name=trial.name, practitioner=trial.practitioner, rules=trial.rules)
    return _found(request, trial, form, setup=setup, now=now)


def _refused(request: StaffRequest, trial: FeedTrial, *, setup: bool) -> HttpResponse:
    """The link again, as its person typed it, with the reason beside it. That of a calendar that is read stays unseen."""
    if trial.purpose == TrialPurpose.RULES and trial.feed_id is not None:
        notes.warning(request, feed_words.problem(trial.reason))
        return redirect("dashboard:setup_rules") if setup else redirect("dashboard:feed", trial.feed_id)
    form = LinkForm({"url": trial.url(), "name": trial.name})
    form.is_valid()
    form.refuse(feed_words.problem(trial.reason))
    frame = _frame(request, trial.feed, setup=setup, at="calendar")
    context = {"form": form, "feed": trial.feed, **frame}
    return _closed(page(request, _template(request, "ask", "dashboard/feed_link.html"), context))


def _replaced(request: StaffRequest, trial: FeedTrial, *, setup: bool, now: datetime) -> HttpResponse:
    """It is a calendar that is read already, by a new link."""
    wanted = request.POST.get("feed", "")
    feed_id = int(wanted) if wanted.isdecimal() and len(wanted) < 19 else 0
    if not Feed.objects.filter(pk=feed_id, removed_at=None).exists():
        raise Http404
    feed = operations.replace_link(trial_id=trial.pk, feed_id=feed_id, by=actor(request), now=now)
    said = _("“%(name)s” is read by its new link now. Nothing is asked for twice.")
    return _done(request, feed, said=said, setup=setup)


def _typed(request: StaffRequest, trial: FeedTrial, *, setup: bool, now: datetime) -> HttpResponse:
    if request.POST.get("do") == "replace":
        return _replaced(request, trial, setup=setup, now=now)
    form = RulesForm(corrections.corrected(request.POST))
    if not form.is_valid():
        return _found(request, trial, form, setup=setup, now=now)
    trial.name, trial.practitioner = form.cleaned_data["name"], form.cleaned_data["practitioner"]
    trial.rules = form.rules
    operations.keep_draft(
        trial_id=trial.pk, name=trial.name, practitioner=trial.practitioner, rules=trial.rules
    )
    if request.POST.get("do") == "accept":
        try:
            feed = operations.accept_trial(trial_id=trial.pk, by=actor(request), now=now)
        except operations.InvalidInputError as invalid:
            wrong = invalid.field == "name"
            form.add_error(
                "name",
                _("Say what the calendar is called, for example “MRT 1”.")
                if wrong
                else str(_REFUSED[invalid.code]),
            )
        else:
            said = _("“%(name)s” is read now. Its appointments are on the board in a moment.")
            return _done(request, feed, said=said, setup=setup)
    return _found(request, trial, form, setup=setup, now=now)


def _done(request: StaffRequest, feed: Feed | None, *, said: str, setup: bool) -> HttpResponse:
    if feed is None:
        notes.warning(request, _("Somebody was quicker: you see how it stands now."))
        return redirect("dashboard:setup_calendar" if setup else "dashboard:feeds")
    notes.success(request, said % {"name": feed.name})
    return redirect("dashboard:setup_pack") if setup else redirect("dashboard:feed", feed.pk)


def _found(
    request: StaffRequest, trial: FeedTrial, form: RulesForm, *, setup: bool, now: datetime
) -> HttpResponse:
    shown = trials.preview(trial, now=now)
    only_preview = request.htmx and request.method == "POST"
    context: dict[str, Any] = {
        **_frame(request, trial.feed, setup=setup, at="rules"),
        "here": _here(trial, setup=setup),
        "trial": trial,
        "form": form,
        "shown": shown,
        "ending": operations.ending(trial.url()),
        "choices": AppointmentType.objects.order_by("name"),
    }
    if not only_preview:
        mode = form["summary"].value() or "auto"
        context["modes"] = [(one, one.value == mode) for one in trials.modes(trial)]
    return _closed(page(request, _template(request, "preview" if only_preview else "found"), context))


def _template(request: StaffRequest, partial: str, template: str = "dashboard/trial.html") -> str:
    return f"{template}#{partial}" if request.htmx else template


def _closed(response: HttpResponse) -> HttpResponse:
    response["Cache-Control"] = "private, no-store"
    response["Vary"] = "HX-Request"
    return response
