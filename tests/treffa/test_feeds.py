"""The calendars' pages: how each feed is, in words, and what managers do with it."""

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from appointments.models import Appointment, Feed, FeedState, OwnTime, QuarantinedEvent
from appointments.operations import sync_due_feeds
from messaging.models import MessageState
from practices import tenancy
from practices.models import Practice, RecordEntry, Role
from tests import factories
from tests.treffa.staff import sign_in

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("standing_clock")]


def add(practice: Practice, now: datetime, **details: Any) -> int:
    with tenancy.scope(practice.pk):
        given = {"last_good_at": now - timedelta(minutes=3), "next_poll_at": now + timedelta(minutes=2)}
        feed: Feed = factories.FeedFactory(**{**given, **details})
    return feed.pk


def feed(practice: Practice, feed_id: int) -> Feed:
    with tenancy.scope(practice.pk):
        return Feed.objects.get(pk=feed_id)


def test_a_practice_without_a_calendar_is_told_what_treffa_does_with_one(
    client: Client, practice: Practice
) -> None:
    html = sign_in(client, practice).get("/feeds/").content.decode()
    assert "No calendar is connected yet." in html
    assert "changes nothing there" in html


@pytest.mark.parametrize(
    ("details", "word"),
    [
        ({}, "Read regularly"),
        ({"last_good_at": None}, "Being read for the first time"),
        ({"state": FeedState.FAILING, "problem": "not_found"}, "Doctolib no longer knows this link."),
        ({"state": FeedState.FROZEN, "missing_ids": [1, 2, 3]}, "3 appointments have disappeared"),
        ({"state": FeedState.PAUSED}, "Paused"),
    ],
)
def test_each_state_has_its_word(
    client: Client, practice: Practice, now: datetime, details: dict[str, Any], word: str
) -> None:
    feed_id = add(practice, now, **details)
    staff = sign_in(client, practice)
    for address in ("/feeds/", f"/feeds/{feed_id}/"):
        assert word in staff.get(address).content.decode(), address


def test_a_calendar_that_nobody_read_for_an_hour_says_so(
    client: Client, practice: Practice, now: datetime
) -> None:
    add(practice, now, last_good_at=now - timedelta(hours=2))
    html = sign_in(client, practice).get("/feeds/").content.decode()
    assert "Not read for an hour" in html
    assert "1 calendar needs you." in html


def test_the_page_tells_the_last_answer_and_what_cannot_be_read_and_never_the_link(
    client: Client, practice: Practice, now: datetime
) -> None:
    answered = {"last_attempt_at": now, "last_status": 200, "last_duration_ms": 420, "last_bytes": 12_345}
    feed_id = add(practice, now, events=17, **answered)
    with tenancy.scope(practice.pk):
        QuarantinedEvent.objects.create(
            practice=practice,
            feed_id=feed_id,
            fingerprint="x",
            reason="unknown_zone",
            excerpt="SUMMARY:Probefeld",
            seen_at=now,
        )
    html = sign_in(client, practice).get(f"/feeds/{feed_id}/").content.decode()
    for said in (
        "200 · 0.4 s · 12.1",
        "read 3 minutes ago",
        "Its time is in a time zone that nobody knows.",
        "Open it in Doctolib and save it again.",
        "SUMMARY:Probefeld",
        "17",
    ):
        assert said in html or said.removeprefix("read ") in html, said
    assert "kalender.example" not in html
    assert "…7Qd" in html


def test_a_manager_pauses_and_resumes_and_the_outage_counts_from_then(
    client: Client, practice: Practice, now: datetime
) -> None:
    feed_id = add(practice, now, last_good_at=now - timedelta(days=3))
    manager = sign_in(client, practice, Role.MANAGER)
    html = manager.post(f"/feeds/{feed_id}/pause/", follow=True).content.decode()
    assert "The appointments stay as they are." in html
    assert feed(practice, feed_id).state == FeedState.PAUSED
    assert not sync_due_feeds(practice_id=practice.pk, now=now + timedelta(hours=1)).feeds
    manager.post(f"/feeds/{feed_id}/resume/")
    resumed = feed(practice, feed_id)
    assert (resumed.state, resumed.next_poll_at, resumed.watched_from) == (FeedState.ACTIVE, now, now)
    assert "Not read for an hour" not in manager.get("/feeds/").content.decode()


def test_a_frozen_calendar_is_decided_before_it_is_paused(
    client: Client, practice: Practice, now: datetime
) -> None:
    feed_id = add(practice, now, state=FeedState.FROZEN, missing_ids=[1])
    manager = sign_in(client, practice, Role.MANAGER)
    assert "Somebody was quicker" in manager.post(f"/feeds/{feed_id}/pause/", follow=True).content.decode()
    assert feed(practice, feed_id).state == FeedState.FROZEN


