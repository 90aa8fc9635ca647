"""Reads about practices and people."""

from dataclasses import dataclass

from practices import lookups
from practices.models import Brake, Membership, Practice, Role


@dataclass(frozen=True, kw_only=True)
class MembershipRow:
    """One of a person's memberships, as the switcher shows it."""

    practice_id: int
    practice_name: str
    role: str

    @property
    def may_work(self) -> bool:
        """Whether this role changes anything: viewers read only."""
        return self.role != Role.VIEWER

    @property
    def may_manage(self) -> bool:
        """Whether this role sets the practice up: its calendars and what is imported."""
        return self.role == Role.MANAGER

    @property
    def may_see_reports(self) -> bool:
        """Whether this role sees how people and examinations compare: not those whose work is compared at the desk."""
        return self.role != Role.STAFF

    @property
    def may_waive_blocking(self) -> bool:
        return self.role == Role.PHYSICIAN

    @property
    def is_physician(self) -> bool:
        """Whether this role accepts what only a physician may."""
        return self.role == Role.PHYSICIAN

    @property
    def may_adopt(self) -> bool:
        """Whether this role adopts a pack for the practice."""
        return self.role in (Role.MANAGER, Role.PHYSICIAN)

    @property
    def role_name(self) -> str:
        return str(Role(self.role).label)


def memberships_of(user_id: int) -> list[MembershipRow]:
    """The active memberships of a person over all practices, by name. Needs no scope."""
    found = lookups.rows("treffa_memberships_of", user_id)
    return [MembershipRow(practice_id=row[0], practice_name=row[1], role=row[2]) for row in found]


def current_practice() -> Practice:
    """The practice in scope."""
    return Practice.objects.get()


def everybody_stopped() -> bool:
    """Whether the operators have stopped all messages to patients. Needs no scope."""
    return Brake.objects.filter(pulled_at__isnull=False).exists()


def members(*roles: Role) -> list[Membership]:
    """Active members of the practice in scope, with their people, managers first by role order given."""
    found = Membership.objects.filter(active=True, user__is_active=True).select_related("user").order_by("id")
    return list(found.filter(role__in=roles) if roles else found)
