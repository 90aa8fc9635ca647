"""What is due when, and how a case stands: the rules as a specification."""

from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prerequisites import rules
from prerequisites.answers import Answer, AnswerProblem, Question, QuestionType, check_answers
from prerequisites.rules import Item, Rule
from prerequisites.working_days import Calendar

BERLIN = "Europe/Berlin"
ZONES = (BERLIN, "Europe/Paris", "Europe/Rome", "Europe/Zurich")


def at(text: str) -> datetime:
    """A local time in Berlin, as UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(BERLIN)).astimezone(UTC)


def rule(days: int = 3, *, lead: int = 0, brought: bool = False) -> Rule:
    return Rule(days_before=days, time_of_day=time(18, 0), lead_days=lead, may_be_brought=brought)


@pytest.mark.parametrize(
    ("held", "moved_from", "moved_to", "now", "due"),
    [
        # the deadline goes along with the appointment
        ("2026-03-09T18:00", "2026-03-12T10:20", "2026-03-19T10:20", "2026-03-05T10:00", "2026-03-16T18:00"),
        # what was overdue stays overdue: neither an hour nor an earlier day gives more time
        ("2026-03-09T18:00", "2026-03-12T10:20", "2026-03-12T11:20", "2026-03-10T10:00", "2026-03-09T18:00"),
        ("2026-03-09T18:00", "2026-03-12T10:20", "2026-03-11T10:20", "2026-03-10T10:00", "2026-03-09T18:00"),
        # a week does
        ("2026-03-09T18:00", "2026-03-12T10:20", "2026-03-19T10:20", "2026-03-10T10:00", "2026-03-16T18:00"),
        # a day does, too: half of what is left
        ("2026-03-09T18:00", "2026-03-12T10:20", "2026-03-13T10:20", "2026-03-10T10:00", "2026-03-10T18:00"),
        # moved so near that the rule's day is over: half of what is left
        ("2026-03-16T18:00", "2026-03-19T10:20", "2026-03-12T10:00", "2026-03-10T10:00", "2026-03-11T10:00"),
    ],
)
def test_what_a_moved_appointment_does_to_a_deadline(
    held: str, moved_from: str, moved_to: str, now: str, due: str
) -> None:
    found = rules.moved(
        rule(),
        held=rules.Due(at=at(held)),
        by=at(moved_to) - at(moved_from),
        start=at(moved_to),
        now=at(now),
        calendar=Calendar(zone=BERLIN),
    )
    assert found.at == at(due)


@pytest.mark.parametrize(
    ("days", "lead", "brought", "booked", "appointment", "due", "bring_along"),
    [
        # in time: so many days before, at six in the evening
        (3, 0, False, "2026-03-02T10:00", "2026-03-12T10:20", "2026-03-09T18:00", False),
        (1, 0, False, "2026-03-02T10:00", "2026-03-12T10:20", "2026-03-11T18:00", False),
        (0, 0, False, "2026-03-02T10:00", "2026-03-12T20:20", "2026-03-12T18:00", False),
        # never after the appointment itself
        (0, 0, False, "2026-03-02T10:00", "2026-03-12T10:20", "2026-03-12T10:20", False),
        # what takes a week is due on the evening before a week is left: then it can still be had
        (3, 7, False, "2026-03-02T10:00", "2026-03-12T10:20", "2026-03-04T18:00", False),
        (3, 7, False, "2026-03-02T10:00", "2026-03-12T19:20", "2026-03-05T18:00", False),
        # too late for that: half of the time in which it can still be had, and not of all that is left
        (3, 7, False, "2026-03-05T02:00", "2026-03-12T10:20", "2026-03-05T06:00", False),
        # over the night of 29 March the hour is the practice's, before and after
        (3, 0, False, "2026-03-20T10:00", "2026-03-30T10:20", "2026-03-27T18:00", False),
        (1, 0, False, "2026-03-20T10:00", "2026-03-30T10:20", "2026-03-29T18:00", False),
        (2, 0, False, "2026-10-20T10:00", "2026-10-26T10:20", "2026-10-24T18:00", False),
        # booked late: half of what is left, to the quarter of an hour
        (3, 0, False, "2026-03-10T10:00", "2026-03-12T10:00", "2026-03-11T10:00", False),
        (3, 0, False, "2026-03-11T08:10", "2026-03-12T10:20", "2026-03-11T21:15", False),
        # booked very late: two hours before at the latest
        (3, 0, False, "2026-03-12T07:00", "2026-03-12T10:00", "2026-03-12T08:00", False),
        # or it is brought along, where it may be
        (3, 0, True, "2026-03-11T10:00", "2026-03-12T10:20", "2026-03-12T10:20", True),
        (3, 0, True, "2026-03-02T10:00", "2026-03-12T10:20", "2026-03-09T18:00", False),
        # booked for right now: at the appointment
        (3, 0, False, "2026-03-12T09:30", "2026-03-12T10:00", "2026-03-12T10:00", False),
    ],
)
def test_when_something_is_due(
    days: int, lead: int, brought: bool, booked: str, appointment: str, due: str, bring_along: bool
) -> None:
    found = rules.due(
        rule(days, lead=lead, brought=brought),
        start=at(appointment),
        now=at(booked),
        calendar=Calendar(zone=BERLIN),
    )
    assert (found.at, found.bring_along) == (at(due), bring_along)


@given(
    days=st.integers(0, 60),
    lead=st.integers(0, 21),
    hours=st.integers(0, 23),
    brought=st.booleans(),
    now=st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC)),
    ahead=st.integers(1, 60 * 24 * 90),
    zone=st.sampled_from(ZONES),
)
def test_a_deadline_is_never_in_the_past_and_never_after_the_appointment(
    days: int, lead: int, hours: int, brought: bool, now: datetime, ahead: int, zone: str
) -> None:
    wanted = Rule(days_before=days, time_of_day=time(hours), lead_days=lead, may_be_brought=brought)
    start = now + timedelta(minutes=ahead)
    found = rules.due(wanted, start=start, now=now, calendar=Calendar(zone=zone))
    assert now <= found.at <= start


NOW, START = at("2026-03-02T10:00"), at("2026-03-12T10:00")


def item(state: str = "open", *, kind: str = "document", blocking: bool = True, **more: object) -> Item:
    given = {"deadline": at("2026-03-09T18:00"), "latest_useful": START, **more}
    return Item(kind=kind, state=state, blocking=blocking, **given)  # type: ignore[arg-type]


def stands(*items: Item, now: datetime = NOW, reachable: bool = True, closed: bool = False) -> str:
    end = START + timedelta(minutes=30)
    return rules.standing(items, start=START, end=end, reachable=reachable, closed=closed, now=now).readiness


def test_a_case_with_nothing_to_do_is_ready() -> None:
    assert stands() == "ready"
    assert stands(item("accepted"), item("accepted", kind="form")) == "ready"


def test_advisory_items_never_block() -> None:
    assert stands(item("open", blocking=False), item("accepted")) == "ready"


def test_what_is_brought_along_does_not_hold_the_case_up() -> None:
    assert stands(item("open", bring_along=True)) == "ready"


def test_a_case_waits_for_the_patient_and_then_for_the_review() -> None:
    assert stands(item("open"), item("accepted")) == "waiting"
    assert stands(item("rejected")) == "waiting"
    assert stands(item("submitted"), item("open")) == "to_review"
    assert stands(item("submitted")) == "to_review"


def test_a_check_by_staff_waits_for_the_patient_unless_its_own_deadline_is_near() -> None:
    check = item("open", kind="staff_check", deadline=at("2026-03-11T18:00"))
    assert stands(check) == "to_review"
    assert stands(check, item("accepted")) == "to_review"
    assert stands(check, item("open")) == "waiting"
    assert stands(check, item("submitted")) == "to_review"
    early = item("open", kind="staff_check", deadline=at("2026-03-07T18:00"))
    assert stands(early, item("open"), now=at("2026-03-06T17:59")) == "waiting"
    assert stands(early, item("open"), now=at("2026-03-06T18:00")) == "to_review"
    assert stands(early, item("open"), now=at("2026-03-08T18:00")) == "at_risk"


def test_without_phone_and_e_mail_the_contact_is_missing() -> None:
    assert stands(item("open"), reachable=False) == "needs_contact"
    assert stands(item("submitted"), reachable=False) == "to_review"


def test_the_last_day_before_the_deadline_is_a_risk_and_after_it_is_overdue() -> None:
    assert stands(item(), now=at("2026-03-08T17:59")) == "waiting"
    assert stands(item(), now=at("2026-03-08T18:00")) == "at_risk"
    assert stands(item(), now=at("2026-03-09T18:00")) == "overdue"
    assert stands(item("submitted"), now=at("2026-03-10T18:00")) == "to_review"


def test_what_can_no_longer_be_had_in_time_makes_it_not_performable() -> None:
    late = item(latest_useful=at("2026-03-10T10:00"))
    assert stands(late, now=at("2026-03-10T09:59")) == "overdue"
    assert stands(late, now=at("2026-03-10T10:00")) == "not_performable"
    assert stands(item(), now=START) == "not_performable"


def test_a_waiver_is_shown_as_an_exception_and_the_end_closes() -> None:
    assert stands(item("waived"), item("accepted")) == "waived"
    assert stands(item("waived", blocking=False)) == "ready"
    assert stands(item(), closed=True) == "closed"
    assert stands(item("accepted"), now=START + timedelta(minutes=30)) == "closed"


def test_what_may_block_once_a_fact_is_known_keeps_a_case_from_being_ready() -> None:
    def told(*items: Item, missing: set[str], **more: Any) -> str:
        known = {"reachable": True, "closed": False, "now": NOW, "facts_missing": missing, **more}
        return rules.standing(items, start=START, end=START + timedelta(hours=1), **known).readiness

    assert told(missing={"sex"}) == told(item(), missing={"sex"}) == "to_review"
    assert told(item("waived"), missing={"insurance"}) == "to_review"
    assert told(item(), missing={"age"}) == "waiting"  # the patient's page asks for it
    assert told(missing={"age"}) == told(item("accepted"), missing={"age"}) == "to_review"
    assert told(item(), missing={"sex"}, reachable=False) == "needs_contact"
    assert told(missing={"sex"}, reachable=False) == "to_review"
    assert told(missing={"first_visit", "sex"}, reachable=False, named=False) == "needs_contact"
    assert told(missing={"sex"}, now=START) == "not_performable"
    assert told(missing={"sex"}, closed=True) == "closed"


STATES = st.sampled_from(["open", "submitted", "accepted", "rejected", "waived", "withdrawn"])
ITEMS = st.lists(
    st.builds(
        item,
        STATES,
        kind=st.sampled_from(["document", "form", "acknowledgement", "staff_check", "information"]),
        blocking=st.booleans(),
        bring_along=st.booleans(),
    ),
    max_size=5,
)


@given(items=ITEMS, minutes=st.integers(0, 20_000), reachable=st.booleans())
def test_time_changes_a_case_only_at_the_moments_it_announces(
    items: list[Item], minutes: int, reachable: bool
) -> None:
    now, end = NOW + timedelta(minutes=minutes), START + timedelta(minutes=30)
    first = rules.standing(items, start=START, end=end, reachable=reachable, closed=False, now=now)
    if first.changes_at is None:
        assert first.readiness == "closed"
        return
    assert first.changes_at > now
    just_before = first.changes_at - timedelta(microseconds=1)
    then = rules.standing(items, start=START, end=end, reachable=reachable, closed=False, now=just_before)
    assert then.readiness == first.readiness


def question(kind: QuestionType, **more: object) -> Question:
    return Question(key="q", type=kind, label={"de": "?"}, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("asked", "answer", "problem"),
    [
        (question(QuestionType.TEXT), "", AnswerProblem.MISSING),
        (question(QuestionType.TEXT, required=False), "", None),
        (question(QuestionType.TEXT), "Hautausschlag", None),
        (question(QuestionType.TEXT), "x" * 2001, AnswerProblem.TOO_LONG),
        (question(QuestionType.NUMBER, minimum=30, maximum=300), "72,5", None),
        (question(QuestionType.NUMBER, minimum=30), "12", AnswerProblem.TOO_SMALL),
        (question(QuestionType.NUMBER, maximum=300), "301", AnswerProblem.TOO_LARGE),
        (question(QuestionType.NUMBER), "viel", AnswerProblem.NOT_A_NUMBER),
        (question(QuestionType.NUMBER), "nan", AnswerProblem.NOT_A_NUMBER),
        (question(QuestionType.NUMBER), "inf", AnswerProblem.NOT_A_NUMBER),
        (question(QuestionType.DATE), "2026-02-30", AnswerProblem.NOT_A_DATE),
        (question(QuestionType.DATE), "2026-02-28", None),
        (question(QuestionType.YES_NO), "yes", None),
        (question(QuestionType.YES_NO), "perhaps", AnswerProblem.NOT_A_CHOICE),
        (question(QuestionType.ONE_OF, choices={"a": {}}), "b", AnswerProblem.NOT_A_CHOICE),
        (question(QuestionType.MANY_OF, choices={"a": {}, "b": {}}), ["a", "b"], None),
    ],
)
def test_which_answers_can_be_taken(asked: Question, answer: Answer, problem: AnswerProblem | None) -> None:
    assert check_answers([asked], {"q": answer}).get("q") == problem
