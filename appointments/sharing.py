"""Appointments that stand in several calendars of a practice: found where a calendar was applied, prepared once.

`Appointment.same_as` says so; which of them is prepared is decided by `matching.shared`. Whoever writes here, or cancels,
holds the practice's turn (`take_turn`): of two calendars that are applied at once the second sees what the first wrote.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime

from django.db import connection

from appointments.matching import shared
from appointments.matching.shared import Standing
from appointments.models import Appointment, AppointmentStatus, Feed, FeedState
from practices import record, rows, tenancy
from practices.nudge import nudge

# "shared", as the advisory lock's first number.
LOCK = 0x5A4ED
TURN = "SELECT pg_advisory_xact_lock(%s, %s), count(*) FROM (SELECT FROM appointments_feed WHERE practice_id = %s LIMIT 2) f"
# The groups of these appointments, and of all that they, or who leads them, may be the same as. Equality alone may use an
# index here.
GROUPS = """
WITH asked AS MATERIALIZED (
  SELECT id, feed_id, uid, recurrence_id, start, patient_id, coalesce(same_as_id, id) AS root,
         status <> 'cancelled' AND "end" > %(now)s AS live
    FROM appointments_appointment WHERE practice_id = %(practice)s AND id = ANY(%(ids)s::bigint[])
), ours AS MATERIALIZED (
  SELECT * FROM asked
  UNION SELECT a.id, a.feed_id, a.uid, a.recurrence_id, a.start, a.patient_id, a.id, a.status <> 'cancelled' AND a."end" > %(now)s
    FROM asked o JOIN appointments_appointment a ON a.practice_id = %(practice)s AND a.id = o.root WHERE o.root <> o.id
), roots AS MATERIALIZED (
  SELECT o.root AS id FROM ours o WHERE o.root <> o.id
  UNION SELECT o.id FROM ours o JOIN appointments_appointment t ON t.practice_id = %(practice)s AND t.same_as_id = o.id
  UNION SELECT unnest(ARRAY[o.root, coalesce(t.same_as_id, t.id)])
    FROM ours o JOIN appointments_appointment t ON t.practice_id = %(practice)s AND t.start = o.start
   WHERE o.live AND t.feed_id <> o.feed_id AND t.status <> 'cancelled'
     AND (t.patient_id = o.patient_id OR (t.uid = o.uid AND t.recurrence_id = o.recurrence_id))
), found AS (
  SELECT a.* FROM appointments_appointment a JOIN roots r ON r.id = a.id WHERE a.practice_id = %(practice)s
  UNION SELECT a.* FROM appointments_appointment a JOIN roots r ON r.id = a.same_as_id WHERE a.practice_id = %(practice)s
)
SELECT a.id, a.feed_id, f.state <> 'paused', a.uid, a.recurrence_id, a.start, a.patient_id, a.person, a.type_id, a.type_text,
       a.status <> 'cancelled' AND a."end" > %(now)s, a.absent_since IS NOT NULL, a.same_as_id, a.to_settle
  FROM found a JOIN appointments_feed f ON f.id = a.feed_id AND f.practice_id = %(practice)s
