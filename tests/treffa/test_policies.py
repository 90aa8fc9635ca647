"""The escalation's settings: everybody reads the sequence, managers change it."""

from datetime import datetime, time
from pathlib import Path

import pytest
from django.test import Client

from escalation.models import Hours, Policy, Preference
from practices import clock, tenancy
from practices.models import Practice, RecordEntry, Role
from prerequisites.models import Case
from tests import factories
from tests.treffa.staff import sign_in

pytestmark = pytest.mark.django_db(transaction=True)

STEP = {
    "amount": "2",
    "unit": "days",
    "side": "before_start",
    "when": "missing",
    "act": "notify",
    "who": "manager",
    "way": "sms",
}


@pytest.fixture(autouse=True)
def _now(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, now: datetime) -> None:
    monkeypatch.setattr(clock, "_FILE", str(tmp_path / "clock"))
    clock.turn(to=now, speed=0)


@pytest.fixture
def practice() -> Practice:
    return factories.make_practice()


@pytest.fixture
def manager(client: Client, practice: Practice) -> Client:
    return sign_in(client, practice, Role.MANAGER)


def form(*steps: dict[str, str], initial: int, **more: str) -> dict[str, str]:
    data = {"form-TOTAL_FORMS": str(len(steps)), "form-INITIAL_FORMS": str(initial), **more}
    return data | {f"form-{n}-{name}": value for n, step in enumerate(steps) for name, value in step.items()}


def own(manager: Client, practice: Practice) -> Policy:
    manager.post("/escalation/new/")
    with tenancy.scope(practice.pk):
        return Policy.objects.get()


def seen(manager: Client, policy: Policy) -> str:
    html = manager.get(f"/escalation/{policy.pk}/").content.decode()
    return html.partition('name="seen" value="')[2][:16]


def test_the_shipped_steps_read_as_a_sequence_with_a_sample_case(manager: Client) -> None:
    html = manager.get("/escalation/").content.decode()
    for said in (
        "Steps as shipped",
        "1 day before the deadline · If nothing was opened",
        "Task “Call” for Reception",
        "E-mail to Practice manager",
        "2 days before the appointment",
        "What a sample case would see",
        "Mon 23 Mar, 10:00",
    ):
        assert said in html


def test_a_manager_shows_what_other_steps_would_do_and_then_saves_them(
    manager: Client, practice: Practice
) -> None:
    policy = own(manager, practice)
    address, given = f"/escalation/{policy.pk}/", form(STEP, initial=0, seen=seen(manager, policy))
    html = manager.post(address, {**given, "do": "preview"}).content.decode()
    assert "SMS to Practice manager" in html
    with tenancy.scope(practice.pk):
        assert len(Policy.objects.get().steps) == 6, "a preview changes nothing"
        factories.CaseFactory(escalation_due_at=None)
    assert "Saved." in manager.post(address, {**given, "do": "save"}, follow=True).content.decode()
    with tenancy.scope(practice.pk):
        (step,) = Policy.objects.get().steps
        assert (step["hours"], step["anchor"], step["way"]) == (-48, "start", "sms")
        assert Case.objects.get().escalation_due_at is not None, "all are looked at anew"
        assert RecordEntry.objects.filter(event="policy.changed").count() == 1


def test_an_untouched_form_saves_what_was_there(manager: Client, practice: Practice) -> None:
    policy = own(manager, practice)
    html = manager.get(f"/escalation/{policy.pk}/")
    formset = html.context["formset"]
    data = {"seen": html.context["seen"], "do": "save"}
    for name in ("TOTAL_FORMS", "INITIAL_FORMS"):
        data[f"form-{name}"] = str(formset.management_form[name].value())
    for one in formset:
        for field in one:
            if field.value() not in (None, False, ""):
                data[field.html_name] = field.value()
    manager.post(f"/escalation/{policy.pk}/", data)
    with tenancy.scope(practice.pk):
        assert Policy.objects.get().steps == policy.steps


