"""The deliver stage: claim, commit, call the provider, record. No call is made inside a transaction.

A claim is a lease: QUEUED -> SENDING under a fresh attempt id, for LEASE. Whoever finds a lease that ran out knows only
that nobody knows: UNKNOWN. That is looked up in the provider's books and sent again only when proven absent.
"""

import logging
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import F
from django.template.loader import render_to_string

from messaging import accounts, occasions, opting, queries, texts, told
from messaging.models import Attempt, Channel, Message, MessageState
from messaging.occasions import Facts
from messaging.operations import fallback, limits, pauses, results, writing
from messaging.providers import registry
from messaging.providers.base import (
    PERMANENT,
    Account,
    BooksClosedError,
    Found,
    Outgoing,
    Rejected,
    Result,
    Uncertain,
)
from messaging.wordings import LETTER
from practices import clock, tenancy
from practices.models import Practice
from practices.nudge import nudge
from prerequisites import links
from prerequisites.models import Case

BATCH = 10
LEASE = timedelta(minutes=3)
# Calls of a batch begin within this time of their claim, so that each is over well before the lease is.
CALLS_BEGIN_WITHIN_S = 60.0
ROUND_S = 240.0

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Job:
    """One claimed message, as plain data: what the provider gets, and which attempt it is."""

    message_id: int
    attempt_id: uuid.UUID
    channel: str
    since: datetime
    outgoing: Outgoing
    account: Account


def deliver(*, practice_id: int, now: datetime) -> None:
    """Sends what is due and looks up what is unknown, until nothing is left or the round is over; the rest is nudged."""
    ends = time.monotonic() + ROUND_S
    while time.monotonic() < ends:
        with tenancy.scope(practice_id):
            fallback.give_up(now=now)
        sent = _send_batch(practice_id=practice_id, now=now)
        looked_up = _look_up_batch(practice_id=practice_id, now=now)
        if not sent and not looked_up:
            return
    nudge(stage="deliver", practice_id=practice_id)


def _send_batch(*, practice_id: int, now: datetime) -> int:
    """How many messages were taken up, whatever became of them."""
    with tenancy.scope(practice_id):
        taken, jobs = _claim(now=now)
    begun = time.monotonic()
    with tenancy.scope(practice_id):
        jobs = _still_right(jobs, now=now)
    while jobs:
        tenancy.forbid_scope()
        if time.monotonic() - begun > CALLS_BEGIN_WITHIN_S:
            with tenancy.scope(practice_id):
                _give_back(jobs, now=now)
            break
        job, *jobs = jobs
        result = _call(job)
        with tenancy.scope(practice_id):
            results.finish(message_id=job.message_id, attempt_id=job.attempt_id, result=result, now=now)
            if pauses.rests(result):
                _give_back([other for other in jobs if other.channel == job.channel], now=now)
            jobs = _still_right(jobs, now=now)
    return taken


def _still_right(jobs: Sequence[Job], *, now: datetime) -> list[Job]:
    """The claimed messages that may be handed over next, looked at after the claim was committed and after every call,
    so that a cancellation can slip in during a call only: whoever cancels later sees the message as being sent, and the
    patient is told. What is no longer right goes back to be decided anew; what somebody else holds by now is theirs."""
    if not jobs:
        return []
    held = Message.objects.filter(attempt_id__in=[job.attempt_id for job in jobs], state=MessageState.SENDING)
    right = dict(held.annotate(right=queries.still_right()).values_list("attempt_id", "right"))
    _give_back([job for job in jobs if right.get(job.attempt_id) is False], now=now)
    return [job for job in jobs if right.get(job.attempt_id)]


def _call(job: Job) -> Result:
    """Hands one message over. Every outcome is a value: an exception that nobody foresaw leaves it uncertain."""
    try:
        return registry.provider(job.channel, job.account).send(job.outgoing)
    except LookupError:
        return Rejected(code="no_provider", meaning=PERMANENT)
    except (
        Exception
    ) as error:  # whatever a library throws: the attempt must end, without its prose in the log
        logger.error("attempt %s ended in %s", job.attempt_id, type(error).__name__)
        return Uncertain(code=type(error).__name__)


