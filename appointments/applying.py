"""Writes what a complete calendar says: set-based, in one transaction, every change in the record."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from django.db.models import CharField, F, Value
from django.db.models.functions import Cast, Concat

from appointments import ical
from appointments.matching import (
    Changes,
    Kind,
    Known,
    Rules,
    Seen,
    TypeIndex,
    TypeWords,
    Understood,
    compare,
    name_key,
    understand,
)
from appointments.models import (
    Appointment,
    AppointmentStatus,
    AppointmentType,
    Feed,
    FeedState,
    QuarantinedEvent,
)
from appointments.people import Directory, same_person
from practices import record, tenancy
from practices.models import Practice

WRITTEN = [
    "uid",
    "recurrence_id",
    "sequence",
    "patient",
    "type",
    "summary",
    "practitioner",
    "start",
    "end",
    "all_day",
    "status",
    "moved_from",
    "absent_since",
    "revision",
    "needs_planning",
    "type_text",
    "person",
    "content",
]


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


def type_index() -> TypeIndex:
    """The types of the practice in scope."""
    rows = AppointmentType.objects.values_list("id", "name", "keywords")
    return TypeIndex(TypeWords(id=pk, name=name, keywords=tuple(keywords)) for pk, name, keywords in rows)


def apply(*, feed: Feed, calendar: ical.Calendar, rules: Rules, window: ical.Window, now: datetime) -> Counts:
    """Makes the appointments of a locked feed what a complete calendar says."""
    return _Application(feed=feed, calendar=calendar, rules=rules, window=window, now=now).run()


class _Application:
    """One calendar being applied."""

    def __init__(
        self, *, feed: Feed, calendar: ical.Calendar, rules: Rules, window: ical.Window, now: datetime
    ) -> None:
        self.feed, self.window, self.now = feed, window, now
        self.events = calendar.events
        self.said: dict[int, Understood] = {}
        self.lost = list(calendar.quarantined)
        self.entries: list[record.Entry] = []
        types = type_index()
        for index, event in enumerate(self.events):
            said = understand(event, rules=rules, types=types)
            if said.kind is Kind.APPOINTMENT:
                self.said[index] = said
            elif said.kind is Kind.UNREADABLE:
                self.lost.append(
                    ical.Quarantined(reason="empty", uid=event.uid, excerpt=f"{event.start:%Y-%m-%d}")
                )

    def run(self) -> Counts:
        changes = self._compare()
        touched = [*changes.changed, *changes.moved, *changes.reappeared]
        new = [self.said[one.index] for one in changes.created]
        people = Directory.of(
            [*new, *(self.said[seen.index] for _, seen in touched)],
            appointment_ids=[known.id for known, _ in touched],
            practice=Practice.objects.get(),
            now=self.now,
        )
        created = [self._row(one, people) for one in changes.created]
        updated, taken = self._updated(touched, people)
        self._release(known for known, _ in taken)
        created += [self._row(seen, people) for _, seen in taken]
        people.save()
        Appointment.objects.bulk_create(_with_patients(created), batch_size=1000)
        Appointment.objects.bulk_update(_with_patients(updated), WRITTEN, batch_size=500)
        self._rekey(changes)
        self._cancel(changes.cancelled, reason="said")
        self._cancel(changes.vanished, reason="absent")
        self._mark_absent(changes)
        self._quarantine()
        self._freeze(changes)
        self._record(changes, created=created, updated=updated, people=people)
        return Counts(
            created=len(created),
            changed=len(changes.changed) + len(changes.reappeared),
            moved=len(changes.moved),
            cancelled=len(changes.cancelled) + len(changes.vanished),
            absent=len(changes.absent),
            quarantined=len(self.lost),
            frozen=changes.frozen,
        )

    # Comparing

    def _compare(self) -> Changes:
        seen = [self._seen(index, said) for index, said in self.said.items()]
        recent = Appointment.objects.filter(feed=self.feed, end__gte=self.window.start)
        known, absent = _known(recent)
        changes = self._changes(known, seen, absent)
        new = [one.uid for one in changes.created]
        if new:
            # An old appointment under the same UID came back into the window.
            old, _ = _known(
                Appointment.objects.filter(feed=self.feed, uid__in=new, end__lt=self.window.start)
            )
            if old:
                changes = self._changes([*known, *old], seen, absent)
        return changes

    def _changes(self, known: list[Known], seen: list[Seen], absent: set[int]) -> Changes:
        lost = {one.uid for one in self.lost}
        return compare(known, seen, window=self.window, now=self.now, absent_before=absent, quarantined=lost)

    def _seen(self, index: int, said: Understood) -> Seen:
        event = self.events[index]
        return Seen(
            index=index,
            uid=event.uid,
            recurrence_id=event.recurrence_id,
            start=event.start,
            end=event.end,
            summary=event.summary[:255],
            person=_person(said),
            type_id=said.type_id,
            content=_content(event, said),
            sequence=event.sequence,
            cancelled=event.status == "CANCELLED",
        )

    # Writing

    def _row(self, one: Seen, people: Directory) -> Appointment:
        row = Appointment(practice_id=tenancy.current(), feed=self.feed, booked_at=self.now)
        self._fill(row, one)
        row.patient = people.find_or_add(self.said[one.index])
        return row

    def _updated(
        self, touched: list[tuple[Known, Seen]], people: Directory
    ) -> tuple[list[Appointment], list[tuple[Known, Seen]]]:
        """The rows as the feed says them now, and those whose event was given to another person."""
        held = Appointment.objects.select_for_update(of=("self",), no_key=True).order_by("pk")
        rows = held.select_related("patient").in_bulk([known.id for known, _ in touched])
        taken = []
        for known, seen in touched:
            row, said = rows[known.id], self.said[seen.index]
            if row.patient is not None and said.name and not same_person(row.patient, said):
                del rows[known.id]
                taken.append((known, seen))
                continue
            if seen.start != known.start:
                row.moved_from = known.start
            self._fill(row, seen)
            row.revision += 1
            if row.patient is None:
                row.patient = people.find_or_add(said)
            elif said.name:  # an event that names nobody any more takes the patient from nobody
                people.complete(row.patient, said, replace=True)
        return list(rows.values()), taken

    def _release(self, gone: Iterable[Known]) -> None:
        """An event that names another person now is another appointment: what the first one handed in, and their link,
        stay with theirs, which is cancelled and leaves its UID to the new one."""
        ids = [one.id for one in gone]
        if ids:
            Appointment.objects.filter(pk__in=ids).update(
                uid=Concat(Value("released:"), Cast("pk", CharField()))
            )
            cancel(ids=ids, reason="another_person", actor=record.SYSTEM, now=self.now)

    def _fill(self, row: Appointment, one: Seen) -> None:
        event, said = self.events[one.index], self.said[one.index]
        row.uid, row.recurrence_id, row.sequence = one.uid, one.recurrence_id, one.sequence
        row.start, row.end, row.all_day = one.start, one.end, event.all_day
        row.summary, row.practitioner = one.summary, said.practitioner
        if said.type_id is not None or row.type_text != said.type_text[:120]:
            row.type_id = said.type_id
        row.type_text, row.person, row.content = said.type_text[:120], one.person, one.content
        row.status = AppointmentStatus.CONFIRMED
        row.absent_since = None
        row.needs_planning = True

    def _rekey(self, changes: Changes) -> None:
        """UIDs that changed over the same content: taken over, and nobody's business."""
        rows = [
            Appointment(pk=known.id, uid=seen.uid, recurrence_id=seen.recurrence_id, sequence=seen.sequence)
            for known, seen in changes.rekeyed
        ]
        Appointment.objects.bulk_update(rows, ["uid", "recurrence_id", "sequence"], batch_size=1000)

    def _cancel(self, gone: Iterable[Known], *, reason: str) -> None:
        ids = [one.id for one in gone]
        if ids:
            cancel(ids=ids, reason=reason, actor=record.SYSTEM, now=self.now)

    def _mark_absent(self, changes: Changes) -> None:
        if changes.absent:
            Appointment.objects.filter(pk__in=changes.absent, absent_since=None).update(absent_since=self.now)
        if changes.present:
            Appointment.objects.filter(pk__in=changes.present).update(absent_since=None)

    def _quarantine(self) -> None:
        rows = {_fingerprint(one): one for one in self.lost}
        known = set(QuarantinedEvent.objects.filter(feed=self.feed).values_list("fingerprint", flat=True))
        if known - set(rows):
            QuarantinedEvent.objects.filter(feed=self.feed).exclude(fingerprint__in=rows).delete()
        QuarantinedEvent.objects.bulk_create(
            QuarantinedEvent(
                practice_id=tenancy.current(),
                feed=self.feed,
                fingerprint=fingerprint,
                reason=one.reason[:60],
                excerpt=one.excerpt[:200],
                seen_at=self.now,
            )
            for fingerprint, one in rows.items()
            if fingerprint not in known
        )

    def _freeze(self, changes: Changes) -> None:
        if changes.frozen and self.feed.state != FeedState.FROZEN:
            self._note("feed.frozen", data={"feed": self.feed.pk, "missing": len(changes.absent)})
        self.feed.state = FeedState.FROZEN if changes.frozen else FeedState.ACTIVE
        self.feed.missing_ids = sorted(changes.absent) if changes.frozen else []

    # The record

    def _record(
        self, changes: Changes, *, created: list[Appointment], updated: list[Appointment], people: Directory
    ) -> None:
        for patient in people.created:
            self._note("patient.created", patient_id=patient.pk)
        for patient in people.completed:
            self._note("patient.completed", patient_id=patient.pk)
        for row in created:
            self._note_row("appointment.booked", row)
        events = {
            **{known.id: "appointment.changed" for known, _ in changes.changed},
            **{known.id: "appointment.moved" for known, _ in changes.moved},
            **{known.id: "appointment.reappeared" for known, _ in changes.reappeared},
        }
        for row in updated:
            self._note_row(events[row.pk], row)
        record.write(*self.entries)

    def _note_row(self, event: str, row: Appointment) -> None:
        data = {
            "appointment": row.pk,
            "feed": self.feed.pk,
            "start": row.start.isoformat(),
            "type": row.type_id,
        }
        if event == "appointment.moved" and row.moved_from:
            data["from"] = row.moved_from.isoformat()
        self._note(event, data=data, patient_id=row.patient_id)

    def _note(
        self, event: str, *, data: dict[str, object] | None = None, patient_id: int | None = None
    ) -> None:
        self.entries.append(record.Entry(event=event, at=self.now, data=data or {}, patient_id=patient_id))


