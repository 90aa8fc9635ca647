"""What leaves the house of a case: the evidence record, made when asked for (that it was made is in the record), and the
answers as other systems read them."""

import json

from django.http import Http404, HttpResponse
from django.views.decorators.http import require_POST, require_safe

from practices import clock
from practices.middleware import own_scope
from prerequisites import evidence, exchange, fhir, queries
from prerequisites.models import Case
from treffa.dashboard.staff import StaffRequest, actor, may_work


@own_scope
@require_POST
@may_work
def make(request: StaffRequest, case_id: int) -> HttpResponse:
    """POST /cases/<id>/evidence/ — the ZIP. Not for viewers: all that was said and answered leaves the house in it."""
    try:
        made = evidence.make(
            practice_id=request.membership.practice_id, case_id=case_id, by=actor(request), now=clock.now()
        )
    except Case.DoesNotExist as missing:
        raise Http404 from missing
    return _file(made.content, name=made.name, kind="application/zip")


@require_safe
@may_work
def answers(request: StaffRequest, case_id: int) -> HttpResponse:
    """GET /cases/<id>/answers.json — a bundle of FHIR R4 QuestionnaireResponses; 404 where nothing was answered."""
    try:
        detail = queries.case_detail(case_id)
    except Case.DoesNotExist as missing:
        raise Http404 from missing
    found = exchange.responses(detail.requirements)
    if not found:
        raise Http404
    content = json.dumps(fhir.bundle(found), ensure_ascii=False, indent=2) + "\n"
    return _file(content.encode(), name=f"answers-{case_id}.json", kind="application/fhir+json")


def _file(content: bytes, *, name: str, kind: str) -> HttpResponse:
    response = HttpResponse(content, content_type=kind)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    return response
