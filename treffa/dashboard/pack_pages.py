"""The pages of the packs that ship: what each brings, and what it would do to the types and plans that are there."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from appointments import queries
from appointments.matching import TypeIndex, TypeWords
from appointments.models import AppointmentType
from appointments.operations import types
from appointments.operations.types import Draft
from practices.models import Practice
from prerequisites import adoption, packs
from prerequisites.adoption import Offer
from prerequisites.packs import PackPrerequisite
from treffa.dashboard import plan_entry, plan_words
from treffa.dashboard.plan_entry import Entry
from treffa.dashboard.type_pages import clash_words
from treffa.patient import preview
from treffa.patient.preview import Example

EXAMPLE_DAYS = 14


@dataclass(frozen=True, kw_only=True)
class PackCard:
    """A pack on the list. `here`: how many of its plans the practice has already."""

    name: str
    title: str
    plans: Sequence[str]
    here: int


@dataclass(frozen=True, kw_only=True)
class OfferView:
    """A plan of a pack. `effects` say what adopting it would do; `offered` is false where a draft is there already."""

    number: int
    offer: Offer
    effects: Sequence[str]
    warnings: Sequence[str]

    @property
    def offered(self) -> bool:
        return self.offer.draft is None

    @property
    def chosen(self) -> bool:
        """Whether it is ticked at first: what the practice has no plan for."""
        return self.offered and self.offer.published is None


@dataclass(frozen=True, kw_only=True)
class PackView:
    """A pack with its plans, one of them looked at: what it asks for in words, and the patient's page in a language."""

    name: str
    title: str
    offers: Sequence[OfferView]
    shown: OfferView
    entries: Sequence[Entry]
    languages: Sequence[tuple[str, str]]
    language: str
    document: str
    example: str


def cards() -> list[PackCard]:
    """All packs, in the page's language."""
    found = []
    for name in packs.NAMES:
        offers = adoption.preview(packs.load(name))
        found.append(
            PackCard(
                name=name,
                title=plan_words.said(packs.load(name).name),
                plans=[offer.name for offer in offers],
                here=sum(bool(offer.published or offer.draft) for offer in offers),
            )
        )
    return found


@dataclass(frozen=True, kw_only=True)
class Ranked:
    """A pack, and of how many coming appointments without a type it would know what they are."""

    card: PackCard
    fits: int
    best: bool


def ranked(*, now: datetime) -> list[Ranked]:
    """All packs, the one that knows most of the calendar first."""
    waiting = queries.unmatched_types(now=now)
    fits = {}
    for name in packs.NAMES:
        plans = packs.load(name).plans
        index = TypeIndex(
            TypeWords(id=number, name=plan.type_name, keywords=tuple(plan.keywords), texts=())
            for number, plan in enumerate(plans, start=1)
        )
        fits[name] = sum(row.appointments for row in waiting if index.match(row.text).id is not None)
    found = sorted(cards(), key=lambda card: -fits[card.name])
    most = max(fits.values())
    return [
        Ranked(card=card, fits=fits[card.name], best=bool(most) and fits[card.name] == most) for card in found
    ]


def load(name: str, *, number: int, language: str, now: datetime) -> PackView:
    """One pack, its plan `number` (counted from 0; the first for what is none) looked at. KeyError if there is no such."""
    pack, practice = packs.load(name), Practice.objects.get()
    found = offers(pack, now=now)
    shown = found[number if number < len(found) else 0]
    spoken = languages(practice)
    language = language if language in spoken else spoken[0]
    example = usual_example(now=now)
    return PackView(
        name=name,
        title=plan_words.said(pack.name),
        offers=found,
        shown=shown,
        entries=plan_entry.of(shown.offer.prerequisites, (), language=language),
        languages=[(code, plan_words.language_name(code)) for code in spoken],
        language=language,
        document=document(shown.offer.prerequisites, example, practice, shown.offer.name, language),
        example=about(example),
    )


def offers(pack: packs.Pack, *, now: datetime) -> list[OfferView]:
    """The plans of a pack or file, with what adopting each would do."""
    names = dict(AppointmentType.objects.values_list("id", "name"))
    return [_offer(number, offer, names, now=now) for number, offer in enumerate(adoption.preview(pack))]


def languages(practice: Practice) -> list[str]:
    """The practice's languages that the patient's page speaks; the page's first where it speaks none."""
    spoken = [code for code, _name in settings.LANGUAGES]
    return [one for one in practice.languages if one in spoken] or spoken[:1]


def usual_example(*, now: datetime) -> Example:
    """An appointment in two weeks at nine, booked now."""
    day = timezone.localtime(now).date() + timedelta(days=EXAMPLE_DAYS)
    start = timezone.make_aware(datetime.combine(day, time(9)), timezone.get_current_timezone())
    return Example(start=start, booked_at=now)


def document(
    contents: Sequence[PackPrerequisite], example: Example, practice: Practice, type_name: str, language: str
) -> str:
    """The patient's list in the example."""
    trial = preview.try_out(contents, example, practice=practice, type_name=type_name)
    return preview.page(trial, example, practice=practice, type_name=type_name, language=language)


def about(example: Example) -> str:
    """The example in a sentence."""
    return _("An appointment on %(day)s, booked on %(booked)s, nothing answered yet.") % {
        "day": plan_words.on_day(example.start),
        "booked": plan_words.on_day(example.booked_at),
    }


def _offer(number: int, offer: Offer, names: dict[int, str], *, now: datetime) -> OfferView:
    keywords = offer.content.keywords
    draft = Draft(name=offer.name, keywords=keywords)
    new = offer.type is None
    warnings = clash_words(types.clashes(draft), names) if new else []
    if offer.missing:
        listed = ", ".join(plan_words.language_name(one) for one in offer.missing)
        warnings.append(
            _("It says nothing in %(languages)s: add it before you publish.") % {"languages": listed}
        )
    return OfferView(number=number, offer=offer, effects=_effects(offer, draft, now=now), warnings=warnings)


def _effects(offer: Offer, draft: Draft, *, now: datetime) -> list[str]:
    if offer.draft is not None:
        return [_("You have a draft of it already, which stays as it is.")]
    if offer.type is None:
        coming = sum(one.appointments for one in types.preview(draft, now=now))
        if not coming:
            return [_("A new appointment type. No coming appointment is known by its words yet.")]
        words = ngettext(
            "A new appointment type. %(n)s coming appointment is known by its words and gets this type.",
            "A new appointment type. %(n)s coming appointments are known by its words and get this type.",
            coming,
        )
        return [words % {"n": coming}]
    kept = _("Your type “%(name)s” stays as it is, its keywords too.") % {"name": offer.type.name}
    if offer.published is None:
        return [kept]
    later = _("Your published version %(old)s stays in force. This plan becomes a draft of the next version.")
    return [kept, later % {"old": offer.published.version}]