# Claiming


def _claim(*, now: datetime) -> tuple[int, list[Job]]:
    """Claims a batch of due messages; those that are no longer right to send end here."""
    practice = Practice.objects.select_for_update(no_key=True).get()
    results.lose_leases(now=now)
    limits.put_off(practice, now=now)
    pauses.put_off(now=now)
    due = list(
        Message.objects.select_for_update(of=("self",), skip_locked=True, no_key=True)
        .select_related("practice", "patient__practice", "case__appointment__patient__practice")
        .filter(state=MessageState.QUEUED, due_at__lte=now)
        .order_by("due_at", "pk")[:BATCH]
    )
    spoken = told.cases_of([message for message in due if message.patient_id is not None])
    cases = {case.pk: case for found in spoken.values() for case in found}
    facts = queries.facts_of(list(cases.values()), practice=practice, now=now)
    wrong = _no_longer_right(spoken, facts, now=now)
    writing.withdraw(wrong, now=now)
    affected = {case.pk for message_id in wrong for case in spoken[message_id]}
    writing.decide_again(affected, practice_id=practice.pk, now=now)
    right = [message for message in due if message.pk not in wrong]
    right = limits.within(right, practice=practice, facts=facts, now=now)
    return len(due), _start(pauses.probing(right, now=now), practice=practice, now=now)


def _no_longer_right(
    spoken: Mapping[int, Sequence[Case]], facts: dict[int, Facts], *, now: datetime
) -> dict[int, str]:
    """Of the messages to patients (id -> the cases they speak of): id -> why it must not go out any more."""
    return {
        message_id: why
        for message_id, cases in spoken.items()
        for case in cases
        for said in facts[case.pk].said
        if said.id == message_id and (why := occasions.why_not(facts[case.pk], said, now=now))
    }


def _start(messages: Sequence[Message], *, practice: Practice, now: datetime) -> list[Job]:
    """A fresh attempt for each, under a lease."""
    attempts = [
        Attempt(practice=practice, message=message, started_at=now, id=uuid.uuid4()) for message in messages
    ]
    for message, attempt in zip(messages, attempts):
        message.state, message.attempt_id, message.due_at = (
            MessageState.SENDING,
            attempt.pk,
            now + clock.real(LEASE),
        )
        message.attempts += 1
    Attempt.objects.bulk_create(attempts)
    Message.objects.bulk_update(messages, ["state", "attempt_id", "due_at", "attempts"])
    return _jobs(messages, attempts, practice=practice)


def _give_back(jobs: Sequence[Job], *, now: datetime) -> None:
    """Claimed but never called: queued as before."""
    if not jobs:
        return
    ids = [job.attempt_id for job in jobs]
    Message.objects.filter(attempt_id__in=ids, state=MessageState.SENDING).update(
        state=MessageState.QUEUED, due_at=now, attempt_id=None, attempts=F("attempts") - 1
    )
    Attempt.objects.filter(pk__in=ids).update(finished_at=now, outcome="given_back")


def _jobs(messages: Sequence[Message], attempts: Sequence[Attempt], *, practice: Practice) -> list[Job]:
    """What the provider gets, for all of them. Needs the scope."""
    words = [queries.wording(message) for message in messages]
    linked = {
        message.case_id: message.case
        for message, said in zip(messages, words, strict=True)
        if texts.LINK in said.text and message.case is not None
    }
    urls = links.urls_for([case for case in linked.values() if case is not None]) if linked else {}
    account = accounts.account_of(practice)
    return [
        _job(
            message,
            attempt,
            words=said,
            link=urls.get(message.case_id or 0, ""),
            practice=practice,
            account=account,
        )
        for message, attempt, said in zip(messages, attempts, words, strict=True)
    ]


