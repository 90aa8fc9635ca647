"""A channel that rests: its provider asked to go slower, or refuses the account. Needs an open scope.

While it rests, what is queued waits; at the end of the pause one message tries. It was taken: all goes on. It was not: the
pause doubles. Messages that wait too long go another way (results), so that a patient does not wait for an account.
"""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.core.cache import cache
from django.utils.translation import gettext as _

from messaging.models import ChannelPause, Message, MessageState
from messaging.operations import writing
from messaging.providers.base import Cause, Rejected, Result
from practices import clock, record, tenancy

RESTING = frozenset({Cause.RATE, Cause.ACCOUNT})
FIRST_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(hours=1)
# An account is mended by people: a first look after some minutes is soon enough.
FIRST_PAUSE_OF_ACCOUNT = timedelta(minutes=10)
# While one message tries, nobody else does.
TRYING = timedelta(minutes=3)
TOLD_AGAIN_S = 6 * 3600
_WAITS = "channel_rests"

logger = logging.getLogger(__name__)


def rests(result: Result) -> bool:
    """Whether what a provider answered stops its whole channel."""
    return isinstance(result, Rejected) and result.meaning.cause in RESTING


def begin(message: Message, *, code: str, cause: Cause, asked: timedelta | None, now: datetime) -> datetime:
    """The message's channel rests, from the second failure on for longer. Until when."""
    pause, made = ChannelPause.objects.select_for_update().get_or_create(
        practice_id=message.practice_id,
        channel=message.channel,
        defaults={"cause": cause, "code": code[:60], "since": now, "until": now},
    )
    first = FIRST_PAUSE_OF_ACCOUNT if cause is Cause.ACCOUNT else FIRST_PAUSE
    failures = 1 if made else pause.failures + 1
    length: timedelta = min(first * 2 ** min(failures - 1, 10), LONGEST_PAUSE)
    until = now + max(length, asked or timedelta())
    ChannelPause.objects.filter(pk=pause.pk).update(
        cause=cause, code=code[:60], failures=failures, until=until
    )
    if made:
        _write("channel.paused", message.channel, now=now, code=code, cause=str(cause))
    return until


def end(*, channel: str, now: datetime) -> None:
    """The provider takes messages again: what waited goes on at once."""
    ended, _rows = ChannelPause.objects.filter(channel=channel).delete()
    if ended:
        waiting = Message.objects.filter(
            state=MessageState.QUEUED, channel=channel, due_at__gt=now, problem=_WAITS
        )
        # What a claim holds is looked at by it, and it may be waiting for the pause: never wait for it here.
        free = waiting.select_for_update(skip_locked=True, no_key=True).values_list("pk", flat=True)
        Message.objects.filter(pk__in=list(free)).update(due_at=now, problem="")
        _write("channel.resumed", channel, now=now)


def put_off(*, now: datetime) -> None:
    """What is due on a channel that rests waits for the end of its pause."""
    for pause in ChannelPause.objects.filter(until__gt=now):
        due = Message.objects.filter(state=MessageState.QUEUED, channel=pause.channel, due_at__lte=now)
        due.update(due_at=pause.until, problem=_WAITS)


def probing(due: Sequence[Message], *, now: datetime) -> tuple[list[Message], frozenset[str]]:
    """Of the due messages (locked) those that may be sent, one for each channel whose pause is over, as a trial; and
    which channels these are."""
    trying: dict[str, bool] = {}
    for pause in ChannelPause.objects.all():
        free = ChannelPause.objects.filter(pk=pause.pk, until__lte=now)
        trying[pause.channel] = bool(free.update(until=now + clock.real(TRYING)))
    chosen = []
    for message in due:
        if message.channel not in trying:
            chosen.append(message)
        elif trying[message.channel]:
            trying[message.channel] = False
            chosen.append(message)
    return chosen, frozenset(trying)


def alarm(*, channel: str, code: str, now: datetime) -> None:
    """Something of ours is wrong: to the log, and to the operators by mail, once in a while for all practices."""
    practice_id = tenancy.current()
    logger.error("provider alarm: channel=%s code=%s practice=%s", channel, code, practice_id)
    if not settings.OPERATOR_EMAIL or not cache.add(f"provider-alarm:{channel}:{code}", 1, TOLD_AGAIN_S):
        return
    text = _(
        "the provider of the channel “%(channel)s” refuses our messages with code %(code)s (practice %(practice)s, maybe "
        "others). Messages wait or go another way until this is mended."
    )
    said = {"channel": channel, "code": code, "practice": practice_id}
    writing.queue_staff_notice(
        address=settings.OPERATOR_EMAIL,
        language=settings.LANGUAGE_CODE,
        subject=_("Provider alarm: %(channel)s, code %(code)s") % said,
        text="\n\n".join([_("Hello,"), text % said]),
        dedupe_key=f"alarm:{channel}:{code}:{now:%Y-%m-%dT%H}",
        case_id=None,
        now=now,
    )


def _write(event: str, channel: str, *, now: datetime, **data: str) -> None:
    record.write(record.Entry(event=event, at=now, data={"channel": str(channel), **data}))
