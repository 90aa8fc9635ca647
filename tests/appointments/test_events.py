"""What Treffa understands of an event: a table of them, in four languages. See `events`."""

from dataclasses import replace

import pytest

from appointments.matching import Kind, TypeIndex, understand
from tests.appointments.events import ALL, TYPES, Sample
from tests.appointments.test_matching import event

INDEX = TypeIndex(TYPES)


@pytest.mark.parametrize("sample", ALL, ids=lambda sample: f"{sample.summary} {sample.description}"[:60])
def test_an_event_says_what_it_says(sample: Sample) -> None:
    given = event(
        sample.summary,
        sample.description,
        location=sample.location,
        categories=sample.categories,
        attendees=sample.attendees,
        all_day=sample.all_day,
    )
    found = understand(given, rules=replace(sample.rules, country=sample.country), types=INDEX)
    if sample.kind is Kind.ABSENCE:
        assert found.kind is Kind.ABSENCE
        return
    understood = (
        found.kind,
        found.name,
        found.birth_date,
        found.phone,
        found.email,
        found.type_id,
        found.practitioner,
    )
    assert understood == (
        sample.kind, sample.name, sample.born, sample.phone, sample.email, sample.type, sample.practitioner
    )  # fmt: skip
