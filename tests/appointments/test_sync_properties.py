"""The sync from outside: whatever a calendar's server does, what lives in the end is what its last complete calendar says.

Only public operations are used: a feed is added, polled with an `ask` that answers from memory, and staff confirm.
"""

import itertools
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from appointments import fetch
from appointments.models import Appointment, Feed, FeedState, Patient
from appointments.operations import add_feed, ask_again, confirm_missing, dismiss_missing, sync_due_feeds
from appointments.syncing import FeedReport
from practices import record, tenancy
from practices.models import Practice
from tests.appointments.feeds import Entry
from tests.factories import NOW, AppointmentTypeFactory, make_practice

pytestmark = pytest.mark.django_db

START = NOW + timedelta(days=10)
HALF_HOUR = timedelta(minutes=30)
STAFF = record.staff(7)
NAMES = ["Probefeld, Otto", "Muster, Mia", "von der Probe, Ida", "Beispiel-Muster, Jörg"]
TYPES = ["MRT Knie", "CT Abdomen", "Röhre Bein"]
NUMBERS = itertools.count(1)


@dataclass
class Server:
    """A calendar's server in memory. `answer` is what it says instead of its calendar."""

    entries: list[Entry] = field(default_factory=list)
    answer: bytes | fetch.Response | None = None
    asked: int = 0
    cut: float = 1.0
    """How much of the bytes arrives."""

    def content(self) -> bytes:
        lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//test//DE"]
        for entry in self.entries:
            lines += entry.lines(self.asked)
        whole = "\r\n".join([*lines, "END:VCALENDAR", ""]).encode()
        return whole[: int(len(whole) * self.cut)]

    def __call__(
        self, url: str, *, validators: fetch.Validators, allowed_addresses: Collection[str], now: datetime
    ) -> fetch.Response:
        self.asked += 1
        if isinstance(self.answer, fetch.NotModified | fetch.Failed):
            return self.answer
        content = self.content() if self.answer is None else self.answer
        return fetch.Body(content=content, validators=fetch.Validators(etag=f'"{self.asked}"'))


class World:
    """A practice with one feed."""

    def __init__(self, *, now: datetime = NOW) -> None:
        self.practice: Practice = make_practice()
        self.server, self.now = Server(), now
        with tenancy.scope(self.practice.pk):
            for name in TYPES[:2]:
                AppointmentTypeFactory(name=name, keywords=[])
            url = f"https://kalender-{next(NUMBERS)}.example/a.ics"
            self.feed = add_feed(name="MRT 1", url=url, by=record.SYSTEM, now=now)

    def poll(self, times: int = 1) -> FeedReport:
        for _ in range(times):
            self.now = max(self.now + timedelta(minutes=1), self.fresh().next_poll_at)
            (report,) = sync_due_feeds(practice_id=self.practice.pk, now=self.now, ask=self.server).feeds
        return report

    def fresh(self) -> Feed:
        with tenancy.scope(self.practice.pk):
            return Feed.objects.get(pk=self.feed.pk)

    def rows(self) -> list[Appointment]:
        with tenancy.scope(self.practice.pk):
            return list(Appointment.objects.select_related("patient", "type").order_by("id"))

    def stored(self) -> list[object]:
        """All that a bad answer must leave as it is."""
        with tenancy.scope(self.practice.pk):
            return [
                *Appointment.objects.order_by("id").values_list(),
                *Patient.objects.order_by("id").values_list("id", "name", "phone", "email", "birth_date"),
            ]

    def lives(self) -> list[tuple[object, ...]]:
        return sorted(
            (
                one.start,
                one.end,
                one.patient.name if one.patient else "",
                one.patient.birth_date if one.patient else None,
                one.type.name if one.type else "",
                one.type_text,
            )
            for one in self.rows()
            if not one.cancelled and one.start > self.now
        )

    def states(self) -> list[str]:
        return [one.status for one in self.rows()]

    def settle(self) -> None:
        """The last complete calendar comes twice; staff confirm while the feed is frozen."""
        self.server.answer, self.server.cut = None, 1.0
        with tenancy.scope(self.practice.pk):
            ask_again(feed_id=self.feed.pk, by=STAFF, now=self.now)
        self.poll(2)
        while self.fresh().state == FeedState.FROZEN:
            with tenancy.scope(self.practice.pk):
                confirm_missing(feed_id=self.feed.pk, by=STAFF, now=self.now)
            self.poll(2)

    def book(self, uid: str = "", *, start: datetime = START, **details: str) -> Entry:
        entry = Entry(uid=uid or f"uid-{next(NUMBERS)}", start=start, **details)
        self.server.entries.append(entry)
        return entry


