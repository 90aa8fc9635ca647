"""What a look at a calendar found, entry beside entry as Treffa reads it with the rules at hand."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import groupby

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from appointments import ical, trial
from appointments.familiar import Familiar, familiar
from appointments.known_types import type_index
from appointments.matching import (
    Kind,
    Rules,
    SummaryMode,
    TypeIndex,
    TypeWords,
    Understood,
    fold,
    name_key,
    understand,
)
from appointments.models import AppointmentType, Feed, FeedTrial, TrialPurpose
from appointments.syncing import rules_of
from prerequisites import packs
from treffa.dashboard import corrections, feed_words, plan_words, relative
from treffa.dashboard.corrections import Reading

SHOWN = 20
TRIED = 60
TITLES = 100

MODES: Mapping[str, tuple[str | Promise, str]] = {
    SummaryMode.AUTO: (gettext_lazy("Treffa decides entry by entry"), ""),
    SummaryMode.BOTH: (gettext_lazy("Name and examination"), "Probefeld, Otto - MRT Knie"),
    SummaryMode.NAME: (gettext_lazy("The name alone"), "Probefeld, Otto"),
    SummaryMode.TYPE: (gettext_lazy("The examination alone"), "MRT Knie"),
    SummaryMode.PSEUDONYM: (gettext_lazy("A number in place of the name"), "P-10482 MRT Knie"),
}


@dataclass(frozen=True, kw_only=True)
class Piece:
    """A part of an entry's title; `css` marks what was taken for the name or the examination."""

    text: str
    css: str


@dataclass(frozen=True, kw_only=True)
class Line:
    """An entry: what stands in the calendar (`whole`: its title), what is understood. `skipped`: it is no appointment;
    `readings` are the other ways to read it, `skippable`: it can be said that it is none."""

    when: str
    whole: str
    title: list[Piece]
    more: str
    name: str
    born: date | None
    contact: str
    type: str
    asks: str
    practitioner: str
    skipped: bool
    readings: Sequence[Reading]
    skippable: bool


@dataclass(frozen=True, kw_only=True)
class Type:
    """An examination and how often it was found; of those that fit no type `asks` is set."""

    text: str
    count: int
    asks: bool


@dataclass(frozen=True, kw_only=True)
class Preview:
    """What the rules make of the calendar: numbers over all entries that were kept, the first entries line by line. `pack`
    is the title of the one by whose words it is read where the practice has no types yet."""

    pack: str
    found: trial.Found
    familiar: Familiar | None
    looked_at: int
    appointments: int
    understood: int
    types: list[Type]
    skipped: int
    skipped_titles: list[tuple[str, int]]
    """What is taken for no appointment, the most frequent first."""
    without_name: int
    without_contact: int
    unreadable: int
    reasons: list[tuple[str, int]]
    lines: list[Line]

    @property
    def unclear(self) -> int:
        return self.appointments - self.understood

    @property
    def unmatched(self) -> list[Type]:
        return [found for found in self.types if found.asks]


@dataclass(frozen=True, kw_only=True)
class Mode:
    """A way to read titles, with how many entries it gives a name and a type."""

    value: str
    word: str
    example: str
    good: int
    of: int


def rules_at_hand(held: FeedTrial) -> Rules:
    """The rules as they were typed on the page."""
    draft = Feed(rules=held.rules, practitioner=held.practitioner)
    return rules_of(draft, practice=held.practice)


@dataclass(frozen=True, kw_only=True)
class Words:
    """The types by which entries are read, and their names. `pack`: they are only a pack's, as the practice has none."""

    index: TypeIndex
    names: Mapping[int, str]
    pack: str = ""


def words_at_hand(events: Sequence[ical.Event], *, rules: Rules, language: str) -> Words:
    """The practice's types; where it has none, those of the pack that knows most of the first entries."""
    names = dict(AppointmentType.objects.values_list("id", "name"))
    if names:
        return Words(index=type_index(), names=names)
    found = [_of_pack(name, language=language) for name in packs.NAMES]
    return max(found, key=lambda words: _known(events[:TRIED], rules, words.index))


def _of_pack(name: str, *, language: str) -> Words:
    pack = packs.load(name)
    plans = list(enumerate(pack.plans, start=1))
    return Words(
        index=TypeIndex(
            TypeWords(id=number, name=plan.type_name, keywords=tuple(plan.keywords), texts=())
            for number, plan in plans
        ),
        names={number: plan.name_in(language) for number, plan in plans},
        pack=plan_words.said(pack.name),
    )


