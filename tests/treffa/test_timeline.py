"""The timeline of a case: what is said of its patient, and entries of the record that are not what was written."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
import time_machine
from django.test import Client

from appointments import merging
from appointments.operations import set_contact
from practices import record, tenancy
from practices.models import Practice
from prerequisites.models import Case
from tests import factories
from tests.treffa.staff import sign_in

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _standing_clock(now: datetime) -> Iterator[None]:
    with time_machine.travel(now, tick=False):
        yield


@pytest.fixture
def practice() -> Practice:
    return factories.make_practice()


@pytest.fixture
def staff(client: Client, practice: Practice) -> Client:
    return sign_in(client, practice)


@pytest.fixture
def case(practice: Practice) -> Case:
    with tenancy.scope(practice.pk):
        case: Case = factories.CaseFactory()
    return case


def rejected(case: Case, reason: str, *, key: bytes, now: datetime) -> None:
    record.write(
        record.Entry(
            event="requirement.rejected",
            at=now,
            case_id=case.pk,
            patient_id=case.appointment.patient_id,
            personal={"reason": reason},
            key=key,
        )
    )


def test_an_entry_that_is_not_what_was_written_is_said_to_be_so(
    staff: Client, practice: Practice, case: Case, now: datetime
) -> None:
    with tenancy.scope(practice.pk):
        rejected(case, "Unleserlich", key=case.appointment.patient.key(), now=now)
        rejected(case, "Verrückt", key=b"\1" * 32, now=now)
    page = staff.get(f"/cases/{case.pk}/")
    html = page.content.decode()
    assert page.status_code == 200
    assert "Unleserlich" in html and "Verrückt" not in html
    assert html.count("it is not as it was written") == 1


def test_merges_and_contacts_are_told_and_each_entry_opens_with_its_own_key(
    staff: Client, practice: Practice, case: Case, now: datetime
) -> None:
    with tenancy.scope(practice.pk):
        theirs = case.appointment.patient
        rejected(case, "Von damals", key=theirs.key(), now=now)
        kept = factories.PatientFactory(name=theirs.name)
        set_contact(patient_id=kept.pk, phone="01525 4599372", email="", by=record.SYSTEM, now=now)
        first, second = (type(kept).objects.get(pk=pk) for pk in (kept.pk, theirs.pk))
        merging.merge(
            first_id=kept.pk,
            second_id=theirs.pk,
            chosen=merging.Chosen(right={}),
            as_seen=merging.seen(first, second),
            by=record.SYSTEM,
            now=now + timedelta(minutes=1),
        )
        case.refresh_from_db()
        rejected(case, "Von heute", key=kept.key(), now=now + timedelta(minutes=2))
    html = staff.get(f"/cases/{case.pk}/").content.decode()
    for told in ("Two patients joined: they are one person", "Contact changed", "Von damals"):
        assert told in html
    assert "it is not as it was written" not in html
