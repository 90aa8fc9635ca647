"""The readiness calendar: what it says, to whom, and when it says nothing."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from icalendar import Calendar

from practices import calendar_links, record, tenancy
from practices.models import CalendarLink, Practice, RecordEntry, Role
from prerequisites.models import Case
from tests import factories
from tests.factories import NOW
from tests.treffa.staff import sign_in
from treffa import calendar_feed

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("standing_clock")]


def link(practice: Practice, **given: Any) -> str:
    """Its address, without the host."""
    with tenancy.scope(practice.pk):
        by = record.staff(factories.UserFactory().pk)
        details = {"name": "Bereitschaft", "practitioner": "", "says_type": False, **given}
        made = calendar_links.make(**details, by=by, now=NOW)
    return "/calendar/" + calendar_feed.address(made).rpartition("/")[2]


def events(response: Any) -> list[Any]:
    assert response.status_code == 200
    return list(Calendar.from_ical(response.content).walk("VEVENT"))


def test_an_event_says_when_how_ready_and_where_to_look_and_nothing_else(
    client: Client, practice: Practice
) -> None:
    with tenancy.scope(practice.pk):
        case = factories.CaseFactory(readiness="ready")
    response = client.get(link(practice))
    (event,) = events(response)
    assert event["summary"] == "10:00 Bereit"
    assert event["url"].endswith(f"/cases/{case.pk}/")
    assert event["dtstart"].dt == case.appointment.start
    text = response.content.decode()
    for secret in ("Probefeld", "CT Abdomen", "1947", "4915", "Fiktiv"):
        assert secret not in text
    assert response["Content-Type"] == "text/calendar; charset=utf-8"
    assert "\r\n" in text and all(len(line.encode()) <= 75 for line in text.split("\r\n"))


def test_the_examination_is_named_where_a_manager_chose_so(client: Client, practice: Practice) -> None:
    with tenancy.scope(practice.pk):
        case = factories.CaseFactory(readiness="waiting")
    (event,) = events(client.get(link(practice, says_type=True)))
    assert event["summary"] == f"10:00 Wartet auf Antwort: {case.appointment.type.name}"


def test_a_practitioners_calendar_holds_their_own_and_each_appointment_once(
    client: Client, practice: Practice
) -> None:
    with tenancy.scope(practice.pk):
        own = factories.CaseFactory()
        of_calendar = factories.CaseFactory(appointment__practitioner="")
        factories.CaseFactory(appointment__practitioner="Dr. Anders")
        factories.CaseFactory(appointment__same_as=own.appointment)
        factories.CaseFactory(appointment__status="cancelled")
        factories.CaseFactory(appointment__start=NOW - timedelta(days=60))
    found = events(client.get(link(practice, practitioner="Dr. Fiktiv")))
    assert {str(event["uid"]) for event in found} == {
        f"readiness-{practice.pk}-{case.appointment_id}@treffa" for case in (own, of_calendar)
    }


def test_who_has_it_is_told_that_nothing_changed_until_something_did(
    client: Client, practice: Practice
) -> None:
    with tenancy.scope(practice.pk):
        factories.CaseFactory()
    address = link(practice)
    first = client.get(address)
    again = client.get(address, headers={"if-none-match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    with tenancy.scope(practice.pk):
        Case.objects.update(readiness="ready", readiness_since=NOW)
    assert client.get(address, headers={"if-none-match": first["ETag"]}).status_code == 200


def test_a_renewed_or_revoked_address_is_none(client: Client, practice: Practice) -> None:
    old = link(practice)
    with tenancy.scope(practice.pk):
        held = CalendarLink.objects.get()
        by = record.staff(held.made_by_id)
        assert calendar_links.renew(link_id=held.pk, by=by, now=NOW)
        new = "/calendar/" + calendar_feed.address(CalendarLink.objects.get()).rpartition("/")[2]
    assert client.get(old).status_code == client.get("/calendar/x.ics").status_code == 404
    assert client.get(new).status_code == 200
    with tenancy.scope(practice.pk):
        assert calendar_links.revoke(link_id=held.pk, by=by, now=NOW)
        assert not calendar_links.revoke(link_id=held.pk, by=by, now=NOW)
        assert not calendar_links.renew(link_id=held.pk, by=by, now=NOW)
        events_ = list(RecordEntry.objects.order_by("pk").values_list("event", flat=True))
    assert client.get(new).status_code == 404
    assert events_[-3:] == ["calendar_link.made", "calendar_link.renewed", "calendar_link.revoked"]


def test_who_asks_too_often_is_told_when_to_come_back(
    client: Client, practice: Practice, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache.clear()
    monkeypatch.setattr(calendar_feed, "TIMES", 2)
    address = link(practice)
    assert [client.get(address).status_code for _ in range(3)] == [200, 200, 429]
    assert 0 < int(client.get(address)["Retry-After"]) <= 3600
    assert client.post(address).status_code == 405


def test_managers_make_renew_and_revoke_on_the_page(client: Client, practice: Practice) -> None:
    staff = sign_in(client, practice, Role.MANAGER)
    assert staff.post("/access/calendar/", {"name": "", "practitioner": "Dr. X"}).status_code == 200
    assert staff.post("/access/calendar/", {"name": "Team", "says_type": "on"}).status_code == 302
    html = staff.get("/access/calendar/").content.decode()
    address = re.search(r'value="[^"]+(/calendar/[^"]+)"', html)
    assert address
    assert client.get(address[1]).status_code == 200
    with tenancy.scope(practice.pk):
        (held,) = CalendarLink.objects.all()
        assert (held.says_type, held.read_at) == (True, NOW)
    staff.post(f"/access/calendar/{held.pk}/renew/")
    assert address[1] not in staff.get("/access/calendar/").content.decode()
    staff.post(f"/access/calendar/{held.pk}/revoke/")
    assert "Team" not in staff.get("/access/calendar/").content.decode()


@pytest.mark.parametrize("role", ["staff", "physician", "viewer"])
def test_others_do_not_see_the_addresses(client: Client, practice: Practice, role: str) -> None:
    assert sign_in(client, practice, Role(role)).get("/access/calendar/").status_code == 403
