"""The evidence record of a case, made when asked for and handed over as a file. That it was made is in the record."""

from django.http import Http404, HttpResponse
from django.views.decorators.http import require_POST

from practices import clock
from practices.middleware import own_scope
from prerequisites import evidence
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
    response = HttpResponse(made.content, content_type="application/zip")
    response["Content-Disposition"] = f'attachment; filename="{made.name}"'
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    return response
