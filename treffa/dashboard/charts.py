"""The geometry of the reports' charts, pure: numbers -> coordinates as an SVG's attributes say them. The templates draw."""

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 720, 220
LEFT, RIGHT, TOP, BOTTOM = 34.0, 20.0, 18.0, 34.0
SPARK_WIDTH, SPARK_HEIGHT, SPARK_EDGE = 200.0, 36.0, 4.0
LABELS = 6


@dataclass(frozen=True, kw_only=True)
class Mark:
    """A place of the chart and the number or the word that stands there."""

    x: str
    y: str
    text: str


@dataclass(frozen=True, kw_only=True)
class LineChart:
    """A line over weeks, of 0 to 100 or a part of it. `lines` and `areas` are lists of points, one for each stretch without
    a gap; `alone` the values that have none beside them; `falls`: the last one is lower than the one before."""

    lines: Sequence[str]
    areas: Sequence[str]
    alone: Sequence[Mark]
    grid: Sequence[Mark]
    below: Sequence[Mark]
    first: Mark | None
    last: Mark | None
    falls: bool
    target: str


def line_chart(values: Sequence[float | None], *, labels: Sequence[str], target: float) -> LineChart:
    """Percentages, oldest first, None where there was nothing to count; `labels` one for each, of which some are shown."""
    known = [value for value in values if value is not None]
    low = _floor(min([*known, target], default=0.0))
    places = [
        (_x(number, len(values)), _y(value, low)) if value is not None else None
        for number, value in enumerate(values)
    ]
    stretches = _stretches(places)
    bottom = f"{HEIGHT - BOTTOM:.1f}"
    found = [(place, value) for place, value in zip(places, values) if place and value is not None]
    ends = [_mark(place, f"{value:.0f}") for place, value in (found[:1] + found[1:][-1:])]
    return LineChart(
        lines=[_points(one) for one in stretches if len(one) > 1],
        areas=[
            f"{one[0][0]:.1f},{bottom} {_points(one)} {one[-1][0]:.1f},{bottom}"
            for one in stretches
            if len(one) > 1
        ],
        alone=[_mark(one[0], "") for one in stretches if len(one) == 1],
        grid=[_mark((LEFT, _y(step, low)), f"{step:.0f}") for step in _steps(low)],
        below=[
            _mark((_x(number, len(labels)), HEIGHT - 12.0), label)
            for number, label in enumerate(labels)
            if _labelled(number, len(labels))
        ],
        first=ends[0] if len(ends) == 2 else None,
        last=ends[-1] if ends else None,
        falls=len(found) > 1 and found[-1][1] < found[-2][1],
        target=f"{_y(target, low):.1f}",
    )


def spark(values: Sequence[float | None]) -> str:
    """The points of a small line without scales; gaps are bridged. Empty with fewer than two values."""
    known = [(number, value) for number, value in enumerate(values) if value is not None]
    if len(known) < 2:
        return ""
    low, high = min(value for _, value in known), max(value for _, value in known)
    room, wide = SPARK_HEIGHT - 2 * SPARK_EDGE, max(len(values) - 1, 1)
    return " ".join(
        f"{number / wide * SPARK_WIDTH:.1f},"
        f"{SPARK_EDGE + room * ((high - value) / (high - low) if high > low else 0.5):.1f}"
        for number, value in known
    )


def _x(number: int, count: int) -> float:
    inside = WIDTH - LEFT - RIGHT
    return LEFT + inside * (number / (count - 1) if count > 1 else 1.0)


def _y(value: float, low: float) -> float:
    inside = HEIGHT - TOP - BOTTOM
    return TOP + inside * (100.0 - value) / (100.0 - low)


def _floor(lowest: float) -> float:
    """Where the scale begins: 50 if nothing is below, else 0. So two reports compare."""
    return 50.0 if lowest >= 50.0 else 0.0


def _steps(low: float) -> list[float]:
    size = (100.0 - low) / 5
    return [low + size * number for number in range(6)]


def _labelled(number: int, count: int) -> bool:
    """Every so many, counted from the last."""
    every = max(1, -(-count // LABELS))
    return (count - 1 - number) % every == 0


def _stretches(places: Sequence[tuple[float, float] | None]) -> list[list[tuple[float, float]]]:
    found: list[list[tuple[float, float]]] = [[]]
    for place in places:
        if place is not None:
            found[-1].append(place)
        elif found[-1]:
            found.append([])
    return [one for one in found if one]


def _points(places: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in places)


def _mark(place: tuple[float, float], text: str) -> Mark:
    return Mark(x=f"{place[0]:.1f}", y=f"{place[1]:.1f}", text=text)
