"""What the product's own login may not do, so that whoever gets hold of it does not become an operator."""

import pytest
from django.apps import apps
from django.db import IntegrityError, ProgrammingError, connection

from practices import tenancy
from practices.models import User
from practices.tenant_models import TenantModel
from tests import factories
from tests.operators import make_operator, operators_role

pytestmark = pytest.mark.django_db(transaction=True)

# tables of no practice, and what the product does with each
EXPECTED = {
    "practices_user": "SELECT INSERT UPDATE DELETE",
    "account_emailaddress": "SELECT INSERT UPDATE DELETE",
    "mfa_authenticator": "SELECT INSERT UPDATE DELETE",
    "django_session": "SELECT INSERT UPDATE DELETE",
    "axes_accessattempt": "SELECT INSERT UPDATE DELETE",
    "axes_accessattemptexpiration": "SELECT INSERT UPDATE DELETE",
    "axes_accessfailurelog": "SELECT INSERT UPDATE DELETE",
    "axes_accesslog": "SELECT INSERT UPDATE DELETE",
    "django_migrations": "SELECT",
    "escalation_finding": "SELECT INSERT UPDATE DELETE",
    "escalation_pulse": "SELECT INSERT UPDATE DELETE",
    "practices_brake": "SELECT",
}
DENIED = "permission denied|row-level security"


def run(statement: str, *values: object) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return int(cursor.rowcount)


def asked(statement: str, *values: object) -> object:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchone()[0]


def test_the_product_has_no_right_on_tables_of_no_practice_beyond_those_listed() -> None:
    ours = {model._meta.db_table for model in apps.get_models() if issubclass(model, TenantModel)}
    for table in sorted(set(connection.introspection.table_names()) - ours - {"practices_practice"}):
        rights = [
            right
            for right in ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER")
            if asked("SELECT has_table_privilege(current_user, %s, %s)", table, right)
        ]
        assert " ".join(rights) == EXPECTED.get(table, ""), table


def test_the_product_cannot_make_anything_of_its_own_in_the_database() -> None:
    for statement in (
        "CREATE TABLE mine (x int)",
        "CREATE TEMPORARY TABLE mine (x int)",
        "CREATE SCHEMA mine",
        "CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "SET ROLE treffa_operator",
        "SET SESSION AUTHORIZATION treffa_operator",
        "ALTER TABLE practices_user DISABLE ROW LEVEL SECURITY",
        "TRUNCATE practices_user",
    ):
        with pytest.raises(ProgrammingError, match=r"permission denied|must be owner"):
            run(statement)


def test_the_product_does_not_see_operators_and_cannot_change_or_delete_them() -> None:
    operator = make_operator()
    assert not User.objects.filter(pk=operator.pk).exists()
    for change in (
        "password = 'x'",
        "email = 'x@y.example'",
        "is_active = false",
        "is_staff = false, is_superuser = false",
    ):
        assert run(f"UPDATE practices_user SET {change} WHERE id = %s", operator.pk) == 0
    assert run("DELETE FROM practices_user WHERE id = %s", operator.pk) == 0
    with operators_role():
        assert User.objects.get(pk=operator.pk).password == operator.password


@pytest.mark.parametrize("right", ["is_staff", "is_superuser"])
def test_the_product_cannot_make_an_operator_of_anybody(right: str) -> None:
    person = factories.UserFactory()
    with pytest.raises(ProgrammingError, match=DENIED):
        run(f"UPDATE practices_user SET {right} = true WHERE id = %s", person.pk)
    with pytest.raises(ProgrammingError, match=DENIED):
        factories.UserFactory(**{right: True})
    with pytest.raises(IntegrityError):  # what is taken by an operator is taken, and stays theirs
        factories.UserFactory(email=make_operator().email)


def test_the_product_cannot_give_an_operator_a_second_address_or_a_second_factor() -> None:
    operator = make_operator()
    with pytest.raises(ProgrammingError, match=DENIED):
        run(
            'INSERT INTO account_emailaddress (email, verified, "primary", user_id) VALUES (%s, true, true, %s)',
            "x@y.example",
            operator.pk,
        )
    with pytest.raises(ProgrammingError, match=DENIED):
        run(
            "INSERT INTO mfa_authenticator (type, data, user_id, created_at) VALUES ('totp', '{}', %s, now())",
            operator.pk,
        )


def test_the_product_cannot_write_operators_sessions_tries_or_log() -> None:
    for table in (
        "practices_operatorsession",
        "practices_operatorcache",
        "django_admin_log",
        "auth_permission",
    ):
        with pytest.raises(ProgrammingError, match="permission denied"):
            run(f"DELETE FROM {table}")
        with pytest.raises(ProgrammingError, match="permission denied"):
            run(f"SELECT * FROM {table}")


def test_operators_do_not_get_at_the_sessions_of_practices() -> None:
    with operators_role(), pytest.raises(ProgrammingError, match="permission denied"):
        run("SELECT * FROM django_session")


def test_the_product_may_have_the_appointments_counted_that_it_imported() -> None:
    practice = factories.make_practice()
    counted = "SELECT reltuples FROM pg_class WHERE relname = 'appointments_appointment'"
    with tenancy.scope(practice.pk):
        factories.AppointmentFactory.create_batch(7)
        before = asked(counted)
        run("ANALYZE appointments_appointment")
        assert asked(counted) == before, "it may not do so itself"
        run("SELECT treffa_analyze_appointments(%s)", 1_000_000)
        assert asked(counted) == 7
        factories.AppointmentFactory()
        run("SELECT treffa_analyze_appointments(%s)", 1)
        assert asked(counted) == 7, "one more is not worth it"
