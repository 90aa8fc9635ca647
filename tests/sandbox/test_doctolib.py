from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import icalendar
import phonenumbers
import pytest
import requests

from practices import clock
from treffa.sandbox import Sandbox
from treffa.sandbox.client import SandboxClient, SandboxError
from treffa.sandbox.doctolib.living import snapshot
from treffa.sandbox.doctolib.profiles import Quirk, Style, calendars
from treffa.sandbox.people import Person, everybody

KEYS = [profile.key for profile in calendars()]
BERLIN = ZoneInfo("Europe/Berlin")
MONDAY = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
OTTO = Person(
    number=1,
    first_name="Otto",
    last_name="Probefeld",
    born=date(1947, 3, 14),
    phone="0151 00000001",
    email="otto@post.example",
)


def fetch(sandbox: Sandbox, key: str, **headers: str) -> requests.Response:
    return requests.get(sandbox.calendar_url(key), headers=headers, timeout=5, allow_redirects=False)


def parsed(body: bytes) -> list[icalendar.Event]:
    return list(icalendar.Calendar.from_ical(body).walk("VEVENT"))


@pytest.mark.parametrize("key", KEYS)
def test_every_living_calendar_is_a_valid_feed(sandbox: Sandbox, key: str) -> None:
    body = sandbox.doctolib.feed(key, now=MONDAY).body
    events = parsed(body)
    assert len(events) > 150
    assert all(not event.errors for event in events)
    assert len({event["UID"] for event in events}) == len(events)
    assert all(len(line) <= 75 for line in body.split(b"\r\n"))
    assert b"\n" not in body.replace(b"\r\n", b"")
    assert {event["STATUS"] for event in events} == {"CONFIRMED", "CANCELLED"}


@pytest.mark.parametrize("profile", calendars(), ids=KEYS)
def test_nobody_is_booked_twice_into_one_slot(profile) -> None:
    events = snapshot(profile=profile, seed="treffa", density=1.0, now=MONDAY).events
    standing = [event for event in events if event.status == "CONFIRMED" and not event.rule]
    for first, second in pairwise(standing):
        assert first.end <= second.start, (first, second)


@pytest.mark.parametrize("profile", calendars(), ids=KEYS)
def test_a_calendar_has_six_to_ten_appointments_a_day_in_the_past_and_fewer_far_ahead(profile) -> None:
    events = snapshot(profile=profile, seed="treffa", density=1.0, now=MONDAY).events
    people = [event for event in events if event.description]
    past = [event for event in people if event.start < MONDAY]
    days = {event.start.date() for event in past}
    assert 6 <= len(past) / len(days) <= 10
    far = [event for event in people if event.start > MONDAY + timedelta(days=70)]
    assert len(far) < len(past) / 3


def test_density_makes_calendars_fuller() -> None:
    thin = snapshot(profile=calendars()[0], seed="treffa", density=0.3, now=MONDAY).events
    full = snapshot(profile=calendars()[0], seed="treffa", density=1.5, now=MONDAY).events
    assert len(thin) * 2 < len(full)


def test_the_same_moment_always_has_the_same_calendar(sandbox: Sandbox) -> None:
    first = sandbox.doctolib.feed(KEYS[0], now=MONDAY)
    sandbox.doctolib.feed(KEYS[0], now=MONDAY + timedelta(days=3))
    assert sandbox.doctolib.feed(KEYS[0], now=MONDAY).body == first.body


def test_time_brings_bookings_moves_and_both_kinds_of_cancellation() -> None:
    before, after = (
        {
            event.uid: event
            for profile in calendars()
            for event in snapshot(profile=profile, seed="treffa", density=1.0, now=moment).events
        }
        for moment in (MONDAY, MONDAY + timedelta(days=7))
    )
    assert set(after) - set(before)
    both = [(before[uid], after[uid]) for uid in set(before) & set(after)]
    assert any(old.start != new.start and new.sequence == old.sequence + 1 for old, new in both)
    assert any(old.status != new.status == "CANCELLED" for old, new in both)
    gone = [event for uid, event in before.items() if uid not in after]
    assert any(event.start > MONDAY for event in gone)


