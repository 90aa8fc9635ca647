"""A nudge after commit: tells a worker that a stage of a practice has something to do. Losing one is harmless, the tick finds it."""

import logging

from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError

logger = logging.getLogger(__name__)

ADVANCE_TASK = "treffa.advance"


def nudge(*, stage: str, practice_id: int) -> None:
    """Sends `treffa.advance(stage, practice_id)` once the open transaction has committed (at once outside of one)."""
    transaction.on_commit(lambda: _send(stage, practice_id), robust=True)


def _send(stage: str, practice_id: int) -> None:
    try:
        current_app.send_task(ADVANCE_TASK, args=[stage, practice_id], retry=False, ignore_result=True)
    except OperationalError:
        logger.warning("broker unreachable, stage %s of practice %s waits for the tick", stage, practice_id)
