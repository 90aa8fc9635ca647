"""Acknowledgements and cancellations race the sweep, four workers and three beats do the same work: each step is taken once,
and none after somebody had it or the appointment was gone. `make chaos` does it with five hundred."""

import pytest

from tests.chaos.races import Race

pytestmark = pytest.mark.django_db(transaction=True)


def test_forty_acknowledgements_and_cancellations_against_four_workers_and_three_beats() -> None:
    race = Race(cases=40)
    race.run()
    verdict = race.verdict()
    assert verdict.holds, verdict
    assert verdict.n == 40
