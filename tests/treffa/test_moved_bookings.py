"""A booking that Doctolib moves by deleting one event and writing another: the case moves along, with all that was handed in."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from appointments.models import AppointmentType, Feed
from appointments.operations import add_feed, remove_feed
from practices import record, tenancy
from prerequisites import operations, planning
from prerequisites.links import url_for
from prerequisites.models import Case, Requirement, RequirementState
from tests.appointments.test_sync_properties import START, World
from tests.factories import PlanFactory, PrerequisiteFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    """One booked knee, of whose two requirements one came by fax."""
    world = World()
    with tenancy.scope(world.practice.pk):
        plan = PlanFactory(type=AppointmentType.objects.get(name="MRT Knie"))
        for key in ("referral", "creatinine"):
            PrerequisiteFactory(plan=plan, key=key)
    world.book("1")
    world.poll()
    planning.advance_cases(practice_id=world.practice.pk, now=world.now)
    with tenancy.scope(world.practice.pk):
        came = Requirement.objects.get(prerequisite__key="referral")
        operations.mark_received(requirement_id=came.pk, how="fax", by=record.SYSTEM, now=world.now)
    return world


def follow(world: World) -> list[tuple[str, str]]:
    """The next stage has looked: (key, state) of what the live cases require."""
    planning.advance_cases(practice_id=world.practice.pk, now=world.now)
    with tenancy.scope(world.practice.pk):
        return list(
            Requirement.objects.filter(case__appointment__status="confirmed")
            .order_by("case__appointment__start", "prerequisite__key")
            .values_list("prerequisite__key", "state")
        )


@pytest.mark.parametrize("uid", ["1", "another"])
def test_the_case_moves_along_with_what_was_handed_in_and_its_link(world: World, uid: str) -> None:
    with tenancy.scope(world.practice.pk):
        case = Case.objects.get()
        link = url_for(case)
    world.server.entries.clear()
    world.book(uid, start=START + timedelta(days=4))
    world.poll(3)
    assert follow(world) == [("creatinine", "open"), ("referral", RequirementState.ACCEPTED)]
    with tenancy.scope(world.practice.pk):
        after = Case.objects.select_related("appointment").get()
        assert (after.pk, after.appointment.start, url_for(after)) == (
            case.pk,
            START + timedelta(days=4),
            link,
        )


def _numbered_anew(world: World) -> None:
    """Another is booked in front, and takes the UID."""
    world.server.entries[0].uid = "2"
    world.book(
        "1", start=START - timedelta(hours=1), name="Muster, Mia", born="02.02.1980", type="Röhre Bein"
    )


def _read_otherwise(world: World) -> None:
    with tenancy.scope(world.practice.pk):
        Feed.objects.update(rules={"separators": [" :: "]})


def _name_put_right(world: World) -> None:
    world.server.entries[0].name = "Probefeld-Muster, Otto"


def _birth_date_put_right(world: World) -> None:
    world.server.entries[0].born = "13.04.1947"


def _added_again(world: World) -> None:
    with tenancy.scope(world.practice.pk):
        remove_feed(feed_id=world.feed.pk, by=record.SYSTEM, now=world.now)
        address = "https://kalender-neu.example/a.ics"
        world.feed = add_feed(name="MRT 1", url=address, by=record.SYSTEM, now=world.now)


@pytest.mark.parametrize(
    "happens", [_numbered_anew, _read_otherwise, _name_put_right, _birth_date_put_right, _added_again]
)
def test_the_case_stays_with_all_that_came(world: World, happens: Callable[[World], None]) -> None:
    with tenancy.scope(world.practice.pk):
        case = Case.objects.get()
        link = url_for(case)
    happens(world)
    world.poll(3)
    assert (follow(world))[-2:] == [("creatinine", "open"), ("referral", RequirementState.ACCEPTED)]
    with tenancy.scope(world.practice.pk):
        after = Case.objects.select_related("appointment__patient").get(pk=case.pk)
        assert (after.appointment.status, url_for(after)) == ("confirmed", link)
        assert after.appointment.feed_id == world.feed.pk


def test_what_could_be_either_of_two_is_handed_on_to_neither(world: World) -> None:
    """The old case is cancelled with its appointment; two new ones begin, and staff decide."""
    world.server.entries.clear()
    world.book("2", start=START + timedelta(days=4))
    world.book("3", start=START + timedelta(days=5))
    world.poll(3)
    assert follow(world) == [("creatinine", "open"), ("referral", "open")] * 2


def test_another_patient_in_its_place_gets_nothing_of_it(world: World) -> None:
    world.server.entries[0].name, world.server.entries[0].born = "Muster, Mia", "02.02.1980"
    world.poll()
    assert follow(world) == [("creatinine", "open"), ("referral", "open")]
