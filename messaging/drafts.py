"""A practice's own text before it is saved: what is wrong with it, how it will look on each channel and what it costs. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from messaging import texts
from messaging.discretion import Telling, marked, telling
from messaging.texts import LINK, Own, Segments, Wording

VARIABLES = ("practice", "appointment", "deadline", "phone", "link")
WITHOUT_LINK = frozenset({"cancelled", "thanks"})
LONGEST_SHORT = 480
LONGEST_LETTER = 4000
# As long as a real one: what a text costs is counted with it.
SAMPLE_LINK = f"/t/{'x' * 43}"


@dataclass(frozen=True, kw_only=True)
class Problem:
    """Why a text is refused. `code`: empty, too_long, no_link, no_practice, two_links, unknown_variable, telling. `what` is
    the word or variable, `shown` the text with it marked."""

    field: str
    code: str
    what: str = ""
    shown: str = ""


@dataclass(frozen=True, kw_only=True)
class Preview:
    """A text as a patient will get it, with the link; for short ones what it costs."""

    channel: str
    subject: str
    text: str
    segments: Segments | None


def problems(own: Own, *, occasion: str, language: str, own_words: Sequence[str] = ()) -> list[Problem]:
    """All that is wrong. A short text and a subject, which stand on a locked phone, must not tell about health."""
    found = [*_short(own.short, occasion)]
    found += [problem for name in ("short", "subject", "letter") for problem in _variables(name, own)]
    if len(own.letter) > LONGEST_LETTER:
        found.append(Problem(field="letter", code="too_long"))
    if own.letter and (occasion not in WITHOUT_LINK) and LINK not in own.letter:
        found.append(Problem(field="letter", code="no_link"))
    for name in ("short", "subject"):
        text = getattr(own, name)
        words: list[Telling] = telling(text, language=language, own_words=own_words)
        found += [
            Problem(field=name, code="telling", what=word.word, shown=marked(text, words)) for word in words
        ]
    return found


def previews(
    own: Own | None,
    *,
    occasion: str,
    language: str,
    channels: Sequence[str],
    practice: str,
    zone: str,
    phone: str,
    base_url: str,
    now: datetime,
) -> list[Preview]:
    """How it will look on each channel, for an appointment in ten days."""
    shown = []
    for channel in channels:
        wording: Wording = texts.compose(
            occasion=occasion,
            channel=channel,
            language=language,
            practice=practice,
            zone=zone,
            start=now + timedelta(days=10),
            deadline=now + timedelta(days=7),
            now=now,
            phone=phone,
            own=own,
        )
        text = wording.text.replace(LINK, f"{base_url}{SAMPLE_LINK}")
        segments = texts.segments(text) if channel == "sms" else None
        shown.append(Preview(channel=channel, subject=wording.subject, text=text, segments=segments))
    return shown


def _short(text: str, occasion: str) -> list[Problem]:
    found = []
    if not text.strip():
        return [Problem(field="short", code="empty")]
    if len(text) > LONGEST_SHORT:
        found.append(Problem(field="short", code="too_long"))
    if "{practice}" not in text:
        found.append(Problem(field="short", code="no_practice"))
    links = text.count(LINK)
    if occasion not in WITHOUT_LINK and links != 1:
        found.append(Problem(field="short", code="two_links" if links else "no_link"))
    return found


def _variables(name: str, own: Own) -> list[Problem]:
    """What stands in braces and is no variable, or braces that are open."""
    text = getattr(own, name)
    named = re.findall(r"\{([^{}]*)\}", text)
    wrong = [word for word in named if word not in VARIABLES or (name == "subject" and word == "link")]
    rest = re.sub(r"\{[^{}]*\}", "", text)
    wrong += [brace for brace in "{}" if brace in rest]
    return [Problem(field=name, code="unknown_variable", what=word) for word in wrong]
