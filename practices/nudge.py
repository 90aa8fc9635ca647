"""A nudge after commit: tells a worker that a stage of a practice has something to do. Losing one is harmless, the tick finds it."""

import logging
from dataclasses import dataclass

from celery import current_app
from django.db import connection, transaction
from kombu.exceptions import OperationalError

logger = logging.getLogger(__name__)

ADVANCE_TASK = "treffa.advance"


@dataclass(frozen=True)
class _Nudge:
    """One thing to send; equal ones of a transaction are sent once."""

    stage: str
    practice_id: int
    after_s: float

    def __call__(self) -> None:
        try:
            args = [self.stage, self.practice_id]
            wait = self.after_s or None
            current_app.send_task(ADVANCE_TASK, args=args, countdown=wait, retry=False, ignore_result=True)
        except OperationalError:
            logger.warning(
                "broker unreachable: stage=%s practice=%s waits for the tick", self.stage, self.practice_id
            )


def nudge(*, stage: str, practice_id: int, after_s: float = 0) -> None:
    """Sends `treffa.advance(stage, practice_id)` once the open transaction has committed (at once outside of one), to be
    run so many seconds later. However often it is asked for in a transaction, it is sent once."""
    wanted = _Nudge(stage, practice_id, after_s)
    if all(entry[1] != wanted for entry in connection.run_on_commit):
        transaction.on_commit(wanted, robust=True)
