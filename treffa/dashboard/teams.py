"""The page of the team: who works here as what, and who is invited."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from practices.models import Invitation, Membership, Role
from treffa.dashboard import relative


@dataclass(frozen=True, kw_only=True)
class Member:
    """Somebody of the practice. `only_manager`: they can neither go nor be anything else."""

    membership: Membership
    only_manager: bool
    oneself: bool


@dataclass(frozen=True, kw_only=True)
class Open:
    """An invitation that waits, or that is over and was not used."""

    invitation: Invitation
    until: str
    over: bool


@dataclass(frozen=True, kw_only=True)
class Team:
    """The page."""

    members: Sequence[Member]
    gone: Sequence[Membership]
    invited: Sequence[Open]

    @property
    def physicians(self) -> bool:
        return any(one.membership.role == Role.PHYSICIAN for one in self.members)


def load(*, user_id: int, now: datetime) -> Team:
    """Of the practice in scope, seen by one of its people."""
    people = list(Membership.objects.select_related("user").order_by("user__name", "pk"))
    active = [one for one in people if one.active and one.user.is_active]
    managers = [one.pk for one in active if one.role == Role.MANAGER]
    is_open = Invitation.objects.filter(accepted_at=None, withdrawn_at=None).order_by("sent_at", "pk")
    return Team(
        members=[
            Member(membership=one, only_manager=managers == [one.pk], oneself=one.user_id == user_id)
            for one in active
        ],
        gone=[one for one in people if one not in active],
        invited=[
            Open(
                invitation=one,
                until=relative.day(one.expires_at, now=now),
                over=one.expires_at <= now,
            )
            for one in is_open
        ],
    )