def cancel(*, ids: list[int], reason: str, actor: record.Actor, now: datetime) -> int:
    """Cancels those of the appointments that are not, and says so in the record. `reason`: said, absent,
    confirmed, another_person."""
    live = Appointment.objects.filter(pk__in=ids).exclude(status=AppointmentStatus.CANCELLED)
    rows = list(live.select_for_update(no_key=True).order_by("pk").values_list("id", "patient_id", "start"))
    Appointment.objects.filter(pk__in=[pk for pk, _, _ in rows]).update(
        status=AppointmentStatus.CANCELLED,
        absent_since=None,
        revision=F("revision") + 1,
        needs_planning=True,
    )
    record.write(
        *(
            record.Entry(
                event="appointment.cancelled",
                at=now,
                actor=actor,
                patient_id=patient_id,
                data={"appointment": pk, "start": start.isoformat(), "reason": reason},
            )
            for pk, patient_id, start in rows
        )
    )
    return len(rows)


def _known(rows: "Iterable[Appointment]") -> tuple[list[Known], set[int]]:
    """(appointments as they are compared, the ids of those that were absent)."""
    known, absent = [], set()
    for row in rows:
        known.append(
            Known(
                id=row.pk,
                uid=row.uid,
                recurrence_id=row.recurrence_id,
                start=row.start,
                end=row.end,
                summary=row.summary,
                person=row.person,
                type_id=row.type_id,
                content=row.content,
                cancelled=row.cancelled,
            )
        )
        if row.absent_since is not None:
            absent.add(row.pk)
    return known, absent


def _person(said: Understood) -> str:
    """Who the event names, as far as it says: enough to tell a move, not enough to merge patients."""
    name = name_key(said.name)
    return f"{name}|{said.birth_date or ''}"[:240] if name else ""


def _content(event: ical.Event, said: Understood) -> str:
    """A hash over all that is stored of an event, or read from it, save its times and its type."""
    parts = (
        event.summary,
        event.description,
        event.location,
        event.all_day,
        event.categories,
        event.attendees,
    )
    return hashlib.blake2b(
        repr((parts, replace(said, type_id=None, problems=()))).encode(), digest_size=16
    ).hexdigest()


def _fingerprint(one: ical.Quarantined) -> str:
    return hashlib.sha256(f"{one.uid}|{one.reason}|{one.excerpt}".encode()).hexdigest()


def _with_patients(rows: list[Appointment]) -> list[Appointment]:
    """Patients get their ids when they are saved; the rows that name them learn them here."""
    for row in rows:
        row.patient_id = row.patient.pk if row.patient is not None else None
    return rows
