"""Who acts at once on the same case queues: nobody deadlocks, nothing is lost. The long run is in tests/chaos."""

from datetime import datetime

import pytest

from practices import record, tenancy
from tests.factories import UserFactory, make_practice
from tests.prerequisites.race import Race


@pytest.mark.django_db(transaction=True)
def test_everybody_at_once_neither_deadlocks_nor_loses_what_another_did(now: datetime) -> None:
    practice = make_practice(channels=["email"])
    Race(practice, UserFactory(), now=now).run(rounds=4)
    with tenancy.scope(practice.pk):
        while record.seal(now=now) is not None:
            continue
        assert record.verify() == []
