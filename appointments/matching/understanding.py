"""Who comes for what: an event's texts read by the rules of its feed. Pure."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from appointments.ical import Attendee, Event
from appointments.matching.contacts import emails, phones
from appointments.matching.dates import BIRTH_IN_SUMMARY, BIRTH_IN_TEXT, read_date
from appointments.matching.types import TypeIndex, TypeMatch
from appointments.matching.vocabulary import (
    ABSENCES,
    LABELS,
    NO_NAMES,
    PARTICLES,
    PLACES,
    SALUTATIONS,
    TITLES,
)
from appointments.matching.words import fold, name_key, spoken_name

TAG = re.compile(r"<[^<>]{1,200}>")
BREAKS = re.compile(r"<br\s*/?>|</(?:p|div|li)>|[\n;|]", re.I)
NUMBERED = re.compile(r"(?=[\w-]*\d)[A-Za-z]{0,4}[-#]?[\w-]{2,20}")
LONGEST_LABEL = 40


class Kind(StrEnum):
    APPOINTMENT = "appointment"
    ABSENCE = "absence"
    UNREADABLE = "unreadable"


class SummaryMode(StrEnum):
    """What the SUMMARY says. AUTO looks at each event's texts."""

    AUTO = "auto"
    NAME = "name"
    TYPE = "type"
    BOTH = "both"
    PSEUDONYM = "pseudonym"


@dataclass(frozen=True)
class Rules:
    """How a feed's events are read. `country` is where numbers without a prefix are from (ISO 3166)."""

    summary: SummaryMode = SummaryMode.AUTO
    separators: tuple[str, ...] = (" - ", " – ", " — ", " | ", " / ", ": ", "\n")
    labels: tuple[tuple[str, str], ...] = ()
    """More labels as (field, label), the fields as in `vocabulary.LABELS`."""
    absences: tuple[str, ...] = ()
    country: str = "DE"
    practitioner: str = ""
    own_contacts: frozenset[str] = frozenset()
    """Phones (E.164) and e-mail addresses of the practice itself, never a patient's."""


@dataclass(frozen=True)
class Understood:
    """What an event says. Texts are empty where it doesn't say; `problems` are codes for the board."""

    kind: Kind
    name: str = ""
    birth_date: date | None = None
    phone: str = ""
    email: str = ""
    type_id: int | None = None
    type_text: str = ""
    practitioner: str = ""
    problems: tuple[str, ...] = ()


def understand(event: Event, *, rules: Rules, types: TypeIndex) -> Understood:
    """Reads an event. Never raises."""
    if not event.summary and not event.description:
        return Understood(kind=Kind.UNREADABLE, problems=("empty",))
    return _Reading(event, rules=rules, types=types).result()


@dataclass
class _Said:
    name: str = ""
    type_text: str = ""


