"""What happens next to a case that does not get ready."""

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escalation.office_hours import OfficeHours
from escalation.policy import (
    DEFAULT_STEPS,
    MISSING,
    SETTLED,
    Act,
    Anchor,
    Decision,
    Planned,
    Progress,
    Silence,
    State,
    Step,
    Way,
    applies,
    decide,
    doubtful_from,
    lay_out,
    outlook,
    stalls,
    taken_until,
)
from prerequisites.working_days import Calendar

DEADLINE = datetime(2026, 3, 9, 17, tzinfo=UTC)  # a Monday, Berlin 18:00
START = datetime(2026, 3, 12, 9, tzinfo=UTC)
OFFICE = OfficeHours(calendar=Calendar(zone="Europe/Berlin", country="DE", region="DE-BE"))
ALWAYS = OfficeHours(calendar=OFFICE.calendar, opens=time(0), closes=time.max, days=frozenset(range(7)))


def state(readiness: str = "overdue", **details: object) -> State:
    return State(readiness=readiness, **details)  # type: ignore[arg-type]


def laid_out(*steps: Step, office: OfficeHours = OFFICE) -> list[Planned]:
    return lay_out(steps or DEFAULT_STEPS, deadline=DEADLINE, start=START, office=office)


def test_what_stalls_and_what_does_not() -> None:
    assert [r for r in ("overdue", "at_risk", "not_performable", "waiting", "ready") if stalls(r)] == [
        "overdue",
        "at_risk",
        "not_performable",
    ]


def test_the_shipped_policy_reminds_calls_tells_and_gives_up_the_slot_in_this_order() -> None:
    assert [(one.step.act, one.at) for one in laid_out()] == [
        (Act.REMIND, DEADLINE - timedelta(hours=24)),
        (Act.CALL_TASK, DEADLINE),
        (Act.NOTIFY, datetime(2026, 3, 10, 7, tzinfo=UTC)),  # four hours later nobody is there
        (Act.RELEASE, START - timedelta(hours=48)),
        (Act.CALL_TASK, START - timedelta(hours=24)),
        (Act.NOTIFY, START - timedelta(hours=24)),
    ]


def test_a_slot_is_not_given_away_before_the_deadline() -> None:
    late = START - timedelta(hours=5)
    (release,) = lay_out([DEFAULT_STEPS[3]], deadline=late, start=START, office=OFFICE)
    assert release.at == late


def test_where_nothing_is_missing_from_the_patient_only_steps_before_the_appointment_remain() -> None:
    planned = lay_out(DEFAULT_STEPS, deadline=None, start=START, office=OFFICE)
    assert {one.step.anchor for one in planned} == {Anchor.START}
    review = next(one for one in planned if one.step.when == (Progress.TO_REVIEW,))
    assert review.at == START - timedelta(hours=24)


def test_a_step_before_a_monday_morning_comes_on_friday_and_one_after_a_friday_evening_on_monday() -> None:
    monday, friday = datetime(2026, 3, 16, 7, tzinfo=UTC), datetime(2026, 3, 13, 17, tzinfo=UTC)
    before = Step(act=Act.NOTIFY, role="manager", anchor=Anchor.START, hours=-24)
    after = Step(act=Act.NOTIFY, role="manager", hours=1)
    planned = lay_out([before, after], deadline=friday, start=monday, office=OFFICE)
    assert {one.step.anchor: one.at for one in planned} == {
        Anchor.START: datetime(2026, 3, 13, 15, tzinfo=UTC),
        Anchor.DEADLINE: datetime(2026, 3, 16, 7, tzinfo=UTC),
    }


def test_a_repeated_step_comes_as_often_as_it_says() -> None:
    step = Step(act=Act.NOTIFY, role="staff", any_time=True, hours=1, repeat_hours=2, repeats=2)
    assert [one.at for one in laid_out(step)] == [DEADLINE + timedelta(hours=h) for h in (1, 3, 5)]


def test_repetitions_do_not_pile_up_at_the_hour_when_the_office_opens() -> None:
    step = Step(act=Act.NOTIFY, role="staff", hours=2, repeat_hours=4, repeats=2)
    assert [one.at for one in laid_out(step)] == [
        datetime(2026, 3, 10, 7, tzinfo=UTC),
        datetime(2026, 3, 10, 11, tzinfo=UTC),
        datetime(2026, 3, 10, 15, tzinfo=UTC),
    ]


def test_a_step_that_does_not_apply_is_passed_over() -> None:
    planned = laid_out(DEFAULT_STEPS[0])
    now = planned[0].at
    assert decide(planned, state(progress=Progress.UNOPENED), now=now) == Decision(step=DEFAULT_STEPS[0])
    assert decide(planned, state(progress=Progress.OPENED), now=now) == Decision(passes=True)


def test_nothing_begins_before_a_step_that_applies_is_due() -> None:
    planned = laid_out()
    early, overdue = DEADLINE - timedelta(hours=30), DEADLINE
    assert outlook(planned, state("waiting"), now=early).look_at == planned[0].at
    opened = state("at_risk", progress=Progress.OPENED)
    assert outlook(planned, opened, now=planned[0].at).look_at == DEADLINE
    assert outlook(planned, opened, now=overdue).begins
    assert not outlook(planned, state("ready"), now=overdue).begins


@pytest.mark.parametrize("readiness", sorted(SETTLED))
def test_a_case_that_is_ready_or_closed_ends_it(readiness: str) -> None:
    assert decide(laid_out(), state(readiness), now=DEADLINE) == Decision(over=True)


