"""Who works in a practice: inviting, joining, changing roles, leaving. Needs an open scope unless said otherwise.

A practice never loses its last manager: whoever changes the team holds the practice's row, so that two who do it at once
come one after the other. With a role the sessions of its person end.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import F

from practices import lookups, record, tenancy, tokens
from practices.models import Invitation, Membership, Practice, Role, User
from practices.operations import add_member

VALID_FOR = timedelta(days=7)
MOST_A_DAY = 50


class TeamError(Exception):
    """Why something about the team is not done: last_manager, member_already, too_many or address_taken."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, kw_only=True)
class Invited:
    """An invitation with the token that goes into the mail and is nowhere else."""

    invitation: Invitation
    token: str


def invite(
    *, email: str, name: str, role: Role, by: record.Actor, now: datetime, valid_for: timedelta = VALID_FOR
) -> Invited:
    """A link for a person at this address; an older one for it ends. TeamError("member_already", "too_many")."""
    hold_team()
    email = email.strip().lower()
    if Membership.objects.filter(user__email=email, active=True).exists():
        raise TeamError("member_already")
    if Invitation.objects.filter(sent_at__gt=now - timedelta(days=1)).count() >= MOST_A_DAY:
        raise TeamError("too_many")
    is_open = Invitation.objects.filter(accepted_at=None, withdrawn_at=None)
    is_open.filter(email=email).update(withdrawn_at=now)
    token = secrets.token_urlsafe(32)
    invitation = Invitation.objects.create(
        practice_id=tenancy.current(),
        email=email,
        name=name.strip()[:120],
        role=role,
        token_hash=tokens.hash_of(token),
        by_id=by.user_id,
        sent_at=now,
        expires_at=now + valid_for,
    )
    data = {"invitation": invitation.pk, "role": str(role)}
    record.write(record.Entry(event="practice.invited", at=now, actor=by, data=data))
    return Invited(invitation=invitation, token=token)


def withdraw(*, invitation_id: int, by: record.Actor, now: datetime) -> bool:
    """The link is worth nothing from now on. False if it was used or withdrawn already."""
    found = Invitation.objects.filter(pk=invitation_id, accepted_at=None, withdrawn_at=None)
    if not found.update(withdrawn_at=now):
        return False
    data = {"invitation": invitation_id}
    record.write(record.Entry(event="practice.invitation_withdrawn", at=now, actor=by, data=data))
    return True


def practice_of(token: str) -> int | None:
    """The practice that a token invites to, whether or not it still does. Needs no scope."""
    return next(iter(lookups.practices("treffa_practice_of_invitation", tokens.hash_of(token))), None)


def invitation_of(token: str, *, now: datetime) -> Invitation | None:
    """The invitation, while it may be accepted."""
    found = Invitation.objects.filter(token_hash=tokens.hash_of(token), accepted_at=None, withdrawn_at=None)
    return found.select_related("practice").filter(expires_at__gt=now).first()


def known(email: str) -> User | None:
    """The person who signs in by this address; operators are not seen here."""
    return User.objects.filter(email=email.lower()).first()


def new_person(*, email: str, name: str, password: str, language: str) -> User:
    """Somebody who signs in from now on. TeamError("address_taken") where the address is somebody's."""
    try:
        with transaction.atomic():
            return User.objects.create_user(email, password, name=name, language=language)
    except IntegrityError:
        raise TeamError("address_taken") from None


def accept(invitation: Invitation, *, user: User, now: datetime) -> bool:
    """The person is a member from now on. False if the invitation was used, withdrawn or over meanwhile."""
    is_open = Invitation.objects.filter(pk=invitation.pk, accepted_at=None, withdrawn_at=None)
    if not is_open.filter(expires_at__gt=now).update(accepted_at=now):
        return False
    add_member(user=user, role=Role(invitation.role), by=record.staff(user.pk), now=now)
    return True


def change_role(*, membership_id: int, role: Role, by: record.Actor, now: datetime) -> bool:
    """Another role. False if it is their role already. TeamError("last_manager"), Membership.DoesNotExist."""
    member = _held(membership_id)
    if member.role == role:
        return False
    _keep_a_manager(member, now_manager=role == Role.MANAGER)
    Membership.objects.filter(pk=member.pk).update(role=role)
    end_sessions(member.user_id)
    data = {"user": member.user_id, "role": str(role)}
    record.write(record.Entry(event="practice.member", at=now, actor=by, data=data))
    return True


def deactivate(*, membership_id: int, by: record.Actor, now: datetime) -> None:
    """The person gets at nothing of the practice any more. TeamError("last_manager"), Membership.DoesNotExist."""
    member = _held(membership_id)
    _keep_a_manager(member, now_manager=False)
    Membership.objects.filter(pk=member.pk).update(active=False)
    end_sessions(member.user_id)
    data = {"user": member.user_id, "active": False}
    record.write(record.Entry(event="practice.member_left", at=now, actor=by, data=data))


def end_sessions(user_id: int) -> None:
    """The person has to sign in anew, everywhere."""
    User.objects.filter(pk=user_id).update(sessions_ended=F("sessions_ended") + 1)


def hold_team() -> None:
    """Until the transaction ends nobody else changes the team."""
    Practice.objects.select_for_update(no_key=True).get()


def _held(membership_id: int) -> Membership:
    hold_team()
    return Membership.objects.select_related("user").get(pk=membership_id, active=True)


def _keep_a_manager(member: Membership, *, now_manager: bool) -> None:
    if member.role != Role.MANAGER or now_manager:
        return
    others = Membership.objects.filter(role=Role.MANAGER, active=True, user__is_active=True)
    if not others.exclude(pk=member.pk).exists():
        raise TeamError("last_manager")
