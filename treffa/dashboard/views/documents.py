"""Files that were handed in: downloads behind a sandboxing policy, and pages drawn as pictures. Closed until scanned."""

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.views.decorators.http import require_safe

from practices import tenancy
from practices.middleware import own_scope
from prerequisites import documents, images
from prerequisites.models import Document
from treffa.dashboard.staff import StaffRequest

_ENDINGS = {"application/pdf": "pdf", "image/jpeg": "jpg", "image/png": "png"}


@require_safe
def download(request: StaffRequest, document_id: int) -> HttpResponse:
    """GET /documents/<id>/ — the file, as an attachment."""
    document, content = _read(document_id)
    response = HttpResponse(content, content_type=document.content_type)
    ending = _ENDINGS.get(document.content_type, "bin")
    response["Content-Disposition"] = f'attachment; filename="treffa-{document.pk}.{ending}"'
    return _closed(response)


@own_scope
@require_safe
def picture(request: StaffRequest, document_id: int, number: int) -> HttpResponse:
    """GET /documents/<id>/pages/<n>.png — one page, drawn in a child process outside of any transaction."""
    with tenancy.scope(request.membership.practice_id):
        document, content = _read(document_id)
    if not 1 <= number <= document.pages:
        raise Http404
    try:
        drawn = documents.render_page(content, number)
    except images.UnreadableError as unreadable:
        raise Http404 from unreadable
    return _closed(HttpResponse(drawn, content_type="image/png"))


def _read(document_id: int) -> tuple[Document, bytes]:
    document = Document.objects.select_related("practice").filter(pk=document_id).first()
    if document is None:
        raise Http404
    try:
        return document, documents.read(document)
    except PermissionError as closed:
        raise PermissionDenied from closed


def _closed(response: HttpResponse) -> HttpResponse:
    """Nothing in the file runs, is guessed at or is kept."""
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    return response
