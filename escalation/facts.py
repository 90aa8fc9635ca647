"""What the earlier rooms know about many cases, gathered in five statements however many they are."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Case as When_
from django.db.models import Exists, OuterRef, Q, Subquery, When

from escalation import policy
from escalation.models import Escalation, EscalationState, Task, TaskState
from escalation.policy import Progress, Silence
from messaging import occasions, told
from messaging.models import Inbound, InboundKind, Mention, Message, MessageState
from practices.models import Practice
from prerequisites import queries as prerequisites
from prerequisites import rules
from prerequisites.models import (
    Case,
    Document,
    Enquiry,
    Kind,
    Requirement,
    RequirementState,
    ScanState,
    Submission,
)
from prerequisites.ruled import calendar_of, rule_of
from prerequisites.working_days import Calendar

HOPEFUL = occasions.GONE_OUT | {"queued"}
ASKED = (RequirementState.OPEN, RequirementState.REJECTED)
HANDED_IN = (RequirementState.SUBMITTED, RequirementState.ACCEPTED)
LINK = ("pk", "generation", "tries_left", "claimed_birth_date", "disowned_at")
# Texts, questions and sealed parts have no part in it.
READ = (
    *("practice", "case", "state", "obstacle", "changed_at", "deadline", "bring_along", "reused_from"),
    *(
        f"prerequisite__{name}"
        for name in (
            *("kind", "audience", "blocking", "lead_days", "days_before", "time_of_day"),
            *("may_be_brought", "working_days"),
        )
    ),
)


@dataclass(frozen=True, kw_only=True)
class Infected:
    """What the virus scanner refused and nothing newer has replaced."""

    submission_id: int
    deadline: datetime | None


@dataclass(frozen=True)
class Link:
    """The patient's link, as far as it may call for somebody."""

    pk: int
    generation: int
    tries_left: int
    claimed_birth_date: date | None
    disowned: bool = False


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What the patient wrote back to a message, or asked on the page."""

    pk: int
    at: datetime


@dataclass(kw_only=True)
class Facts:
    """What is known about one case."""

    obstacles: list[Requirement] = field(default_factory=list)
    too_late: list[Requirement] = field(default_factory=list)
    infected: list[Infected] = field(default_factory=list)
    link: Link | None = None
    unknown: list[Message] = field(default_factory=list)
    replies: list[Reply] = field(default_factory=list)
    questions: list[Reply] = field(default_factory=list)
    failed: Message | None = None
    hopeful: bool = False
    sent: dict[str, datetime] = field(default_factory=dict)
    missing: bool = False
    handed_in: bool = False
    useful_until: datetime | None = None
    escalation: Escalation | None = None
    ended: Escalation | None = None
    tasks: list[Task] = field(default_factory=list)

    @property
    def unreached(self) -> Message | None:
        """The last try, where all that was tried failed or stayed without an echo, and nothing is under way."""
        return None if self.hopeful else self.failed

    def progress(self, case: Case) -> Progress:
        """How far the patient is."""
        if not self.missing:
            return Progress.TO_REVIEW
        if self.handed_in:
            return Progress.HALF_DONE
        return Progress.OPENED if case.link_opened_at else Progress.UNOPENED

    def silence(self, case: Case) -> Silence:
        """What is known of the patient's silence."""
        return Silence(
            opened=self.progress(case) is not Progress.UNOPENED or bool(self.obstacles),
            deadline=case.deadline,
            useful_until=self.useful_until,
            sent=tuple(self.sent.values()),
        )


def facts_of(cases: Sequence[Case], *, practice: Practice, now: datetime) -> dict[int, Facts]:
    """The facts of cases (with appointments), by case id."""
    facts: dict[int | None, Facts] = defaultdict(Facts)
    by_id = {case.pk: case for case in cases}
    _gather_requirements(facts, by_id, calendar=calendar_of(practice), now=now)
    _gather_links_and_replies(facts, by_id)
    _gather_messages(facts, by_id, now=now)
    for escalation in Escalation.objects.filter(case__in=by_id).order_by("pk"):
        if escalation.state == EscalationState.ENDED:
            facts[escalation.case_id].ended = escalation
        else:
            facts[escalation.case_id].escalation = escalation
    held = Q(state=TaskState.OPEN) | Q(state=TaskState.DONE, cause_gone_at=None)
    for task in Task.objects.filter(held, case__in=by_id):
        facts[task.case_id].tasks.append(task)
    return {case.pk: facts[case.pk] for case in cases}


def _gather_requirements(
    facts: dict[int | None, Facts], cases: Mapping[int, Case], *, calendar: Calendar, now: datetime
) -> None:
    found = (
        Requirement.objects.filter(case__in=cases, state__in=(*ASKED, *HANDED_IN))
        .exclude(prerequisite__kind=Kind.INFORMATION)
        .select_related("prerequisite")
        .annotate(refused=_refused())
        .only(*READ)
        .order_by("pk")
    )
    for requirement in found:
        known, start = facts[requirement.case_id], cases[requirement.case_id].appointment.start
        if requirement.state in HANDED_IN:
            patients_own = _patients_own(requirement)
            known.handed_in |= patients_own and requirement.reused_from_id is None
            continue
        if requirement.refused is not None:
            infected = Infected(submission_id=requirement.refused, deadline=requirement.deadline)
            known.infected.append(infected)
        if requirement.obstacle:
            known.obstacles.append(requirement)
        if prerequisites.too_late(requirement, start=start, calendar=calendar, now=now):
            known.too_late.append(requirement)
        if _patients_own(requirement) and requirement.prerequisite.blocking and not requirement.bring_along:
            known.missing = True
            _note_useful(known, requirement, start=start, calendar=calendar)


