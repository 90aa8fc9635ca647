"""What becomes of a case's requirements when something about it changed. Pure: what is held + the facts now -> changes.

One decision for all that can change: an answer, the patient, the appointment's time, its type, the plan's version, and
what other cases of the patient have in place. Deciding again on the same facts changes nothing, and nothing that was
handed in is lost: what is not required any more is set aside with its state and comes back with it.

    added       a condition holds now, or the plan is another
    withdrawn   it does not hold any more; the state is kept aside
    returned    required again, in the state it had
    lapsed      was in place, is too old for the appointment (or a form asks something else by now): asked for again
    restored    valid again after all, the appointment was moved back
    reused      another case of the patient has it, still valid
    fallen      what was reused is not in place any more
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from prerequisites import consent, rules
from prerequisites.answers import Answer, Question, check_answers
from prerequisites.conditions import Facts
from prerequisites.required import FORM, Asked, Booking, PlanRules, Verdict
from prerequisites.rules import Due
from prerequisites.validity import judge

OPEN, SUBMITTED, ACCEPTED, REJECTED, WITHDRAWN = "open", "submitted", "accepted", "rejected", "withdrawn"
UNDECIDED = frozenset({OPEN, SUBMITTED, REJECTED})
IN_PLACE = {
    "document": frozenset({ACCEPTED}),
    FORM: frozenset({ACCEPTED, SUBMITTED}),
    "acknowledgement": frozenset({ACCEPTED}),
}
REUSABLE = frozenset({"document", FORM})
PLAN_CHANGED = ("plan",)


@dataclass(frozen=True, kw_only=True)
class Held:
    """A requirement as it stands; `id` is None of what is added. `withdrawn_from` is the state that it had before it was
    withdrawn or lapsed. `document_date` of a form is the day it was handed in; `own_date` is the date of a document that was
    handed in here and lapsed, while another case's counts in its place. `answers` are those that were given last, as far as
    the plan asks for them."""

    id: int | None = None
    asked: Asked
    state: str = OPEN
    due: Due
    promised: bool = False
    document_date: date | None = None
    lapsed: bool = False
    withdrawn_from: str = ""
    reused_from: int | None = None
    own_date: date | None = None
    answers: Mapping[str, Answer] | None = None


@dataclass(frozen=True, kw_only=True)
class Source:
    """What another case of the patient has in place. `id` is that requirement's."""

    id: int
    code: str
    kind: str
    document_date: date | None
    by_physician: bool = False


@dataclass(frozen=True, kw_only=True)
class Change:
    """What becomes of one requirement; `before` is None where it is new. `because` names what a condition hangs on, never
    an answer."""

    before: Held | None
    after: Held
    events: tuple[str, ...] = ()
    because: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Now:
    """The facts by which a case is planned anew. `sources` are those of other cases of the patient, the newest first;
    `moved_by`: how far the appointment was moved since the deadlines were made; `another_plan`: the case gets this
    plan instead of its own, what it does not ask for is withdrawn; `another_type`: and that plan is for something else."""

    plan: PlanRules
    booking: Booking
    at: datetime
    sources: Sequence[Source] = ()
    moved_by: timedelta = timedelta()
    another_plan: bool = False
    another_type: bool = False


def replan(held: Sequence[Held], now: Now) -> list[Change]:
    """The changes: what stays as it is, is not among them."""
    matched, left = _match(held, now)
    answers = {key: row.answers for key, row in matched.items() if row.answers is not None}
    verdicts = now.plan.verdicts(now.booking, answers)
    facts = now.plan.facts(now.booking, answers)
    changes = [_planned(matched.get(key), verdict, facts, now) for key, verdict in verdicts.items()]
    if now.another_plan:
        changes += [_withdrawn(row, row.asked, PLAN_CHANGED) for row in left]
    return [change for change in changes if change is not None and change.before != change.after]


def facts_missing(held: Sequence[Held], now: Now) -> tuple[str, ...]:
    """What nobody knows of the patient and something that blocks hangs on (PlanRules.facts_missing)."""
    matched, _ = _match(held, now)
    answers = {key: row.answers for key, row in matched.items() if row.answers is not None}
    return now.plan.facts_missing(now.booking, answers)


