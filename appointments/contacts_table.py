"""A table of contacts as practice systems export it: bytes or text in, rows with their meaning out. No database."""

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial

import charset_normalizer

from appointments import spreadsheet
from appointments.matching import fold, is_landline, read_date, spoken_name, valid_email, valid_phone
from practices import apart

LARGEST = 5_000_000
MOST_ROWS = 20_000
MOST_COLUMNS = 60
LONGEST_CELL = 300
SECONDS = 10.0
MEMORY_BYTES = 1 << 29
# A number that has lost what it began with.
DIGITS = re.compile(r"[1-9]\d{6,14}")
DELIMITERS = ";,\t|"
ENCODINGS = ["cp1252", "mac_roman", "cp850", "cp1250"]

# Headers by what they mean, folded when compared: German, French, Italian, English.
HEADERS: Mapping[str, tuple[str, ...]] = {
    "name": ("Name", "Patient", "Patientenname", "Nom complet", "Nome completo", "Full name", "Patient name", "Nom et prénom", "Cognome e nome"),
    "last_name": ("Nachname", "Familienname", "Nom", "Nom de famille", "Cognome", "Last name", "Surname", "Family name"),
    "first_name": ("Vorname", "Vornamen", "Prénom", "Nome", "First name", "Given name"),
    "birth_date": ("Geburtsdatum", "Geb.", "Geb.-Datum", "Geburtstag", "geboren", "Date de naissance", "Naissance", "DDN", "Data di nascita", "Nascita", "Date of birth", "DOB", "Birth date", "Birthday"),
    "mobile": ("Mobil", "Mobiltelefon", "Handy", "Handynummer", "Mobilnummer", "Natel", "Portable", "Téléphone portable", "Cellulare", "Cell", "Mobile", "Mobile phone"),
    "phone": ("Telefon", "Tel", "Tel.", "Telefonnummer", "Telefon privat", "Festnetz", "Téléphone", "Tél", "Telefono", "Phone", "Phone number", "Home phone"),
    "sex": ("Geschlecht", "Sexe", "Sesso", "Sex", "Gender", "Anrede", "Civilité"),
    "insurance": ("Versicherung", "Versicherungsart", "Versichertenart", "Kassenart", "Kostenträgerart", "Assurance", "Assicurazione", "Insurance"),
    "email": ("E-Mail", "Email", "Mail", "E-Mail-Adresse", "Mailadresse", "Courriel", "Adresse e-mail", "Posta elettronica", "E-mail address"),
}  # fmt: skip


# What practice systems write for the values of models.Sex and models.Insurance, folded when compared.
WORDS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "sex": {
        "female": ("w", "f", "weiblich", "Frau", "female", "féminin", "femme", "Madame", "Mme", "femmina", "femminile", "donna"),
        "male": ("m", "männlich", "Herr", "Mann", "male", "masculin", "homme", "Monsieur", "maschio", "maschile", "uomo"),
        "other": ("d", "x", "divers", "other", "autre", "altro"),
    },
    "insurance": {
        "statutory": ("GKV", "gesetzlich", "gesetzlich versichert", "Kasse", "Kassenpatient", "statutory"),
        "private": ("PKV", "privat", "privat versichert", "Privatpatient", "private"),
        "self_pay": ("Selbstzahler", "SZ", "self-payer", "self pay"),
        "accident": ("BG", "Berufsgenossenschaft", "Unfall", "Unfallversicherung", "UV", "accident"),
    },
}  # fmt: skip

MEANT = {
    field: {fold(word): value for value, words in values.items() for word in words}
    for field, values in WORDS.items()
}


class TableError(ValueError):
    """There is no table in it; `code` says why: empty, too_large, too_many, not_text, spreadsheet."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, kw_only=True)
class Table:
    """Cells as text; the first row are the headers. `lines` are the rows' lines in the file."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    lines: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class Contact:
    """A row: who, how they can be reached, sex and insurance where they are said in words that are known. `problem` is a code if it can't be used."""

    line: int
    name: str = ""
    birth_date: date | None = None
    phone: str = ""
    email: str = ""
    sex: str = ""
    insurance: str = ""
    problem: str = ""
    cell: str = ""


def read_table(content: bytes) -> Table:
    """Finds out encoding and delimiter; .xlsx is read, too, in a child process. TableError if it is no table of a
    reasonable size."""
    if len(content) > LARGEST:
        raise TableError("too_large")
    if content.startswith(b"PK\x03\x04"):
        return _of_workbook(content)
    if content.startswith(b"\xd0\xcf\x11\xe0"):
        raise TableError("spreadsheet")
    text = _decoded(content).replace("\x00", "")
    if not text.strip():
        raise TableError("empty")
    return _cut(text)


