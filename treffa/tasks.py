"""What beat and nudges run. A task loads, calls one operation and logs ids; losing or doubling one is harmless."""

import logging

from celery import shared_task

from practices import clock
from practices.nudge import ADVANCE_TASK
from treffa import pipeline

logger = logging.getLogger(__name__)


@shared_task(name="treffa.tick")
def tick() -> None:
    """Once a minute: hands every due (stage, practice) to a worker."""
    for stage, practice_id in pipeline.due(now=clock.now()):
        advance.delay(stage, practice_id)


@shared_task(name=ADVANCE_TASK)
def advance(stage: str, practice_id: int) -> None:
    """Advances one stage of one practice at the current time. What fails is tried again at the next tick; until then
    it holds up no other practice and no other stage."""
    try:
        pipeline.advance(stage=stage, practice_id=practice_id, now=clock.now())
    except Exception:  # whatever it is: Celery would log its words, which may hold a row of the database
        logger.exception("failed stage=%s practice=%s", stage, practice_id)
    else:
        logger.info("advanced stage=%s practice=%s", stage, practice_id)