def _refused() -> When_:
    """Of something asked for again: its newest submission, if the virus scanner refused it."""
    bad = Document.objects.filter(submission_id=OuterRef("pk"), scan=ScanState.INFECTED)
    newest = (
        Submission.objects.filter(requirement_id=OuterRef("pk"))
        .order_by("-id")
        .annotate(submission=When_(When(Exists(bad), then="id")))
        .values("submission")[:1]
    )
    return When_(When(state=RequirementState.REJECTED, then=Subquery(newest)))


def _patients_own(requirement: Requirement) -> bool:
    prerequisite = requirement.prerequisite
    return prerequisite.kind in rules.PATIENT_KINDS and prerequisite.audience == "patient"


def _note_useful(known: Facts, requirement: Requirement, *, start: datetime, calendar: Calendar) -> None:
    """The first moment at which something that takes days can't be had any more."""
    if not requirement.prerequisite.lead_days:
        return
    useful = rules.latest_useful(rule_of(requirement.prerequisite), start=start, calendar=calendar)
    known.useful_until = min(known.useful_until or useful, useful)


def _gather_links_and_replies(facts: dict[int | None, Facts], cases: Mapping[int, Case]) -> None:
    """All in one statement: the link of each case, what its patient wrote back, and what they asked on the page."""
    replies = Inbound.objects.filter(case_id=OuterRef("pk"), kind=InboundKind.REPLY).order_by("pk")
    asked = Enquiry.objects.filter(case_id=OuterRef("pk")).order_by("pk")
    said = [
        ArraySubquery(rows.values(name))
        for rows, at in ((replies, "received_at"), (asked, "at"))
        for name in ("pk", at)
    ]
    found = Case.objects.filter(pk__in=cases).values_list("pk", *said, *(f"links__{name}" for name in LINK))
    for case_id, reply_ids, received, asked_ids, asked_at, *link in found:
        known = facts[case_id]
        known.replies = [Reply(pk=pk, at=at) for pk, at in zip(reply_ids, received, strict=True)]
        known.questions = [Reply(pk=pk, at=at) for pk, at in zip(asked_ids, asked_at, strict=True)]
        if link[0] is not None:
            pk, generation, tries_left, birth_date, disowned_at = link
            known.link = Link(pk, generation, tries_left, birth_date, disowned_at is not None)


def _gather_messages(facts: dict[int | None, Facts], cases: Mapping[int, Case], *, now: datetime) -> None:
    """How those to the patients fared. What went out before the link was replaced opens nothing any more."""
    to_patients = told.about(cases).filter(patient__isnull=False).order_by("pk")
    mentioned = ArraySubquery(Mention.objects.filter(message_id=OuterRef("pk")).values("case_id"))
    for message in to_patients.annotate(mentioned=mentioned).defer("sealed_wording"):
        for case_id in message.mentioned or [message.case_id]:
            if case_id in cases:
                _note_message(facts[case_id], message, cases[case_id], now=now)


def _note_message(known: Facts, message: Message, case: Case, *, now: datetime) -> None:
    said = told.said_by(message)
    given_up = message.state == MessageState.ACCEPTED and message.given_up_at is not None
    waits = given_up and occasions.reminded_first(
        occasion=said.occasion,
        channel=said.channel,
        sent_at=said.sent_at,
        deadline=said.told_deadline,
        now=now,
    )
    known.failed = (
        message if (given_up and not waits) or message.state == MessageState.FAILED else known.failed
    )
    # Nobody waits any more for what another message followed: it is neither a failure nor a hope.
    let_be = message.state == MessageState.ACCEPTED and bool(message.fallback_at) and message.due_at is None
    known.hopeful |= message.state in HOPEFUL and not given_up and not let_be
    if message.state == MessageState.UNKNOWN and message.due_at is None:
        known.unknown.append(message)
    renewed = case.link_renewed_at
    if said.state in occasions.GONE_OUT and (renewed is None or said.sent_at >= renewed):
        known.sent.setdefault(said.decision, said.sent_at)


def doubtful(case: Case, facts: Facts, *, now: datetime) -> tuple[bool, datetime | None]:
    """Whether the forecast says that the case won't make it, and when to ask again where it does not say so yet."""
    silence = facts.silence(case)
    since = policy.doubtful_from(silence)
    if since is not None:
        return since <= now, since if since > now else None
    if silence.opened or silence.deadline is None:
        return False, None
    again = max(silence.deadline - policy.NEEDED_BEFORE_DEADLINE, now + policy.TIME_TO_OPEN / 2)
    return False, again if again < silence.deadline else None
