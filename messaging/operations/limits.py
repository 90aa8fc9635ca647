"""What may go out now of what is due: the switches, the schedule, and the caps against abuse. Needs an open scope, and the
practice's row locked, so that no two workers count at once.

    switches   the practice sends, the operators have not stopped it, nor everybody
    schedule   not in quiet hours, on days of rest, on top of Doctolib's reminders, nor too often in a week
    caps       texts a number and day, texts a practice and day: made-up numbers in a calendar cost so much and no more
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime, time, timedelta

from django.db.models import Count

from messaging import queries, schedule
from messaging.models import Attempt, Channel, Message, MessageState
from messaging.occasions import Facts
from messaging.operations import pauses, writing
from practices.models import Practice
from practices.queries import everybody_stopped
from prerequisites.working_days import ONE_DAY

TEXTS = (Channel.SMS, Channel.WHATSAPP)
NOT_SENDING = timedelta(hours=1)
STOPPED = timedelta(minutes=5)
CAP_OF_DAY = "daily_cap"
CAP_OF_NUMBER = "number_cap"


def put_off(practice: Practice, *, now: datetime) -> int:
    """In one statement, what holds for all that is due to patients: switches, quiet hours, days of rest, a used-up cap.
    How many more texts the practice may try today."""
    left = _left_today(practice, now=now)
    due = Message.objects.filter(state=MessageState.QUEUED, due_at__lte=now, patient__isnull=False)
    if not practice.sending:
        due.update(due_at=now + NOT_SENDING)
    elif practice.stopped or everybody_stopped():
        due.update(due_at=now + STOPPED)
    else:
        allowed = schedule.allowed_at(now=now, hours=replace(queries.hours_of(practice), weekly_cap=0))
        if allowed > now:
            due.update(due_at=allowed)
        elif left <= 0:
            kept = due.filter(channel__in=TEXTS).update(
                due_at=_tomorrow(practice, now=now), problem=CAP_OF_DAY
            )
            if kept:
                pauses.alarm(channel="texts", code=CAP_OF_DAY, now=now)
    return left


def within(
    messages: Sequence[Message], *, left: int, practice: Practice, facts: dict[int, Facts], now: datetime
) -> list[Message]:
    """Of the due messages (locked) those that may go out now; the others get a later due time. `left`: of `put_off`."""
    of_number = _tried_today({message.address for message in messages}, now=now)
    said: dict[int | None, list[tuple[str, datetime]]] = defaultdict(list)
    chosen, later = [], []
    for message in messages:
        if message.patient_id is None or message.case_id is None:
            chosen.append(message)
            continue
        text = message.channel in TEXTS
        until, problem = _allowed(message, facts[message.case_id], said[message.patient_id], now=now), ""
        if until <= now and text and left <= 0:
            until, problem = _tomorrow(practice, now=now), CAP_OF_DAY
        elif until <= now and text and of_number[message.address] >= practice.number_cap:
            until, problem = now + ONE_DAY, CAP_OF_NUMBER
        if until > now:
            message.due_at, message.problem = until, problem or message.problem
            later.append(message)
            continue
        chosen.append(message)
        said[message.patient_id].append((message.dedupe_key.rpartition("/")[0], now))
        left -= text
        of_number[message.address] += 1
    Message.objects.bulk_update(later, ["due_at", "problem"])
    return chosen


def _allowed(
    message: Message, facts: Facts, said: Sequence[tuple[str, datetime]], *, now: datetime
) -> datetime:
    """By the schedule, with what else goes to the patient in this batch."""
    return writing.earliest(
        practice=message.practice,
        facts=replace(facts, sent=[*facts.sent, *said]),
        occasion=message.occasion,
        key=message.dedupe_key.rpartition("/")[0],
        now=now,
    )


def _left_today(practice: Practice, *, now: datetime) -> int:
    """How many more texts the practice may try today."""
    calendar = queries.hours_of(practice).calendar
    tried = Attempt.objects.filter(
        started_at__gte=calendar.moment(calendar.day_of(now), time()), message__channel__in=TEXTS
    ).exclude(outcome="given_back")
    return practice.daily_cap - tried.count()


def _tomorrow(practice: Practice, *, now: datetime) -> datetime:
    calendar = queries.hours_of(practice).calendar
    return calendar.moment(calendar.day_of(now) + ONE_DAY, time())


def _tried_today(addresses: Collection[str], *, now: datetime) -> Counter[str]:
    """How often each number was tried within the last day."""
    tried = (
        Attempt.objects.filter(started_at__gt=now - ONE_DAY, message__address__in=addresses)
        .filter(message__channel__in=TEXTS)
        .exclude(outcome="given_back")
        .values_list("message__address")
        .annotate(times=Count("pk"))
    )
    return Counter(dict(tried))
