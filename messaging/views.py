"""Webhooks: what providers report. Bad input is answered, never an error of ours."""

from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from messaging import operations, queries
from messaging.providers.twilio.sending import signature_holds
from practices import clock, tenancy


@csrf_exempt
@require_POST
def twilio_status(request: HttpRequest, attempt: UUID) -> HttpResponse:
    """A status callback of Twilio, signed over our public address. 403 for a wrong signature, 404 for an attempt that
    never was; both tell nothing."""
    signed = signature_holds(
        auth_token=settings.TWILIO_AUTH_TOKEN,
        url=f"{settings.PUBLIC_URL}{request.get_full_path()}",
        fields=request.POST,
        signature=request.headers.get("X-Twilio-Signature", ""),
    )
    if not signed:
        return HttpResponse(status=403)
    found = queries.find_attempt(attempt)
    if found is None:
        return HttpResponse(status=404)
    with tenancy.scope(found.practice_id):
        operations.apply_callback(
            attempt_id=attempt,
            provider_id=_field(request, "MessageSid", 120),
            status=_field(request, "MessageStatus", 20),
            code=_field(request, "ErrorCode", 20),
            now=clock.now(),
        )
    return HttpResponse(status=204)


def _field(request: HttpRequest, name: str, length: int) -> str:
    return request.POST.get(name, "").replace("\x00", "")[:length]
