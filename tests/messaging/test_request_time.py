"""When a patient is first asked."""

from datetime import UTC, datetime

import pytest

from messaging import schedule


@pytest.mark.parametrize(
    ("start", "deadline", "expected"),
    [
        # three weeks before the appointment
        (
            datetime(2026, 5, 30, 9, tzinfo=UTC),
            datetime(2026, 5, 27, 16, tzinfo=UTC),
            datetime(2026, 5, 9, 9, tzinfo=UTC),
        ),
        # sooner where something is due early
        (
            datetime(2026, 5, 30, 9, tzinfo=UTC),
            datetime(2026, 5, 10, 9, tzinfo=UTC),
            datetime(2026, 5, 3, 9, tzinfo=UTC),
        ),
        (datetime(2026, 5, 30, 9, tzinfo=UTC), None, datetime(2026, 5, 9, 9, tzinfo=UTC)),
    ],
)
def test_a_patient_is_asked_when_the_appointment_is_near_enough_to_act(
    start: datetime, deadline: datetime | None, expected: datetime
) -> None:
    assert schedule.request_at(start=start, deadline=deadline) == expected
