"""`bench escalation`: one sweep over many practices with many open cases, some of which are due: half of them have just
become overdue (a reminder over another channel, a call), half are overdue for hours (the manager is told).

Cases are copied, not planned one by one: what the sweep reads of them is what the stages before would have left.
"""

from datetime import datetime, time, timedelta
from uuid import uuid4

from django.db import connection

from escalation import operations, queries
from escalation.models import Escalation, Hours, Task, TaskState
from messaging.models import Message, Occasion
from practices import record, tenancy
from practices.models import Membership, Practice, Role, User
from prerequisites.adoption import adopt_pack
from prerequisites.models import Case, Plan, PlanState
from treffa.bench import population
from treffa.bench.practice import open_practice
from treffa.bench.timing import seconds

Result = dict[str, float]

LATE, LATER = timedelta(minutes=1), timedelta(hours=5)


class NotSweptError(RuntimeError):
    """The sweep did something else than what is measured."""


def run(*, practices: int, cases: int, due: int, now: datetime) -> Result:
    """`cases` open cases and `due` due ones, spread evenly over the practices."""
    each, late = cases // practices, due // practices
    manager = User.objects.create(email=f"{uuid4().hex}@praxis.example", name="Messung")
    ids = [_practice(manager, cases=each, due=late, now=now) for _ in range(practices)]
    for practice_id in ids:
        operations.advance(practice_id=practice_id, now=now - LATER + LATE)
        _make_due(practice_id, first=late - late // 2, now=now)
    population.analyze()
    counted = _Count()
    with connection.execute_wrapper(counted):
        taken = seconds(lambda: _sweep(now))
    for practice_id in ids:
        _check(practice_id, due=late, now=now)
    return {
        "practices": practices,
        "cases": each * practices,
        "due": late * practices,
        "sweep_s": round(taken, 4),
        "statements": counted.number,
        "statements_per_practice": round(counted.number / practices, 2),
        "due_per_s": round(late * practices / taken, 1),
    }


class _Count:
    """Counts what is sent to the database."""

    number = 0

    def __call__(self, execute, sql, params, many, context):  # type: ignore[no-untyped-def]  # Django's own signature
        self.number += 1
        return execute(sql, params, many, context)


def _sweep(now: datetime) -> None:
    for practice_id in queries.practices_with_due_escalations(now):
        operations.advance(practice_id=practice_id, now=now)


def _practice(manager: User, *, cases: int, due: int, now: datetime) -> int:
    """A practice that is always open, with a plan and cases of which the first `due` are overdue."""
    practice_id = open_practice(now=now)
    with tenancy.scope(practice_id):
        Practice.objects.update(sending=True, channels=["sms", "email"], country="")
        Hours.objects.create(practice_id=practice_id, opens=time(0), closes=time.max, days=list(range(7)))
        Membership.objects.create(practice_id=practice_id, user=manager, role=Role.MANAGER)
        adopt_pack("radiology", signed_off_by=None, by=record.SYSTEM, now=now)
        plan = Plan.objects.filter(state=PlanState.PUBLISHED).order_by("pk")[0]
        population.fill(practice_id, plan, cases=cases, due=due, calls_at=now - LATER, now=now)
        with connection.cursor() as cursor:
            cursor.execute(MESSAGES, {"practice": practice_id, "calls_at": now - LATER})
    return practice_id


def _make_due(practice_id: int, *, first: int, now: datetime) -> None:
    """The first half has just become overdue: what was begun for it is taken back."""
    with tenancy.scope(practice_id):
        due = list(Case.objects.filter(readiness="overdue").order_by("pk").values_list("pk", flat=True))
        Task.objects.filter(case__in=due[:first]).delete()
        Escalation.objects.filter(case__in=due[:first]).delete()
        Message.objects.filter(case__in=due[:first], occasion=Occasion.REMINDER).delete()
        Case.objects.filter(pk__in=due[:first]).update(deadline=now - LATE)
        Case.objects.filter(pk__in=due).update(escalation_due_at=now)
        Case.objects.exclude(pk__in=due).update(escalation_due_at=now + timedelta(days=1))


def _check(practice_id: int, *, due: int, now: datetime) -> None:
    with tenancy.scope(practice_id):
        found = (
            Task.objects.filter(state=TaskState.OPEN).count(),
            Message.objects.filter(occasion=Occasion.REMINDER).count(),
            Message.objects.filter(occasion=Occasion.STAFF).count(),
            Case.objects.filter(escalation_due_at__lte=now).count(),
        )
    if found != (due, due, due // 2, 0):
        raise NotSweptError(f"tasks, reminders, notices and still due: {found}")


MESSAGES = """
INSERT INTO messaging_message (practice_id, case_id, patient_id, occasion, channel, address, language, sealed_wording,
  wording_version, told_start, dedupe_key, state, attempts, provider_id, problem, created_at, accepted_at)
SELECT %(practice)s, one.id, booked.patient_id, 'request', 'sms', patient.phone, 'de', '', '1', booked.start,
  'request:' || one.id || '/sms', 'delivered', 1, '', '', %(calls_at)s::timestamptz - '3 days'::interval,
  %(calls_at)s::timestamptz - '3 days'::interval
FROM prerequisites_case one JOIN appointments_appointment booked ON booked.id = one.appointment_id
JOIN appointments_patient patient ON patient.id = booked.patient_id WHERE one.practice_id = %(practice)s
"""
