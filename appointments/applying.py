"""Writes what a complete calendar says: set-based, in one transaction, every change in the record."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Max

from appointments import comparing, ical, sharing
from appointments.adopting import adopt
from appointments.booking import Bookings, release
from appointments.cancelling import cancel
from appointments.comparing import Stored, hold
from appointments.matching import Changes, Known, Rules, Seen, Shown, compare
from appointments.models import Appointment, AppointmentStatus, Feed, FeedState
from appointments.people import Directory
from appointments.quarantining import quarantine
from appointments.remembering import CALLED_OFF, NOTHING, Entry, uid_hash
from appointments.rereading import Reading
from appointments.seeing import Sight
from appointments.setting_apart import set_apart
from practices import record, rows


@dataclass(frozen=True, kw_only=True)
class Counts:
    """How much was written."""

    created: int = 0
    changed: int = 0
    moved: int = 0
    cancelled: int = 0
    absent: int = 0
    quarantined: int = 0
    frozen: bool = False

    @property
    def anything(self) -> bool:
        return bool(self.created or self.changed or self.moved or self.cancelled)


@dataclass(frozen=True, kw_only=True)
class Applied:
    """What was written, and what is to be remembered of the blocks that were read; `remembered` are the appointments
    that say so already."""

    counts: Counts
    entries: list[Entry]
    remembered: frozenset[int]


def apply(
    *,
    feed: Feed,
    found: Reading,
    rules: Rules,
    window: ical.Window,
    to_settle: Collection[int] = (),
    now: datetime,
) -> Applied:
    """Makes the appointments of a locked feed what a complete calendar says. `to_settle` are those for whose sake it was
    read again (`sharing`)."""
    return _Application(feed=feed, found=found, rules=rules, window=window, now=now).run(to_settle)


class _Application:
    """One calendar being applied."""

    def __init__(
        self, *, feed: Feed, found: Reading, rules: Rules, window: ical.Window, now: datetime
    ) -> None:
        self.feed, self.found, self.window, self.now = feed, found, window, now
        self.sight = Sight(events=found.calendar.events, rules=rules)
        self.stored = Stored()
        self.lost = list(found.calendar.quarantined)
        self.entries: list[record.Entry] = []

    def run(self, to_settle: Collection[int]) -> Applied:
        changes = self._compare()
        several = sharing.take_turn() if changes.anything or to_settle else False
        bookings = self._book(changes)
        self._rekey(changes)
        self._cancel(changes.cancelled, reason="said")
        self._cancel(changes.vanished, reason="absent")
        self._mark_absent(changes)
        if several or to_settle:
            gone = [one.id for one in (*changes.cancelled, *changes.vanished)]
            self._settle(bookings, to_settle, gone)
        quarantine(feed=self.feed, lost=self.lost, now=self.now)
        own = [self.sight.events[index] for index in self.sight.own]
        set_apart(feed=self.feed, events=own, unread=self.found.kept.uids, now=self.now)
        self._freeze(changes)
        self._record(changes, bookings)
        counts = Counts(
            created=len(bookings.created),
            changed=len(changes.changed) + len(changes.reappeared),
            moved=len(changes.moved),
            cancelled=len(changes.cancelled) + len(changes.vanished),
            absent=len(changes.absent),
            quarantined=len(self.lost),
            frozen=changes.frozen,
        )
        return Applied(
            counts=counts,
            entries=list(self._remembered(changes, bookings)),
            remembered=bookings.remembered_ids(),
        )

    # Comparing

    def _compare(self) -> Changes:
        self.stored = self._recent()
        seen = self._see()
        if self.feed.last_good_at is None and (adopted := adopt(feed=self.feed, seen=seen, now=self.now)):
            self._note("feed.adopted", data={"feed": self.feed.pk, "appointments": adopted})
            self.stored = self._recent()
        changes = self._changes(seen)
        pairs = (*changes.rewritten, *changes.rekeyed)
        new = [
            *(one.uid for one in changes.created),
            *(seen.uid for one, seen in pairs if seen.uid != one.uid),
        ]
        if new and self.stored.add(comparing.by_uid(self.feed.pk, new, before=self.window.start)):
            # An old appointment under the same UID: it came back into the window, or leaves its UID.
            changes = self._changes(seen)
        return changes

    def _changes(self, seen: list[Seen]) -> Changes:
        lost = {one.uid for one in self.lost}
        return compare(
            self.stored.known,
            seen,
            window=self.window,
            now=self.now,
            absent_before=self.stored.absent,
            quarantined=lost,
            count=None if self.found.loose is None else self._count_expected,
            uids_last=self.found.uids_last,
            kept=self.feed.kept_ids,
            shown=Shown(
                as_many=self.found.written >= self.feed.written,
                steady=self.feed.steady,
                last=self._last_kept,
            ),
        )

    def _last_kept(self) -> datetime | None:
        """When the last appointment is of which the calendar says what it said."""
        if self.found.loose is None:
            return None
        loose = rows.among("pk", self.found.loose, type="bigint")
        live = Appointment.objects.filter(feed=self.feed).exclude(loose)
        last = live.exclude(status=AppointmentStatus.CANCELLED).aggregate(last=Max("start"))
        return last["last"]  # type: ignore[no-any-return]

    def _count_expected(self) -> int:
        """How many appointments of the feed would be missed, were they not in its calendar."""
        coming = Appointment.objects.filter(feed=self.feed, start__gt=self.now, start__lt=self.window.end)
        return coming.exclude(status=AppointmentStatus.CANCELLED).count()

    def _see(self) -> list[Seen]:
        self.sight.see([one for one in self.stored.known if one.id in self.found.steady])
        for index in sorted(self.sight.unreadable):
            event = self.sight.events[index]
            self.lost.append(
                ical.Quarantined(reason="empty", uid=event.uid, excerpt=f"{event.start:%Y-%m-%d}")
            )
        return self.sight.seen

    def _recent(self) -> Stored:
        """What the calendar is compared with."""
        if self.found.loose is None:
            return comparing.of_feed(self.feed.pk, since=self.window.start)
        return comparing.by_id(self.found.loose, since=self.window.start)

    # Writing

    def _book(self, changes: Changes) -> Bookings:
        retimed = [pair for pair in changes.rewritten if self._says_the_same(*pair)]
        touched = [pair for pair in changes.rewritten if not self._says_the_same(*pair)]
        written = [*changes.created, *(seen for _, seen in touched)]
        patients = self.stored.patients
        people = Directory.of(
            [self.sight.said(one.index) for one in written],
            patient_ids=[patients[known.id] for known, _ in touched if known.id in patients],
            practice=self.feed.practice,
            now=self.now,
        )
        # After the patients, in everybody's order (prerequisites/locking.py).
        held = hold([known.id for known, _ in changes.rewritten])
        bookings = Bookings(
            feed_id=self.feed.pk,
            sight=self.sight,
            people=people,
            remembered=self.found.blocks.keys(),
            now=self.now,
        )
        release(changes.released)
        for one in changes.created:
            bookings.add(one)
        bookings.retime(retimed, held)
        bookings.change(touched, held)
        bookings.save()
        return bookings

    def _says_the_same(self, known: Known, seen: Seen) -> bool:
        """Whether nothing but its times is new: who and what it is stays."""
        same = known.content == seen.content and seen.type_id in (None, known.type_id)
        return same and (known.id in self.stored.patients or not seen.person)

    def _rekey(self, changes: Changes) -> None:
        """UIDs that changed over the same content: taken over, and nobody's business."""
        rows.update(
            Appointment,
            [
                {
                    "id": known.id,
                    "uid": seen.uid,
                    "recurrence_id": seen.recurrence_id,
                    "sequence": seen.sequence,
                }
                for known, seen in changes.rekeyed
            ],
        )

    def _settle(self, bookings: Bookings, to_settle: Collection[int], gone: Collection[int]) -> None:
        written = {row["id"] for row in (*bookings.created, *bookings.changed)}
        sharing.settle(feed_id=self.feed.pk, changed=written, waiting=to_settle, gone=gone, now=self.now)

    def _cancel(self, gone: Iterable[Known], *, reason: str) -> None:
        cancel(ids=[one.id for one in gone], reason=reason, actor=record.SYSTEM, now=self.now)

    def _mark_absent(self, changes: Changes) -> None:
        if changes.absent:
            gone = Appointment.objects.filter(rows.among("pk", changes.absent, type="bigint"))
            gone.filter(absent_since=None).update(absent_since=self.now)
        if changes.present:
            there = Appointment.objects.filter(rows.among("pk", changes.present, type="bigint"))
            there.update(absent_since=None)

    def _freeze(self, changes: Changes) -> None:
        if changes.frozen and self.feed.state != FeedState.FROZEN:
            self._note("feed.frozen", data={"feed": self.feed.pk, "missing": len(changes.absent)})
        self.feed.state = FeedState.FROZEN if changes.frozen else FeedState.ACTIVE
        self.feed.missing_ids = sorted(changes.absent) if changes.frozen else []
        self.feed.kept_ids = sorted(changes.kept)
        self.feed.steady, self.feed.written = changes.steady, self.found.written

    # What is remembered

    def _remembered(self, changes: Changes, bookings: Bookings) -> Iterator[Entry]:
        """Of the blocks that stand alone those that will say the same until they change."""
        ids = {index: known.id for index, known in changes.paired.items()} | bookings.ids
        for index, event in enumerate(self.sight.events):
            block = self.found.blocks.get(event.uid)
            if block is not None and (appointment_id := self._became(index, event, ids)) is not None:
                yield block, uid_hash(event.uid), appointment_id

    def _became(self, index: int, event: ical.Event, ids: Mapping[int, int]) -> int | None:
        """The appointment of an event; None if that is not yet certain."""
        if index in ids:
            return ids[index]
        if index in self.sight.unreadable:
            return None
        if index not in self.sight.appointments or event.end <= self.now:
            return NOTHING
        return CALLED_OFF if event.status == "CANCELLED" else None

    # The record

    def _record(self, changes: Changes, bookings: Bookings) -> None:
        for patient in bookings.people.created:
            self._note("patient.created", patient_id=patient.pk)
        for patient_id in bookings.people.completed:
            self._note("patient.completed", patient_id=patient_id)
        for row in bookings.created:
            self._note_row("appointment.booked", row)
        events = {
            **{known.id: "appointment.changed" for known, _ in changes.changed},
            **{known.id: "appointment.moved" for known, _ in changes.moved},
            **{known.id: "appointment.reappeared" for known, _ in changes.reappeared},
        }
        for row in bookings.changed:
            self._note_row(events[row["id"]], row)
        record.write(*self.entries)

    def _note_row(self, event: str, row: dict[str, Any]) -> None:
        data = {
            "appointment": row["id"],
            "feed": self.feed.pk,
            "start": row["start"].isoformat(),
            "type": row["type_id"],
        }
        if event == "appointment.moved" and row["moved_from"]:
            data["from"] = row["moved_from"].isoformat()
        self._note(event, data=data, patient_id=row["patient_id"])

    def _note(
        self, event: str, *, data: dict[str, object] | None = None, patient_id: int | None = None
    ) -> None:
        self.entries.append(record.Entry(event=event, at=self.now, data=data or {}, patient_id=patient_id))