def test_who_saves_over_somebody_elses_change_is_told_first(manager: Client, practice: Practice) -> None:
    policy = own(manager, practice)
    given = form(STEP, initial=0, seen=seen(manager, policy), do="save")
    manager.post(f"/escalation/{policy.pk}/", given)
    other = form({**STEP, "amount": "3"}, initial=0, seen=given["seen"], do="save")
    html = manager.post(f"/escalation/{policy.pk}/", other).content.decode()
    assert "Somebody changed these steps while you did." in html and 'value="3"' in html
    with tenancy.scope(practice.pk):
        assert Policy.objects.get().steps[0]["hours"] == -48


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"amount": "-1"}, "greater than or equal to 0"),
        ({"act": "dance"}, "is not one of the available choices"),
        ({"who": "user:999"}, "is not one of the available choices"),
        ({"repeats": "2"}, "after how many hours"),
    ],
)
def test_a_mistake_is_said_beside_its_field_and_what_was_typed_stays(
    manager: Client, practice: Practice, wrong: dict[str, str], said: str
) -> None:
    policy = own(manager, practice)
    given = form({**STEP, **wrong}, initial=0, seen=seen(manager, policy), do="save")
    html = manager.post(f"/escalation/{policy.pk}/", given).content.decode()
    assert said in html
    with tenancy.scope(practice.pk):
        assert len(Policy.objects.get().steps) == 6


def test_a_type_gets_steps_of_its_own_once_and_loses_them_again(manager: Client, practice: Practice) -> None:
    with tenancy.scope(practice.pk):
        kind = factories.AppointmentTypeFactory()
    manager.post("/escalation/new/", {"type": kind.pk})
    assert (
        "Somebody was quicker"
        in manager.post("/escalation/new/", {"type": kind.pk}, follow=True).content.decode()
    )
    with tenancy.scope(practice.pk):
        policy = Policy.objects.get(type=kind)
    assert manager.post("/escalation/new/", {"type": "999"}).status_code == 404
    manager.post(f"/escalation/{policy.pk}/remove/")
    with tenancy.scope(practice.pk):
        assert not Policy.objects.exists()


def test_office_hours_are_the_practices(manager: Client, practice: Practice) -> None:
    manager.post("/escalation/hours/", {"opens": "07:30", "closes": "12:00", "days": ["0", "2"]})
    html = manager.post(
        "/escalation/hours/", {"opens": "12:00", "closes": "07:30", "days": ["0"]}
    ).content.decode()
    assert "closes after it opens" in html
    with tenancy.scope(practice.pk):
        hours = Hours.objects.get()
        assert (hours.opens, hours.closes, hours.days) == (time(7, 30), time(12), [0, 2])


def test_others_read_the_steps_and_change_nothing(client: Client, practice: Practice) -> None:
    with tenancy.scope(practice.pk):
        policy = Policy.objects.create(practice=practice, name="Eigene", steps=[])
    staff = sign_in(client, practice)
    assert "Steps of the practice" in staff.get("/escalation/").content.decode()
    for address in ("new/", "hours/", f"{policy.pk}/", f"{policy.pk}/remove/"):
        assert staff.post(f"/escalation/{address}").status_code == 403


def test_a_person_chooses_the_hour_of_the_overview_and_a_mobile_number(
    client: Client, practice: Practice
) -> None:
    staff = sign_in(client, practice)
    given = {"digest_at": "07:15", "silent_when_ready": "on", "phone": "01525 4599371"}
    assert "Saved." in staff.post("/notices/", given, follow=True).content.decode()
    with tenancy.scope(practice.pk):
        held = Preference.objects.get()
        assert (held.digest_at, held.silent_when_ready, held.phone) == (time(7, 15), True, "+4915254599371")
        assert "371" not in str(RecordEntry.objects.get(event="preference.changed").data)
    html = staff.post("/notices/", {**given, "phone": "030 123"}).content.decode()
    assert "This is no mobile number" in html and "030 123" in html
