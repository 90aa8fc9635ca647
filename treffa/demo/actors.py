"""The people of the demo. What a patient does follows from the case's number, so that each demo shows every state."""

from datetime import datetime, timedelta
from enum import Enum

from django.utils import timezone

from escalation.models import Task, TaskOutcome, TaskState
from escalation.operations import finish_task, put_off, take_over
from escalation.operations.acts import outcomes_of
from messaging.models import Message, MessageState
from practices import record, tenancy
from practices.models import Membership, Role
from prerequisites import checks, documents, links, operations
from prerequisites.answers import NO, YES, Answer, Question, QuestionType
from prerequisites.models import Case, Kind, Obstacle, PatientLink, Requirement, RequirementState
from prerequisites.ruled import questions_of
from treffa.demo.papers import sample

REVIEWED_AFTER = timedelta(hours=12)
PUT_OFF = timedelta(days=2)
LATE = timedelta(days=3)
NEAR = timedelta(days=9)
SOON = timedelta(days=6)
# Of so many answers one is a yes, which mostly asks for more.
SELDOM = 23


class Persona(Enum):
    """How a patient goes about it."""

    PROMPT = "prompt"
    HALF = "half"
    OPENS_ONLY = "opens only"
    NEVER = "never"
    LATE = "late"
    CANNOT = "cannot get it"


def persona_of(case_id: int) -> Persona:
    """Of twenty patients eleven are prompt."""
    number = case_id * 7 % 20
    for limit, persona in (
        (11, Persona.PROMPT),
        (13, Persona.HALF),
        (14, Persona.OPENS_ONLY),
        (16, Persona.NEVER),
    ):
        if number < limit:
            return persona
    return Persona.LATE if number < 19 else Persona.CANNOT


class Patients:
    """All patients of a practice who were written to."""

    def __init__(self, practice_id: int) -> None:
        self.practice_id = practice_id

    def act(self, *, now: datetime) -> None:
        """Each does what there is to do, as far as they go."""
        with tenancy.scope(self.practice_id):
            arrived = (MessageState.ACCEPTED, MessageState.DELIVERED, MessageState.OPENED)
            told = Message.objects.filter(state__in=arrived, patient__isnull=False)
            cases = list(
                Case.objects.filter(
                    pk__in=told.values("case_id"),
                    closed_at=None,
                    requirements__state__in=operations.ASKED,
                    appointment__start__lt=now + NEAR,
                )
                .select_related("appointment")
                .distinct()
            )
            for case in cases:
                self._act(case, now=now)

    def _act(self, case: Case, *, now: datetime) -> None:
        persona = persona_of(case.pk)
        waited = now - case.opened_at
        if persona is Persona.NEVER or (persona is Persona.LATE and waited < LATE):
            return
        link = PatientLink.objects.filter(case=case).first()
        if link is not None:
            links.mark_used(link_id=link.pk, now=now)
        if persona is Persona.OPENS_ONLY:
            return
        asked = list(
            Requirement.objects.filter(case=case, state__in=operations.ASKED)
            .exclude(prerequisite__kind__in=(Kind.STAFF_CHECK, Kind.INFORMATION))
            .select_related("prerequisite")
            .order_by("prerequisite__position")
        )
        if persona is Persona.CANNOT and asked and not asked[0].obstacle:
            operations.cannot_get(requirement_id=asked[0].pk, reason=Obstacle.SURGERY_CLOSED, now=now)
            return
        if persona in (Persona.HALF, Persona.CANNOT):
            asked = asked[1::2]
        for requirement in asked:
            hand_in(requirement, now=now)


def hand_in(requirement: Requirement, *, now: datetime) -> None:
    """What the patient's page does with a filled-in form."""
    prerequisite = requirement.prerequisite
    if prerequisite.kind == Kind.DOCUMENT:
        if not prerequisite.blocking and requirement.pk % 3:
            return
        paper = sample(prerequisite.said("title", "de"))
        operations.submit_documents(requirement_id=requirement.pk, files=[paper], by=record.PATIENT, now=now)
    elif prerequisite.kind == Kind.FORM:
        answers = {question.key: _answer(question, requirement.pk) for question in questions_of(prerequisite)}
        operations.submit_answers(requirement_id=requirement.pk, answers=answers, by=record.PATIENT, now=now)
    elif prerequisite.kind == Kind.ACKNOWLEDGEMENT:
        operations.acknowledge(requirement_id=requirement.pk, by=record.PATIENT, now=now)


def _answer(question: Question, seed: int) -> Answer:
    match question.type:
        case QuestionType.YES_NO:
            return YES if seed % SELDOM == len(question.key) % SELDOM else NO
        case QuestionType.NUMBER:
            return str(58 + seed % 40)
        case QuestionType.ONE_OF:
            return next(iter(question.choices))
        case QuestionType.MANY_OF:
            return list(question.choices)[:1] if seed % 3 == 0 else []
        case QuestionType.DATE:
            return "2020-05-04"
        case _:
            return ""