def test_absences_and_blocks_stand_between_the_appointments() -> None:
    summaries = {
        event.summary
        for profile in calendars()
        for week in range(0, 40, 10)
        for event in snapshot(
            profile=profile, seed="treffa", density=1.0, now=MONDAY + timedelta(weeks=week)
        ).events
        if not event.description
    }
    assert {"MITTAG", "Urlaub", "Wartung", "Fortbildung", "gesperrt"} <= summaries


def test_each_style_says_who_and_what_in_its_own_place(sandbox: Sandbox) -> None:
    summaries = {}
    for style in Style:
        sandbox.doctolib.create_calendar(style.value, style=style)
        sandbox.doctolib.book(style.value, person=OTTO, booking="MRT Knie links", start=MONDAY)
        (event,) = parsed(sandbox.doctolib.feed(style.value, now=MONDAY).body)
        summaries[style] = str(event["SUMMARY"])
        assert ("Otto Probefeld" in event["DESCRIPTION"]) == (style in (Style.TYPE, Style.NAME_AND_TYPE))
        assert ("Termin: MRT Knie links" in event["DESCRIPTION"]) == (style is Style.NAME)
        assert "Geburtsdatum: 14.03.1947\nTelefon: 0151 00000001" in event["DESCRIPTION"]
    assert summaries == {
        Style.NAME_AND_TYPE: "Probefeld, Otto - MRT Knie links",
        Style.TYPE: "MRT Knie links",
        Style.NAME: "Otto Probefeld",
        Style.PSEUDONYM: "P-00001 MRT Knie links",
    }


def test_people_have_valid_numbers_and_addresses_that_lead_nowhere_or_none() -> None:
    people = [person for practice in ("radiology", "cardiology") for person in everybody(practice)]
    phones = [phonenumbers.parse(person.phone, "DE") for person in people if person.phone]
    assert all(phonenumbers.is_valid_number(phone) for phone in phones)
    assert {phonenumbers.number_type(phone) for phone in phones} == {phonenumbers.PhoneNumberType.MOBILE}
    assert len({person.phone for person in people if person.phone}) > 0.98 * len(phones)
    assert all(re.fullmatch(r"[a-z.-]+\d+@post\.example", person.email) for person in people if person.email)
    assert any(not person.phone and not person.email for person in people)
    assert any(not person.phone and person.email for person in people)
    assert any(person.phone and not person.email for person in people)
    assert any(person.born is None for person in people)


def test_quirks_are_legal_but_odd(sandbox: Sandbox) -> None:
    bodies = {
        quirk: sandbox.doctolib.feed(profile.key, now=MONDAY).body
        for profile in calendars()
        for quirk in profile.quirks
    }
    assert b"DURATION:PT30M" in bodies[Quirk.DURATION] and b"DTEND;TZID" not in bodies[Quirk.DURATION]
    assert re.search(rb"DTSTART:\d{8}T\d{6}Z", bodies[Quirk.UTC])
    assert bodies[Quirk.RECURRING_LUNCH].count(b"SUMMARY:MITTAG") == 1


def test_times_stand_in_the_zone_of_berlin_and_summer_time_is_kept(sandbox: Sandbox) -> None:
    for moment in (MONDAY, datetime(2026, 7, 6, 8, 0, tzinfo=UTC)):
        for event in parsed(sandbox.doctolib.feed("radiologie-ct-1", now=moment).body):
            start = event["DTSTART"].dt
            if isinstance(start, datetime):
                assert 6 <= start.astimezone(BERLIN).hour <= 20


def test_what_is_known_already_is_answered_with_304(sandbox: Sandbox) -> None:
    first = fetch(sandbox, KEYS[0])
    assert fetch(sandbox, KEYS[0], **{"If-None-Match": first.headers["ETag"]}).status_code == 304
    assert fetch(sandbox, KEYS[0], **{"If-None-Match": f'"x", W/{first.headers["ETag"]}'}).status_code == 304
    assert fetch(sandbox, KEYS[0], **{"If-Modified-Since": first.headers["Last-Modified"]}).status_code == 304
    assert fetch(sandbox, KEYS[0], **{"If-None-Match": '"another"'}).status_code == 200


