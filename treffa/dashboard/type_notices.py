"""Notices about appointments that nothing is asked for, because nobody has said yet what they are or what they need."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

import prerequisites.queries
from appointments import queries
from appointments.known_types import type_index
from appointments.models import Appointment, AppointmentType
from prerequisites import packs
from prerequisites.models import Case
from treffa.dashboard import relative
from treffa.dashboard.notice import ITEMS, SHOWN, Notice, Resting, Unplanned, Untyped, item


def load(*, now: datetime, all_texts: bool = False) -> list[Notice]:
    """Those of the practice in scope; with all the texts, or the nearest ones."""
    resting = list(prerequisites.queries.resting_cases(now=now)[:ITEMS])
    untyped = [case for case in resting if case.appointment.type_id is None]
    unplanned = [case for case in resting if case.appointment.type_id is not None]
    found = [*_untyped(untyped, all_texts=all_texts, now=now), *_silent(now=now)]
    return [*found, *_unplanned(unplanned, now=now)]


def _untyped(resting: Sequence[Case], *, all_texts: bool, now: datetime) -> list[Notice]:
    rows = queries.unmatched_types(now=now)
    if not rows:
        return []
    total = sum(row.appointments for row in rows)
    title = ngettext(
        "%(n)s appointment fits no type: nothing is requested for it",
        "%(n)s appointments fit no type: nothing is requested for them",
        total,
    )
    choices = list(AppointmentType.objects.order_by("name"))
    names, types = {known.pk: known.name for known in choices}, type_index()
    shown = rows if all_texts else rows[:SHOWN]
    return [
        Notice(
            kind="untyped",
            id="untyped",
            css="is-contact",
            icon="tags",
            title=title % {"n": total},
            text=_("Say once what is meant; Treffa will know it from then on."),
            untyped=[
                Untyped(
                    number=number,
                    text=row.text,
                    count=row.appointments,
                    first=relative.moment(row.next_start, now=now),
                    alike=_alike(types.match(row.text).alike, names),
                    fits=[known for known in choices if known.pk in types.match(row.text).alike],
                )
                for number, row in enumerate(shown)
            ],
            more=len(rows) - len(shown),
            resting=[_resting(case, now=now) for case in resting],
            choices=choices,
        )
    ]


def _alike(type_ids: Sequence[int], names: Mapping[int, str]) -> str:
    """Why a text that fits several types is none of them."""
    if not type_ids:
        return ""
    listed = ", ".join(_("“%(name)s”") % {"name": names[type_id]} for type_id in type_ids)
    return _("fits %(names)s alike") % {"names": listed}


def _resting(case: Case, *, now: datetime) -> Resting:
    return Resting(case_id=case.pk, text=item(case.appointment, now=now))


def _silent(*, now: datetime) -> list[Notice]:
    """There is no text that could be known again: it has to be said in the calendar."""
    rows = list(queries.silent_appointments(now=now)[: ITEMS + 1])
    if not rows:
        return []
    total = len(rows) if len(rows) <= ITEMS else queries.silent_appointments(now=now).count()
    title = ngettext(
        "%(n)s appointment doesn't say what is booked: nothing is requested for it",
        "%(n)s appointments don't say what is booked: nothing is requested for them",
        total,
    )
    return [
        Notice(
            kind="silent",
            id="silent",
            css="is-contact",
            icon="tags",
            title=title % {"n": total},
            text=_("Add the examination in Doctolib; it is read at the next look."),
            items=[f"{item(row, now=now)} · {row.feed.name}" for row in rows[:ITEMS]],
        )
    ]


def _unplanned(resting: Sequence[Case], *, now: datetime) -> list[Notice]:
    rows = list(prerequisites.queries.unplanned_appointments(now=now))
    if not rows:
        return []
    title = ngettext(
        "%(n)s appointment is of a type without a plan: nothing is requested for it",
        "%(n)s appointments are of a type without a plan: nothing is requested for them",
        len(rows),
    )
    of_type: dict[AppointmentType, list[Appointment]] = defaultdict(list)
    for row in rows:
        of_type[row.type].append(row)
    return [
        Notice(
            kind="unplanned",
            id="unplanned",
            css="is-contact",
            icon="clipboard-list",
            title=title % {"n": len(rows)},
            text=_("Say what it needs; Treffa asks for it from then on."),
            items=[item(row, now=now) for row in rows[:ITEMS]],
            unplanned=[
                Unplanned(
                    type=type_,
                    count=len(booked),
                    first=relative.moment(booked[0].start, now=now),
                    pack=pack_for(type_),
                )
                for type_, booked in of_type.items()
            ],
            resting=[_resting(case, now=now) for case in resting],
            choices=list(prerequisites.queries.types_with_plan()),
        )
    ]


def pack_for(type_: AppointmentType) -> str:
    """The title of a pack that has a plan for the type, or empty."""
    found = packs.with_type(type_.name)
    titles = packs.load(found).name if found else {}
    return titles.get(get_language() or "") or titles.get("de", "")
