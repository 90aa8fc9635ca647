"""`bench cases`: from appointments to cases with requirements and deadlines, readiness computed anew, and open cases moved
to a new version of their plan: one thing more, one less, one due at another time."""

from datetime import datetime

from django.db.models import Count

from practices import record, tenancy
from prerequisites import plan_versions
from prerequisites.models import Case, Kind, Requirement
from prerequisites.planning import advance_cases
from treffa.bench.practice import BenchPractice, Calendar
from treffa.bench.timing import peak_mb, seconds

Result = dict[str, float]

A_FEED = 5000
# So many open cases are moved to another version.
MOVED = 10_000


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
    plan_id = _new_version(practice)
    with tenancy.scope(practice.id):
        found = Case.objects.filter(plan__type__plans=plan_id, closed_at=None).order_by("pk")
        moving = list(found.values_list("pk", flat=True)[:MOVED])
    change = seconds(
        lambda: plan_versions.move_cases(
            practice_id=practice.id, plan_id=plan_id, case_ids=moving, by=record.SYSTEM, now=practice.now
        )
    )
    with tenancy.scope(practice.id):
        moved = Case.objects.filter(plan_id=plan_id).count()
    return {
        "cases": opened,
        "requirements": requirements,
        "open_s": round(opening, 4),
        "recompute_s": round(recomputing, 4),
        "cases_per_s_open": round(opened / opening, 1),
        "cases_per_s_recompute": round(opened / recomputing, 1),
        "plan_change_cases": moved,
        "plan_change_s": round(change, 4),
        "peak_mb": peak_mb(),
    }


def _new_version(practice: BenchPractice) -> int:
    """The next version of the plan that has the most cases, published."""
    with tenancy.scope(practice.id):
        most = Case.objects.values("plan__type_id").annotate(n=Count("pk")).order_by("-n")[0]
        draft = plan_versions.create_draft(type_id=most["plan__type_id"], by=record.SYSTEM, now=practice.now)
        first, second, *_ = draft.prerequisites.filter(kind=Kind.DOCUMENT)
        draft.prerequisites.filter(pk=first.pk).update(days_before=first.days_before + 1)
        second.pk, second.key = None, "one-more"
        second.save(force_insert=True)
        other = draft.prerequisites.exclude(kind=Kind.DOCUMENT)[:1]
        draft.prerequisites.filter(pk__in=other.values("pk")).delete()
        return plan_versions.publish(plan_id=draft.pk, by=record.SYSTEM, now=practice.now).pk
