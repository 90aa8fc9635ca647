"""The pages of an import of contacts: what each row becomes, in words."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

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
}

PROBLEMS: Mapping[str, str | Promise] = {
    "name_missing": gettext_lazy("There is no name in this row."),
    "birth_date_unreadable": gettext_lazy("This is no date of birth. Example: 14.03.1947"),
    "phone_invalid": gettext_lazy("This is no phone number that messages can be sent to."),
    "email_invalid": gettext_lazy("This is no e-mail address."),
    "contact_missing": gettext_lazy("There is neither a phone number nor an e-mail address."),
    "twice": gettext_lazy("This patient stands in an earlier row already."),
}

REFUSED: Mapping[str, str | Promise] = {
    "empty": gettext_lazy("There is no table in it: a row of headers and at least one row below are needed."),
    "too_large": gettext_lazy("This is too large: at most 5 MB. Divide it, please."),
    "too_many": gettext_lazy("These are too many rows: at most 20,000. Divide them, please."),
    "not_text": gettext_lazy("This can't be read as a table. Save it as CSV, please."),
    "spreadsheet": gettext_lazy("This is a spreadsheet's own format. Save it as CSV there, please."),
}


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column of the table: its header, its first cells, the field it is taken for."""

    number: int
    title: str
    cells: list[str]
    field: str


@dataclass(frozen=True, kw_only=True)
class Wrong:
    """A row that can't be used, and why."""

    contact: Contact
    why: str


@dataclass(frozen=True, kw_only=True)
class ImportView:
    """What would become of the table."""

    columns: list[Column]
    rows: int
    sorted: Sorted
    wrong: list[Wrong]
    asked: list[Asked]
    usable: bool


def view(held: ContactImport, *, now: datetime) -> ImportView:
    """The table by the columns at hand. Sorts nothing as long as no column is the name's."""
    table = contacts_import.table_of(held)
    usable = bool({"name", "last_name"} & set(held.columns))
    rows = contacts_import.sort(held, now=now) if usable else Sorted()
    return ImportView(
        columns=_columns(table, held),
        rows=len(table.rows),
        sorted=rows,
        wrong=[Wrong(contact=one, why=str(PROBLEMS[one.problem])) for one in rows.wrong[:SHOWN]],
        asked=rows.asked[:SHOWN],
        usable=usable,
    )


def _columns(table: Table, held: ContactImport) -> list[Column]:
    fields = {column: field for field, column in held.columns.items()}
    first = table.rows[:FIRST_ROWS]
    return [
        Column(
            number=number,
            title=title,
            cells=[row[number] if number < len(row) else "" for row in first],
            field=fields.get(number, ""),
        )
        for number, title in enumerate(table.header)
    ]