def test_the_etag_stays_while_dtstamp_runs_and_changes_with_the_content(sandbox: Sandbox) -> None:
    sandbox.doctolib.create_calendar("test")
    event = sandbox.doctolib.book("test", person=OTTO, booking="MRT Knie", start=MONDAY)
    first = sandbox.doctolib.feed("test", now=MONDAY)
    later = sandbox.doctolib.feed("test", now=MONDAY + timedelta(seconds=5))
    assert first.etag == later.etag and first.body != later.body
    sandbox.doctolib.change_event("test", event.uid, start=MONDAY + timedelta(hours=1))
    assert sandbox.doctolib.feed("test", now=MONDAY).etag != first.etag


def test_an_event_can_be_put_moved_cancelled_and_removed(sandbox: Sandbox, client: SandboxClient) -> None:
    client.create_calendar("test", style="name")
    start = datetime(2026, 12, 1, 10, 0, tzinfo=BERLIN)
    uid = client.book("test", first_name="Otto", last_name="Probefeld", type="MRT Knie", start=start).uid
    moved = client.move("test", uid, start=start + timedelta(days=1))
    assert (moved.start, moved.end - moved.start, moved.sequence) == (
        start + timedelta(days=1),
        timedelta(minutes=30),
        1,
    )
    assert client.cancel("test", uid).status == "CANCELLED"
    (event,) = parsed(fetch(sandbox, "test").content)
    assert (event["STATUS"], event["SEQUENCE"], event["DTSTART"].dt) == ("CANCELLED", 2, moved.start)
    client.remove("test", uid)
    assert parsed(fetch(sandbox, "test").content) == []
    with pytest.raises(SandboxError):
        client.remove("test", uid)


def test_an_appointment_can_be_booked_into_a_living_calendar(sandbox: Sandbox, client: SandboxClient) -> None:
    before = len(client.events("kardio-ct"))
    start = (clock.now() + timedelta(days=20)).replace(hour=22, minute=0, second=0, microsecond=0)
    client.book("kardio-ct", first_name="Otto", last_name="Probefeld", type="Kardio-CT", start=start)
    assert len(client.events("kardio-ct")) == before + 1
    assert "Otto Probefeld" in [event["SUMMARY"] for event in parsed(fetch(sandbox, "kardio-ct").content)]


def test_every_method_is_counted_and_only_get_is_answered(sandbox: Sandbox, client: SandboxClient) -> None:
    fetch(sandbox, KEYS[0])
    assert client.methods() == {"GET": 1}
    for method in ("POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PROPFIND"):
        assert requests.request(method, sandbox.calendar_url(KEYS[0]), timeout=5).status_code == 405
    counts = next(calendar.requests for calendar in client.calendars() if calendar.key == KEYS[0])
    assert counts == {"GET": 1, "POST": 1, "PUT": 1, "DELETE": 1, "HEAD": 1, "OPTIONS": 1, "PROPFIND": 1}


def test_an_unknown_calendar_is_not_found(sandbox: Sandbox) -> None:
    assert fetch(sandbox, "nothing").status_code == 404


@pytest.mark.parametrize(
    ("kind", "details", "status"),
    [
        ("down", {}, 503),
        ("down", {"status": 500}, 500),
        ("not_found", {}, 404),
        ("forbidden", {}, 403),
        ("not_modified", {}, 304),
    ],
)
def test_faults_of_status(
    sandbox: Sandbox, client: SandboxClient, kind: str, details: dict[str, int], status: int
) -> None:
    client.set_calendar_fault(KEYS[0], kind, **details)
    assert fetch(sandbox, KEYS[0]).status_code == status
    assert fetch(sandbox, KEYS[1]).status_code == 200
    client.clear_calendar_fault(KEYS[0])
    assert fetch(sandbox, KEYS[0]).status_code == 200


def test_too_many_requests_say_when_to_come_back(sandbox: Sandbox) -> None:
    sandbox.doctolib.faults.set("too_many", on=KEYS[0], retry_after=7)
    answer = fetch(sandbox, KEYS[0])
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "7")


def test_a_fault_with_a_count_heals_by_itself(sandbox: Sandbox, client: SandboxClient) -> None:
    client.set_calendar_fault(KEYS[0], "down", count=2)
    assert [fetch(sandbox, KEYS[0]).status_code for _ in range(3)] == [503, 503, 200]