def test_missing_appointments_are_decided_on_the_page(
    client: Client, practice: Practice, now: datetime
) -> None:
    with tenancy.scope(practice.pk):
        appointment = factories.AppointmentFactory(start=now + timedelta(days=2))
        Feed.objects.update(state=FeedState.FROZEN, missing_ids=[appointment.pk])
    staff = sign_in(client, practice)
    address = f"/feeds/{appointment.feed_id}/"
    html = staff.get(address).content.decode()
    assert "Otto Probefeld" in html and "No patient was written to yet" in html
    given = {"decision": "confirm", "from": "feed", "shown": shown_in(html)}
    answer = staff.post(f"{address}missing/", given)
    assert answer["Location"] == address
    with tenancy.scope(practice.pk):
        assert Appointment.objects.get().cancelled


def test_who_confirms_on_an_old_page_is_told_that_others_are_missing_now(
    client: Client, practice: Practice, now: datetime
) -> None:
    with tenancy.scope(practice.pk):
        first, second = (factories.AppointmentFactory(start=now + timedelta(days=day)) for day in (2, 3))
        Feed.objects.filter(pk=first.feed_id).update(state=FeedState.FROZEN, missing_ids=[first.pk])
    staff = sign_in(client, practice)
    shown = feed(practice, first.feed_id).missing_code
    assert f'name="shown" value="{shown}"' in staff.get("/").content.decode()
    assert f'name="shown" value="{shown}"' in staff.get(f"/feeds/{first.feed_id}/").content.decode()
    with tenancy.scope(practice.pk):
        Feed.objects.filter(pk=first.feed_id).update(missing_ids=[first.pk, second.pk])
    answer = {"decision": "confirm", "shown": shown}
    html = staff.post(f"/feeds/{first.feed_id}/missing/", answer, follow=True).content.decode()
    assert "others are missing now" in html
    with tenancy.scope(practice.pk):
        assert not Appointment.objects.filter(status="cancelled").exists()


def test_a_held_calendar_that_is_read_no_more_says_both(
    client: Client, practice: Practice, now: datetime
) -> None:
    long_ago = now - timedelta(hours=3)
    feed_id = add(practice, now, state=FeedState.FROZEN, problem="server_error", last_good_at=long_ago)
    staff = sign_in(client, practice)
    for address in ("/", f"/feeds/{feed_id}/"):
        html = staff.get(address).content.decode()
        assert "Doctolib reports an error of its own." in html
        assert "until you decide" in html


def shown_in(html: str) -> str:
    found = re.search(r'name="shown" value="(\w+)"', html)
    assert found
    return found[1]


def test_what_disappeared_after_somebody_looked_is_not_cancelled_unseen(
    client: Client, practice: Practice, now: datetime
) -> None:
    with tenancy.scope(practice.pk):
        first = factories.AppointmentFactory(start=now + timedelta(days=2))
        second = factories.AppointmentFactory(start=now + timedelta(days=3), feed=first.feed)
        factories.MessageFactory(case=factories.CaseFactory(appointment=second), state=MessageState.DELIVERED)
        Feed.objects.update(state=FeedState.FROZEN, missing_ids=[first.pk])
    staff, address = sign_in(client, practice), f"/feeds/{first.feed_id}/missing/"
    given = {"decision": "confirm", "shown": shown_in(staff.get("/").content.decode())}
    with tenancy.scope(practice.pk):
        Feed.objects.update(missing_ids=[first.pk, second.pk])
    html = staff.post(address, given, follow=True).content.decode()
    assert "others are missing now" in html
    assert "One patient was written to and is told" in html
    with tenancy.scope(practice.pk):
        assert not Appointment.objects.filter(status="cancelled").exists()
    html = staff.post(address, {**given, "shown": shown_in(html)}, follow=True).content.decode()
    assert "2 appointments are cancelled." in html
    twice = staff.post(address, given, follow=True).content.decode()
    assert "decided already" in twice


@pytest.mark.parametrize("decision", ["", "cancel", "CONFIRM"])
def test_a_decision_that_is_none_is_not_found(
    client: Client, practice: Practice, now: datetime, decision: str
) -> None:
    with tenancy.scope(practice.pk):
        missing = factories.AppointmentFactory(start=now + timedelta(days=2))
        Feed.objects.update(state=FeedState.FROZEN, missing_ids=[missing.pk])
    answer = sign_in(client, practice).post(f"/feeds/{missing.feed_id}/missing/", {"decision": decision})
    assert answer.status_code == 404
    assert feed(practice, missing.feed_id).state == FeedState.FROZEN


def test_a_removed_calendar_forgets_its_link_and_keeps_its_appointments(
    client: Client, practice: Practice, now: datetime
) -> None:
    with tenancy.scope(practice.pk):
        appointment = factories.AppointmentFactory(start=now + timedelta(days=2))
    manager = sign_in(client, practice, Role.MANAGER)
    address = f"/feeds/{appointment.feed_id}/"
    assert "1 coming appointment stays" in manager.get(address).content.decode()
    html = manager.post(f"{address}remove/", follow=True).content.decode()
    assert "Removed. Its link is deleted." in html
    assert "1 appointment stays as it was last read" in html
    removed = feed(practice, appointment.feed_id)
    assert (bytes(removed.sealed_url), removed.state) == (b"", FeedState.PAUSED)
    with tenancy.scope(practice.pk):
        assert not Appointment.objects.get().cancelled
        assert RecordEntry.objects.filter(event="feed.removed").count() == 1
    assert manager.get(address).status_code == 404
    assert manager.post(f"{address}resume/").status_code == 404


