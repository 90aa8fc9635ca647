"""The worker goes on when Postgres was restarted under it."""

import psycopg
import pytest
from django.db import connection

from tests.factories import make_practice
from treffa import tasks

pytestmark = pytest.mark.django_db(transaction=True)


def break_connection() -> None:
    """As a restart of Postgres does: the server's end of the kept connection is gone."""
    connection.ensure_connection()
    login = connection.settings_dict
    with psycopg.connect(
        host=login["HOST"],
        port=login["PORT"] or None,
        user=login["USER"],
        password=login["PASSWORD"],
        dbname=login["NAME"],
        autocommit=True,
    ) as other:
        other.execute("SELECT pg_terminate_backend(%s)", [connection.connection.info.backend_pid])


def test_a_task_after_a_restart_of_postgres_does_its_work() -> None:
    practice = make_practice()
    break_connection()

    done = tasks.advance.apply(args=["seal", practice.pk])

    assert done.successful(), done.traceback
