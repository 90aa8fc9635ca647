"""What people write back: STOP and START are done at once, everything else is for people to read. Needs an open scope."""

from datetime import datetime

from messaging import keywords
from messaging.models import Channel, Inbound, InboundKind, Message
from messaging.operations import optouts, writing
from practices import record, vault
from practices.models import Practice
from prerequisites.models import Case

LONGEST = 2000


def take(*, channel: str, address: str, text: str, provider_id: str, theirs: bool, now: datetime) -> None:
    """Takes in one text, once by the provider's id: a replay changes nothing. `theirs`: of the practices that share the
    sender this one is meant and gets it to read; a wish holds for all of them."""
    meaning = keywords.meaning(text)
    to_read = theirs and (meaning is keywords.Meaning.REPLY or keywords.says_more(text))
    if not to_read and meaning is keywords.Meaning.REPLY:
        return
    kind = InboundKind.REPLY if to_read else InboundKind(meaning.value)
    text = text[:LONGEST] if to_read else ""
    if not _keep(channel, address, text, provider_id, kind=kind, now=now):
        return
    # A number is one person, whatever it is written to over.
    numbers = [(str(one), address) for one in optouts.PHONE_CHANNELS]
    if meaning is keywords.Meaning.STOP:
        optouts.opt_out(addresses=numbers, reason=optouts.STOP, now=now)
    elif meaning is keywords.Meaning.START:
        optouts.opt_in(addresses=numbers, now=now)


def last_written_to(*, address: str) -> datetime | None:
    """When the practice in scope last wrote to a number."""
    sent = Message.objects.filter(address=address, attempts__gt=0).order_by("-pk")
    return sent.values_list("created_at", flat=True).first()


def _keep(
    channel: str, address: str, text: str, provider_id: str, *, kind: InboundKind, now: datetime
) -> bool:
    """Writes it down; where there is something to read, with a note on the case. False if it was there before."""
    practice = Practice.objects.get()
    case = _case_of(address)
    patient = case.appointment.patient if case is not None else None
    key = patient.key() if patient is not None else practice.key()
    _row, new = Inbound.objects.get_or_create(
        practice=practice,
        provider_id=provider_id,
        defaults={
            "channel": Channel(channel),
            "kind": kind,
            "address": address,
            "patient": patient,
            "case": case,
            "sealed_text": vault.seal(
                key=key, plaintext=text.encode(), context=f"inbound:{practice.pk}:{provider_id}"
            ),
            "received_at": now,
        },
    )
    if new and kind == InboundKind.REPLY and case is not None:
        _note(case, channel, text, now=now)
    return new


def _note(case: Case, channel: str, text: str, *, now: datetime) -> None:
    patient = case.appointment.patient
    record.write(
        record.Entry(
            event="message.reply",
            at=now,
            actor=record.PATIENT,
            case_id=case.pk,
            patient_id=case.appointment.patient_id,
            data={"channel": channel},
            personal={"text": text} if patient else None,
            key=patient.key() if patient else None,
        )
    )
    writing.call_staff({case.pk}, practice_id=case.practice_id, now=now)


def _case_of(address: str) -> Case | None:
    """The case that was last written about to that number; else the next one of whoever has it."""
    cases = Case.objects.select_related("appointment__patient__practice").filter(
        appointment__patient__phone=address, appointment__patient__wrapped_key__isnull=False
    )
    about = Message.objects.filter(address=address, case__in=cases).order_by("-pk")
    last = about.values_list("case_id", flat=True).first()
    if last is not None:
        return cases.filter(pk=last).first()
    return cases.filter(closed_at=None).order_by("appointment__start").first()