def test_a_calendar_is_named_and_an_empty_name_is_refused_beside_the_field(
    client: Client, practice: Practice, now: datetime
) -> None:
    feed_id = add(practice, now)
    manager = sign_in(client, practice, Role.MANAGER)
    manager.post(f"/feeds/{feed_id}/name/", {"name": " MRT\n2 ", "practitioner": "Dr. Vorlage"})
    named = feed(practice, feed_id)
    assert (named.name, named.practitioner) == ("MRT 2", "Dr. Vorlage")
    html = manager.post(f"/feeds/{feed_id}/name/", {"name": " ", "practitioner": "x"}).content.decode()
    assert "is-invalid" in html or "field__error" in html
    assert feed(practice, feed_id).name == "MRT 2"


@pytest.mark.parametrize("role", [Role.STAFF, Role.PHYSICIAN, Role.VIEWER])
def test_only_managers_set_a_calendar_up(
    client: Client, practice: Practice, now: datetime, role: Role
) -> None:
    feed_id = add(practice, now)
    member = sign_in(client, practice, role)
    html = member.get(f"/feeds/{feed_id}/").content.decode()
    for act in ("pause", "resume", "name", "remove"):
        assert f"/feeds/{feed_id}/{act}/" not in html
        assert member.post(f"/feeds/{feed_id}/{act}/", {"name": "x"}).status_code == 403
    may = role is not Role.VIEWER
    assert (f"/feeds/{feed_id}/poll/" in html) is may
    assert member.post(f"/feeds/{feed_id}/poll/").status_code == (302 if may else 403)


def test_the_page_answers_204_until_the_calendar_was_read_again(
    client: Client, practice: Practice, now: datetime
) -> None:
    feed_id = add(practice, now)
    staff = sign_in(client, practice)
    known = staff.get("/feeds/").context["poll_url"]
    assert staff.get(f"/feeds/{known}").status_code == 204
    with tenancy.scope(practice.pk):
        Feed.objects.filter(pk=feed_id).update(last_good_at=now)
    assert staff.get(f"/feeds/{known}").status_code == 200


def test_what_was_called_an_error_is_shown_and_can_be_taken_back(
    client: Client, practice: Practice, now: datetime
) -> None:
    feed_id = add(practice, now, kept_ids=[7, 8])
    staff = sign_in(client, practice)
    assert "2 appointments are missing here." in staff.get(f"/feeds/{feed_id}/").content.decode()
    answer = staff.post(f"/feeds/{feed_id}/missing/again/", follow=True).content.decode()
    assert "What is still missing then counts as gone." in answer
    assert feed(practice, feed_id).kept_ids == []
    assert (
        "Somebody was quicker" in staff.post(f"/feeds/{feed_id}/missing/again/", follow=True).content.decode()
    )


def test_what_was_taken_for_no_appointment_is_listed_the_rarest_first(
    client: Client, practice: Practice, now: datetime
) -> None:
    feed_id = add(practice, now)
    noon = now.replace(hour=11, minute=0)
    with tenancy.scope(practice.pk):
        for text, days, all_day in (
            ("Mittagspause", (-1, 1, 2, 3), False),
            ("Notfallslot <b>", (4,), False),
            ("", (5,), True),
        ):
            starts = [noon + timedelta(days=day) for day in days]
            end = starts[-1] + timedelta(hours=1)
            OwnTime.objects.create(
                practice=practice,
                feed_id=feed_id,
                uid=text.encode(),
                text=text,
                all_day=all_day,
                starts=starts,
                end=end,
            )
        OwnTime.objects.create(
            practice=practice,
            feed_id=feed_id,
            uid=b"x",
            text="Vorbei",
            starts=[now - timedelta(days=1)],
            end=now,
        )
    html = sign_in(client, practice).get(f"/feeds/{feed_id}/").content.decode()
    assert "5 coming entries are taken for time of the practice" in html
    assert "3 times, next tomorrow, 12:00, last " in html
    places = [html.index(text) for text in ("Notfallslot &lt;b&gt;", "without a text", "Mittagspause")]
    assert places == sorted(places)
    assert "Vorbei" not in html
    assert "Whoever manages the practice can change the rules" in html
    manager = sign_in(client, practice, Role.MANAGER).get(f"/feeds/{feed_id}/").content.decode()
    assert '<a href="/types/">appointment type</a>' in manager


def test_a_calendar_of_appointments_alone_lists_nothing_beside_them(
    client: Client, practice: Practice, now: datetime
) -> None:
    html = sign_in(client, practice).get(f"/feeds/{add(practice, now)}/").content.decode()
    assert "own-time" not in html