def _known(events: Sequence[ical.Event], rules: Rules, types: TypeIndex) -> int:
    return sum(understand(event, rules=rules, types=types).type_id is not None for event in events)


def preview(held: FeedTrial, *, now: datetime) -> Preview:
    """Reads what was kept with the rules at hand."""
    found, rules = trial.found(held), rules_at_hand(held)
    words = words_at_hand(found.coming, rules=rules, language=held.practice.language)
    types, names = words.index, words.names
    said = [(event, understand(event, rules=rules, types=types)) for event in found.coming]
    booked = [one for _, one in said if one.kind is Kind.APPOINTMENT]
    skipped = [event for event, one in said if one.kind is Kind.ABSENCE]
    return Preview(
        pack=words.pack if any(one.type_id is not None for one in booked) else "",
        found=found,
        familiar=_familiar(held, said, now=now),
        looked_at=len(said),
        appointments=len(booked),
        understood=sum(bool(one.name) and one.type_id is not None for one in booked),
        types=_types(booked, names),
        skipped=len(skipped),
        skipped_titles=Counter(event.summary[:80] for event in skipped).most_common(TITLES),
        without_name=sum(not one.name for one in booked),
        without_contact=sum("contact_missing" in one.problems for one in booked),
        unreadable=sum(found.unreadable.values()) + sum(one.kind is Kind.UNREADABLE for _, one in said),
        reasons=[(feed_words.reason(code)[0], count) for code, count in found.unreadable.items()],
        lines=[_line(event, one, words, rules, now=now) for event, one in said[:SHOWN]],
    )


def _familiar(
    held: FeedTrial, said: Sequence[tuple[ical.Event, Understood]], *, now: datetime
) -> Familiar | None:
    """A calendar that is read already and looks like this new one."""
    if held.purpose != TrialPurpose.ADD:
        return None
    return familiar([event for event, one in said if one.kind is Kind.APPOINTMENT], now=now)


def modes(held: FeedTrial) -> list[Mode]:
    """The ways to read titles, each tried on the first entries."""
    events, rules = trial.found(held).coming[:TRIED], rules_at_hand(held)
    types = words_at_hand(events, rules=rules, language=held.practice.language).index
    return [
        Mode(
            value=mode,
            word=str(word),
            example=example,
            good=_good(events, replace(rules, summary=SummaryMode(mode)), types),
            of=len(events),
        )
        for mode, (word, example) in MODES.items()
    ]


def _good(events: Sequence[ical.Event], rules: Rules, types: TypeIndex) -> int:
    said = (understand(event, rules=rules, types=types) for event in events)
    return sum(one.kind is Kind.ABSENCE or (bool(one.name) and one.type_id is not None) for one in said)


def _types(booked: Sequence[Understood], names: Mapping[int, str]) -> list[Type]:
    known = Counter(names[one.type_id] for one in booked if one.type_id is not None)
    asked = Counter(one.type_text for one in booked if one.type_id is None and one.type_text)
    return [
        *(Type(text=text, count=count, asks=False) for text, count in known.most_common()),
        *(Type(text=text, count=count, asks=True) for text, count in asked.most_common()),
    ]


def _line(event: ical.Event, said: Understood, words: Words, rules: Rules, *, now: datetime) -> Line:
    booked = said.kind is Kind.APPOINTMENT
    contact = [said.phone, said.email]
    return Line(
        when=relative.day(event.start, now=now) if event.all_day else relative.moment(event.start, now=now),
        whole=" ".join(event.summary.split()),
        title=_pieces(event.summary, said),
        more=" · ".join(part for part in event.description.splitlines() if part.strip())[:300],
        name=said.name,
        born=said.birth_date,
        contact=next(filter(None, contact), ""),
        type=words.names.get(said.type_id or 0, ""),
        asks=said.type_text if booked and said.type_id is None else "",
        practitioner=said.practitioner,
        skipped=not booked,
        readings=corrections.readings(event, said=said, rules=rules, types=words.index),
        skippable=booked and corrections.may_be_skipped(event, rules=rules, types=words.index),
    )


def _pieces(title: str, said: Understood) -> list[Piece]:
    """The title, its words marked that were taken for the name or the examination."""
    names, types = set(name_key(said.name).split()), set(fold(said.type_text).split())

    def mark(word: str) -> str:
        folded = set(fold(word).split())
        if folded and folded <= names:
            return "m-name"
        return "m-type" if folded and folded <= types else ""

    words = [(mark(word), word) for word in title.split()]
    return [
        Piece(css=css, text=" ".join(word for _, word in group))
        for css, group in groupby(words, key=lambda one: one[0])
    ]
