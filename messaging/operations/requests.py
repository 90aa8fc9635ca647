"""The requests stage: what has to be said about the cases that are due, decided from facts and written down; about several
appointments of one patient in one message."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import QuerySet

from messaging import joining, occasions, queries, told
from messaging.joining import Round, Saying
from messaging.models import Mention, Message, MessageState
from messaging.occasions import Facts
from messaging.operations import writing
from practices import record, tenancy
from practices.models import Practice
from practices.nudge import nudge
from prerequisites.models import Case

BATCH = 200
NOT_SENDING = timedelta(hours=1)
# A batch of somebody else who holds a case is over by then. The next round would be the tick, a minute away.
HELD_S = 0.25
# "said", as the advisory lock's first number: two who decide at once would not see what the other says to the same patient.
LOCK = 0x5A1D


def queue_requests(*, practice_id: int, now: datetime) -> None:
    """Writes down what has to be said at `now` and when to look next. A practice that does not send is looked at hourly.
    Cases that somebody else holds, and others of their patients, are left for the next round, which is nudged."""
    while _queue_batch(practice_id=practice_id, now=now) == BATCH:
        continue


def _queue_batch(*, practice_id: int, now: datetime) -> int:
    with tenancy.scope(practice_id):
        practice = Practice.objects.get()
        if not practice.sending:
            Case.objects.filter(requests_due_at__lte=now).update(requests_due_at=now + NOT_SENDING)
            return 0
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [LOCK, practice_id])
        due = Case.objects.filter(requests_due_at__lte=now).order_by("requests_due_at", "pk")
        cases, beside = _beside(list(_held(due)[:BATCH]), now=now)
        if len(cases) < BATCH and due.exclude(pk__in=[case.pk for case in cases]).exists():
            nudge(stage="requests", practice_id=practice_id, after_s=HELD_S)
        if cases:
            _Sayer(practice=practice, now=now).say(cases, beside)
        return len(cases)


def _held(cases: QuerySet[Case]) -> QuerySet[Case]:
    locked = cases.select_for_update(of=("self",), skip_locked=True, no_key=True)
    return locked.select_related("appointment__patient__practice")


def _beside(due: Sequence[Case], *, now: datetime) -> tuple[list[Case], list[Case]]:
    """The due cases, and the other open ones of their patients, locked. Of a patient of whom somebody else holds a case
    none is looked at now."""
    patients = {case.appointment.patient_id for case in due} - {None}
    others = Case.objects.filter(
        appointment__patient_id__in=patients, appointment__start__gt=now, closed_at=None
    ).exclude(pk__in=[case.pk for case in due])
    whose = dict(others.values_list("pk", "appointment__patient_id"))
    if not whose:
        return list(due), []
    beside = list(_held(Case.objects.filter(pk__in=whose)).order_by("pk"))
    busy = {whose[pk] for pk in whose.keys() - {case.pk for case in beside}}
    return (
        [case for case in due if case.appointment.patient_id not in busy],
        [case for case in beside if case.appointment.patient_id not in busy],
    )


@dataclass(kw_only=True)
class _Sayer:
    """What one batch needs, and what it has written so far."""

    practice: Practice
    now: datetime
    cases: dict[int, Case] = field(default_factory=dict)
    looked_at: dict[int, datetime | None] = field(default_factory=dict)
    messages: list[Message] = field(default_factory=list)
    mentions: list[Mention] = field(default_factory=list)
    entries: list[record.Entry] = field(default_factory=list)
    unreached: set[int] = field(default_factory=set)
    own_texts: queries.OwnTexts = field(default_factory=dict)

    def say(self, due: Sequence[Case], beside: Sequence[Case]) -> None:
        """Decides and writes down."""
        self.cases = {case.pk: case for case in [*due, *beside]}
        facts = queries.facts_of(list(self.cases.values()), practice=self.practice, now=self.now)
        rounds = self._rounds(facts, {case.pk for case in due}, free=self._free(facts) if beside else None)
        drop = {message_id: why for one in rounds for message_id, why in one.drop.items()}
        writing.withdraw(drop, now=self.now)
        if any(one.sayings for one in rounds):
            self.own_texts = queries.own_texts()
        for one in rounds:
            self._write(one)
        self._store()

    def _rounds(self, facts: Mapping[int, Facts], due: set[int], *, free: set[int] | None) -> list[Round]:
        """Patient by patient; of cases without one each for itself."""
        groups: dict[tuple[int, int], dict[int, Facts]] = defaultdict(dict)
        for case_id, known in facts.items():
            patient = self.cases[case_id].appointment.patient_id
            groups[(patient, 0) if patient else (0, case_id)][case_id] = known
        hours = queries.hours_of(self.practice)
        return [
            joining.decide_together(group, due=due & group.keys(), hours=hours, free=free, now=self.now)
            for group in groups.values()
        ]

    def _free(self, facts: Mapping[int, Facts]) -> set[int]:
        """The queued messages that nobody is just claiming: ours until the commit."""
        queued = {said.id for known in facts.values() for said in known.said if said.state == "queued"}
        return {message.pk for message in writing.hold(queued)} if queued else set()

    def _write(self, one: Round) -> None:
        for case_id, decision in one.decisions.items():
            self.looked_at[case_id] = decision.look_at
            if decision.unreachable:
                self._note_no_way(self.cases[case_id], one.facts[case_id], decision.key)
        for saying in one.sayings:
            self._write_message(saying, one.facts)

    def _write_message(self, saying: Saying, facts: Mapping[int, Facts]) -> None:
        message, mentions = writing.new_message(
            practice=self.practice,
            about=[(self.cases[case_id], facts[case_id]) for case_id in saying.cases],
            occasion=saying.occasion,
            key=saying.key,
            way=facts[saying.lead].ways_for(saying.occasion)[0],
            own_texts=self.own_texts,
            now=self.now,
        )
        self.messages.append(message)
        self.mentions += mentions
        for case_id in saying.cases:
            said = joining.mentioned(facts[case_id], told.said_by(message), now=self.now)
            after = occasions.with_said(facts[case_id], said)
            self.looked_at[case_id] = occasions.decide(after, now=self.now).look_at

    def _note_no_way(self, case: Case, facts: Facts, key: str) -> None:
        self.unreached.add(case.pk)
        if facts.addresses:
            message = writing.no_way(case, facts, key, practice=self.practice, now=self.now)
            self.messages.append(message)
            after = occasions.with_said(facts, told.said_by(message))
            self.looked_at[case.pk] = occasions.decide(after, now=self.now).look_at

    def _store(self) -> None:
        """When to look at each case next: at the reminder's time, seen with what has just been written down."""
        Message.objects.bulk_create(self.messages)
        Mention.objects.bulk_create(self.mentions)
        spoken = writing.spoken_of(self.messages, self.mentions)
        record.write(*[entry for one in self.messages for entry in self._entries(one, spoken[one.pk])])
        stored = [self.cases[case_id] for case_id in self.looked_at]
        for case in stored:
            case.requests_due_at = self.looked_at[case.pk]
            if case.pk in self.unreached:
                case.escalation_due_at = self.now
        Case.objects.bulk_update(stored, ["requests_due_at", "escalation_due_at"])
        if self.messages:
            nudge(stage="deliver", practice_id=self.practice.pk)
        if self.unreached:
            nudge(stage="escalate", practice_id=self.practice.pk)

    def _entries(self, message: Message, case_ids: Sequence[int | None]) -> list[record.Entry]:
        if message.state == MessageState.QUEUED:
            return writing.entries_queued(message, case_ids=case_ids, now=self.now)
        return [writing.entry(message, "failed", now=self.now, code=message.problem)]
