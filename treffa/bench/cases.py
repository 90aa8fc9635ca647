"""`bench cases`: from appointments to cases with requirements and deadlines, and readiness computed anew."""

from datetime import datetime

from practices import tenancy
from prerequisites.models import Case, Requirement
from prerequisites.planning import advance_cases
from treffa.bench.practice import BenchPractice, Calendar
from treffa.bench.timing import peak_mb, seconds

Result = dict[str, float]

A_FEED = 5000


def run(*, cases: int, now: datetime) -> Result:
    """The stage that opens cases, over a calendar that was just read; then the same stage when time moves them all."""
    practice = BenchPractice(now=now)
    for first in range(0, cases, A_FEED):
        practice.add_feed()
        calendar = Calendar(events=min(A_FEED, cases - first), begins=practice.begins, first=first)
        practice.poll(calendar.body(at=practice.now))
    opening = seconds(lambda: advance_cases(practice_id=practice.id, now=practice.now))
    with tenancy.scope(practice.id):
        opened, requirements = Case.objects.count(), Requirement.objects.count()
        Case.objects.update(due_at=practice.now)
    recomputing = seconds(lambda: advance_cases(practice_id=practice.id, now=practice.now))
    return {
        "cases": opened,
        "requirements": requirements,
        "open_s": round(opening, 4),
        "recompute_s": round(recomputing, 4),
        "cases_per_s_open": round(opened / opening, 1),
        "cases_per_s_recompute": round(opened / recomputing, 1),
        "peak_mb": peak_mb(),
    }
