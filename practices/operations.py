"""Writes about practices and people."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

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


def change_practice(*, fields: Mapping[str, Any], by: record.Actor, now: datetime) -> None:
    """New values of the practice in scope; the record names what changed, not to what."""
    practice = Practice.objects.get()
    changed = {name: value for name, value in fields.items() if getattr(practice, name) != value}
    if not changed:
        return
    Practice.objects.filter(pk=practice.pk).update(**changed)
    record.write(record.Entry(event="practice.changed", at=now, actor=by, data={"fields": sorted(changed)}))


def pass_step(step: str) -> None:
    """A step of the set-up that leaves no other fact was gone through."""
    practice = Practice.objects.select_for_update(no_key=True).get()
    passed = {*practice.setup_passed.split(), step}
    Practice.objects.filter(pk=practice.pk).update(setup_passed=" ".join(sorted(passed)))


def set_text_price(*, price: Decimal | None, by: record.Actor, now: datetime) -> None:
    """What a text costs the practice in scope, in euros; None: not known. Reports count with it."""
    if Practice.objects.update(text_price=price):
        data = {"price": None if price is None else str(price)}
        record.write(record.Entry(event="practice.text_price", at=now, actor=by, data=data))
