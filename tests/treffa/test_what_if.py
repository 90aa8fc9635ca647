"""What happens, and when: a sample appointment under a plan, played through for staff."""

import re
from datetime import datetime, timedelta

import pytest
from django.test import Client

from messaging.models import Message
from practices import tenancy
from practices.models import Practice, Role
from tests import factories
from tests.treffa.staff import sign_in

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("standing_clock")]


def test_a_sample_appointment_shows_messages_deadlines_and_steps_and_stores_nothing(
    client: Client, practice: Practice, now: datetime
) -> None:
    staff = sign_in(client, practice, Role.STAFF)
    with tenancy.scope(practice.pk):
        plan = factories.PlanFactory()
        factories.PrerequisiteFactory(plan=plan, days_before=5, title={"en": "Referral"})
    address = f"/plans/{plan.pk}/timeline/"
    page = re.sub(r"\s+", " ", staff.get(address).content.decode())
    times = [
        page.index(what)
        for what in ("SMS: Request", "SMS: Reminder", "SMS: Last call", "The appointment</p>")
    ]
    assert times == sorted(times) and "Deadline: Referral" in page and "Task “Call” for" in page
    assert page.count("Remind the patient") == 0  # the last call says it at the same time
    day = (now + timedelta(days=3)).date().isoformat()
    wrong = staff.get(address, {"day": day, "at": "10:00", "booked": "2099-01-01"}).content.decode()
    assert "The appointment comes after the booking" in wrong and f'value="{day}"' in wrong
    for odd in ("0001-01-01", "9999-12-31", "x", "\x00"):
        assert staff.get(address, {"day": odd, "booked": odd, "at": "25:00"}).status_code == 200
        assert staff.get(address, {"day": odd, "booked": odd, "at": "10:00"}).status_code == 200
    with tenancy.scope(practice.pk):
        assert not Message.objects.exists()
    assert staff.get("/plans/999999/timeline/").status_code == 404
