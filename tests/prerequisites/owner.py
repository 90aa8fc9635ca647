"""Statements of the database's other logins, in the test's own database."""

import os

import environ
import psycopg
from django.db import connection


def as_role(role: str, statement: str, *, practice_id: int) -> int:
    """How many rows the statement changed, as the owner or the operator, in the practice's scope."""
    login = environ.Env.db_url_config(os.environ[f"DATABASE_{role}_URL"])
    with psycopg.connect(
        host=login["HOST"],
        port=login["PORT"] or 5432,
        user=login["USER"],
        password=login["PASSWORD"],
        dbname=connection.settings_dict["NAME"],
    ) as other:
        other.execute("SELECT set_config('treffa.practice', %s, true)", [str(practice_id)])
        return other.execute(statement).rowcount  # type: ignore[arg-type]
