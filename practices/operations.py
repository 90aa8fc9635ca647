"""Writes about practices and people."""

from datetime import datetime

from django.db import connection

from practices import record, tenancy
from practices.models import Membership, Practice, Role, User


def create_practice(
    *,
    name: str,
    sender_name: str,
    now: datetime,
    languages: list[str],
    channels: list[str],
    **details: object,
) -> Practice:
    """A new practice with a key of its own. `details` are further fields of Practice."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence('practices_practice', 'id'))")
        practice_id = int(cursor.fetchone()[0])
    with tenancy.scope(practice_id):
        practice = Practice.objects.create(
            id=practice_id,
            name=name,
            sender_name=sender_name,
            languages=languages,
            channels=channels,
            **details,
        )
        record.write(record.Entry(event="practice.created", at=now, data={"practice": practice_id}))
    return practice


def add_member(*, user: User, role: Role, by: record.Actor, now: datetime) -> Membership:
    """Makes a person a member of the practice in scope, or changes the role of one who is."""
    membership, _ = Membership.objects.update_or_create(
        practice_id=tenancy.current(), user=user, defaults={"role": role, "active": True}
    )
    data = {"user": user.pk, "role": str(role)}
    record.write(record.Entry(event="practice.member", at=now, actor=by, data=data))
    return membership


def choose_language(*, user: User, language: str) -> None:
    """The language in which a person sees Treffa."""
    User.objects.filter(pk=user.pk).update(language=language)
