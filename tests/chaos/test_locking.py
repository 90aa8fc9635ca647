"""The long run of tests/prerequisites/test_locking.py: two hundred rounds."""

from datetime import datetime

import pytest

from tests.factories import UserFactory, make_practice
from tests.prerequisites.race import Race


@pytest.mark.chaos
@pytest.mark.timeout(1800)
@pytest.mark.django_db(transaction=True)
def test_two_hundred_rounds_of_everybody_at_once(now: datetime) -> None:
    Race(make_practice(channels=["email"]), UserFactory(), now=now).run(rounds=200)
