"""Connecting a calendar: the link is looked at in a worker, what was found is shown, rules are tried on it, then it counts."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from appointments import operations, trial
from appointments.models import Appointment, Feed, FeedState, FeedTrial
from appointments.operations import sync_due_feeds
from practices import record, tenancy
from practices.models import Practice, RecordEntry, Role
from tests import factories
from tests.appointments.feeds import Calendar, Entry, serve
from tests.treffa.staff import sign_in
from treffa import pipeline

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("standing_clock")]


@pytest.fixture
def calendar(settings: Any) -> Iterator[Calendar]:
    with serve() as calendar:
        settings.FEED_ALLOWED_ADDRESSES = [calendar.address]
        yield calendar


@pytest.fixture
def practice() -> Practice:
    practice = factories.make_practice()
    with tenancy.scope(practice.pk):
        factories.AppointmentTypeFactory(name="MRT Knie", keywords=[])
    return practice


@pytest.fixture
def manager(client: Client, practice: Practice) -> Client:
    return sign_in(client, practice, Role.MANAGER)


def paste(manager: Client, calendar: Calendar, **more: str) -> str:
    """Pastes the link; the address of the page that waits."""
    answer = manager.post("/feeds/new/", {"url": calendar.url, **more})
    assert answer.status_code == 302, answer.content.decode()
    return str(answer["Location"])


def look(practice: Practice, now: datetime) -> None:
    """What the worker does."""
    assert ("look", practice.pk) in pipeline.due(now=now)
    pipeline.advance(stage="look", practice_id=practice.pk, now=now)


def feeds(practice: Practice) -> list[Feed]:
    with tenancy.scope(practice.pk):
        return list(Feed.objects.order_by("pk"))


def test_a_link_is_looked_at_before_anything_is_added(
    manager: Client, practice: Practice, calendar: Calendar, now: datetime
) -> None:
    calendar.add("1", now + timedelta(days=1), extra="LOCATION:Raum 2")
    calendar.add("2", now + timedelta(days=2), name="", type="Mittag", born="", phone="")
    calendar.add("3", now + timedelta(days=3), name="Fiktiv, Rita", type="Spezial 2", phone="")
    address = paste(manager, calendar)
    assert "Looking at the calendar" in manager.get(address).content.decode()
    assert not calendar.asked, "the web's thread talked to the outside world"
    look(practice, now)
    html = manager.get(address).content.decode()
    for said in (
        "Treffa reads <strong>2 appointments</strong>.",
        "1 of them are understood, one is unclear.",
        '<mark class="m-name">Probefeld, Otto</mark>',
        '<mark class="m-type">MRT Knie</mark>',
        "Otto Probefeld",
        "*14 Mar 1947",
        "+49 1525 4599371",
        "“Spezial 2” is what?",
        "No appointments, for example “Mittag”",
        "without phone and e-mail",
    ):
        assert said in html, said
    assert calendar.url not in html
    assert not feeds(practice)


def test_what_is_added_is_read_and_the_look_is_forgotten(
    manager: Client, practice: Practice, calendar: Calendar, now: datetime
) -> None:
    calendar.add("1", now + timedelta(days=1))
    address = paste(manager, calendar)
    look(practice, now)
    given = {"do": "accept", "name": "MRT 1", "practitioner": "Dr. Vorlage", "summary": "both"}
    html = manager.post(address, given, follow=True).content.decode()
    assert "“MRT 1” is read now." in html
    (feed,) = feeds(practice)
    assert (feed.name, feed.practitioner, feed.rules["summary"]) == ("MRT 1", "Dr. Vorlage", "both")
    sync_due_feeds(practice_id=practice.pk, now=now)
    with tenancy.scope(practice.pk):
        assert Appointment.objects.get().practitioner == "Dr. Vorlage"
        kept = FeedTrial.objects.get()
        assert (bytes(kept.sealed_url), kept.sealed_found) == (b"", None)
    assert manager.post(address, given)["Location"] == f"/feeds/{feed.pk}/"
    assert len(feeds(practice)) == 1


def test_rules_are_tried_on_the_entries_before_they_count(
    manager: Client, practice: Practice, calendar: Calendar, now: datetime
) -> None:
    calendar.add("1", now + timedelta(days=1), name="MRT Knie ~ Rita Fiktiv", type="")
    calendar.add("2", now + timedelta(days=2), name="Hausputz", type="", born="", phone="")
    address = paste(manager, calendar)
    look(practice, now)
    typed = {"do": "preview", "name": "MRT", "summary": "both", "separators": "~", "absences": "Hausputz"}
    html = manager.post(address, typed, headers={"hx-request": "true"}).content.decode()
    assert html.lstrip().startswith('<div class="stack" id="preview">')
    assert "Rita Fiktiv" in html
    assert "No appointments, for example “Hausputz”" in html
    assert "Hausputz (1)" in html
    again = manager.get(address).content.decode()
    assert 'value="~"' in again, "what was typed is lost"
    assert not feeds(practice)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("abc", "This is no link to a calendar."),
        ("ftp://kalender.example/a", "This is no link to a calendar."),
        ("", "This field is required."),
        ("https://localhost/a.ics\x00", "Null characters are not allowed."),
    ],
)
def test_a_wrong_link_is_said_beside_the_field_and_stays(
    manager: Client, practice: Practice, url: str, said: str
) -> None:
    html = manager.post("/feeds/new/", {"url": url, "name": "MRT 1"}).content.decode()
    assert said in html
    assert 'value="MRT 1"' in html
    with tenancy.scope(practice.pk):
        assert not FeedTrial.objects.exists()


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        ({"body": b"<!doctype html><html></html>"}, "There is a web page behind the link"),
        ({"status": 404}, "Doctolib no longer knows this link."),
        ({"status": 403}, "Doctolib refuses this link."),
        ({"body": b"PK\x03\x04"}, "What is behind the link is not a calendar."),
    ],
)
def test_what_is_no_calendar_is_said_beside_the_field_and_the_link_stays(
    manager: Client,
    practice: Practice,
    calendar: Calendar,
    now: datetime,
    spoil: dict[str, Any],
    said: str,
) -> None:
    for name, value in spoil.items():
        setattr(calendar, name, value)
    address = paste(manager, calendar, name="MRT 1")
    look(practice, now)
    html = manager.get(address).content.decode()
    assert said in html
    assert 'aria-invalid="true"' in html
    assert calendar.url in html
    assert "MRT 1" in html


def test_a_private_address_is_refused_in_plain_words(
    manager: Client, practice: Practice, calendar: Calendar, now: datetime, settings: Any
) -> None:
    address = paste(manager, calendar)
    settings.FEED_ALLOWED_ADDRESSES = []
    look(practice, now)
    html = manager.get(address).content.decode()
    assert "The link can&#x27;t be right" in html
    assert not calendar.asked


def test_a_calendar_is_connected_once(
    manager: Client, practice: Practice, calendar: Calendar, now: datetime
) -> None:
    address = paste(manager, calendar)
    look(practice, now)
    manager.post(address, {"do": "accept", "name": "MRT 1"})
    html = manager.post("/feeds/new/", {"url": calendar.url}).content.decode()
    assert "This calendar is connected already." in html


def test_two_tabs_add_it_once(manager: Client, practice: Practice, calendar: Calendar, now: datetime) -> None:
    address = paste(manager, calendar)
    look(practice, now)
    trial_id = int(address.strip("/").split("/")[-1])
    manager.post(address, {"do": "accept", "name": "MRT 1"})
    with tenancy.scope(practice.pk):
        again = operations.accept_trial(trial_id=trial_id, by=record.SYSTEM, now=now)
        assert again == Feed.objects.get()
    assert len(feeds(practice)) == 1


def test_without_a_name_it_is_not_added_and_says_so(
    manager: Client, practice: Practice, calendar: Calendar, now: datetime
) -> None:
    address = paste(manager, calendar)
    look(practice, now)
    html = manager.post(address, {"do": "accept", "name": " "}).content.decode()
    assert "Say what the calendar is called" in html
    assert not feeds(practice)


def test_a_look_belongs_to_its_person(
    manager: Client, practice: Practice, calendar: Calendar, now: datetime
) -> None:
    address = paste(manager, calendar)
    look(practice, now)
    other = sign_in(Client(), practice, Role.MANAGER)
    assert other.get(address).status_code == 404
    assert other.post(address, {"do": "accept", "name": "x"}).status_code == 404
    assert not feeds(practice)


@pytest.mark.parametrize("role", [Role.STAFF, Role.PHYSICIAN, Role.VIEWER])
def test_only_managers_connect_calendars(
    client: Client, practice: Practice, calendar: Calendar, role: Role
) -> None:
    member = sign_in(client, practice, role)
    assert member.get("/feeds/new/").status_code == 403
    assert member.post("/feeds/new/", {"url": calendar.url}).status_code == 403


def test_a_look_is_forgotten_after_an_hour(
    manager: Client, practice: Practice, calendar: Calendar, now: datetime
) -> None:
    address = paste(manager, calendar)
    look(practice, now)
    later = now + trial.KEPT_FOR
    with time_machine.travel(later, tick=False):
        assert manager.get(address).status_code == 404
        look(practice, later)
    with tenancy.scope(practice.pk):
        assert not FeedTrial.objects.exists()


def test_a_worker_that_dies_over_it_gives_it_back_and_three_deaths_are_said(
    manager: Client, practice: Practice, calendar: Calendar, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    class KilledError(BaseException):
        pass

    def die(*args: Any, **kwargs: Any) -> Any:
        raise KilledError

    address = paste(manager, calendar)
    monkeypatch.setattr("appointments.trial.fetch.fetch", die)
    moment = now
    for _ in range(trial.TRIES):
        with pytest.raises(KilledError):
            trial.advance_trials(practice_id=practice.pk, now=moment)
        trial.advance_trials(practice_id=practice.pk, now=moment)  # nobody else takes it meanwhile
        moment += trial.LEASE
    trial.advance_trials(practice_id=practice.pk, now=moment)
    assert "Treffa stumbled over this calendar." in manager.get(address).content.decode()


def test_what_is_kept_of_a_look_is_sealed(
    manager: Client, practice: Practice, calendar: Calendar, now: datetime
) -> None:
    calendar.add("1", now + timedelta(days=1))
    paste(manager, calendar)
    look(practice, now)
    with tenancy.scope(practice.pk):
        kept = FeedTrial.objects.get()
        assert b"Probefeld" not in bytes(kept.sealed_found or b"")
        assert b"geheim" not in bytes(kept.sealed_url)


def test_other_rules_read_the_whole_calendar_again(
    manager: Client, practice: Practice, calendar: Calendar, now: datetime
) -> None:
    calendar.add("1", now + timedelta(days=1), name="MRT Knie ~ Rita Fiktiv", type="")
    address = paste(manager, calendar)
    look(practice, now)
    manager.post(address, {"do": "accept", "name": "MRT 1"})
    sync_due_feeds(practice_id=practice.pk, now=now)
    (feed,) = feeds(practice)
    address = str(manager.post(f"/feeds/{feed.pk}/rules/")["Location"])
    look(practice, now)
    assert "How “MRT 1” is read" in manager.get(address).content.decode()
    manager.post(address, {"do": "accept", "name": "MRT 1", "summary": "both", "separators": "~"})
    sync_due_feeds(practice_id=practice.pk, now=now + timedelta(minutes=5))
    with tenancy.scope(practice.pk):
        patient = Appointment.objects.select_related("patient").get(status="confirmed").patient
        assert patient is not None
        assert patient.name == "Rita Fiktiv"
        assert RecordEntry.objects.filter(event="feed.rules_changed").count() == 1


def test_another_link_keeps_the_appointments_connected_even_after_removal(
    manager: Client, practice: Practice, calendar: Calendar, now: datetime, settings: Any
) -> None:
    calendar.add("1", now + timedelta(days=1))
    address = paste(manager, calendar)
    look(practice, now)
    manager.post(address, {"do": "accept", "name": "MRT 1"})
    sync_due_feeds(practice_id=practice.pk, now=now)
    (feed,) = feeds(practice)
    manager.post(f"/feeds/{feed.pk}/remove/")
    assert "Connect again" in manager.get("/feeds/").content.decode()
    with serve() as renewed:
        settings.FEED_ALLOWED_ADDRESSES = [renewed.address]
        renewed.add("1", now + timedelta(days=1))
        address = str(manager.post(f"/feeds/{feed.pk}/link/", {"url": renewed.url})["Location"])
        look(practice, now)
        manager.post(address, {"do": "accept", "name": "MRT 1"})
        sync_due_feeds(practice_id=practice.pk, now=now + timedelta(minutes=5))
    (again,) = feeds(practice)
    assert (again.state, again.removed_at) == (FeedState.ACTIVE, None)
    with tenancy.scope(practice.pk):
        assert Appointment.objects.count() == 1


class TestALinkThatWasRenewed:
    """The practice adds the new link before it has thought of the old one."""

    @pytest.fixture
    def renewed(self, settings: Any, calendar: Calendar) -> Iterator[Calendar]:
        with serve() as renewed:
            settings.FEED_ALLOWED_ADDRESSES = [calendar.address, renewed.address]
            yield renewed

    @pytest.fixture
    def known(self, practice: Practice, calendar: Calendar, now: datetime) -> Feed:
        for number in range(8):
            start = now + timedelta(days=3, hours=number)
            calendar.add(f"alt-{number}", start, name=f"{chr(65 + number)}muster, Mia")
        with tenancy.scope(practice.pk):
            feed = operations.add_feed(
                name="Dr. Weber",
                url=calendar.url,
                by=record.SYSTEM,
                now=now,
                rules={"absences": ["Golf"]},
                allowed_addresses=frozenset([calendar.address]),
            )
        sync_due_feeds(practice_id=practice.pk, now=now)
        return feed

    def looked_at(
        self, manager: Client, practice: Practice, renewed: Calendar, now: datetime
    ) -> tuple[str, str]:
        page = paste(manager, renewed)
        look(practice, now)
        return page, manager.get(page).content.decode()

    def test_it_is_said_and_its_link_is_replaced(
        self,
        manager: Client,
        practice: Practice,
        known: Feed,
        calendar: Calendar,
        renewed: Calendar,
        now: datetime,
    ) -> None:
        renewed.entries = [
            Entry(uid=f"neu-{entry.uid}", start=entry.start, name=entry.name) for entry in calendar.entries
        ]
        with tenancy.scope(practice.pk):
            Feed.objects.update(state=FeedState.FAILING, problem="not_found", failures=3)
            Appointment.objects.update(absent_since=now)
            before = list(Appointment.objects.order_by("id").values_list("id", "revision"))
        page, html = self.looked_at(manager, practice, renewed, now)
        assert "This looks like the calendar “Dr. Weber” with a new link" in html
        assert "8 of 8 coming appointments" in html
        answer = manager.post(page, {"do": "replace", "feed": known.pk})
        assert answer["Location"] == f"/feeds/{known.pk}/"
        (feed,) = feeds(practice)
        assert (feed.name, feed.rules, feed.state, feed.problem) == (
            "Dr. Weber",
            {"absences": ["Golf"]},
            FeedState.ACTIVE,
            "",
        )
        for minutes in (0, 10, 20):
            sync_due_feeds(practice_id=practice.pk, now=now + timedelta(minutes=minutes))
        with tenancy.scope(practice.pk):
            rows = Appointment.objects.order_by("id")
            assert list(rows.values_list("id", "revision")) == before
            assert {row.status for row in rows} == {"confirmed"}
            assert not rows.filter(absent_since__isnull=False).exists()
        assert len(renewed.asked) == 4  # the look and three polls
        again = manager.post(page, {"do": "replace", "feed": known.pk})
        assert again["Location"] == f"/feeds/{known.pk}/"

    def test_a_frozen_one_is_read_anew_by_it(
        self,
        manager: Client,
        practice: Practice,
        known: Feed,
        calendar: Calendar,
        renewed: Calendar,
        now: datetime,
    ) -> None:
        """A link that was renewed often leads to an empty calendar first."""
        renewed.entries, calendar.entries = calendar.entries, []
        later = now + timedelta(minutes=10)
        sync_due_feeds(practice_id=practice.pk, now=later)
        (feed,) = feeds(practice)
        assert feed.state == FeedState.FROZEN
        page, _ = self.looked_at(manager, practice, renewed, now)
        manager.post(page, {"do": "replace", "feed": known.pk})
        sync_due_feeds(practice_id=practice.pk, now=later + timedelta(minutes=10))
        (feed,) = feeds(practice)
        assert (feed.state, feed.missing_ids) == (FeedState.ACTIVE, [])

    def test_another_calendar_with_a_few_of_them_is_none(
        self,
        manager: Client,
        practice: Practice,
        known: Feed,
        calendar: Calendar,
        renewed: Calendar,
        now: datetime,
    ) -> None:
        """A room's, in which two practitioners work; and one that holds a part of another's."""
        renewed.entries = calendar.entries[:5]
        for number in range(5):
            renewed.add(f"fremd-{number}", now + timedelta(days=4, hours=number), name=f"Fremd, F{number}")
        assert "This looks like" not in self.looked_at(manager, practice, renewed, now)[1]
        renewed.entries = calendar.entries[4:]
        assert "This looks like" not in self.looked_at(manager, practice, renewed, now)[1]

    def test_only_a_calendar_of_the_practice_gets_the_link(
        self,
        manager: Client,
        practice: Practice,
        known: Feed,
        calendar: Calendar,
        renewed: Calendar,
        now: datetime,
    ) -> None:
        renewed.entries = list(calendar.entries)
        page, _ = self.looked_at(manager, practice, renewed, now)
        other = factories.make_practice()
        with tenancy.scope(other.pk):
            foreign = factories.FeedFactory()
        for feed_id in (foreign.pk, 0, "x", 10**30):
            assert manager.post(page, {"do": "replace", "feed": feed_id}).status_code == 404
        assert len(feeds(practice)) == 1
