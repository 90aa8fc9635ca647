"""The inbox of tasks and the slots to save, as staff see and use them."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.test import Client

from escalation.models import Task, TaskState
from practices import clock, tenancy
from practices.models import Practice, Role
from prerequisites.models import Obstacle
from prerequisites.operations import cannot_get
from tests import factories
from tests.treffa.staff import sign_in

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _now(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, now: datetime) -> None:
    monkeypatch.setattr(clock, "_FILE", str(tmp_path / "clock"))
    clock.turn(to=now, speed=0)


@pytest.fixture
def practice() -> Practice:
    return factories.make_practice()


@pytest.fixture
def staff(client: Client, practice: Practice) -> Client:
    return sign_in(client, practice, name="Petra Erdmuster")


def make(practice: Practice, now: datetime, kind: str = "call_patient", **details: object) -> Task:
    with tenancy.scope(practice.pk):
        case = factories.RequirementFactory().case
        given = {"cause": f"{kind}:{case.pk}", "due_at": now, "created_at": now, **details}
        return Task.objects.create(practice=practice, case=case, kind=kind, **given)


def reload(practice: Practice, task: Task) -> Task:
    with tenancy.scope(practice.pk):
        return Task.objects.get(pk=task.pk)


def page(staff: Client, address: str = "/tasks/") -> str:
    return staff.get(address).content.decode()


def test_who_takes_a_task_over_has_it_under_their_name_and_gives_it_back(
    staff: Client, practice: Practice, now: datetime
) -> None:
    task = make(practice, now)
    assert "You have taken it over." in staff.post(f"/tasks/{task.pk}/take/", follow=True).content.decode()
    assert "Somebody was quicker" in staff.post(f"/tasks/{task.pk}/take/", follow=True).content.decode()
    html = page(staff)
    assert "Taken over by somebody" in html and "taken over by Petra Erdmuster" in html
    assert "Call: Otto Probefeld" in page(staff, "/tasks/?for=mine")
    staff.post(f"/tasks/{task.pk}/back/")
    assert reload(practice, task).taken_by_id is None and "At once" in page(staff)


def test_a_task_is_put_off_to_one_of_the_offered_moments_and_to_no_other(
    staff: Client, practice: Practice, now: datetime
) -> None:
    task = make(practice, now)
    staff.post(f"/tasks/{task.pk}/later/", {"until": "morning"})
    assert reload(practice, task).snoozed_until == datetime.fromisoformat("2026-03-03T07:00:00Z")
    assert "put off until tomorrow, 08:00" in page(staff)
    for wrong in ("never", "2026-03-04"):
        assert staff.post(f"/tasks/{task.pk}/later/", {"until": wrong}).status_code == 400


def test_a_task_is_put_off_to_any_moment_of_the_coming_month_by_the_practices_clock(
    staff: Client, practice: Practice, now: datetime
) -> None:
    task = make(practice, now, due_at=now + timedelta(days=1))

    def put_off(moment: str) -> str:
        return staff.post(f"/tasks/{task.pk}/later/", {"moment": moment}, follow=True).content.decode()

    assert "Put off until after it is due" not in put_off("2026-03-02T16:30")
    assert reload(practice, task).snoozed_until == datetime.fromisoformat("2026-03-02T15:30:00Z")
    assert "Put off until after it is due" in put_off("2026-03-10T08:00")
    for wrong, said in (
        ("2026-03-01T08:00", "past"),
        ("2026-06-01T08:00", "a month"),
        ("x", "Choose"),
        ("", "Choose"),
    ):
        assert said in put_off(wrong)
    assert reload(practice, task).snoozed_until == datetime.fromisoformat("2026-03-10T07:00:00Z")


def test_the_inbox_quotes_why_somebody_cant_get_it(staff: Client, practice: Practice, now: datetime) -> None:
    with tenancy.scope(practice.pk):
        row = factories.RequirementFactory()
        cannot_get(requirement_id=row.pk, reason=Obstacle.OTHER, text="<b>Praxis zu</b>", now=now)
        case = row.case
        cause = f"obstacle:{row.pk}:{now.timestamp():.0f}"
        Task.objects.create(
            practice=practice, case=case, kind="cannot_get", cause=cause, due_at=now, created_at=now
        )
    assert "&lt;b&gt;Praxis zu&lt;/b&gt;</blockquote>" in page(staff)


def test_what_came_of_a_call_is_shown_and_can_be_taken_back_for_half_an_hour(
    staff: Client, practice: Practice, now: datetime
) -> None:
    task = make(practice, now)
    staff.post(f"/tasks/{task.pk}/done/", {"outcome": "will_come"})
    html = page(staff)
    assert "Reached, it will come, Petra Erdmuster, today, 10:00" in html
    assert "It is open again." in staff.post(f"/tasks/{task.pk}/undo/", follow=True).content.decode()
    staff.post(f"/tasks/{task.pk}/done/", {"outcome": "reached"})
    clock.turn(to=now + timedelta(minutes=31), speed=0)
    assert f"/tasks/{task.pk}/undo/" not in page(staff)
    assert "has changed already" in staff.post(f"/tasks/{task.pk}/undo/", follow=True).content.decode()
    assert reload(practice, task).state == TaskState.DONE


def test_an_outcome_that_the_task_does_not_have_changes_nothing(
    staff: Client, practice: Practice, now: datetime
) -> None:
    task = make(practice, now)
    assert staff.post(f"/tasks/{task.pk}/done/", {"outcome": "released"}).status_code == 400
    assert reload(practice, task).state == TaskState.OPEN


def test_slots_to_save_are_listed_by_the_time_that_is_left_and_released_or_kept_with_a_reason(
    staff: Client, practice: Practice, now: datetime
) -> None:
    first, second = make(practice, now, "release_slot"), make(practice, now, "too_late")
    assert "2 slots to save" in page(staff)
    html = page(staff, "/slots/")
    assert "appointment in 10 days" in html and html.count("Released in Doctolib</") == 0
    answer = staff.post(f"/tasks/{first.pk}/done/", {"outcome": "released", "from": "slots"})
    assert answer["Location"] == "/slots/"
    staff.post(f"/tasks/{second.pk}/done/", {"outcome": "kept_physician", "from": "slots"})
    html = page(staff, "/slots/")
    assert "No slot is in danger" in html
    assert "Released in Doctolib, Petra Erdmuster" in html and "Kept: a physician decided so" in html


def test_viewers_see_the_slots_and_decide_nothing(client: Client, practice: Practice, now: datetime) -> None:
    task = make(practice, now, "release_slot")
    viewer = sign_in(client, practice, Role.VIEWER)
    assert "Save the slot" in page(viewer, "/slots/") and "/done/" not in page(viewer, "/slots/")
    for act in ("done", "take", "back", "later", "undo"):
        assert viewer.post(f"/tasks/{task.pk}/{act}/", {"outcome": "released"}).status_code == 403
