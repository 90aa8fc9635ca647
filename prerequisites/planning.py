"""The second stage: appointments become cases with requirements, moves and cancellations reach them, time moves them on."""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime

from appointments.models import Appointment
from practices import record, rows, tenancy
from practices.nudge import nudge
from prerequisites import case_facts, following, handing_over, links, locking, operations, readiness, uploads
from prerequisites.case_facts import PlannedBy
from prerequisites.models import Case, Plan, Readiness, Requirement, RequirementState
from prerequisites.replanning import Held, Now, facts_missing, replan
from prerequisites.required import PlanRules
from prerequisites.ruled import current_calendar

BATCH = 500
# What is written of a new case.
CASE = (
    "id",
    "practice_id",
    "appointment_id",
    "plan_id",
    "readiness",
    "readiness_since",
    "deadline",
    "due_at",
    "requests_due_at",
    "escalation_due_at",
    "opened_at",
    "closed_at",
    "planned_start",
    "facts_missing",
    "ready_at",
)


def advance_cases(*, practice_id: int, now: datetime) -> None:
    """Plans what the calendar changed, refreshes the cases that time changes, scans what waits for the scanner."""
    while _in_scope(practice_id, _plan_batch, now) == BATCH:
        pass
    while _in_scope(practice_id, _refresh_batch, now) == BATCH:
        pass
    operations.scan_due_documents(practice_id=practice_id, now=now)
    uploads.expire(practice_id=practice_id, now=now)


def _in_scope(practice_id: int, step: Callable[..., int], now: datetime) -> int:
    with tenancy.scope(practice_id):
        return step(now=now)


def _plan_batch(*, now: datetime) -> int:
    """Plans up to BATCH appointments that changed; other workers' are passed over."""
    batch = list(
        Appointment.objects.select_for_update(skip_locked=True, of=("self",), no_key=True)
        .select_related("type", "patient", "outcome")
        .filter(needs_planning=True)
        .order_by("pk")[:BATCH]
    )
    if not batch:
        return 0
    handing_over.hand_over(batch, now=now)
    known = _locked_cases(batch)
    fresh = [row for row in batch if row.pk not in known and _is_prepared(row, now=now)]
    opened = _open_cases(fresh, now=now)
    changed = _follow([known[row.pk] for row in batch if row.pk in known], now=now)
    Appointment.objects.filter(pk__in=[row.pk for row in batch]).update(needs_planning=False)
    readiness.refresh(case_ids=[case.pk for case in changed], now=now)
    nudge(stage="requests", practice_id=tenancy.current())
    if opened:
        nudge(stage="escalate", practice_id=tenancy.current())
    return len(batch)


def _is_prepared(appointment: Appointment, *, now: datetime) -> bool:
    over = appointment.cancelled or appointment.is_over(now=now)
    return appointment.same_as_id is None and not over


def _locked_cases(appointments: Sequence[Appointment]) -> dict[int, Case]:
    """The cases there are, by appointment, locked before anything of them is read, with the open ones of their patients:
    staff and patients act meanwhile, and what one case has in place may count for another."""
    case_ids = Case.objects.filter(appointment__in=appointments).values_list("pk", flat=True)
    patients = {row.patient_id for row in appointments if row.patient_id is not None}
    locking.lock_with_siblings(case_ids, patients=patients)
    cases = Case.objects.filter(appointment__in=appointments).order_by("pk")
    found = cases.select_related(*following.REPLANNED)
    return {case.appointment_id: case for case in found}


def _open_cases(appointments: Sequence[Appointment], *, now: datetime) -> list[Case]:
    """Opens a case for each appointment whose type has a published plan, with all that is required by now, set-wise."""
    plans = case_facts.published_plans({row.type_id for row in appointments if row.type_id is not None})
    planned = [(row, plans[row.type_id]) for row in appointments if row.type_id in plans]
    opening = _Opening([row for row, _ in planned], plans.values(), now=now)
    ids = rows.new_ids(Case, len(planned))
    for pk, (row, published) in zip(ids, planned, strict=True):
        opening.open(_case(pk, row, published.plan, now=now), published.rules)
    return opening.write()


