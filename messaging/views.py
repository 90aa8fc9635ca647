"""Webhooks: what providers report and what people write back. Bad input is answered, never an error of ours."""

from collections.abc import Sequence
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from messaging import accounts, operations, queries
from messaging.models import Channel
from messaging.providers.base import Account
from messaging.providers.twilio.sending import signature_holds
from practices import clock, tenancy
from practices.queries import current_practice

WHATSAPP = "whatsapp:"
# What Twilio is to answer the sender: nothing.
SILENCE = '<?xml version="1.0" encoding="UTF-8"?><Response></Response>'


@csrf_exempt
@require_POST
def twilio_status(request: HttpRequest, attempt: UUID) -> HttpResponse:
    """A status callback of Twilio, signed over our public address with the token of the practice's account. 403 for a
    wrong signature, 404 for an attempt that never was; both tell nothing."""
    found = queries.find_attempt(attempt)
    if found is None:
        return HttpResponse(status=404 if _signed(request, accounts.operators()) else 403)
    with tenancy.scope(found.practice_id):
        if not _signed(request, accounts.account_of(current_practice())):
            return HttpResponse(status=403)
        operations.apply_callback(
            attempt_id=attempt,
            provider_id=_field(request, "MessageSid", 120),
            status=_field(request, "MessageStatus", 20),
            code=_field(request, "ErrorCode", 20),
            now=clock.now(),
        )
    return HttpResponse(status=204)


@csrf_exempt
@require_POST
def twilio_inbound(request: HttpRequest) -> HttpResponse:
    """Somebody wrote to a sender. Of the practices that share it the one that wrote to them last gets it to read; STOP and
    START hold for all. 403 for a wrong signature."""
    sender, to = _field(request, "From", 60), _field(request, "To", 60)
    channel = Channel.WHATSAPP if to.startswith(WHATSAPP) else Channel.SMS
    address, number = sender.removeprefix(WHATSAPP), to.removeprefix(WHATSAPP)
    provider_id = _field(request, "MessageSid", 120)
    practices = _that_sign(request, queries.practices_of_sender(number))
    if not practices or not provider_id:
        return HttpResponse(status=403 if not _signed(request, accounts.operators()) else 204)
    meant = _meant(practices, address)
    for practice_id in practices:
        with tenancy.scope(practice_id):
            operations.take(
                channel=channel,
                address=address,
                text=request.POST.get("Body", "").replace("\x00", ""),
                provider_id=provider_id,
                theirs=practice_id == meant,
                now=clock.now(),
            )
    return HttpResponse(SILENCE, content_type="text/xml")


def _that_sign(request: HttpRequest, practices: Sequence[int]) -> list[int]:
    """Those over whose account the request came: nobody writes into the practice of another account."""
    signing = []
    for practice_id in practices:
        with tenancy.scope(practice_id):
            if _signed(request, accounts.account_of(current_practice())):
                signing.append(practice_id)
    return signing


def _meant(practices: Sequence[int], address: str) -> int:
    """The practice that wrote to them last; where none did, the first."""
    written = {}
    for practice_id in practices:
        with tenancy.scope(practice_id):
            written[practice_id] = operations.last_written_to(address=address)
    times = [(at, practice_id) for practice_id, at in written.items() if at is not None]
    return max(times)[1] if times else practices[0]


def _signed(request: HttpRequest, account: Account) -> bool:
    return signature_holds(
        auth_token=account.token,
        url=f"{settings.PUBLIC_URL}{request.get_full_path()}",
        fields=request.POST,
        signature=request.headers.get("X-Twilio-Signature", ""),
    )


def _field(request: HttpRequest, name: str, length: int) -> str:
    return request.POST.get(name, "").replace("\x00", "")[:length]
