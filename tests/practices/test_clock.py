"""The clock: real time without a file, the file's time with one, and everybody follows a turn at once."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from practices import clock

THEN = datetime(2030, 1, 1, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@pytest.fixture
def clock_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    path = tmp_path / "clock.json"
    monkeypatch.setattr(clock, "_FILE", str(path))
    monkeypatch.setattr(clock, "_seen", None)
    yield path


def test_without_a_file_it_is_what_the_machine_says(clock_file: Path) -> None:
    assert abs(clock.now() - datetime.now(UTC)) < SECOND


def test_a_turn_is_seen_at_once_and_time_runs_on_at_its_speed(clock_file: Path) -> None:
    clock.turn(to=THEN)
    assert SECOND > clock.now() - THEN >= timedelta()
    clock.turn(to=THEN, speed=0)
    assert clock.now() == clock.now() == THEN
    clock.turn(to=THEN, speed=3600)
    assert clock.now() < clock.now()


def test_forward_keeps_the_speed(clock_file: Path) -> None:
    clock.turn(to=THEN, speed=0)
    clock.forward(to=THEN + SECOND)
    assert clock.now() == clock.now() == THEN + SECOND


def test_whoever_borrows_the_clock_gives_it_back_as_if_nothing_had_been(clock_file: Path) -> None:
    clock.turn(to=THEN)
    with pytest.raises(ZeroDivisionError), clock.borrowed():
        clock.turn(to=THEN - timedelta(days=9), speed=0)
        _ = 1 / 0
    assert timedelta() <= clock.now() - THEN < 5 * SECOND


def test_a_span_for_the_world_outside_is_longer_in_a_time_lapse(clock_file: Path) -> None:
    assert clock.real(SECOND) == SECOND
    clock.turn(to=THEN, speed=60)
    assert clock.real(SECOND) == 60 * SECOND
    clock.turn(to=THEN, speed=0)
    assert clock.real(SECOND) == SECOND
