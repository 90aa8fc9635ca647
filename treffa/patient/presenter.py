"""What the list and the last page say about each thing, made from the case. No writing here."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from prerequisites import queries
from prerequisites.models import Audience, Kind, RequirementState
from prerequisites.ruled import calendar_of
from treffa.patient import texts
from treffa.patient.access import Visit

ASKED = (RequirementState.OPEN, RequirementState.REJECTED)
CHANGEABLE = (RequirementState.SUBMITTED, RequirementState.ACCEPTED)
ASKED_KINDS = (Kind.DOCUMENT, Kind.FORM, Kind.ACKNOWLEDGEMENT)


@dataclass(frozen=True, kw_only=True)
class Item:
    """One thing on the list. `text` is the plan's, `why` the reason why it is asked (again). `look` is the class of its
    state, `icon` and `state` say it in a picture and in words. `asked`: it is still to come; `optional`: it need not;
    `unchanged`: the answers of an earlier appointment may be confirmed as they are; `changeable`: what was answered may be
    answered otherwise."""

    row: queries.RequirementRow
    title: str
    text: str
    why: str
    look: str
    icon: str
    state: str
    asked: bool
    open: bool
    optional: bool = False
    unchanged: bool = False
    changeable: bool = False

    @property
    def id(self) -> int:
        return self.row.requirement.pk

    @property
    def sent(self) -> int:
        """How many files are with the practice."""
        return len(self.row.documents)

    @property
    def more(self) -> bool:
        """Whether files may be added: those that came are not reviewed yet."""
        return (
            self.row.prerequisite.kind == Kind.DOCUMENT
            and self.row.requirement.state == RequirementState.SUBMITTED
        )

    @property
    def again(self) -> bool:
        """Whether something can be done about what is with the practice already."""
        return self.open or self.more or self.changeable

    @property
    def takes_files(self) -> bool:
        """Whether files may be handed in, or added."""
        return self.row.prerequisite.kind == Kind.DOCUMENT and (self.open or self.more)


@dataclass(frozen=True, kw_only=True)
class Overview:
    """The whole list: what is still missing, what is with the practice, what is good to know."""

    missing: list[Item]
    here: list[Item]
    to_know: list[Item]

    @property
    def needed(self) -> list[Item]:
        """What is missing and holds the appointment up."""
        return [item for item in self.missing if not item.optional]

    @property
    def count(self) -> str:
        return texts.things(len(self.needed))

    def item(self, requirement_id: int) -> Item | None:
        return next((item for item in [*self.missing, *self.here] if item.id == requirement_id), None)

    @property
    def brought(self) -> list[Item]:
        """What the patient brings along."""
        return [item for item in self.here if item.row.requirement.bring_along and item.open]


def overview(visit: Visit) -> Overview:
    """The things of the visit's case that a patient sees, in the plan's order."""
    return overview_of(queries.case_detail(visit.case.pk).requirements, visit)


def overview_of(rows: Sequence[queries.RequirementRow], visit: Visit) -> Overview:
    """The same of requirements that are read, or thought up, already."""
    theirs = [row for row in rows if row.prerequisite.audience == Audience.PATIENT]
    items = [_item(row, visit) for row in theirs if row.prerequisite.kind in ASKED_KINDS]
    return Overview(
        missing=[item for item in items if item.asked],
        here=[item for item in items if not item.asked],
        to_know=[_to_know(row, visit) for row in rows if row.prerequisite.kind == Kind.INFORMATION],
    )


def head(visit: Visit) -> dict[str, str]:
    """What stands above the list: the appointment, named once it is certain who looks."""
    month, day = texts.month_and_day(visit.appointment.start)
    named = visit.certain and visit.appointment.type is not None
    return {
        "month": month,
        "day": day,
        "when": texts.moment(visit.appointment.start, year=True),
        "what": visit.appointment.type.name if named and visit.appointment.type else _("Your appointment"),
    }


def _item(row: queries.RequirementRow, visit: Visit) -> Item:
    requirement = row.requirement
    still_open = requirement.state in ASKED
    calendar = calendar_of(visit.practice)
    late = queries.too_late(requirement, start=visit.appointment.start, calendar=calendar, now=visit.now)
    asked = still_open and not requirement.bring_along and not requirement.obstacle and not late
    look, icon, state = _asked(row, visit) if asked else _settled(row, late=late)
    again = requirement.state == RequirementState.REJECTED and not requirement.obstacle
    text = row.prerequisite.said("text", visit.language)
    confirm = row.prerequisite.kind == Kind.ACKNOWLEDGEMENT
    return Item(
        row=row,
        title=row.prerequisite.said("title", visit.language),
        text=text,
        why=row.reason if again and row.reason else _why(row, visit, confirm=confirm),
        look=look,
        icon=icon,
        state=state,
        asked=asked,
        open=still_open,
        optional=not row.prerequisite.blocking,
        changeable=row.prerequisite.kind == Kind.FORM
        and requirement.state in CHANGEABLE
        and bool(row.submissions),
        unchanged=asked and visit.certain and row.may_be_unchanged and not again,
    )


def _why(row: queries.RequirementRow, visit: Visit, *, confirm: bool) -> str:
    """Why it is asked for, or once more; and how new it must be."""
    said = _("Please read and confirm.") if confirm else row.prerequisite.said("text", visit.language)
    if row.requirement.lapsed_at is not None:
        said = _("What you sent no longer fits the appointment. We need it anew.")
    if row.oldest is None:
        return said
    newest = _("Dated %(date)s or later.") % {"date": texts.date_of(row.oldest)}
    return f"{said} {newest}".strip()


def _asked(row: queries.RequirementRow, visit: Visit) -> tuple[str, str, str]:
    deadline = row.requirement.deadline
    again = row.requirement.state == RequirementState.REJECTED
    if not row.prerequisite.blocking and not again:
        return "is-later", "info", _("Only if you have it")
    if deadline is None:
        return "is-todo", "clock", _("As soon as you can")
    if deadline <= visit.now:
        words = texts.moment(deadline)
        return "is-again", "clock", _("Was due by %(moment)s. Please do it now") % {"moment": words}
    said = _("By %(moment)s") % {"moment": texts.moment(deadline)}
    return ("is-again" if again else "is-todo"), "clock", said


def _settled(row: queries.RequirementRow, *, late: bool) -> tuple[str, str, str]:
    requirement, kind = row.requirement, row.prerequisite.kind
    if requirement.state == RequirementState.SUBMITTED:
        return "is-check", "hourglass", _("Arrived, we are looking at it")
    if row.reused and not row.submissions:
        return "is-done", "check", _("We have it from your other appointment")
    if requirement.state == RequirementState.ACCEPTED:
        confirmed = kind == Kind.ACKNOWLEDGEMENT
        return "is-done", "check", _("Read and confirmed") if confirmed else _("In order")
    if requirement.state == RequirementState.WAIVED:
        return "is-later", "check", _("Not needed any more")
    if requirement.obstacle:
        return "is-check", "message-square", _("You can't get it. We will get in touch")
    if late:
        return "is-check", "message-square", _("There is no time left for this. We will get in touch")
    return "is-later", "hand", _("You bring it to the appointment")


def _to_know(row: queries.RequirementRow, visit: Visit) -> Item:
    return Item(
        row=row,
        title=row.prerequisite.said("title", visit.language),
        text=row.prerequisite.said("text", visit.language),
        why="",
        look="is-later",
        icon="info",
        state="",
        asked=False,
        open=False,
    )
