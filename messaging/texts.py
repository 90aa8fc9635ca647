"""What is said, in the patient's language. Pure.

No text names the examination or the speciality: practice, date, deadline and link are all there is. Short texts keep to
the letters of GSM-7, so that a text is not cut at 70 characters. `{link}` stays in place: the link is put in when a
message goes out.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from zoneinfo import ZoneInfo

from messaging.discretion import telling
from messaging.wordings import (
    BODIES,
    CALENDAR,
    LANGUAGES,
    LETTER,
    NEUTRAL_NAME,
    SEVERAL,
    SUBJECTS,
    WITHOUT_DEADLINE,
)

LINK = "{link}"
# GSM 03.38: the basic characters and those that take two places.
_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡"
    "ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = frozenset("^{}\\[~]|€\f")
_VARIABLE = re.compile(r"\{(practice|appointment|deadline|phone)\}")


@dataclass(frozen=True, kw_only=True)
class Wording:
    """A message as it will be said. `version` names the template it was made from; `subject` is empty but for mail; `content_...` name
    the approved template of a WhatsApp message, whose text this then is."""

    subject: str
    text: str
    version: str
    language: str
    content_sid: str = ""
    content_variables: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Segments:
    """What an SMS costs: how many parts, in which encoding ("gsm-7" or "ucs-2")."""

    count: int
    encoding: str


@dataclass(frozen=True, kw_only=True)
class Own:
    """A practice's own words (models.OwnText) in place of Treffa's: `short`, and for mail `subject` and `letter`, empty
    where the short text serves."""

    number: int
    short: str
    subject: str = ""
    letter: str = ""


@dataclass(frozen=True, kw_only=True)
class Template:
    """A text approved by WhatsApp: {{1}} ... stand for the named variables, in this order."""

    content_sid: str
    body: str
    variables: tuple[str, ...]


def compose(
    *,
    occasion: str,
    channel: str,
    language: str,
    practice: str,
    zone: str,
    start: datetime,
    deadline: datetime | None,
    now: datetime,
    phone: str = "",
    all_day: bool = False,
    own: Own | None = None,
    template: Template | None = None,
    others: Sequence[tuple[datetime, bool]] = (),
) -> Wording:
    """The wording of an occasion, in the practice's `own` words where it has any. A deadline that is missing or has passed
    becomes "as soon as possible". In what a locked phone shows, a short text or a subject, a practice's name that tells what
    it treats gives way to a neutral one. `others`: further appointments (start, all day), after the one at `start`."""
    language = language if language in LANGUAGES else "de"
    by = (
        moment(deadline, language=language, zone=zone)
        if deadline and deadline > now
        else WITHOUT_DEADLINE[language]
    )
    if deadline and deadline > now:
        by = CALENDAR[language].until.format(by)
    discreet = NEUTRAL_NAME[language] if telling(practice, language=language) else practice
    days = [
        moment(at, language=language, zone=zone, with_time=not day) for at, day in [(start, all_day), *others]
    ]
    values = {
        "practice": practice if channel == "email" else discreet,
        "appointment": _together(days, language=language, whole=channel == "email"),
        "deadline": by,
        "phone": phone,
    }
    if template is not None:
        return _approved(template, {**values, "link": LINK}, occasion=occasion, language=language)
    subject, pattern = _template(
        occasion, channel, language, own=own, with_phone=bool(phone), several=bool(others)
    )
    version = sha256(f"{subject}\n{pattern}".encode()).hexdigest()[:10]
    named = f"own{own.number}-{occasion}" if own else occasion
    return Wording(
        subject=_filled(subject, {**values, "practice": discreet}),
        text=_filled(pattern, values),
        version=f"{named}-{channel}-{language}-{version}"[:40],
        language=language,
    )


def _together(days: Sequence[str], *, language: str, whole: bool) -> str:
    """Appointments in words: "Montag ... und Mittwoch ..."; from three on short texts count the others."""
    words = SEVERAL[language]
    if len(days) > 2 and not whole:
        return words.more.format(first=days[0], n=len(days) - 1)
    return words.both.join([", ".join(days[:-1]), days[-1]]) if len(days) > 1 else days[0]


def _approved(template: Template, values: dict[str, str], *, occasion: str, language: str) -> Wording:
    """The template's text with its variables. WhatsApp takes no line breaks in them."""
    given = {
        str(number): " ".join(values[name].split()) for number, name in enumerate(template.variables, start=1)
    }
    text = re.sub(r"\{\{(\d+)\}\}", lambda match: given.get(match[1], ""), template.body)
    return Wording(
        subject="",
        text=text,
        version=f"{occasion}-whatsapp-{language}-{template.content_sid[-10:]}"[:40],
        language=language,
        content_sid=template.content_sid,
        content_variables=given,
    )


def _template(
    occasion: str, channel: str, language: str, *, own: Own | None, with_phone: bool, several: bool
) -> tuple[str, str]:
    """Subject (of mail only) and text with the variables in place."""
    shipped = SEVERAL[language].bodies if several else BODIES[language]
    subjects = SEVERAL[language].subjects if several else SUBJECTS[language]
    body = own.short if own else shipped[occasion]
    if channel != "email":
        return "", body
    letter = LETTER[language]
    written = (own.letter if own else "") or body.removeprefix("{practice}: ")
    paragraphs = [letter.greeting, written, letter.ending]
    subject = (own.subject if own else "") or subjects[occasion]
    return subject, "\n\n".join([*paragraphs, letter.call] if with_phone else paragraphs)


def moment(at: datetime, *, language: str, zone: str, with_time: bool = True) -> str:
    """A time in words, by the clock on the wall: "Montag, 9. März, 10:30 Uhr"."""
    calendar = CALENDAR[language]
    local = at.astimezone(ZoneInfo(zone))
    day = calendar.day.format(
        weekday=calendar.weekdays[local.weekday()],
        day=calendar.first if local.day == 1 and calendar.first else local.day,
        month=calendar.months[local.month - 1],
    )
    return calendar.time.format(day=day, hour=local.hour, minute=local.minute) if with_time else day


def segments(text: str) -> Segments:
    """How many SMS a text takes. The link must be in it already."""
    if all(letter in _BASIC or letter in _EXTENDED for letter in text):
        length = sum(2 if letter in _EXTENDED else 1 for letter in text)
        return Segments(count=1 if length <= 160 else -(-length // 153), encoding="gsm-7")
    length = len(text.encode("utf-16-be")) // 2
    return Segments(count=1 if length <= 70 else -(-length // 67), encoding="ucs-2")


def _filled(template: str, values: dict[str, str]) -> str:
    """Puts the values in, in one pass; braces in a value can't become a variable."""
    return _VARIABLE.sub(lambda match: values[match[1]].replace("{", "(").replace("}", ")"), template)
