"""The practice's own texts."""

from dataclasses import dataclass

from django.contrib import messages as notes
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from appointments.models import AppointmentType
from messaging import operations
from messaging.models import Occasion
from messaging.wordings import LANGUAGES
from practices import clock
from treffa.dashboard import own_texts
from treffa.dashboard.own_texts import TextForm
from treffa.dashboard.staff import StaffRequest, actor, may_manage, page


@dataclass(frozen=True, kw_only=True)
class Where:
    """Which text: for one type or all, on an occasion, in a language."""

    type_id: int | None
    occasion: str
    language: str


@require_safe
@may_manage
def show_all(request: StaffRequest, language: str) -> HttpResponse:
    """GET /messages/texts/<language>/ — what is said on each occasion."""
    texts = own_texts.load(language=_known(language), type_=_type(request))
    return page(request, "dashboard/texts.html", {"area": "sending", "texts": texts})


@require_http_methods(["GET", "HEAD", "POST"])
@may_manage
def edit(request: StaffRequest, language: str, occasion: str) -> HttpResponse:
    """GET, POST /messages/texts/<language>/<occasion>/ — the form, its preview, saving, and Treffa's words again."""
    type_, language = _type(request), _known(language)
    if occasion not in own_texts.OCCASIONS:
        raise Http404
    now = clock.now()
    where = Where(type_id=type_.pk if type_ else None, occasion=occasion, language=language)
    own = own_texts.current(occasion=occasion, language=language, type_=type_)
    form = TextForm(initial={"short": own.short, "subject": own.subject, "letter": own.letter})
    if request.method == "POST" and request.POST.get("do") == "reset":
        operations.reset_text(
            type_id=where.type_id, occasion=occasion, language=language, by=actor(request), now=now
        )
        notes.success(request, _("Treffa's text again."))
        return redirect(_back(language, type_))
    if request.method == "POST":
        form = TextForm(request.POST)
        if form.is_valid():
            typed = form.own()
            saved = request.POST.get("do") == "save" and _save(request, form, where)
            if saved:
                return redirect(_back(language, type_))
            own = typed
    previews = own_texts.previews(own, request.practice, occasion=occasion, language=language, now=now)
    context = {
        "area": "sending",
        "form": form,
        "occasion": Occasion(occasion),
        "language_name": own_texts.NAMES[language],
        "type": type_,
        "previews": previews,
        "back": _back(language, type_),
        "number": own.number,
    }
    return page(request, "dashboard/text.html", context)


def _save(request: StaffRequest, form: TextForm, where: Where) -> bool:
    typed, now = form.own(), clock.now()
    try:
        operations.save_text(
            type_id=where.type_id,
            occasion=where.occasion,
            language=where.language,
            short=typed.short,
            subject=typed.subject,
            letter=typed.letter,
            by=actor(request),
            now=now,
        )
    except operations.RefusedTextError as refused:
        form.refuse(refused.problems)
        return False
    notes.success(
        request, _("Saved. From now on it is said like this; what waits to go out stays as it was.")
    )
    return True


def _known(language: str) -> str:
    if language not in LANGUAGES:
        raise Http404
    return language


def _type(request: StaffRequest) -> AppointmentType | None:
    """The type that is asked for; 404 for one of another practice."""
    given = request.GET.get("type", "")
    if not given:
        return None
    found = (
        AppointmentType.objects.filter(pk=int(given)).first()
        if given.isdecimal() and len(given) < 19
        else None
    )
    if found is None:
        raise Http404
    return found


def _back(language: str, type_: AppointmentType | None) -> str:
    address = reverse("dashboard:texts", args=[language])
    return f"{address}?type={type_.pk}" if type_ else address
