"""Calls of the narrow functions that look across practices before one is known. Needs no scope."""

from collections.abc import Sequence
from typing import Any

from django.db import connection


def practices(function: str, *arguments: Any) -> Sequence[int]:
    """The practice ids that a lookup function returns. `function` is a name from the code, never from outside."""
    return [int(row[0]) for row in rows(function, *arguments)]


def rows(function: str, *arguments: Any) -> Sequence[tuple[Any, ...]]:
    """The rows that a lookup function returns."""
    marks = ", ".join(["%s"] * len(arguments))
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {function}({marks})", list(arguments))  # noqa: S608 - names are our own
        return list(cursor.fetchall())
