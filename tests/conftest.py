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


def _empty_as_owner(self: TransactionTestCase) -> None:
    """The app's role may not truncate: the owner empties the tables after a test with real transactions."""
    tables = sorted(set(connection.introspection.table_names()) - KEPT_TABLES)
    connection.close()
    with psycopg.connect(**_owner_login(connection.settings_dict["NAME"]), autocommit=True) as owner:
        names = sql.SQL(", ").join(sql.Identifier(table) for table in tables)
        owner.execute(sql.SQL("TRUNCATE {} RESTART IDENTITY CASCADE").format(names))


TransactionTestCase._fixture_teardown = _empty_as_owner  # type: ignore[method-assign]


@pytest.fixture
def now() -> datetime:
    """A Monday morning in March, Berlin 10:00."""
    return NOW


@pytest.fixture(autouse=True)
def _quick_passwords(settings: Any) -> None:
    """Hashing as slowly as production does costs a second a person."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
