"""The way through the house: Treffa on one page.

    Doctolib feed -> appointment -> case and requirements -> message -> submission -> review -> ready
    and where that stalls -> escalation -> task

Every stage is "advance everything that is due at `now`", for one practice, over rows with an indexed due time. Postgres
holds the truth: a stage that is asked twice does the work once, and one that crashed is healed by the next tick.
A stage never calls a later one: it leaves rows that the later stage finds, and nudges it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import appointments.operations
import appointments.queries
import appointments.trial
import escalation.digest
import escalation.operations
import escalation.queries
import messaging.alarms
import messaging.heads
import messaging.operations
import messaging.queries
import prerequisites.planning
import prerequisites.queries
from practices import heads, record, tenancy
from treffa.webhooks import telling


@dataclass(frozen=True, kw_only=True)
class Stage:
    """`due(now)` names the practices with something to do; `advance(practice_id, now)` does it."""

    name: str
    does: str
    due: Callable[[datetime], Sequence[int]]
    advance: Callable[[int, datetime], object]


def _seal(practice_id: int, now: datetime) -> None:
    with tenancy.scope(practice_id):
        record.seal(now=now)


STAGES: dict[str, Stage] = {
    stage.name: stage
    for stage in (
        Stage(
            name="look",
            does="Look at a calendar that somebody is about to connect.",
            due=appointments.trial.practices_with_trials,
            advance=lambda practice_id, now: appointments.trial.advance_trials(
                practice_id=practice_id, now=now
            ),
        ),
        Stage(
            name="sync",
            does="Read the calendars that are due; write down what was booked, moved and cancelled.",
            due=appointments.queries.practices_to_sync,
            advance=lambda practice_id, now: appointments.operations.sync_due_feeds(
                practice_id=practice_id, now=now
            ),
        ),
        Stage(
            name="cases",
            does="Open a case for each appointment, with what it requires by when; keep readiness true.",
            due=prerequisites.queries.practices_with_due_cases,
            advance=lambda practice_id, now: prerequisites.planning.advance_cases(
                practice_id=practice_id, now=now
            ),
        ),
        Stage(
            name="requests",
            does="Write down what has to be said to whom.",
            due=messaging.queries.practices_with_due_requests,
            advance=lambda practice_id, now: messaging.operations.queue_requests(
                practice_id=practice_id, now=now
            ),
        ),
        Stage(
            name="alarm",
            does="Tell the managers of a calendar that can't be read for an hour, and when it can be again.",
            due=appointments.queries.practices_with_outages_to_tell,
            advance=lambda practice_id, now: messaging.alarms.sound(practice_id=practice_id, now=now),
        ),
        Stage(
            name="deliver",
            does="Send what is written down, and find out what became of it.",
            due=messaging.queries.practices_with_due_messages,
            advance=lambda practice_id, now: messaging.operations.deliver(practice_id=practice_id, now=now),
        ),
        Stage(
            name="escalate",
            does="Give what stalls to people: tasks, notices, until the case is ready or someone has it.",
            due=escalation.queries.practices_with_due_escalations,
            advance=lambda practice_id, now: escalation.operations.advance(practice_id=practice_id, now=now),
        ),
        Stage(
            name="digest",
            does="Tell those who want it in the morning what of today and tomorrow is not ready.",
            due=lambda now: escalation.digest.due(now=now),
            advance=lambda practice_id, now: escalation.digest.tell(practice_id=practice_id, now=now),
        ),
        Stage(
            name="webhooks",
            does="Tell other systems of the practice how ready its cases are by now.",
            due=telling.due,
            advance=lambda practice_id, now: telling.advance(practice_id=practice_id, now=now),
        ),
        Stage(
            name="seal",
            does="Chain what the record has gathered.",
            due=lambda now: record.practices_with_unsealed(),
            advance=_seal,
        ),
        Stage(
            name="witness",
            does="Mail the chain's last link of the day to the managers, as a witness outside.",
            due=lambda now: heads.due(now=now),
            advance=lambda practice_id, now: messaging.heads.tell(practice_id=practice_id, now=now),
        ),
    )
}


def advance(*, stage: str, practice_id: int, now: datetime) -> None:
    """Runs one stage for one practice. KeyError for a stage that does not exist."""
    STAGES[stage].advance(practice_id, now)


def due(*, now: datetime) -> list[tuple[str, int]]:
    """All (stage, practice) with something due, in the order of the stages."""
    return [(stage.name, practice_id) for stage in STAGES.values() for practice_id in stage.due(now)]
