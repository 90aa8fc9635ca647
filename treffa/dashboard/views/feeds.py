"""The calendars' pages, and what managers do with a calendar that is read."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.contrib import messages as notes
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from appointments import operations, queries
from appointments.models import Feed
from practices import clock
from treffa.dashboard import calendars, notices
from treffa.dashboard.forms import FeedNameForm
from treffa.dashboard.staff import StaffRequest, View, actor, may_manage, may_work, page
from treffa.dashboard.version import version

Act = Callable[[StaffRequest, int, datetime], bool]


@require_safe
def show_all(request: StaffRequest) -> HttpResponse:
    """GET /feeds/ — all calendars; asked for news of what it knows, 204 if there is none."""
    now = clock.now()
    code = version(request.user.pk, get_language(), "feeds", queries.heard(), now=now)
    if request.GET.get("known") == code:
        return HttpResponse(status=204)
    views = calendars.load(now=now)
    context = {
        "area": "feeds",
        "feeds": views,
        "needing": [view for view in views if view.problem or view.frozen],
        "removed": list(queries.removed_feeds(now=now)),
        "poll_url": f"?known={code}",
    }
    return _answer(request, "dashboard/feeds.html", "feeds", context)


@require_safe
def show(request: StaffRequest, feed_id: int) -> HttpResponse:
    """GET /feeds/<id>/ — one calendar: its health, what it can't read, its name, its end."""
    return _show(request, feed_id, now=clock.now())


def _show(
    request: StaffRequest, feed_id: int, *, now: datetime, form: FeedNameForm | None = None
) -> HttpResponse:
    code = version(request.user.pk, get_language(), "feed", feed_id, queries.heard(), now=now)
    if request.method == "GET" and request.GET.get("known") == code:
        return HttpResponse(status=204)
    try:
        detail = calendars.detail(feed_id, now=now)
    except Feed.DoesNotExist as missing:
        raise Http404 from missing
    feed = detail.view.feed
    context = {
        "area": "feeds",
        "detail": detail,
        "missing": notices.missing_of(feed) if detail.view.frozen else None,
        "view": detail.view,
        "form": form or FeedNameForm(initial={"name": feed.name, "practitioner": feed.practitioner}),
        "poll_url": f"?known={code}",
    }
    return _answer(request, "dashboard/feed.html", "feed", context)


def _answer(request: StaffRequest, template: str, partial: str, context: dict[str, Any]) -> HttpResponse:
    alone = request.htmx and not request.htmx.history_restore_request
    response = page(request, f"{template}#{partial}" if alone else template, context)
    response["Cache-Control"] = "private, no-store"
    response["Vary"] = "HX-Request"
    return response


def _act(done: str | Promise, *, guard: Callable[[View], View], then: str = "feed") -> Callable[[Act], View]:
    """A POST on one calendar: does it, or says that somebody was quicker."""

    def decorate(act: Act) -> View:
        @require_POST
        @guard
        def view(request: StaffRequest, feed_id: int) -> HttpResponse:
            if not queries.feeds().filter(pk=feed_id).exists():
                raise Http404
            if act(request, feed_id, clock.now()):
                notes.success(request, str(done))
            else:
                notes.warning(request, _("Somebody was quicker: you see how it stands now."))
            return redirect("dashboard:feeds") if then == "feeds" else redirect("dashboard:feed", feed_id)

        return view

    return decorate


@_act(gettext_lazy("It is read now. That takes a few seconds."), guard=may_work)
def poll(request: StaffRequest, feed_id: int, now: datetime) -> bool:
    """POST /feeds/<id>/poll/ — reads it now, wholly."""
    return operations.poll_now(feed_id=feed_id, now=now)


@_act(gettext_lazy("Paused. The appointments stay as they are."), guard=may_manage)
def pause(request: StaffRequest, feed_id: int, now: datetime) -> bool:
    """POST /feeds/<id>/pause/ — reads it no more until further notice."""
    return operations.pause_feed(feed_id=feed_id, by=actor(request), now=now)


@_act(gettext_lazy("Goes on. It is read now."), guard=may_manage)
def resume(request: StaffRequest, feed_id: int, now: datetime) -> bool:
    """POST /feeds/<id>/resume/ — reads it again."""
    return operations.resume_feed(feed_id=feed_id, by=actor(request), now=now)


@_act(gettext_lazy("It is read now. What is still missing then counts as gone."), guard=may_work)
def ask_again(request: StaffRequest, feed_id: int, now: datetime) -> bool:
    """POST /feeds/<id>/missing/again/ — what is missing was no error after all."""
    return operations.ask_again(feed_id=feed_id, by=actor(request), now=now)


@_act(gettext_lazy("Removed. Its link is deleted."), guard=may_manage, then="feeds")
def remove(request: StaffRequest, feed_id: int, now: datetime) -> bool:
    """POST /feeds/<id>/remove/ — forgets it."""
    return operations.remove_feed(feed_id=feed_id, by=actor(request), now=now)


@require_POST
@may_manage
def rename(request: StaffRequest, feed_id: int) -> HttpResponse:
    """POST /feeds/<id>/name/ — its name and its practitioner."""
    form, now = FeedNameForm(request.POST), clock.now()
    if form.is_valid():
        try:
            found = operations.rename_feed(
                feed_id=feed_id,
                name=form.cleaned_data["name"],
                practitioner=form.cleaned_data["practitioner"],
                by=actor(request),
                now=now,
            )
        except operations.InvalidInputError as invalid:
            form.refuse(field=invalid.field, code=invalid.code)
        else:
            if not found:
                raise Http404
            notes.success(request, _("Saved."))
            return redirect("dashboard:feed", feed_id)
    return _show(request, feed_id, now=now, form=form)
