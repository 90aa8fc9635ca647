"""The last thing that somebody said about a text or a type, and may take back: a line on the board for a while.

Only ids are in the session; the words are the database's, so that nothing is offered that is not so any more.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from appointments.models import AppointmentType, TypeText
from treffa.dashboard.staff import StaffRequest

SESSION = "answered"
OFFERED_FOR = timedelta(minutes=10)
TEXT, TYPE = "text", "type"


@dataclass(frozen=True, kw_only=True)
class Said:
    """`kind` TEXT: a text that is remembered; TYPE: a type of which it was said that it never needs anything."""

    kind: str
    id: int
    words: str


def keep(request: StaffRequest, *, kind: str, id: int, now: datetime) -> None:
    """Offers to take this back from now on."""
    request.session[SESSION] = {"kind": kind, "id": id, "at": now.timestamp()}


def last(request: StaffRequest, *, now: datetime) -> Said | None:
    """What the person may take back now, if it still holds."""
    kept = request.session.get(SESSION)
    if kept is None or kept["at"] < (now - OFFERED_FOR).timestamp():
        return None
    words = _text(kept["id"]) if kept["kind"] == TEXT else _type(kept["id"])
    return Said(kind=kept["kind"], id=kept["id"], words=words) if words else None


def _text(text_id: int) -> str:
    found = TypeText.objects.select_related("type").filter(pk=text_id).first()
    if found is None:
        return ""
    if found.type.needs_nothing:
        return _("“%(text)s” never needs anything, from now on.") % {"text": found.text}
    named = {"text": found.text, "name": found.type.name}
    return _("“%(text)s” means “%(name)s”, from now on.") % named


def _type(type_id: int) -> str:
    found = AppointmentType.objects.filter(pk=type_id, needs_nothing=True).first()
    return _("“%(name)s” never needs anything, from now on.") % {"name": found.name} if found else ""
