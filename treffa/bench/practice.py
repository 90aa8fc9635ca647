"""A practice to measure in, and calendars to fill it, made in memory."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.conf import settings

from appointments.fetch import Body, Validators
from appointments.operations import SyncReport, add_feed, sync_due_feeds
from practices import record, tenancy
from practices.operations import create_practice
from prerequisites.adoption import adopt_pack

HEAD = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//bench//DE\r\nX-WR-CALNAME:CT 1\r\n"
EVENT = (
    "BEGIN:VEVENT\r\nUID:{number}@bench.example\r\nDTSTAMP:{stamp}\r\nDTSTART:{start}\r\nDTEND:{end}\r\n"
    "SEQUENCE:0\r\nSTATUS:CONFIRMED\r\nTRANSP:OPAQUE\r\nCLASS:PRIVATE\r\n"
    "SUMMARY:Muster{number}\\, Alex - CT Abdomen mit KM\r\n"
    "LOCATION:Lindenallee 7\\, Musterstadt\r\n"
    "DESCRIPTION:Geburtsdatum: {born}\\nTelefon: 01525 4{phone:06}\\nNotiz: {note}\r\n"
    "END:VEVENT\r\n"
)
NOTE = "Bitte vorherige Aufnahmen und die Überweisung mitbringen. " * 4
WORKING_SLOTS, SLOT, DAYS = 32, timedelta(minutes=15), 300
STAMP = "%Y%m%dT%H%M%SZ"


@dataclass(frozen=True, kw_only=True)
class Calendar:
    """`events` appointments of as many patients, spread over the coming year (every `step`-th of them; by DAYS: all on one
    day). Of about 600 bytes an event."""

    events: int
    begins: datetime
    first: int = 0
    step: int = 1

    def body(self, *, at: datetime, moved: Collection[int] = ()) -> bytes:
        """As it is served `at`, which every event's DTSTAMP says; those that `moved` are a quarter of an hour later."""
        stamp = at.strftime(STAMP)
        numbers = range(self.first, self.first + self.events * self.step, self.step)
        shifted = frozenset(moved)
        events = (self._event(number, stamp, shifted=number in shifted) for number in numbers)
        return "".join((HEAD, *events, "END:VCALENDAR\r\n")).encode()

    def share(self, percent: int) -> Sequence[int]:
        """The numbers of evenly spread events, so many percent of all."""
        return range(self.first, self.first + self.events, 100 // percent)

    def _event(self, number: int, stamp: str, *, shifted: bool) -> str:
        day, slot = number % DAYS, number // DAYS % WORKING_SLOTS
        start = self.begins + timedelta(days=day) + slot * SLOT + (SLOT if shifted else timedelta())
        return EVENT.format(
            number=number,
            stamp=stamp,
            start=start.strftime(STAMP),
            end=(start + SLOT).strftime(STAMP),
            born=f"{number % 28 + 1:02}.{number // 28 % 12 + 1:02}.{1930 + number // 336 % 70}",
            phone=number % 1_000_000,
            note=NOTE,
        )


def begins_at(now: datetime) -> datetime:
    """The first appointment: in three days, in the morning."""
    return now.astimezone(UTC).replace(hour=7, minute=0, second=0, microsecond=0) + timedelta(days=3)


def open_practice(*, now: datetime) -> int:
    """A practice that sends nothing."""
    practice = create_practice(
        name="Messpraxis",
        sender_name="Messpraxis",
        languages=["de"],
        channels=["sms"],
        sending=False,
        now=now,
    )
    return practice.pk


class BenchPractice:
    """A practice with the radiology pack and a feed. `poll` takes in a body as the task does, the fetch aside."""

    def __init__(self, *, now: datetime) -> None:
        self.now = now
        self.begins = begins_at(now)
        self.id = open_practice(now=now)
        with tenancy.scope(self.id):
            adopt_pack("radiology", signed_off_by=None, by=record.SYSTEM, now=now)

    def add_feed(self) -> None:
        """One more feed, due at once."""
        with tenancy.scope(self.id):
            allowed = frozenset(settings.FEED_ALLOWED_ADDRESSES)
            add_feed(
                name="CT 1",
                url="https://kalender.example/bench.ics",
                by=record.SYSTEM,
                now=self.now,
                allowed_addresses=allowed,
            )

    def poll(self, body: bytes) -> SyncReport:
        """One run of the sync's task over the due feeds, the body at hand. Afterwards it is time for the next poll."""

        def ask(
            url: str, *, validators: Validators, allowed_addresses: Collection[str], now: datetime
        ) -> Body:
            return Body(content=body, validators=Validators())

        report = sync_due_feeds(practice_id=self.id, now=self.now, ask=ask)
        self.now += timedelta(minutes=10)
        return report