def imported_anew(world: World) -> list[tuple[object, ...]]:
    """What another practice has that imports the same calendar for the first time."""
    other = World(now=world.now)
    other.server.entries = [replace(entry) for entry in world.server.entries]
    other.now = world.now - timedelta(minutes=1)
    other.poll()
    return [row for row in other.lives() if row[0] > world.now]  # type: ignore[operator]


NOISE = [
    fetch.NotModified(),
    fetch.Failed(fetch.Reason.SERVER_ERROR, status=500),
    fetch.Failed(fetch.Reason.THROTTLED, status=429, retry_after=60),
    fetch.Failed(fetch.Reason.DEADLINE),
    b"",
    b"<html><body>Bitte anmelden</body></html>",
    b"BEGIN:VEVENT\r\nEND:VEVENT\r\n",
    b'{"error": "quota"}',
]
PICK = st.integers(min_value=0, max_value=11)
STEPS = st.one_of(
    st.tuples(st.just("book"), st.integers(0, 3), st.integers(0, 2), st.integers(0, 9)),
    st.tuples(st.just("book"), st.integers(0, 3), st.integers(0, 2), st.integers(0, 9)),
    st.tuples(st.just("soon"), st.integers(0, 3)),
    st.tuples(st.just("move"), PICK, st.integers(-9, 9), st.booleans()),
    st.tuples(st.just("cancel"), PICK, st.booleans()),
    st.tuples(st.just("change"), PICK, st.integers(0, 2)),
    st.tuples(st.just("rename"), PICK, st.integers(0, 3)),
    st.tuples(st.just("shift")),
    st.tuples(st.just("churn")),
    st.tuples(st.just("lose"), st.integers(1, 9)),
    st.tuples(st.just("noise"), st.integers(0, len(NOISE) - 1)),
    st.tuples(st.just("cut"), st.floats(0.05, 0.98)),
    st.tuples(st.just("again")),
    st.tuples(st.just("error")),
    st.tuples(st.just("confirm")),
)


def act(world: World, step: tuple[object, ...]) -> None:
    """One thing that happens, and the poll that sees it."""
    kind, entries = step[0], world.server.entries
    one = (
        entries[int(step[1]) % len(entries)]
        if entries and isinstance(step[1:2], tuple) and step[1:]
        else None
    )  # type: ignore[call-overload]
    match step:
        case ("book", int(name), int(type_), int(hour)):
            world.book(
                start=START + timedelta(hours=hour),
                name=NAMES[name],
                type=TYPES[type_],
                born=f"0{name + 1}.02.1960",
            )
        case ("soon", int(name)):
            world.book(start=world.now + timedelta(minutes=12), name=NAMES[name], born=f"0{name + 1}.02.1960")
        case ("move", _, int(hours), bool(anew)) if one is not None:
            one.start += timedelta(hours=hours)
            one.uid = f"uid-{next(NUMBERS)}" if anew else one.uid
        case ("cancel", _, bool(said)) if one is not None:
            if said:
                one.status = "CANCELLED"
            else:
                entries.remove(one)
        case ("change", _, int(type_)) if one is not None:
            one.type = TYPES[type_]
        case ("rename", _, int(name)) if one is not None:
            one.name, one.born = NAMES[name], f"0{name + 1}.02.1960"
        case ("shift",):
            for entry in entries:
                entry.start += timedelta(hours=1)
        case ("churn",):
            for entry in entries:
                entry.uid = f"uid-{next(NUMBERS)}"
        case ("lose", int(count)):
            del entries[:count]
        case ("noise", int(number)):
            disturb(world, NOISE[number])
        case ("cut", float(share)) if entries:
            world.server.cut = share
            disturb(world, None)
            world.server.cut = 1.0
        case ("error" | "confirm",) if world.fresh().state == FeedState.FROZEN:
            decide = dismiss_missing if kind == "error" else confirm_missing
            with tenancy.scope(world.practice.pk):
                decide(feed_id=world.feed.pk, by=STAFF, now=world.now)
    world.poll()


