"""Plans as files: out as YAML and FHIR, in as drafts."""

import json
from collections.abc import Callable, Sequence

from django.contrib import messages as notes
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from practices import clock
from practices.models import Practice
from prerequisites import adoption, exchange, fhir, plan_queries, queries
from prerequisites.models import Plan
from treffa.dashboard import plan_files
from treffa.dashboard.staff import StaffRequest, actor, may_adopt, page
from treffa.dashboard.views.plan import exists

MOST_BYTES = 512 * 1024


@require_safe
def export_all(request: StaffRequest) -> HttpResponse:
    """GET /plans/export/ — all published plans as one file."""
    plans = list(queries.current_plans())
    if not plans:
        notes.warning(request, _("There is no published plan to export."))
        return redirect("dashboard:plans")
    return _file(request, plans, exchange.exported, name="plans.yaml", kind="application/yaml")


@require_safe
def export(request: StaffRequest, plan_id: int) -> HttpResponse:
    """GET /plans/<id>/plan.yaml — one version as a file that can be imported."""
    plan = _plan(plan_id)
    name = f"plan-{plan.type_id}-v{plan.version}.yaml"
    return _file(request, [plan], exchange.exported, name=name, kind="application/yaml")


@require_safe
def forms(request: StaffRequest, plan_id: int) -> HttpResponse:
    """GET /plans/<id>/forms.json — its forms as FHIR R4 Questionnaires."""
    plan = _plan(plan_id)
    name = f"forms-{plan.type_id}-v{plan.version}.json"
    return _file(request, [plan], _bundle, name=name, kind="application/fhir+json")


def _plan(plan_id: int) -> Plan:
    exists(plan_id)
    plan = plan_queries.plan(plan_id)
    assert plan is not None
    return plan


def _bundle(plans: Sequence[Plan]) -> str:
    languages = Practice.objects.get().languages
    found = [fhir.questionnaire(form, languages=languages) for plan in plans for form in exchange.forms(plan)]
    return json.dumps(fhir.bundle(found), ensure_ascii=False, indent=2) + "\n"


def _file(
    request: StaffRequest,
    plans: Sequence[Plan],
    write: Callable[[Sequence[Plan]], str],
    *,
    name: str,
    kind: str,
) -> HttpResponse:
    try:
        content = write(plans)
    except ValueError:  # questions that can't be read
        notes.warning(
            request, _("Not exported: a stored form can't be read. Mend it in the next version first.")
        )
        return redirect("dashboard:plan", plans[0].pk) if len(plans) == 1 else redirect("dashboard:plans")
    response = HttpResponse(content, content_type=f"{kind}; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Cache-Control"] = "private, no-store"
    return response


@require_http_methods(["GET", "POST"])
@may_adopt
def bring_in(request: StaffRequest) -> HttpResponse:
    """GET and POST /plans/import/ — a file (or its text) is looked at; `do`=import drafts the chosen plans. What is wrong is
    said by line, and nothing of it is imported."""
    if request.method != "POST":
        return _shown(request, plan_files.Typed())
    file = request.FILES.get("file")
    if file is not None and (file.size or 0) > MOST_BYTES:
        return _shown(request, plan_files.Typed(refused=_("The file is larger than 512 KB.")))
    content = file.read() if file is not None else request.POST.get("text", "").encode()
    typed = plan_files.look(content, where=(file.name or "") if file is not None else "", now=clock.now())
    if typed.offers and request.POST.get("do") == "import":
        return _import(request, content, typed)
    return _shown(request, typed)


def _import(request: StaffRequest, content: bytes, typed: plan_files.Typed) -> HttpResponse:
    chosen = request.POST.getlist("plan")
    if not chosen:
        return _shown(request, typed, nothing_chosen=True)
    drafted = adoption.import_plans(
        content,
        where=plan_files.WHERE,
        chosen=chosen,
        replace_drafts="replace" in request.POST,
        by=actor(request),
        now=clock.now(),
    )
    said = ngettext("%(n)s plan is here as a draft.", "%(n)s plans are here as drafts.", len(drafted))
    if drafted:
        notes.success(request, said % {"n": len(drafted)})
    else:
        notes.warning(
            request, _("Nothing was imported: these types have drafts already, which stay as they are.")
        )
    return redirect("dashboard:plan", drafted[0].pk) if len(drafted) == 1 else redirect("dashboard:plans")


def _shown(request: StaffRequest, typed: plan_files.Typed, *, nothing_chosen: bool = False) -> HttpResponse:
    context = {"area": "plans", "typed": typed, "nothing_chosen": nothing_chosen}
    response = page(request, "dashboard/plan_import.html", context)
    response["Cache-Control"] = "private, no-store"
    return response