def _match(held: Sequence[Held], now: Now) -> tuple[dict[str, Held], list[Held]]:
    """What serves the plan, by its keys: the same prerequisite, else the same code, else the same key, of the same kind.
    And what serves it no more: consent to one thing, with all that belongs to it, is none to another."""
    left = {row.asked.id: row for row in sorted(held, key=lambda row: row.state == WITHDRAWN)}
    matched = {asked.key: left.pop(asked.id) for asked in now.plan.entries if asked.id in left}
    serving = [row for row in left.values() if not (now.another_type and _is_consent(row.asked))]
    for same in (_same_code, _same_key):
        for asked in now.plan.entries:
            found = next((row for row in serving if row.asked.id in left and same(row.asked, asked)), None)
            if found is not None and asked.key not in matched:
                matched[asked.key] = left.pop(found.asked.id)
    return matched, list(left.values())


def _is_consent(asked: Asked) -> bool:
    return consent.is_consent(kind=asked.kind, code=asked.code)


def _same_code(one: Asked, other: Asked) -> bool:
    return one.code != "" and one.code == other.code and one.kind == other.kind


def _same_key(one: Asked, other: Asked) -> bool:
    return one.key == other.key and one.kind == other.kind


def _planned(row: Held | None, verdict: Verdict, facts: Facts, now: Now) -> Change | None:
    asked = verdict.asked
    if not verdict.holds:
        return None if row is None else _withdrawn(row, asked, verdict.because)
    events: list[str] = []
    if row is None:
        after = Held(asked=asked, due=now.booking.due(asked.rule, now=now.at))
        events.append("added")
    else:
        after = _returned(row, asked, now, events)
    after = _still_reused(after, now, events)
    after = _in_date(after, row, facts, now, events)
    after = _reused(after, facts, now, events)
    return Change(before=row, after=after, events=tuple(events), because=verdict.because)


def _withdrawn(row: Held, asked: Asked, because: tuple[str, ...]) -> Change:
    if row.state == WITHDRAWN:
        return Change(before=row, after=replace(row, asked=asked))
    after = _own_again(row) if _is_in_place_of_own(row) else row
    if after.state == SUBMITTED:
        after = replace(after, lapsed=False)  # what waits for a look is newer than what lapsed
    aside = after.withdrawn_from if after.lapsed else after.state
    after = replace(after, asked=asked, state=WITHDRAWN, withdrawn_from=aside)
    return Change(before=row, after=after, events=("withdrawn",), because=because)


def _is_in_place_of_own(row: Held) -> bool:
    """Whether what counts is another case's, and what was handed in here is aside."""
    return row.lapsed and row.state == ACCEPTED and row.reused_from is not None


def _own_again(row: Held) -> Held:
    """Without the other case's: what was handed in here, lapsed as it is."""
    return replace(row, state=OPEN, reused_from=None, document_date=row.own_date, own_date=None)


def _returned(row: Held, asked: Asked, now: Now, events: list[str]) -> Held:
    """The requirement under the plan, required again if it was not, its deadline moved along."""
    after = replace(row, asked=asked)
    if row.state == WITHDRAWN:
        events.append("returned")
        state = OPEN if row.lapsed else row.withdrawn_from or OPEN
        after = replace(after, state=state, withdrawn_from=row.withdrawn_from if row.lapsed else "")
        return _asked_anew(after, now) if state in UNDECIDED else after
    if row.state not in UNDECIDED or not (now.moved_by or row.asked.rule != asked.rule):
        return after
    return replace(after, due=_moved(row, asked, now))


def _moved(row: Held, asked: Asked, now: Now) -> Due:
    """What the patient said to bring is brought to the new date."""
    if row.due.bring_along and row.promised and asked.rule.may_be_brought:
        return Due(at=now.booking.start, bring_along=True)
    booking = now.booking
    return rules.moved(
        asked.rule, held=row.due, by=now.moved_by, start=booking.start, now=now.at, calendar=booking.calendar
    )


def _asked_anew(row: Held, now: Now) -> Held:
    return replace(row, due=now.booking.due(row.asked.rule, now=now.at))


def _in_date(row: Held, before: Held | None, facts: Facts, now: Now, events: list[str]) -> Held:
    """Lapsed where what was in place does not count any more, restored where it does again."""
    if row.state in IN_PLACE.get(row.asked.kind, ()):
        if _counts(row.asked, row.document_date, facts, now) and _answers_fit(row, before):
            return row
        events.append("lapsed")
        row = _asked_anew(_lapsed(row), now)
    if not (row.lapsed and row.state == OPEN and row.withdrawn_from):
        return row
    if not (_counts(row.asked, row.document_date, facts, now) and _answers_fit(row, before)):
        return row
    events.append("restored")
    return replace(row, state=row.withdrawn_from, withdrawn_from="", lapsed=False)


