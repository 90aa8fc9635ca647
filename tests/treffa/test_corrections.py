"""An entry that was read wrongly offers what else it could mean; a click is a rule for all entries."""

from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import pytest
from django.http import QueryDict

from appointments import ical
from appointments.matching import Rules, SummaryMode, TypeIndex, TypeWords, understand
from treffa.dashboard import corrections
from treffa.dashboard.trial_forms import RulesForm

TYPES = TypeIndex([TypeWords(id=1, name="MRT Knie", keywords=("mrt knie",), texts=())])


def entry(title: str, description: str = "") -> ical.Event:
    start = datetime(2026, 3, 10, 9, tzinfo=UTC)
    return ical.Event(
        uid="1",
        recurrence_id="",
        start=start,
        end=start + timedelta(minutes=30),
        all_day=False,
        status="",
        sequence=0,
        summary=title,
        description=description,
    )


@pytest.mark.parametrize(
    ("title", "value", "name", "kind"),
    [
        ("Knie rechts # Probefeld, Otto", "sign:#", "Otto Probefeld", "Knie rechts"),
        ("Probefeld Otto", "mode:type", "", "Probefeld Otto"),
        ("4711 Knie", "mode:name", "4711 Knie", ""),
    ],
)
def test_another_reading_is_offered_and_becomes_the_rule(
    title: str, value: str, name: str, kind: str
) -> None:
    event, rules = entry(title), Rules()
    offered = corrections.readings(
        event, said=understand(event, rules=rules, types=TYPES), rules=rules, types=TYPES
    )
    assert value in [one.value for one in offered]
    form = RulesForm(corrections.corrected(QueryDict(urlencode({"correct": value}))))
    assert form.is_valid(), form.errors
    chosen = form.rules
    signs = tuple(chosen["separators"]) or Rules().separators
    read = understand(
        event, rules=Rules(summary=SummaryMode(chosen["summary"]), separators=signs), types=TYPES
    )
    assert (read.name, read.type_text) == (name, kind)


def test_what_is_no_appointment_can_be_said_unless_the_entry_names_a_patient() -> None:
    assert corrections.may_be_skipped(entry("Geräteprüfung"), rules=Rules(), types=TYPES)
    named = entry("Geräteprüfung", "Telefon: 0171 2345678")
    assert not corrections.may_be_skipped(named, rules=Rules(), types=TYPES)
    data = corrections.corrected(QueryDict("correct=absence:Ger%C3%A4tepr%C3%BCfung&absences=Wartung"))
    assert data["absences"] == "Wartung\nGeräteprüfung"


@pytest.mark.parametrize("nonsense", ["", "mode:", "mode:x", "x:y", ":name"])
def test_nonsense_corrects_nothing(nonsense: str) -> None:
    given = QueryDict(mutable=True)
    given["correct"] = nonsense
    assert "summary" not in corrections.corrected(given)
