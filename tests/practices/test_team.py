"""Who works in a practice: invitations that open once, roles that end sessions, and a last manager who stays."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection

from practices import record, team, tenancy
from practices.models import Invitation, Membership, Practice, Role, User
from practices.queries import memberships_of
from practices.team import TeamError
from tests import factories
from tests.factories import NOW

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def practice() -> Practice:
    return factories.make_practice()


def invite(practice: Practice, email: str = "Neu@Praxis.example") -> team.Invited:
    with tenancy.scope(practice.pk):
        return team.invite(email=email, name="Nina Neu", role=Role.STAFF, by=record.SYSTEM, now=NOW)


def member(practice: Practice, role: Role) -> Membership:
    with tenancy.scope(practice.pk):
        found: Membership = factories.MembershipFactory(role=role)
        return found


def test_an_invitation_opens_once_and_its_token_is_nowhere(practice: Practice) -> None:
    invited = invite(practice)
    assert team.practice_of(invited.token) == practice.pk
    with tenancy.scope(practice.pk):
        found = team.invitation_of(invited.token, now=NOW)
        assert found is not None and found.email == "neu@praxis.example"
        assert invited.token not in str(Invitation.objects.values().get())
        user = factories.UserFactory(email=found.email)
        assert team.accept(found, user=user, now=NOW)
        assert not team.accept(found, user=user, now=NOW)
        assert team.invitation_of(invited.token, now=NOW) is None
    assert [one.role for one in memberships_of(user.pk)] == [Role.STAFF]


def test_an_invitation_ends_after_a_week_by_a_newer_one_and_when_it_is_withdrawn(practice: Practice) -> None:
    first, second = invite(practice), invite(practice)
    with tenancy.scope(practice.pk):
        assert team.invitation_of(first.token, now=NOW) is None
        assert team.invitation_of(second.token, now=NOW + team.VALID_FOR) is None
        assert team.invitation_of(second.token, now=NOW + team.VALID_FOR - timedelta(seconds=1))
        assert team.withdraw(invitation_id=second.invitation.pk, by=record.SYSTEM, now=NOW)
        assert not team.withdraw(invitation_id=second.invitation.pk, by=record.SYSTEM, now=NOW)
        assert team.invitation_of(second.token, now=NOW) is None


def test_a_member_is_not_invited_again(practice: Practice) -> None:
    known = member(practice, Role.VIEWER)
    with pytest.raises(TeamError, match="member_already"):
        invite(practice, known.user.email)


def test_a_token_of_one_practice_opens_no_other(practice: Practice) -> None:
    invited, other = invite(practice), factories.make_practice(name="Andere Praxis")
    with tenancy.scope(other.pk):
        assert team.invitation_of(invited.token, now=NOW) is None
    assert team.practice_of("x" * 500) is None


def test_another_role_ends_the_sessions(practice: Practice) -> None:
    member(practice, Role.MANAGER)
    one = member(practice, Role.MANAGER)
    before = User.objects.get(pk=one.user_id).get_session_auth_hash()
    with tenancy.scope(practice.pk):
        assert not team.change_role(membership_id=one.pk, role=Role.MANAGER, by=record.SYSTEM, now=NOW)
        assert User.objects.get(pk=one.user_id).get_session_auth_hash() == before
        assert team.change_role(membership_id=one.pk, role=Role.VIEWER, by=record.SYSTEM, now=NOW)
    assert User.objects.get(pk=one.user_id).get_session_auth_hash() != before


def test_the_last_manager_neither_goes_nor_becomes_anything_else(practice: Practice) -> None:
    last = member(practice, Role.MANAGER)
    member(practice, Role.PHYSICIAN)
    with tenancy.scope(practice.pk):
        with pytest.raises(TeamError, match="last_manager"):
            team.deactivate(membership_id=last.pk, by=record.SYSTEM, now=NOW)
        with pytest.raises(TeamError, match="last_manager"):
            team.change_role(membership_id=last.pk, role=Role.STAFF, by=record.SYSTEM, now=NOW)


def test_two_managers_who_let_each_other_go_at_once_leave_one(practice: Practice) -> None:
    pair = [member(practice, Role.MANAGER), member(practice, Role.MANAGER)]

    def let_go(one: Membership) -> bool:
        try:
            with tenancy.scope(practice.pk):
                team.deactivate(membership_id=one.pk, by=record.SYSTEM, now=NOW)
        except TeamError:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(let_go, pair)) == [False, True]
    with tenancy.scope(practice.pk):
        assert Membership.objects.filter(active=True).count() == 1
