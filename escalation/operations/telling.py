"""Whom a step tells: everybody of a role, one of them in turn, or one person; by e-mail, or by SMS where a number is known."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from escalation.models import Preference
from escalation.policy import Step, Way
from messaging import notices
from messaging.models import Message
from messaging.notices import Notice
from practices import queries
from practices.models import Membership, Practice
from prerequisites.models import Case


@dataclass(frozen=True, kw_only=True)
class Told:
    """A step that tells people of a case. `number` says whose turn it is."""

    case: Case
    step: Step
    about: str
    number: int


def tell(told: Sequence[Told], *, practice: Practice, now: datetime) -> list[Message]:
    """The notices, not saved yet; whom several steps of a case are to tell is told once."""
    if not told:
        return []
    members = queries.members()
    phones: dict[int, str] = {}
    if any(one.step.way is Way.SMS for one in told):
        phones = dict(Preference.objects.exclude(phone="").values_list("user_id", "phone"))
    found = {
        (one.case.pk, member.user_id, phone): Notice(
            case=one.case, user=member.user, about=one.about, phone=phone
        )
        for one in told
        for member in recipients(one.step, members, number=one.number)
        if (phone := phones.get(member.user_id, "") if one.step.way is Way.SMS else "") or member.user.email
    }
    return notices.compose(list(found.values()), practice=practice, now=now)


def recipients(step: Step, members: Sequence[Membership], *, number: int) -> list[Membership]:
    """Who is told. A person who has left is stood in for by the role."""
    alone = [member for member in members if member.user_id == step.person]
    of_role = [member for member in members if member.role == step.role]
    if alone or not step.rotate or not of_role:
        return alone or of_role
    return [of_role[number % len(of_role)]]