def disturb(world: World, answer: bytes | fetch.Response | None) -> None:
    """A bad answer: nothing is created, changed, moved or cancelled."""
    before = world.stored()
    world.server.answer = answer
    report = world.poll()
    world.server.answer = None
    assert world.stored() == before
    assert (report.outcome, bool(report.reason)) in {("failed", True), ("unchanged", False)}


def check(steps: list[tuple[object, ...]]) -> None:
    world = World()
    for step in steps:
        act(world, step)
    world.settle()
    assert world.lives() == imported_anew(world)
    before = world.stored()
    world.poll(2)
    assert world.stored() == before


QUIET = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large]


@given(st.lists(STEPS, min_size=1, max_size=12))
@settings(max_examples=15, deadline=None, suppress_health_check=QUIET)
def test_whatever_happened_what_lives_is_what_the_last_complete_calendar_says(
    steps: list[tuple[object, ...]],
) -> None:
    check(steps)


@pytest.mark.chaos
@pytest.mark.timeout(1800)
@given(st.lists(STEPS, min_size=5, max_size=40))
@settings(max_examples=100, deadline=None, suppress_health_check=QUIET)
def test_whatever_happened_at_length_too(steps: list[tuple[object, ...]]) -> None:
    check(steps)


class TestByExample:
    @pytest.fixture
    def world(self) -> World:
        return World()

    @staticmethod
    def booked(world: World, count: int) -> None:
        for number in range(count):
            world.book(f"{number}", start=START + number * HALF_HOUR, name=f"Muster, Mia {number}")
        world.poll()

    def test_uids_new_at_every_request_change_nothing(self, world: World) -> None:
        self.booked(world, 12)
        before = world.lives()
        ids = [row.pk for row in world.rows()]
        for round_ in range(4):
            for number, entry in enumerate(world.server.entries):
                entry.uid = f"{round_}-{number}"
            world.server.entries.reverse()
            report = world.poll()
            assert (report.counts.created, report.counts.changed, report.counts.moved) == (0, 0, 0)
        assert (world.lives(), [row.pk for row in world.rows()]) == (before, ids)
        assert {row.revision for row in world.rows()} == {1}

    def test_an_event_that_can_no_longer_be_read_is_not_absent(self, world: World) -> None:
        self.booked(world, 3)
        world.server.entries[0].extra = "DTSTART:kaputt"
        world.poll(4)
        assert world.states() == ["confirmed"] * 3

    def test_nor_is_it_when_its_uid_is_new_at_every_request(self, world: World) -> None:
        """Which one it was cannot be told: nobody is cancelled while as many are unreadable as are missing."""
        self.booked(world, 3)
        for round_ in range(3):
            for number, entry in enumerate(world.server.entries):
                entry.uid = f"{round_}-{number}"
            world.server.entries[0].extra = "DTSTART:kaputt"
            world.poll()
        assert world.states() == ["confirmed"] * 3

    def test_gone_and_new_of_one_patient_and_type_is_a_move(self, world: World) -> None:
        world.book("1")
        world.poll()
        world.server.entries.clear()
        world.book("2", start=START + timedelta(days=2))
        assert world.poll().counts.moved == 1
        (row,) = world.rows()
        assert (row.start, row.moved_from) == (START + timedelta(days=2), START)

    def test_two_of_one_patient_and_type_on_one_day_stay_two(self, world: World) -> None:
        world.book("1")
        world.book("2", start=START + timedelta(hours=2))
        world.poll()
        first, second = world.rows()
        for entry, uid in zip(world.server.entries, "ab", strict=True):
            entry.uid = uid
        world.poll()
        assert [(row.pk, row.start) for row in world.rows()] == [
            (first.pk, first.start),
            (second.pk, second.start),
        ]
        world.server.entries[1].start += timedelta(hours=1)
        world.server.entries[1].uid = "c"
        world.poll()
        assert [(row.pk, row.moved_from) for row in world.rows()] == [
            (first.pk, None),
            (second.pk, second.start),
        ]

    @pytest.mark.parametrize(
        ("of", "missing", "frozen"),
        [(100, 19, False), (100, 20, False), (100, 21, True), (8, 4, False), (8, 5, True), (30, 6, False), (6, 6, True)],
    )  # fmt: skip
    def test_more_than_a_fifth_and_at_least_five_freeze_the_feed(
        self, world: World, of: int, missing: int, frozen: bool
    ) -> None:
        self.booked(world, of)
        del world.server.entries[:missing]
        world.poll(3)
        assert (world.fresh().state == FeedState.FROZEN) is frozen
        assert world.states().count("cancelled") == (0 if frozen else missing)

    def test_it_was_an_error_and_they_come_back(self, world: World) -> None:
        self.booked(world, 8)
        kept = list(world.server.entries)
        world.server.entries = kept[6:]
        world.poll(2)
        with tenancy.scope(world.practice.pk):
            assert dismiss_missing(feed_id=world.feed.pk, by=STAFF, now=world.now)
        assert world.states() == ["confirmed"] * 8
        world.poll(2)
        assert (world.fresh().state, world.states()) == (FeedState.ACTIVE, ["confirmed"] * 8)
        world.server.entries = kept
        world.poll()
        assert (world.fresh().state, world.states()) == (FeedState.ACTIVE, ["confirmed"] * 8)
        assert {row.revision for row in world.rows()} == {1}

    def test_absent_once_with_a_bad_answer_between_and_back_is_as_if_nothing_was(self, world: World) -> None:
        self.booked(world, 3)
        entry = world.server.entries.pop()
        world.poll()
        disturb(world, b"<html>")
        world.server.entries.append(entry)
        world.poll(2)
        assert [(row.status, row.revision, row.absent_since) for row in world.rows()] == [
            ("confirmed", 1, None)
        ] * 3

    def test_a_bad_answer_is_no_second_absence(self, world: World) -> None:
        self.booked(world, 3)
        world.server.entries.pop()
        world.poll()
        for answer in NOISE:
            disturb(world, answer)
        assert world.states() == ["confirmed"] * 3
        world.poll()
        assert world.states().count("cancelled") == 1

    def test_cancelled_by_its_word_acts_at_once_even_while_frozen(self, world: World) -> None:
        self.booked(world, 10)
        del world.server.entries[:6]
        world.poll(2)
        world.server.entries[0].status = "CANCELLED"
        assert world.poll().counts.cancelled == 1
        assert world.states().count("cancelled") == 1

    def test_what_is_over_is_never_cancelled(self, world: World) -> None:
        world.book("1", start=world.now + timedelta(minutes=20))
        world.book("2")
        world.poll()
        world.now += timedelta(hours=1)
        world.server.entries.pop(0)
        world.poll(3)
        assert world.states() == ["confirmed", "confirmed"]

    def test_what_leaves_the_window_is_not_cancelled(self, world: World) -> None:
        """A server that shows the next 400 days only, as the days go by."""
        world.book("1", start=NOW + timedelta(hours=1))
        world.book("2", start=NOW + timedelta(days=399))
        world.poll()
        world.server.entries.pop(0)
        world.now += timedelta(days=31)
        world.poll(3)
        assert world.states() == ["confirmed", "confirmed"]

    def test_the_next_of_a_kind_is_no_move_of_one_that_is_cancelled_by_its_word(self, world: World) -> None:
        world.book("1", status="CONFIRMED")
        world.poll()
        world.server.entries[0].status = "CANCELLED"
        world.book("2", start=START + timedelta(days=2))
        world.poll()
        assert sorted((row.uid, row.status) for row in world.rows()) == [
            ("1", "cancelled"),
            ("2", "confirmed"),
        ]
