"""What beat and nudges run. A task loads, calls one operation and logs ids; losing or doubling one is harmless."""

import logging
from datetime import datetime

from celery import shared_task
from structlog.contextvars import bound_contextvars

from escalation import audit
from escalation.models import FindingKind
from practices import clock
from practices.nudge import ADVANCE_TASK
from treffa import heartbeat, pipeline

logger = logging.getLogger(__name__)


@shared_task(name="treffa.tick")
def tick() -> None:
    """Once a minute: hands every due (stage, practice) to a worker."""
    now = clock.now()
    for stage, practice_id in pipeline.due(now=now):
        advance.delay(stage, practice_id)
    audit.beat("tick", now=now)


@shared_task(name="treffa.audit")
def look_for_what_was_forgotten() -> None:
    """Every few minutes, apart from the tick: what it finds is on the operators' pages; that it looked, it says outside."""
    examine(now=clock.now())


def examine(*, now: datetime) -> list[audit.Found]:
    """One run of the auditor. While the tick is silent it is, too: so whoever listens outside hears of it."""
    found = audit.run(now=now)
    if all(one.kind != FindingKind.BEAT_SILENT for one in found):
        heartbeat.send(now=now)
    return found


@shared_task(name=ADVANCE_TASK)
def advance(stage: str, practice_id: int) -> None:
    """Advances one stage of one practice at the current time. What fails is tried again at the next tick; until then
    it holds up no other practice and no other stage."""
    with bound_contextvars(stage=stage, practice=practice_id):
        try:
            pipeline.advance(stage=stage, practice_id=practice_id, now=clock.now())
        except Exception:  # whatever it is: Celery would log its words, which may hold a row of the database
            logger.exception("failed stage=%s practice=%s", stage, practice_id)
        else:
            logger.info("advanced stage=%s practice=%s", stage, practice_id)
