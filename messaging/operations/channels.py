"""How a practice writes: the order of its channels, its own account at a provider, approved templates, and a message to
oneself to see that it works. Needs an open scope."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from messaging import accounts, numbers
from messaging.models import Channel, ChannelPause, Message, WhatsAppTemplate
from messaging.operations.writing import StaffNotice, save, staff_message
from messaging.providers.base import Account
from practices import record, tenancy
from practices.models import Practice
from practices.nudge import nudge
from practices.operations import change_practice

TESTS_A_DAY = 10
TEST_KEY = "test:"


class RefusedTestError(Exception):
    """Why no message to oneself goes out: too_many, no_sender, or no_mobile for a number that gets no texts."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def set_account(
    *,
    account: Account | None,
    sms_sender: str,
    whatsapp_sender: str,
    by: record.Actor,
    now: datetime,
) -> None:
    """The practice's own account with its senders, or (None) the operator's again. What rested because the account was
    refused goes on. Channels that have no sender any more leave the order."""
    practice = Practice.objects.get()
    usable = {Channel.EMAIL: True, Channel.SMS: True, Channel.WHATSAPP: bool(whatsapp_sender)}
    fields: Mapping[str, Any] = {
        "sealed_twilio": accounts.seal(practice, account),
        "sms_sender": sms_sender,
        "whatsapp_sender": whatsapp_sender,
        "channels": [one for one in practice.channels if usable.get(Channel(one))],
    }
    change_practice(fields=fields, by=by, now=now)
    ChannelPause.objects.filter(channel__in=(Channel.SMS, Channel.WHATSAPP)).delete()
    nudge(stage="deliver", practice_id=practice.pk)


def save_template(
    *,
    occasion: str,
    language: str,
    content_sid: str,
    body: str,
    variables: Sequence[str],
    by: record.Actor,
    now: datetime,
) -> None:
    """What WhatsApp has approved for an occasion, in place of what was there."""
    WhatsAppTemplate.objects.update_or_create(
        practice_id=tenancy.current(),
        occasion=occasion,
        language=language,
        defaults={"content_sid": content_sid, "body": body, "variables": list(variables)},
    )
    data = {"occasion": occasion, "language": language, "content_sid": content_sid}
    record.write(record.Entry(event="practice.whatsapp_template", at=now, actor=by, data=data))


def remove_template(*, template_id: int, by: record.Actor, now: datetime) -> bool:
    """False if it is gone already."""
    if not WhatsAppTemplate.objects.filter(pk=template_id).delete()[0]:
        return False
    data = {"removed": template_id}
    record.write(record.Entry(event="practice.whatsapp_template", at=now, actor=by, data=data))
    return True


def test_oneself(
    *,
    channel: Channel,
    address: str,
    subject: str,
    text: str,
    language: str,
    user_id: int,
    now: datetime,
) -> Message | None:
    """Writes a message to a person of the practice down, to go out as all do. None within a minute of their last one.
    RefusedTestError: they cost money."""
    practice = Practice.objects.select_for_update(no_key=True).get()
    if channel != Channel.EMAIL and not numbers.takes_texts(address, countries=practice.sms_countries):
        raise RefusedTestError("no_mobile")
    if channel != Channel.EMAIL and not practice.sms_sender:
        raise RefusedTestError("no_sender")
    lately = Message.objects.filter(dedupe_key__startswith=f"staff:{TEST_KEY}")
    if lately.filter(created_at__gt=now - timedelta(days=1)).count() >= TESTS_A_DAY:
        raise RefusedTestError("too_many")
    notice = StaffNotice(
        channel=channel,
        address=address,
        language=language,
        subject=subject,
        text=text,
        key=f"{TEST_KEY}{user_id}:{now:%Y%m%d%H%M}",
        case_id=None,
    )
    saved = save(staff_message(notice, practice=practice, now=now), now=now)
    if saved is not None:
        nudge(stage="deliver", practice_id=practice.pk)
    return saved


def last_test(user_id: int) -> Message | None:
    """The newest message of a person to oneself."""
    mine = Message.objects.filter(dedupe_key__startswith=f"staff:{TEST_KEY}{user_id}:")
    return mine.order_by("-created_at", "-pk").first()