"""
COLUMNS = (
    *(
        "id",
        "feed_id",
        "read",
        "uid",
        "recurrence_id",
        "start",
        "patient_id",
        "person",
        "type_id",
        "type_text",
    ),
    *("live", "missing", "same_as", "to_settle"),
)


def take_turn() -> bool:
    """Waits until nobody else in the practice writes what stands in several calendars, and holds that until the
    transaction ends. To be called before any appointment is locked. Returns whether the practice has several calendars."""
    practice_id = tenancy.current()
    with connection.cursor() as cursor:
        cursor.execute(TURN, [LOCK, practice_id % 2**31, practice_id])
        (_, feeds) = cursor.fetchone()
    return bool(feeds > 1)


def settle(
    *,
    feed_id: int,
    changed: Collection[int],
    waiting: Collection[int],
    gone: Collection[int] = (),
    now: datetime,
) -> int:
    """After a calendar was applied: which of its appointments are those of another calendar, and which no longer are. What
    is `gone` leaves its place to others. Returns how many are otherwise than before."""
    if gone:
        left = Appointment.objects.filter(rows.among("pk", gone, type="bigint"), same_as__isnull=False)
        changed = {*changed, *left.values_list("same_as_id", flat=True)}
    ids = {*changed, *waiting}
    if not ids:
        return 0
    settled = shared.settle(_groups(ids, now=now), feed_id=feed_id, changed=changed, waiting=waiting)
    _write(settled, now=now)
    _looked_at(set(waiting) - {one.id for one in settled})
    return len(settled)


def pass_on(ids: Collection[int], *, now: datetime) -> list[int]:
    """Before appointments are cancelled, or their calendar is read no more: what another calendar still shows takes their
    place. Returns those that do."""
    among = rows.among("same_as", ids, type="bigint")
    if not Appointment.objects.filter(among).exclude(status=AppointmentStatus.CANCELLED).exists():
        return []
    found = {row.id: row for row in _groups(ids, now=now)}
    passed = shared.pass_on(set(ids), list(found.values()))
    heirs = {one.id: found[one.id].same_as for one in passed if one.same_as is None}
    gone = [
        replace(found[left], same_as=heir, to_settle=False)
        for heir, left in heirs.items()
        if left is not None
    ]
    _write([*passed, *gone], now=now)
    return list(heirs)


def leave(feed_id: int, *, now: datetime) -> None:
    """A calendar is read no more, and its feed says so already: what others show as well is prepared as they say."""
    take_turn()
    mine = Appointment.objects.filter(feed=feed_id, end__gt=now, same_as=None, also__isnull=False)
    if pass_on(set(mine.values_list("pk", flat=True)), now=now):
        nudge(stage="cases", practice_id=tenancy.current())


def calendars(appointment: Appointment) -> list[Feed]:
    """The other calendars in which an appointment stands at the same time, by name."""
    also = [
        one.feed
        for one in appointment.also.all()
        if not one.cancelled and one.start == appointment.start and one.feed.state != FeedState.PAUSED
    ]
    return sorted({feed.pk: feed for feed in also}.values(), key=lambda feed: (feed.name, feed.pk))


def _groups(ids: Collection[int], *, now: datetime) -> list[Standing]:
    with connection.cursor() as cursor:
        cursor.execute(GROUPS, {"practice": tenancy.current(), "ids": list(ids), "now": now})
        return [Standing(**dict(zip(COLUMNS, row, strict=True))) for row in cursor.fetchall()]


def _write(changed: Sequence[Standing], *, now: datetime) -> None:
    """What is prepared otherwise than before is looked at by the next stage."""
    if not changed:
        return
    found = Appointment.objects.filter(rows.among("pk", [one.id for one in changed], type="bigint"))
    held = found.select_for_update(no_key=True).order_by("pk")
    before = {row[0]: row[1:] for row in held.values_list("pk", "same_as_id", "needs_planning")}
    otherwise = [one for one in changed if before[one.id][0] != one.same_as]
    rows.update(
        Appointment,
        [
            {
                "id": one.id,
                "same_as_id": one.same_as,
                "to_settle": one.to_settle,
                "needs_planning": before[one.id][1] or before[one.id][0] != one.same_as,
            }
            for one in changed
        ],
    )
    record.write(*(_entry(one, before[one.id][0], now=now) for one in otherwise))


def _entry(one: Standing, before: int | None, *, now: datetime) -> record.Entry:
    event = "appointment.parted" if one.same_as is None else "appointment.joined"
    data = {"appointment": one.id, "feed": one.feed_id, "with": one.same_as or before}
    return record.Entry(event=event, at=now, patient_id=one.patient_id, data=data)


def _looked_at(ids: Collection[int]) -> None:
    """Those that are nobody else's, too: but for what their calendar does not show at present."""
    waiting = Appointment.objects.filter(rows.among("pk", ids, type="bigint"), to_settle=True)
    waiting.filter(absent_since=None).update(to_settle=False)