@dataclass
class _Reading:
    event: Event
    rules: Rules
    types: TypeIndex
    problems: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.labelled = dict(_labelled(self.event.description, extra=self.rules.labels))
        self.summary, self.birth_date = self._birth_date()

    def result(self) -> Understood:
        phone, email = self._phone(), self._email()
        known = any(
            (
                phone,
                email,
                self.birth_date,
                *(self.labelled.get(name) for name in ("name", "last_name", "number")),
            )
        )
        if not known and self._is_absence():
            return Understood(kind=Kind.ABSENCE)
        said = self._summary()
        name = self._labelled_name() or said.name or self.labelled.get("number", "") or self._guest()
        match = self._type(said.type_text)
        for code, missing in (
            ("name_missing", not name),
            ("contact_missing", not phone and not email),
            ("type_ambiguous", match.ambiguous),
            ("type_unknown", match.id is None and not match.ambiguous),
            ("contrast_not_in_type", match.contrast_unsaid),
        ):
            if missing:
                self.problems.append(code)
        return Understood(
            kind=Kind.APPOINTMENT,
            name=spoken_name(name),
            birth_date=self.birth_date,
            phone=phone,
            email=email,
            type_id=match.id,
            type_text=said.type_text[:255],
            practitioner=self.labelled.get("practitioner", self.rules.practitioner)[:120],
            problems=tuple(self.problems),
        )

    def _labelled_name(self) -> str:
        first, last, name = (self.labelled.get(part, "") for part in ("first_name", "last_name", "name"))
        said = set(fold(name).split())
        if last and name and not first and not said & set(fold(last).split()):
            first = name  # "Cognome" and "Nome"
        elif name and first and not last and not said & set(fold(first).split()):
            last = name  # "Name" and "Vorname"
        elif name:
            return name
        return f"{first} {last}".strip() if last else ""

    @functools.cached_property
    def guests(self) -> list[Attendee]:
        """Who is invited, the practice's own people left out."""
        own = name_key(self.labelled.get("practitioner", self.rules.practitioner))
        return [
            one
            for one in self.event.attendees
            if not TITLES & set(fold(one.name).split()) and not (own and name_key(one.name) == own)
        ]

    def _guest(self) -> str:
        """Who alone is invited, if it is somebody's name."""
        name = self.guests[0].name if len(self.guests) == 1 else ""
        return name if _looks_like_a_name(name) else ""

    def _type(self, text: str) -> TypeMatch:
        match = self.types.match(text) if text else TypeMatch()
        for category in self.event.categories:
            if match.id is not None or match.ambiguous:
                break
            match = self.types.match(category)
        if match.id is None and not text and not self.event.categories and self.event.location:
            match = self.types.match(self.event.location)
        return match

    def _summary(self) -> _Said:
        mode = self.rules.summary
        labelled_type = self.labelled.get("type", "")
        if mode is SummaryMode.AUTO:
            mode = self._mode()
        if mode is SummaryMode.NAME:
            return _Said(name=self.summary, type_text=labelled_type)
        if mode is SummaryMode.TYPE:
            return _Said(type_text=self.summary or labelled_type)
        if mode is SummaryMode.PSEUDONYM:
            number, _, rest = self.summary.partition(" ")
            return _Said(name=number, type_text=rest.strip(" -:|") or labelled_type)
        return self._both(labelled_type)

    def _mode(self) -> SummaryMode:
        """What this event's summary seems to be."""
        first = self.summary.split(" ")[0]
        if NUMBERED.fullmatch(first):
            return SummaryMode.PSEUDONYM
        if len(self.parts) > 1 and not (self._labelled_name() and self.types.match(self.summary).id is None):
            return SummaryMode.BOTH
        if "type" in self.labelled and self.types.match(self.summary).id is None:
            return SummaryMode.NAME
        if self.summary and name_key(self.summary) == name_key(self._labelled_name()):
            return SummaryMode.NAME
        if self._labelled_name():
            return SummaryMode.BOTH if len(self.parts) > 1 else SummaryMode.TYPE
        return SummaryMode.TYPE if self.types.match(self.summary).id is not None else SummaryMode.BOTH

    @functools.cached_property
    def parts(self) -> list[str]:
        parts = [self.summary]
        for separator in self.rules.separators:
            parts = [piece for part in parts for piece in part.split(separator)]
        return [part.strip() for part in parts if part.strip()]

    def _both(self, labelled_type: str) -> _Said:
        """The part that is a known type is the type, the rest the name; if none is, the name tells itself by its form."""
        parts = self.parts
        name = self._labelled_name()
        types = [part for part in parts if self.types.match(part).id is not None]
        if len(types) == len(parts) > 1:
            # Some names are examinations too.
            types = [part for part in parts if "," not in part]
        if not types and name:
            types = [part for part in parts if fold(spoken_name(part)) != fold(spoken_name(name))]
        if not types and len(parts) > 1:
            types = [part for part in parts if not _looks_like_a_name(part)] or parts[1:]
        rest = [part for part in parts if part not in types]
        if not types and not name and not _looks_like_a_name(self.summary):
            return _Said(type_text=labelled_type or self.summary)
        return _Said(name=rest[0] if rest else "", type_text=" ".join(types) or labelled_type)

    def _is_absence(self) -> bool:
        if self.event.all_day:
            return True
        words = fold(self.event.summary).split()
        if len(words) > 6 or self.types.match(self.event.summary).id is not None:
            return False
        if any(_begins_with(words, fold(text)) for text in self.rules.absences):
            return True
        if _says_a_person(self.event.summary):
            # Some surnames are absences: nobody is dropped for the name alone.
            return all(_is_absence([word]) for word in words)
        return _is_absence(words)

    def _birth_date(self) -> tuple[str, date | None]:
        """(the summary without it, the date): from its label, else from the summary ("Schmidt, Anna *12.03.1957")."""
        summary = " ".join(self.event.summary.split(" "))
        found = BIRTH_IN_SUMMARY.search(summary)
        written = self.labelled.get("birth_date", "")
        if found is not None:
            summary = f"{summary[: found.start()]} {summary[found.end() :]}".strip(" -|,;")
        if not written and found is not None:
            written = found[1]
        in_text = BIRTH_IN_TEXT.search(TAG.sub(" ", self.event.description)) if not written else None
        if in_text is not None:
            written = in_text[1]
        if not written:
            return summary, None
        born = read_date(written, not_after=self.event.start.date())
        if born is None:
            self.problems.append("birth_date_unreadable")
        return summary, born

    def _phone(self) -> str:
        """The first mobile number that the event names, else the first number."""
        written = self.labelled.get("phone", "")
        addresses = (guest.address for guest in self.guests)
        texts = (written, self.event.location, *addresses, self.event.description)
        found = (phone for text in texts if text for phone in phones(text, country=self.rules.country))
        best = None
        for phone in found:
            if phone.number in self.rules.own_contacts:
                continue
            best = best or phone
            if phone.mobile:
                return phone.number
        if best is None and written:
            self.problems.append("phone_invalid")
        return best.number if best is not None else ""

    def _email(self) -> str:
        written = self.labelled.get("email", "")
        attendees = [guest.address for guest in self.guests]
        texts = (
            written,
            self.event.description,
            self.event.location,
            *(attendees if len(attendees) == 1 else ()),
        )
        found = (address for text in texts if text for address in emails(text))
        address = next((one for one in found if one not in self.rules.own_contacts), "")
        if not address and written:
            self.problems.append("email_invalid")
        return address


