"""Tables of contacts in every shape that practice systems write them."""

import io
from datetime import date, datetime
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from appointments.contacts_table import (
    LARGEST,
    MOST_ROWS,
    Contact,
    TableError,
    contacts,
    guess_columns,
    read_table,
)
from appointments.spreadsheet import LARGEST_EXPANDED, MOST_PARTS

GERMAN = "Nachname;Vorname;Geburtsdatum;Mobil;E-Mail\nMüller;Jürgen;14.03.1947;0171 2345678;j@post.example\n"
TODAY = date(2026, 3, 2)


def archive(parts: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with ZipFile(packed, "w", ZIP_DEFLATED) as zipped:
        for name, content in parts.items():
            zipped.writestr(name, content)
    return packed.getvalue()


def workbook(*rows: tuple[object, ...]) -> bytes:
    book = Workbook()
    assert book.active is not None
    for row in rows:
        book.active.append(row)
    packed = io.BytesIO()
    book.save(packed)
    return packed.getvalue()


def read(content: bytes) -> list[Contact]:
    table = read_table(content)
    return list(contacts(table, columns=guess_columns(table.header), country="DE", today=TODAY))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16", "mac_roman"])
@pytest.mark.parametrize("delimiter", [";", ",", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_encoding_and_delimiter_are_found_out(encoding: str, delimiter: str, end: str) -> None:
    content = GERMAN.replace(";", delimiter).replace("\n", end).encode(encoding)
    (contact,) = read(content)
    assert contact == Contact(
        line=2,
        name="Jürgen Müller",
        birth_date=date(1947, 3, 14),
        phone="+491712345678",
        email="j@post.example",
    )


@pytest.mark.parametrize(
    "header",
    [
        "Name,Geburtsdatum,Telefon,E-Mail",
        "Nom et prénom,Date de naissance,Téléphone,Courriel",
        "Cognome e nome,Data di nascita,Telefono,Email",
        "Full name,DOB,Phone,E-mail address",
    ],
)
def test_headers_are_understood_in_four_languages(header: str) -> None:
    assert guess_columns(header.split(",")) == {"name": 0, "birth_date": 1, "phone": 2, "email": 3}


@pytest.mark.parametrize(
    ("header", "columns"),
    [
        ("Nom,Prénom", {"last_name": 0, "first_name": 1}),
        ("Cognome,Nome", {"last_name": 0, "first_name": 1}),
        ("Name,Vorname", {"last_name": 0, "first_name": 1}),
        ("Nome,Telefono", {"name": 0, "phone": 1}),
        ("Kasse,Nummer", {}),
    ],
)
def test_first_and_last_names_are_told_apart(header: str, columns: dict[str, int]) -> None:
    assert guess_columns(header.split(",")) == columns


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        (";;14.03.1947;0171 2345678;", "name_missing"),
        ("Müller;J;32.03.1947;0171 2345678;", "birth_date_unreadable"),
        ("Müller;J;14.03.1947;12;", "phone_invalid"),
        ("Müller;J;14.03.1947;;nirgends", "email_invalid"),
        ("Müller;J;;;", "nothing_said"),
    ],
)
def test_what_cannot_be_used_is_named_by_line(row: str, problem: str) -> None:
    content = f"{GERMAN}\n{row}\n".encode()
    assert [(one.line, one.problem) for one in read(content)] == [(2, ""), (4, problem)]


def test_a_row_that_brings_any_fact_is_taken() -> None:
    rows = "Müller;Jürgen;;;;GKV\nFiktiv;Rita;01.05.1980;;;\nMuster;Eva;;;;Gold\n"
    read_ = list(read(f"Nachname;Vorname;Geburtsdatum;Mobil;E-Mail;Versicherung\n{rows}".encode()))
    assert [(one.insurance, one.problem) for one in read_] == [
        ("statutory", ""),
        ("", ""),
        ("", "nothing_said"),
    ]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty"),
        (b"Name;Telefon\n", "empty"),
        (b"\n\n \n", "empty"),
        (b"PK\x03\x04rest", "spreadsheet"),
        (b"\xd0\xcf\x11\xe0rest", "spreadsheet"),
        (archive({"a.txt": b"x"}), "spreadsheet"),
        (archive({"xl/workbook.xml": b" " * (LARGEST_EXPANDED + 1)}), "spreadsheet"),
        (archive({f"{number}.xml": b"" for number in range(MOST_PARTS + 1)}), "spreadsheet"),
        (b"x" * (LARGEST + 1), "too_large"),
        (b"\x00\xff\x81\x00\xfe", "not_text"),
        (b"a;b\n" * (MOST_ROWS + 2), "too_many"),
        (b'a;b\n"' + b"x" * 200_000, "not_text"),
    ],
)
def test_what_is_no_table_is_refused(content: bytes, code: str) -> None:
    with pytest.raises(TableError) as refused:
        read_table(content)
    assert refused.value.code == code


def test_a_workbook_is_read_by_its_own_row_numbers() -> None:
    header = ("Nachname", "Vorname", "Geburtsdatum", "Mobil", "E-Mail")
    content = workbook(
        header,
        ("Müller", "Jürgen", datetime(1947, 3, 14), "0171 2345678", "j@post.example"),
        (),
        ("Fiktiv", "Rita", date(1980, 5, 1), 1712345679, None),
        ("Formel", "Fred", "01.05.1980", "=1+1", ""),
    )
    first, second, third = read(content)
    assert (first.line, first.birth_date, first.phone) == (2, date(1947, 3, 14), "+491712345678")
    assert (second.line, second.birth_date, second.phone) == (4, date(1980, 5, 1), "+491712345679")
    assert (third.line, third.phone, third.problem) == (5, "", ""), (
        "a formula that nobody has calculated is empty"
    )


@pytest.mark.parametrize(
    ("cell", "number"),
    [
        ("1712345678", "+491712345678"),
        ("491712345678", "+491712345678"),
        ("4369912345678", "+4369912345678"),
        ("12", ""),
    ],
)
def test_a_number_that_lost_its_zero_is_read_only_if_it_means_one(cell: str, number: str) -> None:
    (contact,) = read(f"Name;Geb.;Mobil\nOtto Probe;14.03.1947;{cell}\n".encode())
    assert contact.phone == number


def test_a_row_is_named_by_the_line_it_begins_on() -> None:
    rows = 'Name;Bemerkung;Mobil\nOtto Probe;"zwei\nZeilen";12\nRita Muster;;12\n'
    assert [one.line for one in read(rows.encode())] == [2, 4]


@given(st.binary(max_size=400))
def test_no_bytes_set_off_an_error(content: bytes) -> None:
    try:
        read(content)
    except TableError as refused:
        assert refused.code in ("empty", "not_text", "spreadsheet")