def _accept(requirement: Requirement, *, by: record.Actor, now: datetime) -> None:
    """With the day on which it came as the document's; what is too old by the appointment is asked for again."""
    try:
        operations.accept(
            requirement_id=requirement.pk,
            by=by,
            now=now,
            document_date=timezone.localdate(requirement.changed_at),
            as_physician=True,
        )
    except operations.NotAllowedError as refused:
        if refused.code != "too_old":
            raise
        reason = "Der Befund ist bis zu Ihrem Termin zu alt. Bitte schicken Sie uns einen neueren."
        operations.reject(requirement_id=requirement.pk, reason=reason, by=by, now=now)


class Staff:
    """The reception and a physician of a practice."""

    def __init__(self, practice_id: int) -> None:
        self.practice_id = practice_id

    def act(self, *, now: datetime, half_done: bool = False) -> None:
        """Reviews what has lain for half a day, waives now and then, works off older tasks. `half_done`: the morning's
        review is not done yet, one of three cases still waits."""
        with tenancy.scope(self.practice_id):
            users = list(Membership.objects.filter(active=True).order_by("pk").values_list("user_id", "role"))
            reception = record.staff(users[0][0])
            physician = next((user for user, role in users if role == Role.PHYSICIAN), users[0][0])
            self._review(by=reception, now=now, half_done=half_done)
            self._check(physician=physician, now=now, half_done=half_done)
            self._waive(by=record.staff(physician), now=now)
            self._tasks(by=reception, now=now)

    def _review(self, *, by: record.Actor, now: datetime, half_done: bool) -> None:
        waiting = Requirement.objects.filter(
            state=RequirementState.SUBMITTED, changed_at__lt=now - REVIEWED_AFTER, case__closed_at=None
        ).select_related("prerequisite")
        for requirement in waiting:
            if (half_done and requirement.case_id % 3 == 1) or documents.unscanned(
                requirement_id=requirement.pk
            ):
                continue
            again = requirement.prerequisite.kind == Kind.DOCUMENT and requirement.pk % 11 == 0
            if again and not requirement.submissions.filter(at__lt=requirement.changed_at).exists():
                reason = "Die Seite ist abgeschnitten. Bitte fotografieren Sie sie noch einmal ganz."
                operations.reject(requirement_id=requirement.pk, reason=reason, by=by, now=now)
            else:
                _accept(requirement, by=by, now=now)

    def _check(self, *, physician: int, now: datetime, half_done: bool) -> None:
        """What only the practice itself can do, such as a physician's look at the answers."""
        waiting = Requirement.objects.filter(
            state=RequirementState.OPEN,
            prerequisite__kind=Kind.STAFF_CHECK,
            prerequisite__blocking=True,
            changed_at__lt=now - REVIEWED_AFTER,
            case__closed_at=None,
        )
        for requirement in waiting.order_by("pk"):
            if not (half_done and requirement.case_id % 3 == 1):
                checks.note_done(
                    requirement_id=requirement.pk,
                    held_by=physician,
                    held_at=now,
                    by=record.staff(physician),
                    now=now,
                    as_physician=True,
                )

    def _waive(self, *, by: record.Actor, now: datetime) -> None:
        late = Requirement.objects.filter(
            state__in=operations.ASKED,
            prerequisite__blocking=True,
            deadline__lt=now,
            case__closed_at=None,
            case__appointment__start__lt=now + SOON,
        )
        for requirement in late.order_by("pk"):
            if requirement.case_id % 3 == 0:
                reason = "Befund liegt aus der Klinik vor, Rücksprache gehalten."
                operations.waive(
                    requirement_id=requirement.pk, reason=reason, by=by, may_waive_blocking=True, now=now
                )

    def _tasks(self, *, by: record.Actor, now: datetime) -> None:
        """Most are done with what came of it; one of five is taken over, put off, or tried in vain."""
        old = Task.objects.filter(state=TaskState.OPEN, taken_by=None, created_at__lt=now - REVIEWED_AFTER)
        for task in old.order_by("pk"):
            choice = task.pk % 10
            if choice < 5:
                finish_task(task_id=task.pk, by=by, now=now, outcome=outcomes_of(task.kind)[0])
            elif choice == 5:
                take_over(task_id=task.pk, by=by, now=now)
            elif choice == 6:
                put_off(task_id=task.pk, until=now + PUT_OFF, by=by, now=now)
            elif choice == 7 and TaskOutcome.NOT_REACHED in outcomes_of(task.kind):
                finish_task(task_id=task.pk, by=by, now=now, outcome=TaskOutcome.NOT_REACHED)
