"""Tenancy holds twice: in the managers, and in Postgres below them. Real transactions, the runtime role."""

from typing import Any

import pytest
from django.apps import apps
from django.db import IntegrityError, ProgrammingError, connection, models, transaction

from appointments.models import Appointment, Patient
from practices import tenancy
from practices.models import Practice, RecordEntry
from practices.record import Entry, write
from practices.tenant_models import SameTenant, TenantForeignKey, TenantModel
from tests.factories import NOW, AppointmentFactory, PatientFactory, make_practice

TENANT_MODELS = [model for model in apps.get_models() if issubclass(model, TenantModel)]
pytestmark = pytest.mark.django_db(transaction=True)


def rows_seen(table: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table}")
        return int(cursor.fetchone()[0])


@pytest.fixture
def two_practices() -> tuple[Practice, Practice]:
    first, second = (
        make_practice(),
        make_practice(name="Kardiologie Musterhof", sender_name="Praxis Musterhof"),
    )
    for practice in (first, second):
        with tenancy.scope(practice.pk):
            AppointmentFactory()
    return first, second


def test_the_tests_run_on_the_runtime_role() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolname, rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user")
        assert cursor.fetchone() == ("treffa_app", False, False)
        cursor.execute("SELECT count(*) FROM pg_class WHERE relowner = current_user::regrole")
        assert cursor.fetchone() == (0,)
        cursor.execute("SELECT count(*) FROM pg_auth_members WHERE member = current_user::regrole")
        assert cursor.fetchone() == (0,)


@pytest.mark.parametrize("model", TENANT_MODELS, ids=lambda model: model.__name__)
def test_every_tenant_table_forces_row_level_security(model: type[TenantModel]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relrowsecurity, relforcerowsecurity FROM pg_class WHERE relname = %s",
            [model._meta.db_table],
        )
        assert cursor.fetchone() == (True, True)


@pytest.mark.parametrize("model", TENANT_MODELS, ids=lambda model: model.__name__)
def test_every_tenant_table_has_the_one_policy_that_is_proven_below(model: type[TenantModel]) -> None:
    """So that what a foreign patient's row shows holds for each table; a second, permissive policy would undo it."""
    assert policies(model._meta.db_table) == policies("appointments_patient") != []


def policies(table: str) -> list[tuple[object, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT permissive, roles, cmd, qual, with_check FROM pg_policies WHERE tablename = %s", [table]
        )
        return list(cursor.fetchall())


def test_the_policy_compares_the_practice_with_the_scope_for_reads_and_writes() -> None:
    ((permissive, roles, command, reads, writes),) = policies("appointments_patient")
    assert (permissive, command) == ("PERMISSIVE", "ALL") and "public" in str(roles)
    assert reads == writes
    assert "practice_id = " in str(reads) and "treffa.practice" in str(reads) and " OR " not in str(reads)


@pytest.mark.parametrize("model", TENANT_MODELS, ids=lambda model: model.__name__)
def test_a_tenant_table_without_a_scope_fails_in_django_and_is_empty_in_postgres(
    model: type[TenantModel], two_practices: tuple[Practice, Practice]
) -> None:
    with pytest.raises(tenancy.ScopeError):
        model.objects.count()
    assert rows_seen(model._meta.db_table) == 0


def _once(field: Any) -> bool:
    """A key to one row of a tenant table at most, without the plain constraint."""
    to = field.related_model
    is_key = isinstance(field, models.OneToOneField) and isinstance(to, type)
    return is_key and issubclass(to, TenantModel) and not field.db_constraint


@pytest.mark.parametrize("model", TENANT_MODELS, ids=lambda model: model.__name__)
def test_keys_between_tenant_tables_carry_the_practice(model: type[TenantModel]) -> None:
    declared = {c.field for c in model._meta.constraints if isinstance(c, SameTenant)}
    fields = {f.name for f in model._meta.fields if isinstance(f, TenantForeignKey) or _once(f)}
    assert declared == fields
    for field in model._meta.get_fields():
        if field.many_to_one and issubclass(field.related_model, TenantModel):
            assert isinstance(field, TenantForeignKey), f"{field} must be a TenantForeignKey"
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT conname FROM pg_constraint WHERE contype = 'f' AND conrelid = %s::regclass",
            [model._meta.db_table],
        )
        in_database = {row[0] for row in cursor.fetchall()}
    assert {c.name for c in model._meta.constraints if isinstance(c, SameTenant)} <= in_database


def test_one_practice_sees_nothing_of_another_even_past_the_managers(
    two_practices: tuple[Practice, Practice],
) -> None:
    first, second = two_practices
    with tenancy.scope(first.pk):
        assert Patient._base_manager.count() == 1
        assert Practice._base_manager.count() == 1
        assert not Patient._base_manager.filter(practice_id=second.pk).exists()
        assert Patient._base_manager.filter(practice_id=second.pk).update(name="x") == 0


def test_a_row_cannot_be_written_into_another_practice(two_practices: tuple[Practice, Practice]) -> None:
    first, second = two_practices
    with pytest.raises(ProgrammingError, match="row-level security"), tenancy.scope(first.pk):
        PatientFactory(practice_id=second.pk)


def test_a_key_cannot_point_at_another_practices_row(two_practices: tuple[Practice, Practice]) -> None:
    first, second = two_practices
    with tenancy.scope(second.pk):
        foreign = Patient.objects.get().pk
    with pytest.raises(IntegrityError), tenancy.scope(first.pk):
        Appointment.objects.update(patient_id=foreign)


def test_the_setting_ends_with_the_scope_and_another_practices_scope_cannot_be_nested(
    two_practices: tuple[Practice, Practice],
) -> None:
    first, second = two_practices
    with tenancy.scope(first.pk):
        with pytest.raises(tenancy.ScopeError), tenancy.scope(second.pk):
            pass
        with tenancy.scope(first.pk):
            assert Patient.objects.count() == 1
    assert rows_seen("appointments_patient") == 0
    with transaction.atomic():
        with tenancy.scope(first.pk):
            assert rows_seen("appointments_patient") == 1
        assert rows_seen("appointments_patient") == 0


def test_a_scope_that_fails_leaves_no_setting_behind(two_practices: tuple[Practice, Practice]) -> None:
    first, _ = two_practices
    with transaction.atomic():
        with pytest.raises(ZeroDivisionError), tenancy.scope(first.pk):
            _ = 1 / 0
        assert rows_seen("appointments_patient") == 0
    assert tenancy.current_or_none() is None


def test_the_record_can_only_be_added_to(two_practices: tuple[Practice, Practice]) -> None:
    first, _ = two_practices
    with tenancy.scope(first.pk):
        write(Entry(event="test", at=NOW))
    with pytest.raises(ProgrammingError, match="permission denied"), tenancy.scope(first.pk):
        RecordEntry.objects.update(event="changed")
    with pytest.raises(ProgrammingError, match="permission denied"), tenancy.scope(first.pk):
        RecordEntry.objects.all()._raw_delete("default")
