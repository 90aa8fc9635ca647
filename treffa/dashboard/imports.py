"""The pages of an import of contacts: what each row becomes, in words."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from appointments import contacts_import
from appointments.contacts_import import Asked, Sorted
from appointments.contacts_table import Contact, Table
from appointments.models import ContactImport

FIRST_ROWS = 5
SHOWN = 100

FIELDS: Mapping[str, str | Promise] = {
    "name": gettext_lazy("Name"),
    "last_name": gettext_lazy("Last name"),
    "first_name": gettext_lazy("First name"),
    "birth_date": gettext_lazy("Date of birth"),
    "mobile": gettext_lazy("Mobile phone"),
    "phone": gettext_lazy("Phone"),
    "email": gettext_lazy("E-mail"),
    "sex": gettext_lazy("Sex"),
    "insurance": gettext_lazy("Insurance"),
}

PROBLEMS: Mapping[str, str | Promise] = {
    "name_missing": gettext_lazy("There is no name in this row."),
    "birth_date_unreadable": gettext_lazy("This is no date of birth. Example: 14.03.1947"),
    "phone_invalid": gettext_lazy("This is no phone number that messages can be sent to."),
    "email_invalid": gettext_lazy("This is no e-mail address."),
    "contact_missing": gettext_lazy(
        "There is neither a phone number nor an e-mail address."
    ),  # imported before
    "nothing_said": gettext_lazy("There is nothing in this row but a name."),
    "twice": gettext_lazy("This patient stands in an earlier row already."),
}

UNDECIDED = gettext_lazy("Nobody said whether it is the same person.")

REFUSED: Mapping[str, str | Promise] = {
    "nothing": gettext_lazy("Choose a file or paste the table, please."),
    "empty": gettext_lazy("There is no table in it: a row of headers and at least one row below are needed."),
    "too_large": gettext_lazy("This is too large: at most 5 MB. Divide it, please."),
    "too_many": gettext_lazy("These are too many rows: at most 20,000. Divide them, please."),
    "not_text": gettext_lazy("This can't be read as a table. Save it as CSV, please."),
    "spreadsheet": gettext_lazy(
        "This file can't be read. Save it there as Excel workbook (.xlsx) or as CSV, please."
    ),
}


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column of the table: its header, the field it is taken for."""

    number: int
    title: str
    field: str


@dataclass(frozen=True, kw_only=True)
class Wrong:
    """A row that can't be used, and why."""

    contact: Contact
    why: str


@dataclass(frozen=True, kw_only=True)
class ImportView:
    """What would become of the table. `samples` are its first rows: each cell, and whether its column is used."""

    columns: list[Column]
    samples: list[list[tuple[str, bool]]]
    rows: int
    sorted: Sorted
    wrong: list[Wrong]
    asked: list[Asked]
    usable: bool

    @property
    def more_asked(self) -> int:
        return len(self.sorted.asked) - len(self.asked)

    @property
    def more_wrong(self) -> int:
        return len(self.sorted.wrong) - len(self.wrong)


def view(held: ContactImport, *, now: datetime) -> ImportView:
    """The table by the columns at hand. Sorts nothing as long as no column is the name's."""
    table = contacts_import.table_of(held)
    usable = bool({"name", "last_name"} & set(held.columns))
    rows = contacts_import.sort(held, now=now) if usable else Sorted()
    columns = _columns(table, held)
    return ImportView(
        columns=columns,
        samples=[
            [(row[one.number] if one.number < len(row) else "", bool(one.field)) for one in columns]
            for row in table.rows[:FIRST_ROWS]
        ],
        rows=len(table.rows),
        sorted=rows,
        wrong=[Wrong(contact=one, why=str(PROBLEMS[one.problem])) for one in rows.wrong[:SHOWN]],
        asked=rows.asked[:SHOWN],
        usable=usable,
    )


def left(result: Mapping[str, Any]) -> list[tuple[int, str]]:
    """(line, why) of what was not taken over."""
    return [(line, str(PROBLEMS.get(problem, UNDECIDED))) for line, problem in result.get("lines", ())]


def _columns(table: Table, held: ContactImport) -> list[Column]:
    fields = {column: field for field, column in held.columns.items()}
    return [
        Column(number=number, title=title, field=fields.get(number, ""))
        for number, title in enumerate(table.header)
    ]
