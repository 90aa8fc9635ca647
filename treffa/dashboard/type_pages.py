"""The pages of the appointment types: how each is known, what it needs, and what another wording would change."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

import prerequisites.queries
from appointments import queries
from appointments.known_types import known_types
from appointments.matching.collisions import Collision, collisions
from appointments.models import AppointmentType, TypeText
from appointments.operations import types as operations
from appointments.operations.types import NEW, Draft
from appointments.retyping import Retyping
from prerequisites.models import Plan
from treffa.dashboard import relative
from treffa.dashboard.readiness import Look
from treffa.dashboard.type_notices import pack_for

LINES = 50
_PLANNED = Look(css="is-ready", icon="clipboard-list", word=gettext_lazy("Has a plan"))
_UNPLANNED = Look(css="is-contact", icon="circle-alert", word=gettext_lazy("No plan"))
_QUIET = Look(css="is-off", icon="circle-check", word=gettext_lazy("Never needs anything"))


@dataclass(frozen=True, kw_only=True)
class TypeView:
    """A type: how it is known, how many of its appointments are to come, what it needs. `pack` is the title of one with a
    plan for it, where it has none; `clashes` say where it is known by the words of another."""

    type: AppointmentType
    look: Look
    coming: int
    texts: Sequence[TypeText]
    plan: Plan | None
    pack: str
    clashes: Sequence[str]

    @property
    def unplanned(self) -> bool:
        return self.plan is None and not self.type.needs_nothing


@dataclass(frozen=True, kw_only=True)
class Change:
    """A text whose coming appointments would get another type: from which (empty: none), to which."""

    text: str
    appointments: int
    first: str
    before: str
    after: str
    prepared: int


@dataclass(frozen=True, kw_only=True)
class Preview:
    """What a draft would change. `resting` cases would be asked nothing any more, `waking` appointments something."""

    changes: Sequence[Change]
    more: int
    appointments: int
    prepared: int
    clashes: Sequence[str]
    resting: int = 0
    waking: int = 0

    @property
    def anything(self) -> bool:
        return bool(self.appointments or self.resting or self.waking)


def load(*, now: datetime) -> list[TypeView]:
    """The types of the practice in scope: those with something to decide first, those that need nothing last."""
    plans, names = prerequisites.queries.published_plans(), _names()
    texts: dict[int, list[TypeText]] = defaultdict(list)
    for text in queries.known_texts():
        texts[text.type_id].append(text)
    found: dict[int, list[Collision]] = defaultdict(list)
    for one in collisions(known_types()):
        found[one.type_id].append(one)
    views = []
    for known in queries.types_with_coming(now=now):
        quiet, plan = known.needs_nothing, plans.get(known.pk)
        view = TypeView(
            type=known,
            look=_QUIET if quiet else _PLANNED if plan else _UNPLANNED,
            coming=known.coming,  # type: ignore[attr-defined]
            texts=texts[known.pk],
            plan=plan,
            pack="" if plan or quiet else pack_for(known),
            clashes=clash_words(found[known.pk], names),
        )
        views.append(view)
    return sorted(views, key=lambda view: (view.type.needs_nothing, not (view.unplanned and view.coming)))


def preview(draft: Draft, held: AppointmentType | None, *, now: datetime) -> Preview:
    """What saving a draft would change."""
    found, names = operations.preview(draft, now=now), _names() | {draft.type_id or NEW: draft.name}
    prepared = prerequisites.queries.prepared({one.text for one in found}, now=now)
    resting = waking = 0
    if held is not None and draft.needs_nothing and not held.needs_nothing:
        resting = prerequisites.queries.open_cases(type_id=held.pk, now=now)
    elif held is not None and held.needs_nothing and not draft.needs_nothing:
        waking = queries.live(now=now).filter(type=held).count()
    return Preview(
        changes=[
            _change(one, names, prepared=prepared[one.text, one.before], now=now) for one in found[:LINES]
        ],
        more=max(len(found) - LINES, 0),
        appointments=sum(one.appointments for one in found),
        prepared=sum(prepared[one.text, one.before] for one in found),
        clashes=clash_words(operations.clashes(draft), names),
        resting=resting,
        waking=waking,
    )


def clash_words(found: Sequence[Collision], names: Mapping[int, str]) -> list[str]:
    """Each collision as a sentence."""
    return [
        _(
            "“%(word)s” says the same as “%(other)s”, by which “%(name)s” is known. A text like it means neither."
        )
        % {"word": one.word, "other": one.other_word, "name": names[one.other_id]}
        for one in found
    ]


def _names() -> dict[int, str]:
    return dict(AppointmentType.objects.values_list("id", "name"))


def _change(one: Retyping, names: Mapping[int, str], *, prepared: int, now: datetime) -> Change:
    after = names[one.after] if one.after is not None else ""
    if one.alike:
        listed = ", ".join(_("“%(name)s”") % {"name": names[type_id]} for type_id in one.alike)
        after = _("none: fits %(names)s alike") % {"names": listed}
    return Change(
        text=one.text,
        appointments=one.appointments,
        first=relative.moment(one.next_start, now=now),
        before=names[one.before] if one.before is not None else "",
        after=after or _("none: you are asked about it on the board"),
        prepared=prepared,
    )
