"""Whether what was handed in still counts: by age in days, by the answers, by the quarter."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prerequisites.conditions import Facts
from prerequisites.validity import ValidityError, judge, oldest, parse

KIDNEY = {"when": {"answer": "form.kidney", "is": ["yes"]}, "days": 7}
HEART = {"when": {"answer": "form.heart", "is": ["yes"]}, "days": 14}
MONTH: dict[str, Any] = {"days": 30, "limits": [KIDNEY, HEART]}
days = st.dates(date(2020, 1, 1), date(2030, 1, 1))


def knows(**answers: str) -> Facts:
    return Facts(answers={"form": answers})


@pytest.mark.parametrize(
    ("content", "dated", "appointment", "booked", "facts", "blocks", "cautions"),
    [
        # for ever
        ({}, "2001-01-01", "2026-03-12", "2026-03-02", knows(), False, []),
        # thirty days, the last of them included; the first limit whose condition holds counts instead
        (MONTH, "2026-02-10", "2026-03-12", "2026-03-02", knows(), False, []),
        (MONTH, "2026-02-09", "2026-03-12", "2026-03-02", knows(), True, []),
        (MONTH, "2026-03-05", "2026-03-12", "2026-03-02", knows(kidney="yes"), False, []),
        (MONTH, "2026-03-04", "2026-03-12", "2026-03-02", knows(kidney="yes"), True, []),
        (MONTH, "2026-03-04", "2026-03-12", "2026-03-02", knows(kidney="no", heart="yes"), False, []),
        (MONTH, "2026-03-04", "2026-03-12", "2026-03-02", knows(kidney="yes", heart="yes"), True, []),
        # an Italian impegnativa counts by the day of booking
        (
            {"measured_at": "booking", "days": 10},
            "2026-02-20",
            "2026-06-12",
            "2026-03-02",
            knows(),
            False,
            [],
        ),
        ({"measured_at": "booking", "days": 10}, "2026-02-19", "2026-03-05", "2026-03-02", knows(), True, []),
        # a warning only
        (
            {"days": 30, "effect": "warn"},
            "2026-01-01",
            "2026-03-12",
            "2026-03-02",
            knows(),
            False,
            ["too_old"],
        ),
        # the insurance card is read anew in each quarter; the referral holds
        ({"quarter": "warn"}, "2026-03-31", "2026-04-01", "2026-03-02", knows(), False, ["earlier_quarter"]),
        ({"quarter": "warn"}, "2026-04-01", "2026-06-30", "2026-03-02", knows(), False, []),
        ({"quarter": "warn"}, "2025-12-31", "2026-01-02", "2025-12-02", knows(), False, ["earlier_quarter"]),
        ({"quarter": "warn"}, "2025-03-01", "2026-01-02", "2025-12-02", knows(), False, ["earlier_quarter"]),
        # without a date it can't be judged: said, not refused
        (MONTH, None, "2026-03-12", "2026-03-02", knows(), False, ["date_unknown"]),
        ({}, None, "2026-03-12", "2026-03-02", knows(), False, []),
    ],
)
def test_how_a_document_stands(
    content: dict[str, Any],
    dated: str | None,
    appointment: str,
    booked: str,
    facts: Facts,
    blocks: bool,
    cautions: list[str],
) -> None:
    judged = judge(
        parse(content),
        document_date=date.fromisoformat(dated) if dated else None,
        appointment=date.fromisoformat(appointment),
        booked=date.fromisoformat(booked),
        facts=facts,
    )
    assert (judged.blocks, [one.code for one in judged.cautions]) == (blocks, cautions)


@given(dated=days, later=st.integers(0, 400), appointment=days, limit=st.integers(0, 400))
def test_a_newer_document_never_stands_worse(dated: date, later: int, appointment: date, limit: int) -> None:
    def blocks(day: date) -> bool:
        rule = parse({"days": limit})
        return judge(rule, document_date=day, appointment=appointment, booked=dated, facts=Facts()).blocks

    assert blocks(dated) or not blocks(dated + timedelta(days=later))
    first = oldest(parse({"days": limit}), appointment=appointment, booked=dated, facts=Facts())
    assert first is not None and not blocks(first) and blocks(first - timedelta(days=1))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ([], "an object"),
        ({"weeks": 3}, "no weeks"),
        ({"days": -1}, "number of days"),
        ({"days": True}, "number of days"),
        ({"days": "30"}, "number of days"),
        ({"days": 10**9}, "number of days"),
        ({"effect": "warn"}, 'needs "days"'),
        ({"days": 3, "effect": "refuse"}, "block or warn"),
        ({"days": 3, "measured_at": "birth"}, "appointment or booking"),
        ({"quarter": "block"}, "is warn"),
        ({"days": 3, "limits": {}}, "is a list"),
        ({"days": 3, "limits": [{"days": 3}]}, '"when" and "days"'),
        ({"days": 3, "limits": [{"days": 3, "when": {"moon": 1}}]}, "no condition"),
    ],
)
def test_what_is_no_validity_is_refused_in_words(content: object, words: str) -> None:
    with pytest.raises(ValueError, match=words) as refused:
        parse(content)
    assert isinstance(refused.value, ValidityError) or "condition" in words
