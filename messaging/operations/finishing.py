"""What became of a wave of calls, written down for all of them. Needs an open scope."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db import connection

from messaging import told
from messaging.models import Attempt, Message, MessageState
from messaging.operations import pauses, results, writing
from messaging.operations.jobs import Job
from messaging.providers.base import Accepted, Result
from practices import record, rows, tenancy


def finish(done: Sequence[tuple[Job, Result]], *, now: datetime) -> None:
    """Takes in the answers to calls, each if its attempt still holds; a callback may have said more meanwhile. What was
    taken goes first, in two statements and an entry each: a channel that refused one of the wave rests in the end."""
    taken = [(job, result) for job, result in done if isinstance(result, Accepted)]
    if taken:
        _accept(taken, now=now)
    resting: dict[str, datetime] = {}
    for job, result in done:
        if not isinstance(result, Accepted):
            results.finish(
                message_id=job.message.pk,
                attempt_id=job.attempt_id,
                result=result,
                resting=resting,
                now=now,
            )


def _accept(taken: Sequence[tuple[Job, Accepted]], *, now: datetime) -> None:
    for channel in sorted({job.channel for job, _ in taken if job.probes}):
        pauses.end(channel=channel, now=now)
    held = Message.objects.select_for_update(of=("self",), no_key=True).filter(
        pk__in=[job.message.pk for job, _ in taken]
    )
    list(held.order_by("pk").values_list("pk"))
    answers = [
        {
            "attempt": str(job.attempt_id),
            "message": job.message.pk,
            "provider_id": answer.provider_id[:120],
            "fallback_at": writing.fallback_of(job.message, sent_at=now),
        }
        for job, answer in taken
    ]
    with connection.cursor() as cursor:
        given: dict[str, Any] = {"answers": rows.encoded(answers), "practice": tenancy.current(), "now": now}
        cursor.execute(_ACCEPTED, given)
        still = {row[0] for row in cursor.fetchall()}
    spoken = told.case_ids_of([job.message for job, _ in taken if job.message.pk in still])
    record.write(
        *[
            replace(
                writing.entry(job.message, "accepted", now=now, provider_id=answer.provider_id),
                case_id=case_id,
            )
            for job, answer in taken
            for case_id in spoken.get(job.message.pk, ())
        ]
    )


# A report of a failure may have come before the answer to the call: it has the last word on the attempt.
_ACCEPTED = f"""
WITH answer AS (
  SELECT * FROM json_to_recordset(%(answers)s::json)
    AS one(attempt uuid, message bigint, provider_id text, fallback_at timestamptz)
), closed AS (
  UPDATE {Attempt._meta.db_table} tried SET finished_at = %(now)s,
    outcome = CASE outcome WHEN '{results.UNDELIVERED}' THEN outcome ELSE 'accepted' END,
    provider_id = CASE outcome WHEN '{results.UNDELIVERED}' THEN tried.provider_id ELSE answer.provider_id END
  FROM answer WHERE tried.id = answer.attempt AND tried.practice_id = %(practice)s
)
UPDATE {Message._meta.db_table} said SET state = '{MessageState.ACCEPTED}', provider_id = answer.provider_id,
  accepted_at = coalesce(said.accepted_at, %(now)s), fallback_at = answer.fallback_at, due_at = answer.fallback_at,
  problem = ''
FROM answer WHERE said.id = answer.message AND said.practice_id = %(practice)s
  AND said.attempt_id = answer.attempt AND said.state = '{MessageState.SENDING}'
RETURNING said.id
"""  # noqa: S608 - names of our own tables and states