FOLDED_ABSENCES = [fold(text) for text in ABSENCES]
LABELLED = {fold(label): name for name, labels in LABELS.items() for label in labels}


def _labelled(description: str, *, extra: tuple[tuple[str, str], ...]) -> Iterator[tuple[str, str]]:
    """(field, value) of the description's lines; the first of a field counts."""
    known = LABELLED | {fold(label): name for name, label in extra} if extra else LABELLED
    seen = set()
    for line in BREAKS.split(description):
        label, colon, value = TAG.sub("", line).partition(":")
        name = known.get(fold(label)) if colon and len(label) <= LONGEST_LABEL else None
        if name is not None and value.strip() and name not in seen:
            seen.add(name)
            yield name, value.strip()


def _looks_like_a_name(text: str) -> bool:
    words = [word for word in text.replace(",", " ").split() if word not in PARTICLES]
    if NO_NAMES & set(fold(text).split()):
        return False
    return 2 <= len(words) <= 5 and all(
        word[0].isupper() and not any(c.isdigit() for c in word) for word in words
    )


def _says_a_person(text: str) -> bool:
    """Whether it is a person by its form: "Frei, Anna", "Frau Frei", "Anna Frei"."""
    words = fold(text).split()
    if words[:1] and words[0] in SALUTATIONS and text.split()[-1][0].isupper():
        return True
    if (TITLES | PLACES) & set(words) or not _looks_like_a_name(text):
        return False
    return "," in text or not _is_absence(words[:1])


def _is_absence(words: list[str]) -> bool:
    return any(_begins_with(words, text) for text in FOLDED_ABSENCES)


def _begins_with(words: list[str], text: str) -> bool:
    """Whether the text's words stand in a row among the words; the last one may go on ("Urlaubsvertretung")."""
    wanted = text.split()
    for start in range(len(words) - len(wanted) + 1):
        row = words[start : start + len(wanted)]
        if row == wanted:
            return True
        if row[:-1] == wanted[:-1] and len(wanted[-1]) >= 5 and row[-1].startswith(wanted[-1]):
            return True
    return False
