"""Who finishes a task meets the worker that looks at the same case: nobody deadlocks, one of them is right."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest
from django.db import connection

from escalation import operations
from escalation.models import Escalation, EscalationState, Task, TaskState
from practices import record, tenancy
from prerequisites import readiness
from prerequisites.models import Case
from prerequisites.operations import touch
from tests.factories import RequirementFactory, UserFactory, make_practice

ROUNDS = 100


@pytest.mark.django_db(transaction=True)
def test_finishing_a_task_a_hundred_times_against_the_worker_never_deadlocks(now: datetime) -> None:
    practice, person = make_practice(), record.staff(UserFactory().pk)
    with tenancy.scope(practice.pk):
        rows = [RequirementFactory() for _ in range(ROUNDS)]
        readiness.refresh(case_ids=[row.case_id for row in rows], now=now)
        late = rows[0].deadline
        readiness.refresh(case_ids=[row.case_id for row in rows], now=late)
        Case.objects.update(escalation_due_at=late)
    operations.advance(practice_id=practice.pk, now=late)
    with tenancy.scope(practice.pk):
        tasks = dict(Task.objects.values_list("case_id", "id"))
    together = threading.Barrier(3)

    def finish(case_id: int) -> None:
        with tenancy.scope(practice.pk):
            operations.finish_task(task_id=tasks[case_id], by=person, now=late)

    def work(case_id: int) -> None:
        operations.advance(practice_id=practice.pk, now=late)

    def look_again(case_id: int) -> None:
        with tenancy.scope(practice.pk):
            touch(case_id=case_id, now=late)

    def run(act: Callable[[int], None]) -> None:
        try:
            for row in rows:
                together.wait(60)
                act(row.case_id)
        except BaseException:
            together.abort()
            raise
        finally:
            connection.close()

    with ThreadPoolExecutor(3) as pool:
        for done in [pool.submit(run, act) for act in (finish, work, look_again)]:
            done.result()
    operations.advance(practice_id=practice.pk, now=late)
    with tenancy.scope(practice.pk):
        assert set(Task.objects.values_list("state", flat=True)) == {TaskState.DONE}
        assert Task.objects.count() == ROUNDS
        assert set(Escalation.objects.values_list("state", flat=True)) == {EscalationState.ACKNOWLEDGED}
