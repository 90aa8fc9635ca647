"""The tests' ground: databases made by the owner's role, tests run as the app's, as the product does."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import environ
import psycopg
import pytest
from django.core.management import call_command
from django.db import connection
from django.test import TransactionTestCase
from psycopg import sql

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
OWNER: dict[str, Any] = environ.Env.db_url_config(os.environ["DATABASE_OWNER_URL"])
KEPT_TABLES = {"django_migrations", "django_content_type", "auth_permission"}


@pytest.fixture(scope="session")
def django_db_setup(django_db_blocker: Any) -> Iterator[None]:
    """One database a test process, made, migrated and dropped by the owner."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    name = f"test_{OWNER['NAME']}_{worker}"
    with django_db_blocker.unblock():
        _as_owner("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)
        _as_owner("CREATE DATABASE {} ENCODING 'UTF8' TEMPLATE template0", name)
        app = dict(connection.settings_dict)
        connection.settings_dict.update(OWNER, NAME=name)
        call_command("migrate", verbosity=0)
        connection.close()
        connection.settings_dict.update(app, NAME=name)
        yield
        _EMPTY.close()
        connection.close()
        _as_owner("DROP DATABASE {}", name)  # not by force: that fails where autovacuum is at work


def _as_owner(statement: str, name: str) -> None:
    with psycopg.connect(**_owner_login(), autocommit=True) as owner:
        owner.execute(sql.SQL(statement).format(sql.Identifier(name)))


def _owner_login(database: str = "") -> dict[str, Any]:
    return {
        "host": OWNER["HOST"],
        "port": OWNER["PORT"] or 5432,
        "user": OWNER["USER"],
        "password": OWNER["PASSWORD"],
        "dbname": database or OWNER["NAME"],
    }


# To truncate eighty tables takes longer than most tests do: that is kept for where one of them has grown.
_WRITTEN_TO = """
    SELECT oid::regclass::text, pg_relation_size(oid) FROM pg_class
    WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
      AND NOT relname = ANY(%s) AND pg_relation_size(oid) > 0
"""
_AGAIN_FROM_ONE = "SELECT count(setval(seqrelid, seqstart, false)) FROM pg_sequence"
_GROWN = 256 * 1024


class _Emptying:
    """Empties the tables after a test with real transactions: by a superuser, whom no guard of a table stops."""

    def __init__(self) -> None:
        self._connection: psycopg.Connection | None = None

    def run(self) -> None:
        """All tables of the test database are as they were when it was made."""
        superuser = self._connected()
        written = superuser.execute(_WRITTEN_TO, [sorted(KEPT_TABLES)]).fetchall()
        names = [sql.SQL(name) for name, _ in written]
        if any(size > _GROWN for _, size in written):
            self._insist(sql.SQL("TRUNCATE {} CASCADE").format(sql.SQL(", ").join(names)))
        elif names:
            self._insist(sql.SQL("; ").join(sql.SQL("DELETE FROM {}").format(name) for name in names))
        superuser.execute(_AGAIN_FROM_ONE)

    def _insist(self, statement: sql.Composed) -> None:
        """A page that still looks for news, or a callback on its way, may hold what is to be emptied."""
        for _ in range(5):
            try:
                self._connected().execute(statement)
            except psycopg.errors.DeadlockDetected:
                continue
            return
        raise AssertionError("somebody goes on working on the database after the test")

    def close(self) -> None:
        """Before the database is dropped."""
        if self._connection:
            self._connection.close()

    def _connected(self) -> psycopg.Connection:
        if self._connection is None:
            self._connection = psycopg.connect(
                os.environ["DATABASE_SUPERUSER_URL"],
                dbname=connection.settings_dict["NAME"],
                options="-c session_replication_role=replica",
                autocommit=True,
            )
        return self._connection


_EMPTY = _Emptying()


def _teardown(self: TransactionTestCase) -> None:
    """In the place of Django's flush, which the app's role may not do."""
    if connection.in_atomic_block:
        connection.close()
    _EMPTY.run()


TransactionTestCase._fixture_teardown = _teardown  # type: ignore[method-assign]


@pytest.fixture
def now() -> datetime:
    """A Monday morning in March, Berlin 10:00."""
    return NOW


@pytest.fixture(autouse=True)
def _quick_passwords(settings: Any) -> None:
    """Hashing as slowly as production does costs a second a person."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
