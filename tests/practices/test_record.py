"""The record: entries are chained once a minute, and what was changed afterwards is found."""

from datetime import timedelta

import psycopg
import pytest
from cryptography.exceptions import InvalidTag
from django.core.management import CommandError, call_command
from django.db import connection

from practices import record, tenancy, vault
from practices.models import RecordEntry, Seal, UnsealedEntry
from tests.conftest import NOW, _owner_login
from tests.factories import PatientFactory, make_practice

pytestmark = pytest.mark.django_db(transaction=True)


def tamper(statement: str, practice_id: int) -> None:
    """What somebody with the owner's password could do."""
    with psycopg.connect(**_owner_login(connection.settings_dict["NAME"])) as owner:
        owner.execute("SELECT set_config('treffa.practice', %s, true)", [str(practice_id)])
        owner.execute(statement)


def test_a_seal_covers_what_happened_and_follows_on_the_one_before() -> None:
    practice = make_practice()
    with tenancy.scope(practice.pk):
        record.write(*[record.Entry(event="test.event", at=NOW, case_id=n) for n in range(3)])
        first = record.seal(now=NOW)
        assert first is not None and len(first.entry_ids) == 4 and first.previous == record.FIRST_LINK
        assert record.seal(now=NOW) is None
        record.write(record.Entry(event="test.event", at=NOW))
        second = record.seal(now=NOW + timedelta(minutes=1))
        assert second is not None and second.number == 2 and second.previous == first.digest
        assert UnsealedEntry.objects.count() == 0
        assert record.verify() == []


@pytest.mark.parametrize(
    ("statement", "finding"),
    [
        ("UPDATE practices_recordentry SET event = 'never happened' WHERE case_id = 1", "does not match"),
        ("UPDATE practices_recordentry SET at = at - interval '1 day' WHERE case_id = 1", "does not match"),
        ("DELETE FROM practices_recordentry WHERE case_id = 1", "gone"),
        ("DELETE FROM practices_seal WHERE number = 1", "does not follow"),
        ("UPDATE practices_seal SET previous = repeat('1', 64) WHERE number = 2", "does not follow"),
    ],
)
def test_what_is_changed_behind_the_products_back_is_found(statement: str, finding: str) -> None:
    practice = make_practice()
    with tenancy.scope(practice.pk):
        record.write(record.Entry(event="test.event", at=NOW, case_id=1))
        record.seal(now=NOW)
        record.write(record.Entry(event="test.event", at=NOW, case_id=2))
        record.seal(now=NOW)
    tamper(statement, practice.pk)
    with tenancy.scope(practice.pk):
        assert any(finding in problem for problem in record.verify())


def test_an_entry_slipped_in_past_the_sealers_queue_is_found() -> None:
    practice = make_practice()
    with tenancy.scope(practice.pk):
        record.seal(now=NOW)
        RecordEntry.objects.create(practice=practice, at=NOW, event="slipped in", actor_kind="system")
        assert any("no seal covers" in problem for problem in record.verify())


def test_personal_parts_are_sealed_with_the_patients_key_and_gone_with_it() -> None:
    practice = make_practice()
    with tenancy.scope(practice.pk):
        patient = PatientFactory()
        key = patient.key()
        record.write(record.Entry(event="said", at=NOW, personal={"text": "Überweisung fehlt"}, key=key))
        entry = RecordEntry.objects.get(event="said")
        assert b"fehlt" not in bytes(entry.personal)
        assert record.personal(entry, key=key) == {"text": "Überweisung fehlt"}
        record.seal(now=NOW)
        patient.wrapped_key = None
        patient.save()
        with pytest.raises(LookupError):
            patient.key()
        assert record.verify() == []


def test_a_personal_part_opens_only_in_its_own_entry() -> None:
    practice = make_practice()
    with tenancy.scope(practice.pk):
        key = PatientFactory().key()
        for number in (1, 2):
            record.write(record.Entry(event="said", at=NOW, case_id=number, personal={"n": number}, key=key))
        first, second = RecordEntry.objects.filter(event="said").order_by("case_id")
        assert record.personal(first, key=key) == {"n": 1}
        second.personal = first.personal
        with pytest.raises(InvalidTag):
            record.personal(second, key=key)


def test_two_sealers_make_one_seal() -> None:
    practice = make_practice()
    with tenancy.scope(practice.pk):
        record.write(record.Entry(event="test.event", at=NOW))
        record.seal(now=NOW)
        record.seal(now=NOW)
        assert Seal.objects.count() == 1


def test_a_sealed_value_opens_only_in_its_context() -> None:
    key = b"k" * 32
    sealed = vault.seal(key=key, plaintext=b"secret", context="a")
    assert vault.unseal(key=key, sealed=sealed, context="a") == b"secret"
    with pytest.raises(InvalidTag):
        vault.unseal(key=key, sealed=sealed, context="b")


def test_the_command_says_that_the_record_is_whole_or_what_is_wrong(
    capsys: pytest.CaptureFixture[str],
) -> None:
    practice = make_practice()
    with tenancy.scope(practice.pk):
        record.write(record.Entry(event="test.event", at=NOW, case_id=1))
        record.seal(now=NOW)
    call_command("verify_record", str(practice.pk))
    assert "the record is whole (seal 1," in capsys.readouterr().out
    tamper("UPDATE practices_recordentry SET event = 'never happened' WHERE case_id = 1", practice.pk)
    with pytest.raises(CommandError, match="does not match"):
        call_command("verify_record", str(practice.pk))
    with pytest.raises(CommandError, match="no practice"):
        call_command("verify_record", "999999")
