"""The benchmarks run the real code and report under the promised names. How fast it is, `make bench` says."""

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command

from appointments import fetch
from treffa.bench.fleet import NotPolledError

pytestmark = pytest.mark.django_db

SYNC = (
    "events full_parse_s first_import_s unchanged_s changed_1pct_s changed_10pct_s"
    " ratio_unchanged ratio_1pct ratio_10pct ratio_first peak_mb"
)


def bench(*words: str) -> list[str]:
    out = StringIO()
    call_command("bench", *words, stdout=out)
    return out.getvalue().splitlines()


def test_sync_reports_under_its_promised_names() -> None:
    lines = bench("sync", "--events", "50", "--json")
    assert len(lines) == 1
    assert list(json.loads(lines[0])) == SYNC.split()


def test_cases_opens_one_for_every_appointment_with_all_that_it_requires() -> None:
    result: dict[str, Any] = json.loads(bench("cases", "--cases", "40", "--json")[-1])
    assert result["cases"] == 40
    assert result["requirements"] >= 40
    assert result["cases_per_s_open"] > 0
    assert result["cases_per_s_recompute"] > 0
    assert result["plan_change_cases"] == 40 and result["plan_change_s"] > 0


def test_fleet_polls_every_feed_in_every_phase_and_reports_under_its_promised_names() -> None:
    result: dict[str, Any] = json.loads(bench("fleet", "--feeds", "3", "--events", "200", "--json")[-1])
    assert (result["feeds"], result["events"]) == (3, 200)
    for phase in ("304", "unchanged", "1pct"):
        a_feed = result[f"cpu_per_feed_{phase}_ms"]
        assert a_feed > 0
        assert result[f"cpu_for_3000_{phase}"] == pytest.approx(a_feed / 1000 * 10, abs=0.001)


def test_fleet_is_an_error_if_a_poll_did_something_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetch.request, "_conditions", lambda validators: {})
    with pytest.raises(NotPolledError, match="status=200"):
        bench("fleet", "--feeds", "2", "--events", "20", "--json")


@pytest.mark.django_db(transaction=True)
def test_escalation_sweeps_all_that_is_due_in_twenty_statements_a_practice_at_most() -> None:
    small, large = (
        json.loads(bench("escalation", "--practices", "2", "--cases", "60", "--due", due, "--json")[-1])
        for due in ("4", "40")
    )
    assert list(small) == [
        "practices",
        "cases",
        "due",
        "sweep_s",
        "statements",
        "statements_per_practice",
        "due_per_s",
    ]
    assert small["statements_per_practice"] <= 20
    assert small["statements"] == large["statements"] <= 2 * 20
    assert (large["cases"], large["due"]) == (60, 40)


@pytest.mark.django_db(transaction=True)
def test_outbox_sends_all_through_real_workers_and_reports_under_its_promised_names() -> None:
    result = json.loads(bench("outbox", "--messages", "40", "--appointments", "2", "--json")[-1])
    assert list(result) == [
        "messages",
        "messages_per_s",
        "client_per_s",
        "noop_per_s",
        "ratio_client",
        "latency_p50_s",
        "latency_p95_s",
    ]
    assert result["messages"] == 40 and all(value > 0 for value in result.values())


@pytest.mark.django_db(transaction=True)
def test_without_a_name_all_are_run_and_the_last_line_is_one_object() -> None:
    small = ("--events", "20", "--cases", "20", "--feeds", "2", "--practices", "2", "--due", "4")
    lines = bench(*small, "--messages", "20", "--appointments", "2")
    assert lines[0] == "sync"
    assert set(json.loads(lines[-1])) == {"sync", "cases", "escalation", "fleet", "outbox", "dashboard"}
