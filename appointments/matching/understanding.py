"""Who comes for what: an event's texts read by the rules of its feed. Pure."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from appointments.ical import Attendee, Event
from appointments.matching import names
from appointments.matching.absences import is_absence
from appointments.matching.contacts import emails, phones
from appointments.matching.dates import BIRTH_IN_SUMMARY, BIRTH_IN_TEXT, read_date
from appointments.matching.labels import labelled, without_others
from appointments.matching.texts import plain
from appointments.matching.types import TypeIndex, TypeMatch
from appointments.matching.words import fold, name_key, spoken_name

# Where a title has none of the signs that the rules name.
LOOSER = re.compile(r"\s+[-–—/|;]+\s*|[-–—/|;:]+\s+|/")
NAMES = ("first_name", "last_name", "name")
BRACKETED = re.compile(r"[()\[\]]")
# "First visit between Eva Weber and John Doe"
BETWEEN = re.compile(r"\s(?:between|zwischen|entre|tra)\s(.+)\s(?:and|und|et|e)\s(.+)$")


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
        self.description, self.location = plain(self.event.description), plain(self.event.location)
        self.labelled = labelled(self.description, extra=self.rules.labels)
        self.title = plain(self.event.summary)
        self.summary, self.birth_date = self._birth_date()
        self.summary, self.guest_named = self._without_people(self.summary)

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
        name = (
            self.labelled_name
            or names.cleaned(said.name)
            or self.labelled.get("number", "")
            or self.guest_named
            or self._guest()
        )
        match, type_text = self._type(said.type_text)
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
            type_text=type_text[:255],
            practitioner=self.practitioner[:120],
            problems=tuple(self.problems),
        )

    @functools.cached_property
    def own_text(self) -> str:
        """The description without what is somebody else's."""
        return without_others(self.description)

    @property
    def practitioner(self) -> str:
        return self.labelled.get("practitioner", self.rules.practitioner)

    @functools.cached_property
    def labelled_name(self) -> str:
        if not any(part in self.labelled for part in NAMES):
            return ""
        first, last, name = (names.cleaned(self.labelled.get(part, "")) for part in NAMES)
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
        return [
            one
            for one in self.event.attendees
            if not names.has_title(one.name) and not names.is_of(one.name, self.practitioner)
        ]

    def _guest(self) -> str:
        """Who alone is invited, if it is somebody's name."""
        name = self.guests[0].name if len(self.guests) == 1 else ""
        return name if names.looks_like_a_name(name) else ""

    def _type(self, text: str) -> tuple[TypeMatch, str]:
        """(the type, the text that says it): what else the event says counts where that text means nothing. So whoever is
        asked what a text means is asked about the one that counts."""
        match = self.types.match(text) if text else TypeMatch()
        if match.id is not None or match.ambiguous:
            return match, text
        others = self.event.categories
        if not text and not others and self.location:
            others = (self.location,)
        tried = ((self.types.match(other), other) for other in others)
        found = next(((one, other) for one, other in tried if one.id is not None or one.ambiguous), None)
        return found or (match, text or next(iter(self.event.categories), ""))

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
            return _Said(name=number.strip(",:;"), type_text=rest.strip(" -:|") or labelled_type)
        return self._both(labelled_type)

    def _mode(self) -> SummaryMode:
        """What this event's summary seems to be."""
        if names.is_number(self.summary.split(" ")[0].strip(",:;")):
            return SummaryMode.PSEUDONYM
        if len(self.parts) > 1 and not (self.labelled_name and self.types.match(self.summary).id is None):
            return SummaryMode.BOTH
        if "type" in self.labelled and self.types.match(self.summary).id is None:
            return SummaryMode.TYPE if names.is_beside(self.summary) else SummaryMode.NAME
        if self.summary and name_key(self.summary) == name_key(self.labelled_name):
            return SummaryMode.NAME
        if self.labelled_name:
            return SummaryMode.BOTH if len(self.parts) > 1 else SummaryMode.TYPE
        if names.number_within(self.summary) is not None:
            return SummaryMode.BOTH
        return SummaryMode.TYPE if self.types.match(self.summary).id is not None else SummaryMode.BOTH

    @functools.cached_property
    def parts(self) -> list[str]:
        """The summary, taken apart by the rules' signs; by others where only these tell a person from a type."""
        parts = [names.TIME.sub("", self.summary)]
        for separator in self.rules.separators:
            parts = [piece for part in parts for piece in part.split(separator)]
        parts = _filled(parts)
        if len(parts) == 1 and self.types.match(parts[0]).id is not None:
            for pieces in self._looser(parts[0]):
                if len(pieces) > 1 and self._tell_apart(pieces):
                    return pieces
        return parts

    def _looser(self, text: str) -> Iterator[list[str]]:
        yield _filled(LOOSER.split(text))
        yield _filled(BRACKETED.split(text))
        pieces = _filled(text.split(","))
        types = [piece for piece in pieces if self.types.match(piece).id is not None]
        yield [*types, ", ".join(piece for piece in pieces if piece not in types)]

    def _tell_apart(self, pieces: list[str]) -> bool:
        types = [piece for piece in pieces if self.types.match(piece).id is not None]
        rest = [names.cleaned(piece) for piece in pieces if piece not in types]
        return bool(types) and any(names.looks_like_a_name(one) or names.is_listed(one) for one in rest)

    def _both(self, labelled_type: str) -> _Said:
        """The part that is a known type is the type, the rest the name; if none is, the name tells itself by its form."""
        parts = self.parts
        number = names.number_within(self.summary) if len(parts) == 1 else None
        if number is not None:
            text = f"{self.summary[: number.start()]} {self.summary[number.end() :]}".strip(names.ENDS)
            return _Said(name=number[0], type_text=" ".join(text.split()) or labelled_type)
        name = self.labelled_name
        types = [part for part in parts if self.types.match(part).id is not None]
        if len(types) == len(parts) > 1:
            # Some names are examinations too.
            types = [part for part in parts if "," not in part]
        if not types and name:
            types = [part for part in parts if fold(spoken_name(part)) != fold(spoken_name(name))]
        if not types and len(parts) > 1:
            types = [part for part in parts if not _is_person(part)] or parts[1:]
            if len(types) == len(parts):
                types = [part for part in parts if not names.is_listed(part)]
        rest = [part for part in parts if part not in types]
        if not types and not name and not _is_person(self.summary):
            return _Said(type_text=labelled_type or self.summary)
        # "MRT / CT" are two, "MRT Knie" and "links" are one.
        beside = " / ".join(types)
        text = beside if beside in self.summary else " ".join(types)
        return _Said(name=self._person(rest), type_text=text or labelled_type)

    def _person(self, parts: list[str]) -> str:
        """Of the parts that are no type the one that names the patient: no remark, no room and not the practitioner."""
        people = [one for part in parts if (one := names.cleaned(part)) and not names.is_beside(one)]
        people = [one for one in people if not names.is_of(one, self.practitioner)]
        if len(people) == 1:
            return people[0]
        people = [one for one in people if _is_person(one)] or people
        people = [one for one in people if not names.has_title(one)] or people
        return people[0] if people else ""

    def _without_people(self, summary: str) -> tuple[str, str]:
        """("First visit between Eva Weber and John Doe" without its people, the one who is not the practitioner)."""
        found = BETWEEN.search(summary)
        if found is None:
            return summary, ""
        guests = [name for name in found.groups() if not names.is_of(name, self.practitioner)]
        return summary[: found.start()], guests[0] if len(guests) == 1 else ""

    def _is_absence(self) -> bool:
        if self.types.match(self.title).id is not None:
            return False
        if self.event.all_day:
            return not any(names.says_a_person(part) for part in self.parts)
        named = self.rules.summary in (SummaryMode.NAME, SummaryMode.BOTH)
        return is_absence(self.parts, own=self.rules.absences, names_first=named)

    def _birth_date(self) -> tuple[str, date | None]:
        """(the summary without it, the date): from its label, else from the summary ("Schmidt, Anna *12.03.1957"), else from
        the text."""
        summary, written = self.title, self.labelled.get("birth_date", "")
        found = BIRTH_IN_SUMMARY.search(summary)
        if found is not None:
            summary = f"{summary[: found.start()]} {summary[found.end() :]}".replace(" ,", ",").strip(" -|,;")
            written = written or found[1]
        in_text = BIRTH_IN_TEXT.search(self.description) if not written else None
        if in_text is not None:
            written = in_text[1]
        if not written:
            return summary, None
        born = read_date(written, not_after=self.event.start.date())
        if born is None:
            self.problems.append("birth_date_unreadable")
        return summary, born

    def _phone(self) -> str:
        """The first mobile number that the event names, else the first number; none that is somebody else's."""
        written = self.labelled.get("phone", "")
        addresses = (guest.address for guest in self.guests)
        title = (found[0] for found in names.TELEPHONE.finditer(self.title))
        texts = (written, self.location, *addresses, self.own_text, *title)
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
            self.own_text,
            self.location,
            *(attendees if len(attendees) == 1 else ()),
            self.title,
        )
        found = (address for text in texts if text for address in emails(text))
        address = next((one for one in found if one not in self.rules.own_contacts), "")
        if not address and written:
            self.problems.append("email_invalid")
        return address


def _filled(parts: Iterable[str]) -> list[str]:
    return [part.strip() for part in parts if part.strip()]


def _is_person(text: str) -> bool:
    name = names.cleaned(text)
    return names.looks_like_a_name(name) or names.says_a_person(name)
