"""The board's page, its look for news, and the decisions that its notices ask for."""

from dataclasses import dataclass
from datetime import datetime

from django.http import HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from appointments.models import Feed
from practices import clock
from treffa.dashboard import answers, board, bulk, doubles, narrowing, notices, searches, setup_frame
from treffa.dashboard.asked import PAGE, Asked, Span
from treffa.dashboard.board import Board
from treffa.dashboard.readiness import READINESS
from treffa.dashboard.staff import StaffRequest, page
from treffa.dashboard.version import unchanged, version

_SPANS: dict[Span, str | Promise] = {
    Span.TODAY: gettext_lazy("Today"),
    Span.TOMORROW: gettext_lazy("Tomorrow"),
    Span.WEEK: gettext_lazy("Next 7 days"),
    Span.LATER: gettext_lazy("Later"),
    Span.ALL: gettext_lazy("All"),
}
_WORDS = (
    "", gettext_lazy("One"), gettext_lazy("Two"), gettext_lazy("Three"), gettext_lazy("Four"), gettext_lazy("Five"),
    gettext_lazy("Six"), gettext_lazy("Seven"), gettext_lazy("Eight"), gettext_lazy("Nine"), gettext_lazy("Ten"),
    gettext_lazy("Eleven"), gettext_lazy("Twelve"),
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Lead:
    """The opening sentence."""

    how_it_stands: str
    needing: str


@require_safe
def show(request: StaffRequest) -> HttpResponse:
    """GET / — the board; asked by htmx, its list alone; asked for news of what it knows, 304 if there is none. In a new
    practice its manager is led to the set-up."""
    if not request.GET and setup_frame.begins(request):
        return redirect("dashboard:setup")
    now = clock.now()
    asked = Asked.from_query(request.GET, search=searches.find(request, request.GET.get("s", "")))
    code = version(request.user.pk, get_language(), asked, now=now)
    if request.GET.get("known") == code:
        return unchanged(code)
    return render(request, asked, code=code, now=now)


def render(
    request: StaffRequest, asked: Asked, *, code: str, now: datetime, **shown_otherwise: object
) -> HttpResponse:
    """The board as asked, whole or its list alone for htmx."""
    partial = request.htmx and not request.htmx.history_restore_request
    template = "dashboard/board.html#list" if partial else "dashboard/board.html"
    response = page(request, template, _context(request, asked, code, now=now) | shown_otherwise)
    response["Cache-Control"] = "private, no-store"
    response["Vary"] = "HX-Request"
    return response


def back(request: StaffRequest, *, case_id: int, now: datetime) -> HttpResponse:
    """To the board that a form of one of its rows stood on, its list alone for htmx."""
    asked = asked_of_form(request)
    if request.htmx:
        code = version(request.user.pk, get_language(), asked, now=now)
        return render(request, asked, code=code, now=now, focus_case=case_id)
    return HttpResponseRedirect(f"{reverse('dashboard:board')}{asked.address()}#case-{case_id}")


def asked_of_form(request: StaffRequest) -> Asked:
    """The board that a form stood on: its field `board` holds the query of its address."""
    query = QueryDict(request.POST.get("board", "")[:300].removeprefix("?"))
    return Asked.from_query(query, search=searches.find(request, query.get("s", "")))


@require_POST
def search(request: StaffRequest) -> HttpResponse:
    """POST /search/ — keeps what was typed and leads to the board that shows whom it finds."""
    code = searches.keep(request, request.POST.get("q", ""))
    return redirect(reverse("dashboard:board") + (Asked(code=code).address() if code else ""))


def _context(request: StaffRequest, asked: Asked, code: str, *, now: datetime) -> dict[str, object]:
    person = request.user.pk
    shown = board.load(asked=asked, person=person, language=get_language() or "", now=now)
    found = [] if asked.search else notices.load(now=now)
    people = None if asked.search else doubles.load(now=now)
    return {
        "answered": answers.last(request, now=now),
        "area": "board",
        "address": asked.address(),
        "all_url": asked.unnarrowed(),
        "asked": asked,
        "board": shown,
        "filters": _filters(shown),
        "greeting": _greeting(request, now=now),
        "has_feeds": bool(shown.total or shown.urgent or found) or Feed.objects.exists(),
        "lead": _lead(shown),
        "more_url": asked.address(rows=asked.rows + PAGE),
        "notices": found,
        "people": people,
        "kept": asked.to_keep(),
        "undo_bulk": bulk.last_done(request, now=now),
        "narrowed": narrowing.in_words(asked),
        "views": narrowing.saved_views(person=person),
        "columns_url": asked.address(**{"as": "" if asked.columns else "columns"}),
        "poll_url": asked.address(known=code),
        "spans": [
            {"value": s, "word": word, "url": _of_days(asked, s), "current": s is asked.span}
            for s, word in _SPANS.items()
        ],
    }


def _of_days(asked: Asked, span: Span) -> str:
    """Other days, narrowed as before."""
    return asked.address(when="" if span is Span.TODAY else span.value, rows="")


def _filters(shown: Board) -> list[dict[str, object]]:
    return [
        {
            "readiness": entry.readiness or "all",
            "count": entry.count,
            "current": entry.current,
            "look": READINESS.get(entry.readiness),
            "url": shown.asked.address(**{"is": entry.readiness, "rows": ""}),
        }
        for entry in shown.filters
    ]


def _greeting(request: StaffRequest, *, now: datetime) -> str:
    hour = timezone.localtime(now).hour
    words = ((11, _("Good morning")), (18, _("Good day")), (24, _("Good evening")))
    greeting = next(word for until, word in words if hour < until)
    return f"{greeting}, {request.user.first_name}" if request.user.first_name else greeting


def _lead(shown: Board) -> Lead:
    word = str(_WORDS[shown.needing]) if shown.needing < len(_WORDS) else str(shown.needing)
    needing = ngettext("%(word)s needs you now.", "%(word)s need you now.", shown.needing) % {"word": word}
    return Lead(how_it_stands=_how_it_stands(shown), needing=needing if shown.needing else "")


def _how_it_stands(shown: Board) -> str:
    count = {"n": shown.total, "ready": shown.ready, "waived": shown.waived, "over": shown.over}
    if not shown.total and shown.over:
        return ngettext("%(n)s appointment, it is over.", "%(n)s appointments, all are over.", shown.over) % {
            "n": shown.over
        }
    if not shown.total:
        return _("No appointments today.") if shown.asked.span is Span.TODAY else _("No appointments.")
    if shown.asked.span is Span.TODAY and not shown.asked.search:
        of_them = ngettext("Today %(n)s appointment,", "Today %(n)s appointments,", shown.total)
    else:
        of_them = ngettext("%(n)s appointment,", "%(n)s appointments,", shown.total)
    if shown.ready == shown.total:
        ready = ngettext("it is ready.", "all are ready.", shown.total)
    elif not shown.ready:
        ready = ngettext("it is not ready yet.", "none is ready yet.", shown.total)
    else:
        ready = ngettext("%(ready)s is ready.", "%(ready)s are ready.", shown.ready)
    waived = ngettext("%(waived)s is waived.", "%(waived)s are waived.", shown.waived)
    over = ngettext("%(over)s more is over.", "%(over)s more are over.", shown.over)
    said = [of_them, ready, *([waived] if shown.waived else []), *([over] if shown.over else [])]
    return " ".join(said) % count