def guess_columns(header: Sequence[str]) -> dict[str, int]:
    """What the columns seem to mean by their headers: field -> column."""
    wanted = {fold(word): field for field, words in HEADERS.items() for word in words}
    found: dict[str, int] = {}
    for column, title in enumerate(header):
        field = wanted.get(fold(title))
        if field is not None:
            found.setdefault(field, column)
    if "name" in found and "first_name" in found and "last_name" not in found:
        found["last_name"] = found.pop("name")
    if "first_name" in found and "last_name" not in found:
        found.setdefault("name", found.pop("first_name"))
    return found


def contacts(table: Table, *, columns: Mapping[str, int], country: str, today: date) -> Iterable[Contact]:
    """The rows by the meaning of their columns."""
    for line, row in zip(table.lines, table.rows, strict=True):
        cells = {field: row[column].strip() for field, column in columns.items() if column < len(row)}
        yield _contact(line, cells, country=country, today=today)


def _contact(line: int, cells: Mapping[str, str], *, country: str, today: date) -> Contact:
    last, first = cells.get("last_name", ""), cells.get("first_name", "")
    name = spoken_name(cells.get("name") or f"{first} {last}".strip())
    if not name:
        return Contact(line=line, problem="name_missing")
    born = cells.get("birth_date", "")
    birth_date = read_date(born, not_after=today) if born else None
    if born and birth_date is None:
        return Contact(line=line, name=name, problem="birth_date_unreadable", cell=born)
    email = valid_email(cells.get("email", ""))
    if cells.get("email") and not email:
        return Contact(line=line, name=name, problem="email_invalid", cell=cells["email"])
    numbers = [text for text in (cells.get("mobile", ""), cells.get("phone", "")) if text]
    phone = next(filter(None, (_phone(text, country=country) for text in numbers)), "")
    if numbers and not phone:
        return Contact(line=line, name=name, problem="phone_invalid", cell=numbers[0])
    facts = {field: meant.get(fold(cells.get(field, "")), "") for field, meant in MEANT.items()}
    if not any((phone, email, birth_date, *facts.values())):
        return Contact(line=line, name=name, problem="nothing_said")
    return Contact(line=line, name=name, birth_date=birth_date, phone=phone, email=email, **facts)


def _phone(text: str, *, country: str) -> str:
    """In E.164. Spreadsheets take a number's zero or plus away: it is given back where only one of both makes sense."""
    if not DIGITS.fullmatch(text):
        return valid_phone(text, country=country)
    found = [number for sign in "+0" if (number := valid_phone(sign + text, country=country))]
    mobile = [number for number in found if not is_landline(number)]
    return next((some[0] for some in (mobile, found) if len(some) == 1), "")


def _of_workbook(content: bytes) -> Table:
    work = partial(spreadsheet.read, content, rows=MOST_ROWS + 2, columns=MOST_COLUMNS)
    try:
        found = apart.run(work, seconds=SECONDS, memory_bytes=MEMORY_BYTES)
    except (apart.RaisedError, apart.TooCostlyError) as refused:
        raise TableError("spreadsheet") from refused
    rows = [tuple(_plain(cell) for cell in cells) for _number, cells in found]
    return _table(rows, [number for number, _cells in found])


def _decoded(content: bytes) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", "replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass
    if b"\x00" in content:
        raise TableError("not_text")
    best = charset_normalizer.from_bytes(content[:200_000], cp_isolation=ENCODINGS).best()
    return content.decode(best.encoding if best else "cp1252", "replace")


def _cut(text: str) -> Table:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text))
    rows: list[tuple[str, ...]] = []
    lines: list[int] = []
    before = 0
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                rows.append(tuple(_plain(cell) for cell in row[:MOST_COLUMNS]))
                lines.append(before + 1)
            before = reader.line_num
            if len(rows) > MOST_ROWS + 1:
                break
    except csv.Error as broken:
        raise TableError("not_text") from broken
    return _table(rows, lines)


def _table(rows: Sequence[tuple[str, ...]], lines: Sequence[int]) -> Table:
    if len(rows) > MOST_ROWS + 1:
        raise TableError("too_many")
    if len(rows) < 2:
        raise TableError("empty")
    return Table(header=rows[0], rows=tuple(rows[1:]), lines=tuple(lines[1:]))


def _delimiter(text: str) -> str:
    first = next(line for line in text.splitlines() if line.strip())
    counts = {sign: first.count(sign) for sign in DELIMITERS}
    best = max(counts, key=lambda sign: counts[sign])
    if counts[best]:
        return best
    try:
        return csv.Sniffer().sniff(text[:20_000], delimiters=DELIMITERS).delimiter
    except csv.Error:
        return ";"


def _plain(cell: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in cell).split())[:LONGEST_CELL]
