"""Invented people with German names, and how to reach them.

Names are plainly fictional. Mobile numbers are of the form 0151 0xxxxxxx: they pass for valid, and belong to no block
that is known to be given out. Mail addresses end in `.example`.
"""

from __future__ import annotations

import random
import re
import unicodedata
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

FIRST_NAMES = (
    "Otto", "Annegret", "Kemal", "Rosa", "Marie-Thérèse", "Jürgen", "Hannelore", "Björn",
    "Ayşe", "Wolfgang", "Friederike", "Xaver", "Ursula", "Paweł", "Edeltraud", "Günther",
    "Sibylle", "Mehmet", "Roswitha", "Heinz-Dieter", "Käthe", "Ludmila", "Ömer", "Brigitte",
    "Thorsten", "Swantje", "Igor", "Gisela", "Anna-Lena", "Ruprecht", "Zeynep", "Hildegard",
    "Lothar", "Chiara", "Siegfried", "Nurcan", "Klaus-Peter", "Waltraud", "Dragan", "Elfriede",
    "Malte", "Svetlana", "Bärbel", "Ignaz", "Fatima", "Reinhold", "Kunigunde", "Nguyễn",
    "Irmgard", "Volker", "Josefine", "Tadeusz", "Gerlinde", "Emre", "Adelheid", "Uwe",
    "Paula", "Matthäus", "Leyla", "Ottilie",
)  # fmt: skip

LAST_NAMES = (
    "Probefeld", "Platzhalter-Musterberg", "Demoğlu", "Fantasini", "Exemplaire", "Musterhuber",
    "Beispielski", "Erdachter", "Testhausen", "Scheinbar", "Attrappe", "von Übungsfels",
    "Modellnik", "Vorlagé", "Schablonsky", "Niemandt", "Irgendwer", "Platzmann",
    "Musterfrau-Öztest", "Demowicz", "Fiktiv", "Leerfeld", "Blindtext", "Lückenfüller",
    "Prototypowa", "Entwurf", "Skizzera", "Dummerstedt", "Nachbildner", "Schemenhauer",
    "Kulissek", "Papierner", "zum Beispiel", "Mustermannsky", "Testoğlu", "Proberova",
    "Übungsleitner", "Beispielsberger", "Exempelmann", "Vorführ", "Simulanto", "Traumann",
    "Luftschloß", "Phantasos", "Pseudonymi", "Anonymski", "Mustopoulos", "Platzhalterin",
    "Erfundén", "Demosthal",
)  # fmt: skip

TITLES = ("Dr. ", "Prof. Dr. ")

_PLAIN = {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "ı": "i", "ł": "l"}
_POOL = 900
_PRACTICE_OFFSETS = {"radiology": 10_000, "gastroenterology": 30_000, "cardiology": 50_000}

# Built-in behaviour of the sandbox's Twilio, by the last five digits; see twilio/outcomes.py.
_UNREACHABLE, _NOT_ON_WHATSAPP = 99905, 99924


@dataclass(frozen=True)
class Person:
    number: int
    first_name: str
    last_name: str
    born: date | None
    phone: str
    """As a practice would write it down ("0151 000 12345"), or empty."""
    email: str

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}"


@lru_cache(maxsize=8192)
def person(*, practice: str, index: int) -> Person:
    """The same index always is the same person. A few have no phone, no e-mail, neither, or no date of birth."""
    chance = random.Random(f"person/{practice}/{index}")  # noqa: S311
    number = _PRACTICE_OFFSETS[practice] + index
    title = chance.choice(TITLES) if chance.random() < 0.04 else ""
    first_name = FIRST_NAMES[(index * 7 + chance.randrange(len(FIRST_NAMES))) % len(FIRST_NAMES)]
    last_name = LAST_NAMES[index % len(LAST_NAMES)]
    gap = chance.random()
    phone_missing, email_missing = gap < 0.14, 0.10 < gap < 0.32
    dialled = _dialled(number, chance)
    return Person(
        number=number,
        first_name=title + first_name,
        last_name=last_name,
        born=None if chance.random() < 0.07 else _birthday(chance),
        phone="" if phone_missing else _written(dialled, chance),
        email=""
        if email_missing
        else mail_address(first_name=first_name, last_name=last_name, number=number),
    )


def pick(*, practice: str, chance: random.Random) -> Person:
    return person(practice=practice, index=chance.randrange(_POOL))


def everybody(practice: str) -> list[Person]:
    return [person(practice=practice, index=index) for index in range(_POOL)]


def mail_address(*, first_name: str, last_name: str, number: int) -> str:
    """ "Ayşe", "Testoğlu", 7 -> "ayse.testoglu7@post.example" """
    return f"{_plain(first_name)}.{_plain(last_name)}{number % 1000}@post.example"


def international(phone: str) -> str:
    """ "0151 000-12345" -> "+4915100012345"; what is international stays so."""
    digits = re.sub(r"[^\d+]", "", phone.removeprefix("whatsapp:"))
    if digits.startswith("00"):
        return "+" + digits[2:]
    return "+49" + digits[1:] if digits.startswith("0") else digits


def _dialled(number: int, chance: random.Random) -> tuple[str, str]:
    """The three and the five digits after 0151; a few numbers end so that the sandbox's Twilio fails them."""
    special = chance.random()
    if special < 0.02:
        return f"0{number % 100:02d}", f"{_UNREACHABLE if special < 0.01 else _NOT_ON_WHATSAPP}"
    return "000", f"{number:05d}"


def _written(dialled: tuple[str, str], chance: random.Random) -> str:
    styles = ("0151 {0}{1}", "0151 {0}{1}", "0151/{0}{1}", "+49 151 {0}{1}", "0049151{0}{1}", "0151-{0} {1}")
    return chance.choice(styles).format(*dialled)


def _birthday(chance: random.Random) -> date:
    return date(1936, 1, 1) + timedelta(days=int(chance.betavariate(2, 1.8) * 365.25 * 70))


def _plain(name: str) -> str:
    for letter, plain in _PLAIN.items():
        name = name.lower().replace(letter, plain)
    ascii_only = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z-]", "", ascii_only)
