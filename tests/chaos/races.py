"""People take cases over and appointments are cancelled while four workers sweep what three beats hand out."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from queue import Full, Queue

from django.db import connection

from appointments.models import Appointment
from escalation import operations, queries
from escalation.models import Task, TaskState
from messaging.models import Message
from practices import record, tenancy
from practices.models import Practice, RecordEntry, Role
from prerequisites import readiness
from prerequisites.models import Case
from tests.chaos.world import Verdict
from tests.factories import MembershipFactory, RequirementFactory, UserFactory, make_practice

WORKERS, BEATS = 4, 3


class Race:
    """Overdue cases whose manager is about to be told: half are being taken over, half are being cancelled."""

    def __init__(self, *, cases: int) -> None:
        self.practice: Practice = make_practice()
        with tenancy.scope(self.practice.pk):
            rows = [RequirementFactory() for _ in range(cases)]
            self.manager = MembershipFactory(role=Role.MANAGER).user
            self.person = record.staff(UserFactory().pk)
            self.cases = [row.case_id for row in rows]
            self.late = rows[0].deadline
            readiness.refresh(case_ids=self.cases, now=self.late)
            Case.objects.update(escalation_due_at=self.late)
        operations.advance(practice_id=self.practice.pk, now=self.late)
        self.told_at = self.late + timedelta(hours=4)
        self.work: Queue[int | None] = Queue(maxsize=2 * WORKERS)
        self.over = threading.Event()

    def run(self) -> None:
        """Beats hand out the practice as long as people act, workers sweep it."""
        taken, cancelled = self.cases[::2], self.cases[1::2]
        with ThreadPoolExecutor(WORKERS + BEATS + 2) as pool:
            people = [
                pool.submit(self._in_turn, self._take, taken),
                pool.submit(self._in_turn, self._cancel, cancelled),
            ]
            rest = [pool.submit(self._alone, self._sweep) for _ in range(WORKERS)]
            rest += [pool.submit(self._alone, self._tick) for _ in range(BEATS)]
            try:
                for one in people:
                    one.result(500)
            finally:
                self.over.set()
                for _ in range(WORKERS):
                    self.work.put(None)
            for one in rest:
                one.result(500)
        operations.advance(practice_id=self.practice.pk, now=self.told_at)

    def _alone(self, act: object) -> None:
        try:
            act()  # type: ignore[operator]
        finally:
            connection.close()

    def _in_turn(self, act: object, cases: list[int]) -> None:
        try:
            for case_id in cases:
                with tenancy.scope(self.practice.pk):
                    act(case_id)  # type: ignore[operator]
        finally:
            connection.close()

    def _take(self, case_id: int) -> None:
        task = Task.objects.get(case_id=case_id, kind="call_patient")
        operations.take_over(task_id=task.pk, by=self.person, now=self.told_at)

    def _cancel(self, case_id: int) -> None:
        Appointment.objects.filter(cases=case_id).update(status="cancelled")
        readiness.refresh(case_ids=[case_id], now=self.told_at)

    def _tick(self) -> None:
        while not self.over.is_set():
            for practice_id in queries.practices_with_due_escalations(self.told_at):
                with suppress(Full):
                    self.work.put_nowait(practice_id)
            self.over.wait(0.002)

    def _sweep(self) -> None:
        while (practice_id := self.work.get(timeout=120)) is not None:
            operations.advance(practice_id=practice_id, now=self.told_at)

    def after_stop(self) -> list[tuple[int, str]]:
        """Steps that stand in the record after the case was taken over or gone."""
        wrong = []
        with tenancy.scope(self.practice.pk):
            entries = RecordEntry.objects.filter(case_id__in=self.cases).order_by("pk")
            stopped: set[int] = set()
            for entry in entries:
                gone = entry.event == "case.readiness" and entry.data["readiness"] == "closed"
                if entry.event == "escalation.acknowledged" or gone:
                    stopped.add(entry.case_id or 0)
                elif entry.event == "escalation.step" and entry.case_id in stopped:
                    wrong.append((entry.case_id or 0, str(entry.data["act"])))
        return wrong

    def verdict(self) -> Verdict:
        """Lost: what nobody has, or nobody would look at again. Doubled: steps taken twice, people told twice."""
        with tenancy.scope(self.practice.pk):
            steps = list(
                RecordEntry.objects.filter(event="escalation.step").values_list("case_id", "data__step")
            )
            told = list(Message.objects.filter(occasion="staff").values_list("case_id", flat=True))
            theirs = Task.objects.filter(state=TaskState.OPEN, taken_by_id=self.person.user_id)
            due = Case.objects.filter(escalation_due_at__lte=self.told_at).count()
            open_ = Task.objects.filter(state=TaskState.OPEN).count()
            kept = theirs.filter(case__in=self.cases[::2]).count()
            return Verdict(
                scenario="races",
                n=len(self.cases),
                lost=len(self.cases[::2]) - kept + due,
                doubled=len(steps) - len(set(steps)) + len(told) - len(set(told)),
                after_stop=len(self.after_stop()) + open_ - kept,
                unknown_open=0,
            )
