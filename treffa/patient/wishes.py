"""Whether the patient wants to be written to: on their page, and behind "no more" in every mail. A GET changes nothing."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.response import TemplateResponse
from django.utils import translation
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from appointments.models import Patient
from messaging import operations, opting, queries
from messaging.models import Channel, Message
from messaging.operations import optouts
from practices import clock, tenancy
from treffa.patient.access import Visit, not_open, private, with_link


@with_link()
def messages(request: HttpRequest, visit: Visit) -> HttpResponse:
    """The patient's own switch, for everything that is known of them."""
    patient = visit.patient
    if patient is None or visit.session.helper:
        return not_open(request)
    addresses = set(queries.addresses_of(patient).items())
    offered = visit.practice.whatsapp_sender and Channel.WHATSAPP in visit.practice.channels and patient.phone
    if request.method == "POST" and "whatsapp" in request.POST and offered:
        wanted = request.POST["whatsapp"] == "on"
        optouts.want_whatsapp(address=patient.phone, wanted=wanted, now=visit.now)
    elif request.method == "POST" and request.POST.get("messages") == "off":
        operations.opt_out(addresses=addresses, reason=optouts.PAGE, now=visit.now)
    elif request.method == "POST" and request.POST.get("messages") == "on":
        operations.opt_in(addresses=addresses, now=visit.now)
    context = {
        "off": _is_off(patient),
        "offers_whatsapp": bool(offered),
        "whatsapp": patient.phone in queries.wants_whatsapp([patient.phone]),
    }
    return TemplateResponse(request, "patient/messages.html", context)


@csrf_exempt  # a mail programme ends it with one POST (RFC 8058); whoever holds the address may
@require_http_methods(["GET", "HEAD", "POST"])
def opt_out(request: HttpRequest, token: str) -> HttpResponse:
    """The address in a mail: asks with a GET, ends mails to where it went with a POST. Doing it again changes nothing."""
    found = opting.read(token)
    if found is None:
        return not_open(request)
    with tenancy.scope(found.practice_id):
        message = Message.objects.select_related("practice").filter(pk=found.message_id).first()
        if message is None or message.patient_id is None:
            return not_open(request)
        if request.method == "POST":
            address = (message.channel, message.address)
            operations.opt_out(addresses=[address], reason=optouts.LINK, now=clock.now())
        practice = message.practice.sender_name or message.practice.name
        with translation.override(message.language):
            context = {
                "done": request.method == "POST",
                "practice": practice,
                "phone": message.practice.phone,
            }
            return private(render(request, "patient/opt_out.html", context))


def _is_off(patient: Patient) -> bool:
    addresses = set(queries.addresses_of(patient).items())
    return bool(addresses) and addresses <= queries.suppressed_of([patient])
