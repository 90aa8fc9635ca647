"""Planning anew, whatever happens in whatever order: nothing that was handed in is lost, twice is as once."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from prerequisites import conditions, replanning, validity
from prerequisites.answers import Question, QuestionType
from prerequisites.replanning import Held, Now, Source, replan
from prerequisites.required import Asked, Booking, PlanRules
from prerequisites.rules import Rule
from prerequisites.working_days import Calendar

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
CALENDAR = Calendar(zone="Europe/Berlin", country="DE", region="DE-BE")
YES = Question(key="risk", type=QuestionType.YES_NO, label={})
IN_PLACE = {"accepted", "submitted", "waived"}


def asked(
    pk: int, key: str, *, kind: str = "document", when: Any = None, valid: Any = None, **more: Any
) -> Asked:
    rule = Rule(
        days_before=more.pop("days", 3), time_of_day=time(18), may_be_brought=more.pop("brought", False)
    )
    return Asked(
        id=pk,
        key=key,
        kind=kind,
        rule=rule,
        condition=conditions.parse(when or {}),
        validity=validity.parse(valid or {}),
        **more,
    )


RISK = {"answer": "form.risk", "is": ["yes"]}
FIRST = PlanRules(
    (
        asked(1, "form", kind="form", questions=(YES,), code="form"),
        asked(2, "lab", when=RISK, valid={"days": 30, "limits": [{"when": RISK, "days": 7}]}, code="lab"),
        asked(3, "referral", brought=True),
        asked(4, "read", kind="acknowledgement", valid={"days": 20}),
        asked(5, "cost", when={"insurance": ["private"]}),
    )
)
OTHER = PlanRules(
    (
        asked(
            11,
            "questions",
            kind="form",
            questions=(YES, replace(YES, key="more", required=False)),
            code="form",
        ),
        asked(12, "value", valid={"days": 14}, code="lab", days=5),
        asked(13, "referral", when={"not": {"insurance": ["private"]}}),
    )
)


def booking(days: int, insurance: str) -> Booking:
    start = NOW + timedelta(days=days, hours=1)
    return Booking(start=start, booked_at=NOW, calendar=CALENDAR, insurance=insurance)


steps = st.lists(
    st.tuples(
        st.sampled_from(["plan", "move", "answer", "hand in", "send", "insurance", "source"]),
        st.integers(0, 40),
    ),
    max_size=12,
)


class Story:
    """A case that is planned anew after each step, and what was once in place in it."""

    def __init__(self) -> None:
        self.plan, self.days, self.insurance = FIRST, 10, "unknown"
        self.sources: list[Source] = []
        self.held: list[Held] = []
        self.handed_in: set[int] = set()
        self.dated: dict[int, date] = {}
        self.sent: set[int] = set()
        self.follow()

    def step(self, what: str, number: int) -> None:
        before, plan = self.days, self.plan
        match what:
            case "plan":
                self.plan = OTHER if self.plan is FIRST else FIRST
            case "move":
                self.days = 1 + number
            case "insurance":
                self.insurance = ("unknown", "private", "statutory")[number % 3]
            case "source":
                dated = NOW.date() - timedelta(days=number)
                self.sources = [Source(id=90, code="lab", kind="document", document_date=dated)] * (
                    number % 2
                )
            case "send":
                self.send()
            case _:
                self.hand_in(number, answers=what == "answer")
        self.follow(moved_by=timedelta(days=self.days - before), another_plan=self.plan is not plan)

    def hand_in(self, number: int, *, answers: bool) -> None:
        for at, row in enumerate(self.held):
            form = row.asked.kind == "form"
            if row.state != "open" or form is not answers:
                continue
            done: dict[str, Any] = {"document_date": NOW.date() - timedelta(days=number if not form else 0)}
            if form:
                done |= {"answers": {"risk": "yes" if number % 2 else "no"}}
            done |= {"lapsed": False, "withdrawn_from": "", "state": "submitted" if form else "accepted"}
            self.held[at] = replace(row, **done, reused_from=None)
            self.handed_in.add(row.id or 0)
            if row.asked.kind == "document":
                self.dated[row.id or 0] = done["document_date"]

    def send(self) -> None:
        """What the patient sends waits for somebody to look at it."""
        for at, row in enumerate(self.held):
            if row.state == "open" and row.asked.kind == "document":
                self.held[at] = replace(row, state="submitted")
                self.handed_in.add(row.id or 0)
                self.dated.pop(row.id or 0, None)
                self.sent.add(row.id or 0)

    def follow(self, **about: Any) -> None:
        changes = self.changes(**about)
        by_id = {row.id: row for row in self.held}
        for change in changes:
            pk = change.after.id or 100 + len(by_id)
            by_id[pk] = replace(change.after, id=pk)
        self.held = list(by_id.values())

    def counts(self, row: Held, dated: date) -> bool:
        """Whether a document of that date would do for the appointment."""
        planned = {one.id for one in self.plan.entries}
        answers = {
            one.asked.key: one.answers
            for one in self.held
            if one.answers is not None and one.asked.id in planned
        }
        booked = booking(self.days, self.insurance)
        return not validity.judge(
            row.asked.validity,
            document_date=dated,
            appointment=booked.day,
            booked=booked.booked_day,
            facts=self.plan.facts(booked, answers),
        ).blocks

    def changes(self, **about: Any) -> list[replanning.Change]:
        now = Now(
            plan=self.plan,
            booking=booking(self.days, self.insurance),
            at=NOW,
            sources=self.sources,
            **about,
        )
        return replanning.replan(self.held, now)


@given(steps)
def test_planning_twice_is_as_planning_once(given_steps: list[tuple[str, int]]) -> None:
    story = Story()
    for what, number in given_steps:
        story.step(what, number)
        assert story.changes() == []


@given(steps)
def test_nothing_that_was_handed_in_is_lost(given_steps: list[tuple[str, int]]) -> None:
    story = Story()
    for what, number in given_steps:
        story.step(what, number)
        rows = {row.id: row for row in story.held}
        for pk in story.handed_in:
            row = rows[pk]
            kept = row.state in IN_PLACE or row.withdrawn_from in IN_PLACE or row.reused_from is not None
            assert kept, f"{row.asked.key} is {row.state}, {row.withdrawn_from!r} aside"
        for pk in story.sent:
            assert "submitted" in (rows[pk].state, rows[pk].withdrawn_from)


@given(steps)
def test_nobody_is_asked_for_a_document_that_was_handed_in_and_counts(
    given_steps: list[tuple[str, int]],
) -> None:
    story = Story()
    for what, number in given_steps:
        story.step(what, number)
        for row in story.held:
            if row.state == "open" and row.id in story.dated:
                assert not story.counts(row, story.dated[row.id]), row.asked.key


@given(steps)
def test_what_is_required_is_there_once_and_never_due_in_the_past(given_steps: list[tuple[str, int]]) -> None:
    story = Story()
    for what, number in given_steps:
        story.step(what, number)
        answers = {
            row.asked.key: row.answers
            for row in story.held
            if row.answers is not None and any(row.asked.id == one.id for one in story.plan.entries)
        }
        verdicts = story.plan.verdicts(booking(story.days, story.insurance), answers)
        required = sorted(key for key, verdict in verdicts.items() if verdict.holds)
        live = [row for row in story.held if row.state != "withdrawn"]
        assert sorted(row.asked.key for row in live) == required
        assert len({row.asked.id for row in story.held}) == len(story.held)
        for row in live:
            if row.state in replanning.UNDECIDED:
                assert NOW <= row.due.at <= booking(story.days, story.insurance).start


def test_an_acknowledgement_counts_as_long_as_it_is_valid() -> None:
    story = Story()
    story.hand_in(0, answers=False)
    story.step("move", 20)
    read = next(row for row in story.held if row.asked.key == "read")
    assert (read.state, read.withdrawn_from, read.document_date) == ("open", "accepted", date(2026, 3, 2))


def test_what_lapsed_stays_aside_while_another_cases_counts_in_its_place() -> None:
    story = Story()
    for what, number in [("plan", 0), ("answer", 1), ("hand in", 5), ("source", 1)]:
        story.step(what, number)
    value = _of(story, "value")
    assert (value.state, value.reused_from, value.document_date) == ("accepted", 90, date(2026, 3, 1))
    story.step("plan", 0)
    lab = _of(story, "lab")
    assert (lab.state, lab.withdrawn_from, lab.document_date) == ("open", "accepted", date(2026, 2, 25))


def test_it_counts_again_once_the_other_is_gone_and_the_appointment_sooner() -> None:
    story = Story()
    for what, number in [("plan", 0), ("hand in", 10), ("source", 1), ("move", 3)]:
        story.step(what, number)
    assert _of(story, "value").reused_from == 90, "the newer one stays"
    story.step("source", 0)
    value = _of(story, "value")
    assert (value.state, value.lapsed, value.document_date) == ("accepted", False, date(2026, 2, 20))


def test_what_was_sent_in_place_of_what_lapsed_waits_for_a_look_when_it_is_needed_again() -> None:
    story = Story()
    for what, number in [("answer", 1), ("hand in", 10), ("send", 0), ("insurance", 1)]:
        story.step(what, number)
    story.held = [replace(row, answers={"risk": "no"}) if row.answers else row for row in story.held]
    story.follow()
    assert _of(story, "lab").state == "withdrawn"
    story.held = [replace(row, answers={"risk": "yes"}) if row.answers else row for row in story.held]
    story.follow()
    assert _of(story, "lab").state == "submitted"


def _of(story: Story, key: str) -> Held:
    return next(row for row in story.held if row.asked.key == key)


TALK = asked(1, "talk", kind="staff_check", code="conversation")
SHEET = asked(2, "sheet", code="consent-sheet")
AGAIN = PlanRules((replace(TALK, id=11, key="explained"), replace(SHEET, id=12, key="form")))


def consented() -> list[Held]:
    due = booking(10, "unknown").due(TALK.rule, now=NOW)
    return [Held(id=one.id, asked=one, state="accepted", due=due) for one in (TALK, SHEET)]


def test_a_conversation_and_its_sheet_stay_with_a_new_version_of_the_same_plan() -> None:
    now = Now(plan=AGAIN, booking=booking(10, "unknown"), at=NOW, another_plan=True)
    assert {change.after.asked.key: change.after.state for change in replan(consented(), now)} == {
        "explained": "accepted",
        "form": "accepted",
    }


def test_consent_to_one_thing_is_none_to_another() -> None:
    now = Now(plan=AGAIN, booking=booking(10, "unknown"), at=NOW, another_plan=True, another_type=True)
    assert {change.after.asked.key: change.after.state for change in replan(consented(), now)} == {
        "talk": "withdrawn",
        "sheet": "withdrawn",
        "explained": "open",
        "form": "open",
    }


def test_a_sheet_of_another_appointment_does_not_count_for_this_one() -> None:
    held = (Source(id=90, code="consent-sheet", kind="document", document_date=NOW.date()),)
    opened = replan((), Now(plan=AGAIN, booking=booking(10, "unknown"), at=NOW, sources=held))
    assert {change.after.asked.key: change.after.state for change in opened}["form"] == "open"