class _Opening:
    """Cases that are being opened together: what they need to know is read once."""

    def __init__(
        self, appointments: Sequence[Appointment], plans: Collection[PlannedBy], *, now: datetime
    ) -> None:
        uses = frozenset(fact for planned in plans for fact in planned.rules.uses)
        codes = frozenset(code for planned in plans for code in planned.rules.codes)
        patients = {row.patient_id for row in appointments if row.patient_id is not None}
        self.now, self.calendar = now, current_calendar()
        self.bookings = case_facts.bookings(appointments, uses=uses, calendar=self.calendar)
        self.sources = case_facts.sources_of(patients, codes=codes)
        self.cases: list[Case] = []
        self.requirements: list[rows.Row] = []
        self.entries: list[record.Entry] = []

    def open(self, case: Case, plan: PlanRules) -> None:
        """One case with what it requires; what another case of the patient has in place counts at once."""
        booking = self.bookings[case.appointment_id]
        sources = [source for _, source in self.sources.get(case.appointment.patient_id or 0, ())]
        now = Now(plan=plan, booking=booking, at=self.now, sources=sources)
        opened = [change.after for change in replan((), now)]
        items = [
            held.asked.item(state=held.state, due=held.due, start=booking.start, calendar=self.calendar)
            for held in opened
        ]
        case.facts_missing = list(facts_missing((), now))
        stands_otherwise = readiness.stand(case, items, now=self.now)
        self.cases.append(case)
        self.requirements += [following.new_of(case, held, now=self.now) for held in opened]
        self.entries.append(_opened(case, opened, now=self.now))
        if stands_otherwise:
            self.entries.append(readiness.entry(case, now=self.now))

    def write(self) -> list[Case]:
        """In three statements however many they are."""
        rows.insert(Case, [{name: getattr(case, name) for name in CASE} for case in self.cases])
        rows.insert(Requirement, self.requirements)
        record.write(*self.entries)
        return self.cases


def _opened(case: Case, held: Sequence[Held], *, now: datetime) -> record.Entry:
    plan = case.plan
    data = {"appointment": case.appointment_id, "plan": plan.pk, "version": plan.version}
    reused = {one.asked.key: one.reused_from for one in held if one.state == RequirementState.ACCEPTED}
    return record.Entry(
        event="case.opened",
        at=now,
        case_id=case.pk,
        patient_id=case.appointment.patient_id,
        data={**data, "reused": reused} if reused else data,
    )


def _case(pk: int, appointment: Appointment, plan: Plan, *, now: datetime) -> Case:
    return Case(
        pk=pk,
        practice_id=appointment.practice_id,
        appointment=appointment,
        plan=plan,
        readiness=Readiness.WAITING,
        readiness_since=now,
        opened_at=now,
        planned_start=appointment.start,
        requests_due_at=now,
        escalation_due_at=now,
    )


def _follow(cases: Sequence[Case], *, now: datetime) -> list[Case]:
    """Brings cases in line with appointments that were moved, retyped, cancelled or given a contact. What has no plan any
    more is set aside as it is, until it has one."""
    live = [case for case in cases if _is_prepared(case.appointment, now=now)]
    plans = case_facts.published_plans(
        {c.appointment.type_id for c in live if c.appointment.type_id is not None}
    )
    retyped = {
        case.pk: plans[case.appointment.type_id]
        for case in live
        if case.appointment.type_id in plans and case.appointment.type_id != case.plan.type_id
    }
    planned = [case for case in live if case.pk in retyped or not case.set_aside]
    following.follow(following.decide(planned, plans=retyped, now=now), by=record.SYSTEM, now=now)
    links.follow_appointment([case for case in cases if not case.appointment.cancelled])
    Case.objects.filter(pk__in=[case.pk for case in cases]).update(requests_due_at=now, escalation_due_at=now)
    record.write(
        *[
            record.Entry(
                event=_what_happened(case),
                at=now,
                case_id=case.pk,
                patient_id=case.appointment.patient_id,
                data={"appointment": case.appointment_id, "revision": case.appointment.revision},
            )
            for case in cases
        ]
    )
    return list(cases)


def _what_happened(case: Case) -> str:
    if case.appointment.same_as_id is not None:
        return "case.joined"
    if case.appointment.cancelled:
        return "case.closed"
    if case.set_aside:
        return "case.set_aside"
    return "case.follows" if case.closed_at is None else "case.resumed"


def _refresh_batch(*, now: datetime) -> int:
    due = Case.objects.select_for_update(skip_locked=True, no_key=True).filter(due_at__lte=now).order_by("pk")
    case_ids = [case.pk for case in due.only("pk")[:BATCH]]
    readiness.refresh(case_ids=case_ids, now=now)
    return len(case_ids)