def test_another_deadline_or_appointment_ends_it() -> None:
    assert decide(laid_out(), state(moved=True), now=DEADLINE) == Decision(over=True)


def test_nothing_more_is_done_once_somebody_has_it() -> None:
    assert decide(laid_out(), state(acknowledged=True), now=START) == Decision()


def test_a_snapshot_reads_back_as_it_was_written() -> None:
    planned = laid_out()
    assert [Planned.from_dict(one.to_dict()) for one in planned] == planned
    assert Step.from_dict({"act": "notify", "role": "staff", "anchor": "start", "hours": 1}).way is Way.EMAIL
    with pytest.raises(ValueError, match="dance"):
        Step.from_dict({"act": "dance", "role": "staff", "anchor": "start", "hours": 1})


def test_who_opened_nothing_after_two_messages_is_doubtful_while_the_blood_can_still_be_drawn() -> None:
    useful = START - timedelta(days=3)
    said = (START - timedelta(days=14), START - timedelta(days=8))
    silence = Silence(opened=False, deadline=useful - timedelta(hours=15), useful_until=useful, sent=said)
    assert doubtful_from(silence) == useful - timedelta(hours=72)
    assert doubtful_from(silence) < silence.deadline - timedelta(hours=24)  # type: ignore[operator]


@pytest.mark.parametrize(
    "silence",
    [
        Silence(opened=True, deadline=DEADLINE, sent=(START - timedelta(days=9),) * 2),
        Silence(opened=False, deadline=DEADLINE, sent=(START - timedelta(days=9),)),
        Silence(opened=False, deadline=None, sent=(START - timedelta(days=9),) * 2),
    ],
)
def test_who_opened_it_or_heard_once_or_has_nothing_to_do_is_not_doubtful(silence: Silence) -> None:
    assert doubtful_from(silence) is None


def test_a_second_message_has_a_day_to_be_opened() -> None:
    sent = (DEADLINE - timedelta(days=9), DEADLINE - timedelta(hours=30))
    assert doubtful_from(Silence(opened=False, deadline=DEADLINE, sent=sent)) == sent[1] + timedelta(days=1)


STEPS = st.lists(
    st.builds(
        Step,
        act=st.sampled_from(Act),
        role=st.just("staff"),
        anchor=st.sampled_from(Anchor),
        hours=st.floats(-200, 200, allow_nan=False),
        when=st.sets(st.sampled_from(Progress)).map(lambda found: tuple(sorted(found))),
        any_time=st.booleans(),
        repeat_hours=st.floats(0.5, 48),
        repeats=st.integers(0, 3),
    ),
    max_size=6,
)
MOMENTS = st.lists(
    st.tuples(st.integers(-5000, 15_000), st.sampled_from(Progress)), min_size=1, max_size=20
).map(sorted)


@given(steps=STEPS, moments=MOMENTS)
def test_every_step_is_taken_or_passed_once_in_order_never_early_and_only_where_it_applies(
    steps: list[Step], moments: list[tuple[int, Progress]]
) -> None:
    planned = laid_out(*steps) if steps else []
    taken = 0
    for minutes, progress in moments:
        now = DEADLINE + timedelta(minutes=minutes)
        for _ in range(len(planned) + 1):
            decision = decide(planned, state(progress=progress, taken=taken), now=now)
            if decision.step is None and not decision.passes:
                break
            assert planned[taken].at <= now
            assert decision.passes is not applies(planned[taken].step, progress)
            taken += 1
        assert decision.wait_until is None or decision.wait_until > now
        assert taken == len(planned) or decision.wait_until is not None


@given(steps=STEPS)
def test_what_is_laid_out_is_in_order_in_office_hours_and_complete(steps: list[Step]) -> None:
    planned = lay_out(steps, deadline=DEADLINE, start=START, office=OFFICE)
    assert [one.at for one in planned] == sorted(one.at for one in planned)
    assert len(planned) == sum(step.repeats + 1 for step in steps)
    for one in planned:
        if not one.step.any_time and one.step.act is not Act.RELEASE:
            assert OFFICE.is_open(one.at)
        if one.step.act is Act.RELEASE:
            assert one.at >= DEADLINE


@given(steps=STEPS, progress=st.sampled_from(Progress), minutes=st.integers(-5000, 15_000))
def test_the_outlook_and_the_decision_agree(steps: list[Step], progress: Progress, minutes: int) -> None:
    planned = lay_out(steps, deadline=DEADLINE, start=START, office=ALWAYS)
    now = DEADLINE + timedelta(minutes=minutes)
    seen = outlook(planned, state(progress=progress), now=now)
    due = [one for one in planned if one.at <= now]
    assert seen.begins is any(applies(one.step, progress) for one in due)
    assert seen.look_at is None or seen.look_at > now


def test_the_shipped_policy_has_a_step_for_every_progress() -> None:
    for progress in Progress:
        assert any(applies(step, progress) for step in DEFAULT_STEPS if step.act is Act.CALL_TASK)
    assert Progress.TO_REVIEW not in MISSING


def test_who_took_it_over_has_it_until_the_day_before_the_appointment() -> None:
    until = taken_until(start=START, now=START - timedelta(hours=30))
    assert until == START - timedelta(hours=24)
    assert taken_until(start=START, now=START - timedelta(hours=23)) is None
    theirs = state(acknowledged=True, resumes_at=until)
    assert decide(laid_out(), theirs, now=until - timedelta(minutes=1)) == Decision(wait_until=until)
    assert decide(laid_out(), theirs, now=until) == Decision(resumes=True)