def _lapsed(row: Held) -> Held:
    """What was handed in here is put aside, what was another case's is left to it."""
    if _is_in_place_of_own(row):
        return _own_again(row)
    own = row.reused_from is None or row.asked.kind == FORM
    aside, dated = (row.state, row.document_date) if own else ("", None)
    return replace(row, state=OPEN, withdrawn_from=aside, document_date=dated, lapsed=True, reused_from=None)


def _answers_fit(row: Held, before: Held | None) -> bool:
    """Whether the answers of a form still answer what it asks: another version may ask more."""
    same = before is not None and before.asked.questions == row.asked.questions and not row.lapsed
    if row.asked.kind != FORM or same or row.answers is None:
        return True
    return not check_answers(row.asked.questions, dict(row.answers))


def _counts(asked: Asked, document_date: date | None, facts: Facts, now: Now) -> bool:
    booking = now.booking
    found = judge(
        asked.validity,
        document_date=document_date,
        appointment=booking.day,
        booked=booking.booked_day,
        facts=facts,
    )
    return not found.blocks


def _still_reused(row: Held, now: Now, events: list[str]) -> Held:
    """What was another case's is not in place any more. A form that the patient confirmed is theirs: staff look at it. A
    document is asked for, unless one that was handed in here counts."""
    lost = row.reused_from is not None and all(row.reused_from != source.id for source in now.sources)
    if not lost or row.asked.kind not in REUSABLE:
        return row
    if row.state != ACCEPTED:
        return replace(row, reused_from=None)
    events.append("fallen")
    if row.asked.kind == FORM:
        return replace(row, state=SUBMITTED, reused_from=None)
    return _asked_anew(_own_again(row), now)


def _reused(row: Held, facts: Facts, now: Now, events: list[str]) -> Held:
    """What another case has in place counts. A form's answers are only proposed: the patient confirms that they are
    unchanged. A document that was handed in here, and lapsed, is kept aside."""
    if row.asked.kind not in REUSABLE or row.state != OPEN or row.reused_from is not None:
        return row
    source = next((one for one in now.sources if _serves(one, row.asked, facts, now)), None)
    if source is None:
        return row
    if row.asked.kind == FORM:
        return replace(row, reused_from=source.id)
    events.append("reused")
    own = row.lapsed and row.withdrawn_from != ""
    return replace(
        row,
        state=ACCEPTED,
        reused_from=source.id,
        document_date=source.document_date,
        own_date=row.document_date if own else None,
        lapsed=own,
        due=replace(row.due, bring_along=False),
    )


def _serves(source: Source, asked: Asked, facts: Facts, now: Now) -> bool:
    """Whether a source counts for a prerequisite. What must be judged by its date has one."""
    dated = source.document_date is not None or not asked.validity.blocks
    allowed = source.by_physician or not asked.by_physician
    same = source.code == asked.code and source.kind == asked.kind and not _is_consent(asked)
    return same and dated and allowed and _counts(asked, source.document_date, facts, now)


def asks(change: Change) -> bool:
    """Whether the patient has something to do that was not to do before."""
    return change.after.state == OPEN and (
        change.before is None or change.before.state not in (OPEN, REJECTED)
    )


def summary(changes: Iterable[Change]) -> Mapping[str, list[str]]:
    """The keys of the prerequisites by event, and under "deadline" those that are only due at another time."""
    found: dict[str, list[str]] = defaultdict(list)
    for change in changes:
        for event in change.events:
            found[event].append(change.after.asked.key)
        if change.before is not None and not change.events and change.before.due != change.after.due:
            found["deadline"].append(change.after.asked.key)
    return found


def same_questions(one: Sequence[Question], other: Sequence[Question]) -> bool:
    """Whether two forms ask the same, in whatever words: then what was confirmed is what was reviewed."""

    def asked(questions: Sequence[Question]) -> list[tuple[object, ...]]:
        return [(q.key, q.type, tuple(q.choices), q.unit, sorted(q.when.items())) for q in questions]

    return asked(one) == asked(other)
