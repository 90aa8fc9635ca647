"""Cells out of an .xlsx file, as text. Runs in a child process (practices/apart.py): the file is a stranger's."""

import io
import zipfile
from datetime import date, datetime
from zipfile import ZipFile

import openpyxl

# An honest table of 20,000 rows takes a tenth of it.
LARGEST_EXPANDED = 80_000_000
MOST_PARTS = 2000


class NoSpreadsheetError(ValueError):
    """It can't be read as a workbook, or expands to too much."""


def read(content: bytes, *, rows: int, columns: int) -> tuple[tuple[int, tuple[str, ...]], ...]:
    """(row as Excel numbers it, its cells) of the sheet that is open, the empty rows left out, at most `rows`."""
    try:
        with ZipFile(io.BytesIO(content)) as parts:
            sizes = [part.file_size for part in parts.infolist()]
    except zipfile.BadZipFile:
        raise NoSpreadsheetError from None
    if len(sizes) > MOST_PARTS or sum(sizes) > LARGEST_EXPANDED:
        raise NoSpreadsheetError
    try:
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True, keep_links=False)
    except (KeyError, ValueError, OSError, zipfile.BadZipFile):
        raise NoSpreadsheetError from None
    found: list[tuple[int, tuple[str, ...]]] = []
    sheet = book.worksheets[0]
    sheet.reset_dimensions()  # some programs write wrong ones
    for number, row in enumerate(sheet.iter_rows(values_only=True, max_col=columns), start=1):
        cells = tuple(_text(value) for value in row)
        if any(cells):
            found.append((number, cells))
        if len(found) == rows:
            break
    return tuple(found)


def _text(value: object) -> str:
    """A cell as it looks in the table: a day without its midnight, a number without its decimal point."""
    if value is None:
        return ""
    if isinstance(value, datetime | date):
        return f"{value:%d.%m.%Y}"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
