"""Who does not want to be written to, and who does again. Needs an open scope.

It is asked at the moment of claiming (queries.still_right), so that nothing here waits for a message being sent. What is
queued for the address is decided anew: another channel, or a task.
"""

from collections.abc import Iterable
from datetime import datetime

from messaging.models import Channel, Suppression, WhatsAppOptIn
from messaging.operations import writing
from practices import record, tenancy
from prerequisites.models import Case

# Reasons that the owner of the address gave, and can take back; the others are facts about the address.
STOP = "stop"
LINK = "opt_out_link"
PAGE = "opt_out_page"
COMPLAINT = "complaint"
WISHES = (STOP, LINK, PAGE, COMPLAINT, "21610")
PHONE_CHANNELS = (Channel.SMS, Channel.WHATSAPP)


def opt_out(*, addresses: Iterable[tuple[str, str]], reason: str, now: datetime) -> None:
    """No more messages to these (channel, address)."""
    practice_id = tenancy.current()
    wanted = set(addresses)
    Suppression.objects.bulk_create(
        [
            Suppression(practice_id=practice_id, channel=channel, address=address, reason=reason[:60], at=now)
            for channel, address in sorted(wanted)
        ],
        ignore_conflicts=True,
    )
    _decide_again(wanted, event="patient.opted_out", reason=reason, now=now)


def opt_in(*, addresses: Iterable[tuple[str, str]], now: datetime) -> None:
    """Messages again, where the owner had not wanted them."""
    wanted = set(addresses)
    for channel, address in sorted(wanted):
        Suppression.objects.filter(channel=channel, address=address, reason__in=WISHES).delete()
    _decide_again(wanted, event="patient.opted_in", reason="", now=now)


def want_whatsapp(*, address: str, wanted: bool, now: datetime) -> None:
    """The owner of a number wants its messages over WhatsApp, or no more."""
    if wanted:
        row = WhatsAppOptIn(practice_id=tenancy.current(), address=address, at=now)
        WhatsAppOptIn.objects.bulk_create([row], ignore_conflicts=True)
    else:
        WhatsAppOptIn.objects.filter(address=address).delete()
    event = "patient.whatsapp_on" if wanted else "patient.whatsapp_off"
    _decide_again({(str(Channel.WHATSAPP), address)}, event=event, reason="", now=now)


def _decide_again(addresses: set[tuple[str, str]], *, event: str, reason: str, now: datetime) -> None:
    """In the record of every patient who has one of the addresses, and their open cases are looked at."""
    phones = {address for channel, address in addresses if channel in PHONE_CHANNELS}
    mails = {address for channel, address in addresses if channel == Channel.EMAIL}
    cases = Case.objects.filter(closed_at=None, appointment__patient__phone__in=phones) | Case.objects.filter(
        closed_at=None, appointment__patient__email__in=mails
    )
    found = dict(cases.values_list("pk", "appointment__patient_id"))
    channels = sorted({str(channel) for channel, _ in addresses})
    record.write(
        *[
            record.Entry(
                event=event,
                at=now,
                actor=record.PATIENT,
                case_id=case_id,
                patient_id=patient_id,
                data={"channels": channels, **({"reason": reason} if reason else {})},
            )
            for case_id, patient_id in sorted(found.items())
        ]
    )
    writing.decide_again(set(found), practice_id=tenancy.current(), now=now)
