"""The auditor: apart from the stages it asks whether anything was forgotten, over all practices.

Every open case has a next step that is not long past; no message hangs; every calendar is polled; the tick ticks. What can
be queued anew without harm is; what was found is on the operators' pages until it is gone.
"""

import logging
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from escalation.models import Finding, FindingKind, Pulse
from practices import clock, lookups, tenancy
from practices.nudge import nudge
from prerequisites.models import Case

# Twice what an ordinary crash takes to heal: the lease of a message, and some ticks.
LATE, SILENT = timedelta(minutes=15), timedelta(minutes=5)
MOST = 1000
STAGES: Mapping[str, tuple[str, ...]] = {
    FindingKind.CASE_WITHOUT_STEP: ("cases", "escalate"),
    FindingKind.CASE_LEFT_BEHIND: ("cases", "requests", "escalate"),
    FindingKind.MESSAGE_HANGS: ("deliver",),
    FindingKind.FEED_OVERDUE: ("sync",),
}

logger = logging.getLogger(__name__)


@dataclass(frozen=True, order=True)
class Found:
    """One thing that is wrong: of which practice (0: of none), which row."""

    kind: str
    practice_id: int = 0
    subject: int = 0


def beat(name: str, *, now: datetime) -> None:
    """Something that runs by itself says that it does."""
    Pulse.objects.update_or_create(name=name, defaults={"at": now})


def run(*, now: datetime) -> list[Found]:
    """Looks, mends what may be, writes down what was found and what is gone. Returns what is wrong now."""
    late = now - clock.real(LATE)
    rows = lookups.rows("treffa_audit", now, late, MOST)
    found = sorted({Found(str(kind), practice_id, subject) for kind, practice_id, subject in rows})
    if _silent(now):
        found.append(Found(FindingKind.BEAT_SILENT))
    mended = _mend(found, now=now)
    _write_down(found, mended, now=now)
    beat("audit", now=now)
    for kind in sorted({one.kind for one in found}):
        logger.error("audit found=%s count=%s", kind, sum(one.kind == kind for one in found))
    return found


def _silent(now: datetime) -> bool:
    """A tick that was never there is missed from the auditor's second run on."""
    last = dict(Pulse.objects.values_list("name", "at"))
    if "tick" not in last:
        return "audit" in last
    return now - last["tick"] > clock.real(SILENT)


def _mend(found: Iterable[Found], *, now: datetime) -> set[Found]:
    """Asks the stages to look again, and gives a case that has no next step one: the stages find whether there is
    anything to do, so that doing it too often does nothing."""
    by_practice: dict[int, list[Found]] = defaultdict(list)
    for one in found:
        if one.practice_id and one.kind in STAGES:
            by_practice[one.practice_id].append(one)
    for practice_id, theirs in by_practice.items():
        stepless = [one.subject for one in theirs if one.kind == FindingKind.CASE_WITHOUT_STEP]
        if stepless:
            with tenancy.scope(practice_id):
                Case.objects.filter(pk__in=stepless).update(due_at=now, escalation_due_at=now)
        for stage in sorted({stage for one in theirs for stage in STAGES[one.kind]}):
            nudge(stage=stage, practice_id=practice_id)
    return {one for theirs in by_practice.values() for one in theirs}


def _write_down(found: Iterable[Found], mended: set[Found], *, now: datetime) -> None:
    Finding.objects.bulk_create(
        [
            Finding(
                kind=one.kind,
                practice_number=one.practice_id,
                subject=one.subject,
                found_at=now,
                seen_at=now,
                mended_at=now if one in mended else None,
            )
            for one in found
        ],
        ignore_conflicts=True,
    )
    still = set(found)
    open_ = list(Finding.objects.filter(gone_at=None))
    there = [one.pk for one in open_ if Found(one.kind, one.practice_number, one.subject) in still]
    Finding.objects.filter(pk__in=there).update(seen_at=now)
    Finding.objects.filter(gone_at=None, seen_at__lt=now).update(gone_at=now)
