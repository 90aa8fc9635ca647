"""Many rows in one statement arrive as they were given."""

from datetime import UTC, date, datetime

import pytest
from django.db import DatabaseError, transaction

from appointments.models import AppointmentType, Patient
from practices import rows, tenancy
from tests.factories import NOW, PatientFactory, make_practice

pytestmark = pytest.mark.django_db

NASTY = "Zoë \\n \"Müller\" 'x'; -- {} %s %% \t\n\u2028 \U0001f600 \\x00 \\u0000"


def patient(practice_id: int, pk: int, **values: object) -> dict[str, object]:
    blank = {"name": "", "birth_date": None, "sex": "unknown", "phone": "", "email": "", "language": ""}
    return {
        "id": pk,
        "practice_id": practice_id,
        **blank,
        "wrapped_key": b"",
        "created_at": NOW,
        **values,
    }


def test_every_kind_of_value_comes_back_as_it_was() -> None:
    practice = make_practice()
    key = bytes(range(256))
    at = datetime(2026, 3, 29, 1, 59, 59, 123456, tzinfo=UTC)
    with tenancy.scope(practice.pk):
        (pk,) = rows.new_ids(Patient, 1)
        values = {"name": NASTY, "birth_date": date(1900, 1, 1), "wrapped_key": key, "created_at": at}
        rows.insert(Patient, [patient(practice.pk, pk, **values)])
        found = Patient.objects.get(pk=pk)
        assert (found.name, found.birth_date, found.created_at) == (NASTY, date(1900, 1, 1), at)
        assert bytes(found.wrapped_key or b"") == key
        rows.insert(
            AppointmentType,
            [
                {
                    "practice_id": practice.pk,
                    "name": "x",
                    "keywords": ["a,b", "{}", '"'],
                    "needs_nothing": True,
                }
            ],
        )
        kind = AppointmentType.objects.get(name="x")
        assert (kind.keywords, kind.needs_nothing) == (["a,b", "{}", '"'], True)


def test_more_rows_than_one_statement_takes() -> None:
    practice = make_practice()
    with tenancy.scope(practice.pk):
        ids = rows.new_ids(Patient, rows.BATCH + 1)
        rows.insert(Patient, [patient(practice.pk, pk, name=f"{pk}") for pk in ids])
        rows.update(Patient, [{"id": pk, "phone": f"+49{pk}"} for pk in ids])
        found = Patient.objects.filter(rows.among("pk", ids, type="bigint"))
        assert {(one.pk, one.name, one.phone) for one in found} == {(pk, f"{pk}", f"+49{pk}") for pk in ids}


def test_another_practices_rows_are_neither_written_nor_added_to() -> None:
    ours, theirs = make_practice(), make_practice(name="Andere Praxis")
    with tenancy.scope(theirs.pk):
        other = PatientFactory(name="Otto Probefeld")
    with tenancy.scope(ours.pk):
        rows.update(Patient, [{"id": other.pk, "name": "Mia Muster"}])
        with pytest.raises(DatabaseError), transaction.atomic():
            rows.insert(Patient, [patient(theirs.pk, rows.new_ids(Patient, 1)[0])])
    with tenancy.scope(theirs.pk):
        assert Patient.objects.get().name == "Otto Probefeld"


def test_nothing_is_written_for_no_rows() -> None:
    rows.insert(Patient, [])
    assert rows.new_ids(Patient, 0) == []
