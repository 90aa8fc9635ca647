"""Everybody at once on the same two cases: patients, staff, planning, messaging, escalation, the sealer."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

from django.db import connection

from appointments.models import Appointment
from appointments.operations import set_contact
from escalation import operations as escalation
from escalation.models import Task, TaskState
from messaging import operations as messaging
from messaging.models import Message
from practices import record, tenancy
from practices.models import Practice, User
from prerequisites import links, operations, planning, queries, readiness
from prerequisites.answers import Answer
from prerequisites.models import Case, Kind, PatientLink, Requirement, RequirementState, Submission
from tests.factories import (
    AppointmentFactory,
    PatientFactory,
    PlanFactory,
    PrerequisiteFactory,
)

BORN = datetime(1947, 3, 14).date()
QUESTION = {"key": "reaction", "type": "yes_no", "label": {"de": "Schon einmal reagiert?"}}
REFUSED = (operations.StaleError, operations.NotAllowedError)


class Race:
    """One practice and a crew of threads; every round they all act on two fresh cases."""

    def __init__(self, practice: Practice, person: User, *, now: datetime) -> None:
        self.practice, self.person, self.now = practice, record.staff(person.pk), now
        self.cases: list[int] = []
        self.requirements: list[int] = []
        self.handed_in: set[int] = set()
        self.crew: tuple[Callable[[], None], ...] = (
            self.patient,
            self.second_tab,
            self.staff,
            self.colleague,
            self.planner,
            self.messenger,
            self.escalator,
            self.sealer,
        )

    def run(self, rounds: int) -> None:
        start, end = threading.Barrier(len(self.crew) + 1), threading.Barrier(len(self.crew) + 1)
        with ThreadPoolExecutor(len(self.crew)) as pool:
            crew = [pool.submit(self._work, act, rounds, start, end) for act in self.crew]
            try:
                for _ in range(rounds):
                    self.prepare()
                    start.wait(30)
                    end.wait(30)
                    self.check()
            except BaseException:
                start.abort()
                end.abort()
                for worker in crew:
                    error = worker.exception()
                    if error is not None and not isinstance(error, threading.BrokenBarrierError):
                        raise error from None
                raise

    def _work(
        self, act: Callable[[], None], rounds: int, start: threading.Barrier, end: threading.Barrier
    ) -> None:
        try:
            for _ in range(rounds):
                start.wait(30)
                act()
                end.wait(30)
        except BaseException:
            start.abort()
            end.abort()
            raise
        finally:
            connection.close()

    def prepare(self) -> None:
        """Two cases with four requirements each; the first form of each was asked for again."""
        with tenancy.scope(self.practice.pk):
            plan = PlanFactory()
            for number, kind in enumerate((Kind.FORM, Kind.FORM, Kind.ACKNOWLEDGEMENT, Kind.DOCUMENT)):
                PrerequisiteFactory(
                    plan=plan,
                    key=f"item-{number}",
                    kind=kind,
                    questions=[QUESTION],
                    may_be_brought=number == 3,
                )
            for _ in range(2):
                AppointmentFactory(type=plan.type, patient=PatientFactory())
        planning.advance_cases(practice_id=self.practice.pk, now=self.now)
        with tenancy.scope(self.practice.pk):
            cases = list(Case.objects.filter(plan=plan).select_related("appointment").order_by("pk"))
            self.cases = [case.pk for case in cases]
            rows = Requirement.objects.filter(case__in=cases).select_related("prerequisite").order_by("pk")
            self.requirements = [row.pk for row in rows]
            self.handed_in = set()
            self.kinds = {row.pk: row.prerequisite.kind for row in rows}
            link_of = {
                case.pk: PatientLink.objects.get(case=case).pk for case in cases if links.url_for(case)
            }
            self.links = {row.pk: link_of[row.case_id] for row in rows}

    def patient(self) -> None:
        for pk in self.requirements:
            self._hand_in(pk)

    def second_tab(self) -> None:
        for pk in reversed(self.requirements):
            self._hand_in(pk)

    def _hand_in(self, pk: int) -> None:
        try:
            with tenancy.scope(self.practice.pk):
                links.mark_used(link_id=self.links[pk], now=self.now)
                links.check_birth_date(link_id=self.links[pk], birth_date=BORN, now=self.now)
                match self.kinds[pk]:
                    case Kind.FORM:
                        answers: dict[str, Answer] = {"reaction": "no"}
                        operations.submit_answers(
                            requirement_id=pk, answers=answers, by=record.PATIENT, now=self.now
                        )
                    case Kind.ACKNOWLEDGEMENT:
                        operations.acknowledge(requirement_id=pk, by=record.PATIENT, now=self.now)
                    case _:
                        operations.will_bring(requirement_id=pk, now=self.now)
                        return
            self.handed_in.add(pk)
        except REFUSED:
            pass

    def staff(self) -> None:
        for pk in self.requirements:
            try:
                with tenancy.scope(self.practice.pk):
                    operations.accept(requirement_id=pk, by=self.person, now=self.now)
            except REFUSED:
                pass

    def colleague(self) -> None:
        """Adds a contact, as the case page does, and finishes what tasks there are."""
        for case_id in reversed(self.cases):
            with tenancy.scope(self.practice.pk):
                patient_id = Case.objects.get(pk=case_id).appointment.patient_id
                set_contact(
                    patient_id=patient_id,
                    phone="+4915254599371",
                    email="neu@post.example",
                    by=self.person,
                    now=self.now,
                )
                operations.touch(case_id=case_id, now=self.now)
            with tenancy.scope(self.practice.pk):
                for task in Task.objects.filter(state=TaskState.OPEN, case_id=case_id):
                    escalation.finish_task(task_id=task.pk, by=self.person, now=self.now)

    def planner(self) -> None:
        """The calendar moves both appointments by an hour."""
        hour = timedelta(hours=1)
        with tenancy.scope(self.practice.pk):
            for row in Appointment.objects.filter(cases__in=self.cases).order_by("pk"):
                moved = {"start": row.start + hour, "end": row.end + hour}
                Appointment.objects.filter(pk=row.pk).update(needs_planning=True, **moved)
        planning.advance_cases(practice_id=self.practice.pk, now=self.now)

    def messenger(self) -> None:
        messaging.queue_requests(practice_id=self.practice.pk, now=self.now)
        messaging.deliver(practice_id=self.practice.pk, now=self.now)

    def escalator(self) -> None:
        for case_id in self.cases:
            with tenancy.scope(self.practice.pk):
                operations.touch(case_id=case_id, now=self.now)
            escalation.advance(practice_id=self.practice.pk, now=self.now)

    def sealer(self) -> None:
        with tenancy.scope(self.practice.pk):
            record.seal(now=self.now)

    def check(self) -> None:
        """Nothing of what anybody did is lost."""
        planning.advance_cases(practice_id=self.practice.pk, now=self.now)
        with tenancy.scope(self.practice.pk):
            rows = list(
                Requirement.objects.filter(pk__in=self.requirements).select_related("prerequisite", "case")
            )
            for row in rows:
                if self.kinds[row.pk] == Kind.DOCUMENT:
                    continue
                assert row.pk in self.handed_in, "somebody's submission was refused though nothing was there"
                assert row.state in (RequirementState.SUBMITTED, RequirementState.ACCEPTED), row.state
                assert Submission.objects.filter(requirement=row).count() == 1
            for case_id in self.cases:
                assert readiness.refresh(case_ids=[case_id], now=self.now) == []
                case = queries.case_detail(case_id).case
                assert case.link_opened_at == self.now
                assert Message.objects.filter(case_id=case_id, occasion="request").count() <= 1
            assert not Appointment.objects.filter(needs_planning=True).exists()
