"""What most tests of the pages begin with."""

from collections.abc import Iterator
from datetime import datetime

import pytest
import time_machine

from practices.models import Practice
from tests import factories


@pytest.fixture
def standing_clock(now: datetime) -> Iterator[None]:
    """The pages show what is due `now`."""
    with time_machine.travel(now, tick=False):
        yield


@pytest.fixture
def practice() -> Practice:
    return factories.make_practice()
