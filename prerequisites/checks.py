"""What the practice does itself: a check, or the physician's conversation, with who did it and when."""

from datetime import datetime, timedelta

from practices import record
from practices.models import Membership, Role
from practices.queries import members
from prerequisites import acts, consent
from prerequisites.acts import UNDECIDED, NotAllowedError
from prerequisites.models import Kind, Prerequisite, RequirementState

LONGEST_AGO = timedelta(days=365)


def may_hold(prerequisite: Prerequisite) -> list[Membership]:
    """The active members who may have done it: physicians where it is a conversation or theirs alone."""
    asked = {"kind": prerequisite.kind, "code": prerequisite.code}
    physicians_only = prerequisite.by_physician or consent.is_conversation(**asked)
    roles = (Role.PHYSICIAN,) if physicians_only else (Role.PHYSICIAN, Role.STAFF, Role.MANAGER)
    return members(*roles)


def note_done(
    *,
    requirement_id: int,
    held_by: int,
    held_at: datetime,
    by: record.Actor,
    now: datetime,
    as_physician: bool = False,
) -> None:
    """`by` notes that the check was done, or the conversation held, by that person (user id) at that time.
    Also within a week after the appointment, of what was done before its end. NotAllowedError: "wrong_kind",
    "physician_only", "held_by" (nobody who may), "held_in_future", "held_after", "held_long_ago"."""
    requirement = acts.get(requirement_id, kinds=(Kind.STAFF_CHECK,), late_at=now)
    prerequisite = requirement.prerequisite
    if prerequisite.by_physician and not as_physician:
        raise NotAllowedError("physician_only")
    if held_by not in {member.user_id for member in may_hold(prerequisite)}:
        raise NotAllowedError("held_by")
    if held_at > now:
        raise NotAllowedError("held_in_future")
    if held_at > requirement.case.appointment.end:
        raise NotAllowedError("held_after")
    if held_at < now - LONGEST_AGO:
        raise NotAllowedError("held_long_ago")
    held = {"held_by_id": held_by, "held_at": held_at}
    acts.decide(requirement, UNDECIDED, RequirementState.ACCEPTED, by=by, now=now, **held)
    acts.submission(requirement, by=by, how="staff", now=now)
    data = {"how": "staff", "held_by": held_by, "held_at": held_at.isoformat()}
    acts.after(requirement, "requirement.held", by=by, now=now, data=data)