def test_a_login_page_and_an_empty_body_come_with_200(sandbox: Sandbox) -> None:
    sandbox.doctolib.faults.set("html", on=KEYS[0], count=1)
    assert fetch(sandbox, KEYS[0]).headers["Content-Type"].startswith("text/html")
    sandbox.doctolib.faults.set("empty", on=KEYS[0], count=1)
    assert (fetch(sandbox, KEYS[0]).status_code, fetch(sandbox, KEYS[0]).content != b"") == (200, True)


def test_a_body_is_cut_off_in_the_text_or_in_the_connection(sandbox: Sandbox) -> None:
    sandbox.doctolib.faults.set("cut", on=KEYS[0], count=1)
    body = fetch(sandbox, KEYS[0]).content
    assert body.startswith(b"BEGIN:VCALENDAR") and b"END:VCALENDAR" not in body
    sandbox.doctolib.faults.set("cut_connection", on=KEYS[0], count=1)
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        fetch(sandbox, KEYS[0])


def test_a_connection_is_reset(sandbox: Sandbox) -> None:
    sandbox.doctolib.faults.set("reset", on=KEYS[0])
    with pytest.raises(requests.ConnectionError):
        fetch(sandbox, KEYS[0])


def test_a_slow_answer_exceeds_a_read_timeout_and_a_dripping_one_does_not(sandbox: Sandbox) -> None:
    sandbox.doctolib.faults.set("slow", on=KEYS[0], count=1, seconds=0.5)
    with pytest.raises(requests.ReadTimeout):
        requests.get(sandbox.calendar_url(KEYS[0]), timeout=0.2)
    sandbox.doctolib.faults.set("drip", on=KEYS[0], count=1, seconds=0.01)
    with requests.get(sandbox.calendar_url(KEYS[0]), timeout=0.2, stream=True) as answer:
        assert next(answer.iter_content(10)) == b"BEGIN:VCAL"


def test_a_bomb_is_a_few_bytes_that_would_be_many(sandbox: Sandbox) -> None:
    sandbox.doctolib.faults.set("bomb", on=KEYS[0], count=1, megabytes=20)
    with requests.get(sandbox.calendar_url(KEYS[0]), timeout=5, stream=True) as answer:
        assert int(answer.headers["Content-Length"]) < 50_000
        assert sum(map(len, answer.iter_content(1_000_000))) == 20_000_000


def test_a_redirect_leads_on_or_round_in_circles(sandbox: Sandbox) -> None:
    sandbox.doctolib.faults.set("redirect", on=KEYS[0], count=1, location=sandbox.calendar_url(KEYS[1]))
    assert fetch(sandbox, KEYS[0]).headers["Location"] == sandbox.calendar_url(KEYS[1])
    sandbox.doctolib.faults.set("redirect", on=KEYS[0])
    with pytest.raises(requests.TooManyRedirects):
        requests.get(sandbox.calendar_url(KEYS[0]), timeout=5)


def test_uids_churn_and_feeds_shrink_on_demand(sandbox: Sandbox) -> None:
    def uids() -> set[str]:
        return {str(event["UID"]) for event in parsed(fetch(sandbox, KEYS[0]).content)}

    whole = uids()
    sandbox.doctolib.faults.set("churn", on=KEYS[0], count=1)
    assert not uids() & whole
    sandbox.doctolib.faults.set("shrink", on=KEYS[0], count=1, share=0.5)
    assert len(uids()) == pytest.approx(len(whole) / 2, abs=1)


def test_any_bytes_can_be_served(sandbox: Sandbox, client: SandboxClient) -> None:
    client.create_calendar("test")
    client.set_body("test", b"\xff\x00 not a calendar")
    assert fetch(sandbox, "test").content == b"\xff\x00 not a calendar"
    client.clear_body("test")
    assert fetch(sandbox, "test").content.startswith(b"BEGIN:VCALENDAR")


def test_an_unknown_fault_is_refused_with_the_names_of_those_there_are(client: SandboxClient) -> None:
    with pytest.raises(SandboxError, match="cut_connection"):
        client.set_calendar_fault(KEYS[0], "nonsense")
