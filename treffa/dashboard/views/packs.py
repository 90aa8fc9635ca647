"""The packs that ship: looking at them, and adopting their plans as drafts."""

from django.contrib import messages as notes
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from practices import clock
from prerequisites import adoption, packs
from treffa.dashboard import pack_pages
from treffa.dashboard.staff import StaffRequest, actor, may_adopt, page


@require_safe
def show_all(request: StaffRequest) -> HttpResponse:
    """GET /plans/packs/ — the packs."""
    return page(request, "dashboard/packs.html", {"area": "plans", "packs": pack_pages.cards()})


@require_http_methods(["GET", "POST"])
def show(request: StaffRequest, name: str) -> HttpResponse:
    """GET /plans/packs/<name>/?plan=<number>&language=<code> — what it brings; a POST drafts the chosen plans."""
    if name not in packs.NAMES:
        raise Http404
    if request.method == "POST":
        return _adopt(request, name)
    return _shown(request, name)


def _shown(request: StaffRequest, name: str, *, nothing_chosen: bool = False) -> HttpResponse:
    given = request.GET.get("plan", "")
    number = int(given) if given.isdecimal() and len(given) < 5 else 0
    language = request.GET.get("language", "")
    view = pack_pages.load(name, number=number, language=language, now=clock.now())
    context = {"area": "plans", "pack": view, "nothing_chosen": nothing_chosen}
    return page(request, "dashboard/pack.html", context)


@may_adopt
def _adopt(request: StaffRequest, name: str) -> HttpResponse:
    chosen = request.POST.getlist("plan")
    known = {plan.type_name for plan in packs.load(name).plans}
    if not set(chosen) <= known:
        raise Http404
    if not chosen:
        return _shown(request, name, nothing_chosen=True)
    drafted = adoption.draft_pack(name, chosen=chosen, by=actor(request), now=clock.now())
    if drafted:
        said = ngettext(
            "%(n)s draft is ready. Look through it, adjust it, and have a physician sign it off.",
            "%(n)s drafts are ready. Look through them, adjust them, and have a physician sign them off.",
            len(drafted),
        )
        notes.success(request, said % {"n": len(drafted)})
    kept = len(chosen) - len(drafted)
    if kept:
        said = ngettext(
            "%(n)s type has a draft already, which stays as it is.",
            "%(n)s types have a draft already, which stays as it is.",
            kept,
        )
        notes.warning(request, said % {"n": kept})
    return redirect("dashboard:plan", drafted[0].pk) if len(drafted) == 1 else redirect("dashboard:plans")
