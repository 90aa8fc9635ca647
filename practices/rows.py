"""Many rows in one statement.

They travel as one JSON value that Postgres turns into rows of the table. Django's bulk_create and bulk_update hand over
every field as a parameter of its own, which costs several times as much; COPY is closed to the product by row-level
security. Rows are dictionaries by attribute name, all with the same names.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any, TypeVar

from django.db import connection, models
from django.db.models import BooleanField, F, Func
from django.db.models.expressions import RawSQL

from practices import tenancy

BATCH = 10_000

Row = Mapping[str, Any]
T = TypeVar("T")


def new_ids(model: type[models.Model], amount: int) -> list[int]:
    """Ids for rows to come, so that others can name them before they are written."""
    if not amount:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)",
            [model._meta.db_table, amount],
        )
        return [row[0] for row in cursor.fetchall()]


def insert(model: type[models.Model], rows: Sequence[Row]) -> None:
    """Inserts the rows. What they don't name takes the database's default."""
    for batch in batches(rows):
        with connection.cursor() as cursor:
            cursor.execute(inserting(model, batch[0]), [encoded(batch)])


def update(model: type[models.Model], rows: Sequence[Row]) -> None:
    """Writes what the rows name to those of the practice in scope that have their `id`."""
    for batch in batches(rows):
        names = [_column(model, name) for name in batch[0] if name != "id"]
        changes = ", ".join(f"{name} = new.{name}" for name in names)
        statement = (
            f"UPDATE {_table(model)} AS old SET {changes} FROM {_source(model)} AS new"  # noqa: S608 - our own names
            " WHERE old.id = new.id AND old.practice_id = %s"
        )
        with connection.cursor() as cursor:
            cursor.execute(statement, [encoded(batch), tenancy.current()])


def inserting(model: type[models.Model], row: Row) -> str:
    """The statement that inserts rows with this one's names; its parameter is what `encoded` makes of them."""
    columns = ", ".join(_column(model, name) for name in row)
    return f"INSERT INTO {_table(model)} ({columns}) SELECT {columns} FROM {_source(model)}"  # noqa: S608 - our own names


def among(name: str, values: Iterable[object], *, type: str) -> "_Equal":
    """A condition: the field has one of the values, which go as one parameter, however many they are. `type` as Postgres
    calls it. As a list and not as a query, for the planner then sees how few they are."""
    return _Equal(F(name), _Any(RawSQL(f"%s::{type}[]", [list(values)])), output_field=BooleanField())  # noqa: S611 - our own names


class _Any(Func):
    function = "ANY"


class _Equal(Func):
    template = "(%(expressions)s)"
    arg_joiner = " = "


def batches(rows: Sequence[T]) -> Iterator[Sequence[T]]:
    """As many at once as one statement takes."""
    return (rows[start : start + BATCH] for start in range(0, len(rows), BATCH))


def encoded(rows: Sequence[Row]) -> str:
    """The rows as one parameter."""
    return json.dumps(rows, default=_plain, ensure_ascii=False, separators=(",", ":"))


def _plain(value: object) -> str:
    """What JSON does not know, as Postgres reads it."""
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, bytes | memoryview):
        return "\\x" + value.hex()
    raise TypeError(f"{type(value).__name__} has no place in a row")


def _table(model: type[models.Model]) -> str:
    return connection.ops.quote_name(model._meta.db_table)


def _source(model: type[models.Model]) -> str:
    return f"json_populate_recordset(NULL::{_table(model)}, %s::json)"


def _column(model: type[models.Model], name: str) -> str:
    return connection.ops.quote_name(str(getattr(model._meta.get_field(name), "column", name)))
