"""What happens next to a case that stalls."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escalation.policy import DEFAULT_STEPS, Act, Anchor, Decision, State, Step, decide, stalls, step_due

DEADLINE = datetime(2026, 3, 9, 17, tzinfo=UTC)
START = datetime(2026, 3, 12, 9, tzinfo=UTC)


def state(readiness: str = "overdue", *, taken: int = 0, acknowledged: bool = False) -> State:
    return State(readiness=readiness, deadline=DEADLINE, start=START, taken=taken, acknowledged=acknowledged)


def test_what_stalls_and_what_does_not() -> None:
    assert [r for r in ("overdue", "at_risk", "not_performable", "waiting", "ready") if stalls(r)] == [
        "overdue",
        "at_risk",
        "not_performable",
    ]


@pytest.mark.parametrize(
    ("taken", "hours_after_deadline", "expected"),
    [
        (0, -1, Decision(wait_until=DEADLINE)),
        (0, 0, Decision(step=DEFAULT_STEPS[0])),
        (1, 0, Decision(wait_until=DEADLINE + timedelta(hours=4))),
        (1, 4, Decision(step=DEFAULT_STEPS[1])),
        (2, 5, Decision(wait_until=START - timedelta(hours=24))),
        (2, 40, Decision(step=DEFAULT_STEPS[2])),
        (3, 50, Decision()),
    ],
)
def test_the_steps_follow_one_another(taken: int, hours_after_deadline: float, expected: Decision) -> None:
    now = DEADLINE + timedelta(hours=hours_after_deadline)
    assert decide(DEFAULT_STEPS, state(taken=taken), now=now) == expected


@pytest.mark.parametrize("readiness", ["ready", "waived", "closed"])
def test_a_case_that_no_longer_stalls_ends_it(readiness: str) -> None:
    assert decide(DEFAULT_STEPS, state(readiness), now=DEADLINE) == Decision(over=True)


def test_nothing_more_is_done_once_somebody_has_it() -> None:
    assert decide(DEFAULT_STEPS, state(acknowledged=True), now=START) == Decision()


def test_a_snapshot_reads_back_as_it_was_written() -> None:
    assert tuple(Step.from_dict(step.to_dict()) for step in DEFAULT_STEPS) == DEFAULT_STEPS
    with pytest.raises(ValueError, match="dance"):
        Step.from_dict({"act": "dance", "role": "staff", "anchor": "start", "hours": 1})


STEPS = st.lists(
    st.builds(
        Step,
        act=st.sampled_from(Act),
        role=st.just("staff"),
        anchor=st.sampled_from(Anchor),
        hours=st.floats(-200, 200, allow_nan=False),
    ),
    max_size=6,
)


@given(steps=STEPS, moments=st.lists(st.integers(-5000, 15_000), min_size=1, max_size=20))
def test_every_step_is_taken_once_in_order_and_never_early(steps: list[Step], moments: list[int]) -> None:
    taken = 0
    for minutes in sorted(moments):
        now = DEADLINE + timedelta(minutes=minutes)
        while (decision := decide(steps, state(taken=taken), now=now)).step is not None:
            assert decision.step == steps[taken]
            assert step_due(decision.step, deadline=DEADLINE, start=START) <= now
            taken += 1
        assert decision.wait_until is None or decision.wait_until > now
        assert taken == len(steps) or decision.wait_until is not None