def _job(
    message: Message,
    attempt: Attempt,
    *,
    words: queries.Words,
    link: str,
    practice: Practice,
    account: Account,
) -> Job:
    """The wording with the link put in; of a patient's mail with the way to end them."""
    text = words.text.replace(texts.LINK, link)
    mail = message.channel == Channel.EMAIL
    letter = LETTER[message.language if message.language in LETTER else "de"]
    opt_out = ""
    if mail and message.patient_id is not None:
        opt_out = opting.url_for(practice_id=practice.pk, message_id=message.pk)
        text = f"{text}\n\n-- \n{letter.opt_out}: {opt_out}"
    sender = {
        Channel.EMAIL: practice.sender_name or practice.name,
        Channel.WHATSAPP: practice.whatsapp_sender,
    }.get(Channel(message.channel), practice.sms_sender)
    variables = {number: said.replace(texts.LINK, link) for number, said in words.content_variables.items()}
    return Job(
        message_id=message.pk,
        attempt_id=attempt.pk,
        channel=message.channel,
        since=attempt.started_at,
        outgoing=Outgoing(
            reference=str(attempt.pk),
            address=message.address,
            sender=sender,
            text=text,
            link=link,
            subject=words.subject,
            html=_page(words, link=link, opt_out=opt_out, practice=practice, message=message) if mail else "",
            language=message.language,
            callback_url=f"{settings.PUBLIC_URL}/hooks/twilio/{attempt.pk}/",
            opt_out_url=opt_out,
            content_sid=words.content_sid,
            content_variables=variables,
        ),
        account=account,
    )


def _page(words: queries.Words, *, link: str, opt_out: str, practice: Practice, message: Message) -> str:
    """The small page beside a mail's plain text: the same paragraphs, the link as a button."""
    paragraphs = [
        paragraph.replace(f": {texts.LINK}", ".").replace(texts.LINK, link).split("\n")
        for paragraph in words.text.split("\n\n")
    ]
    letter = LETTER[message.language if message.language in LETTER else "de"]
    context = {
        "subject": words.subject,
        "paragraphs": paragraphs,
        "link": link,
        "button": letter.button,
        "opt_out": opt_out,
        "opt_out_words": letter.opt_out,
        "language": message.language,
        "sender": practice.sender_name or practice.name,
        "address": practice.address,
    }
    return render_to_string("messaging/email.html", context)


# Looking up what is unknown


def _look_up_batch(*, practice_id: int, now: datetime) -> int:
    """How many unknown messages were looked up."""
    begun = time.monotonic()
    with tenancy.scope(practice_id):
        jobs = _claim_unknown(now=now)
    tenancy.forbid_scope()
    for job in jobs:
        if time.monotonic() - begun > CALLS_BEGIN_WITHIN_S:
            break
        found = _find(job)
        with tenancy.scope(practice_id):
            results.resolve(message_id=job.message_id, attempt_id=job.attempt_id, found=found, now=now)
    return len(jobs)


def _claim_unknown(*, now: datetime) -> list[Job]:
    """Unknown messages that are due, leased to this look-up."""
    due = list(
        Message.objects.select_for_update(of=("self",), skip_locked=True, no_key=True)
        .select_related("practice", "patient__practice", "case__appointment__patient__practice")
        .filter(state=MessageState.UNKNOWN, due_at__lte=now)
        .order_by("due_at", "pk")[:BATCH]
    )
    attempts = queries.current_attempts(due)
    Message.objects.filter(pk__in=[message.pk for message in due]).update(due_at=now + clock.real(LEASE))
    practice = Practice.objects.get()
    tried = [message for message in due if message.attempt_id is not None]
    return _jobs(tried, [attempts[message.attempt_id] for message in tried], practice=practice)  # type: ignore[index]


def _find(job: Job) -> list[Found] | None:
    """What the provider's books have; None where they could not be read."""
    try:
        return registry.provider(job.channel, job.account).find(job.outgoing, since=job.since)
    except (BooksClosedError, LookupError) as error:
        logger.warning("attempt %s could not be looked up: %s", job.attempt_id, type(error).__name__)
        return None
