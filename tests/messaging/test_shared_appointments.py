"""From two calendars with the same appointment to one case and one message, whatever each of them says later."""

from datetime import timedelta

import pytest

from appointments import merging
from appointments.models import Patient
from appointments.operations import remove_feed
from messaging import operations
from messaging.models import Message
from practices import record, tenancy
from practices.models import Practice
from prerequisites import planning, queries
from prerequisites.evidence import gathering
from prerequisites.models import Case, Kind, Requirement
from prerequisites.operations import submit_answers
from tests.appointments.test_sync_properties import START
from tests.appointments.two_calendars import Calendars
from tests.factories import PlanFactory, PrerequisiteFactory
from treffa.sandbox import Sandbox

pytestmark = pytest.mark.django_db

QUESTION = {"key": "why", "type": "text", "label": {"de": "Wieso?"}}


class Work(Calendars):
    """Two calendars, and what the next stages make of them."""

    def __init__(self) -> None:
        super().__init__("Dr. Weber", "Raum 1")
        with tenancy.scope(self.practice.pk):
            for known in self.types:
                plan = PlanFactory(type=known)
                PrerequisiteFactory(plan=plan, kind=Kind.FORM, questions=[QUESTION])
            Practice.objects.update(sending=True)

    def go_on(self, *names: str) -> None:
        """A round of all stages."""
        self.poll(*names)
        self.stages()

    def stages(self) -> None:
        planning.advance_cases(practice_id=self.practice.pk, now=self.now)
        operations.queue_requests(practice_id=self.practice.pk, now=self.now)
        operations.deliver(practice_id=self.practice.pk, now=self.now)

    def cases(self) -> list[tuple[str, str, bool]]:
        """(calendar, when, whether it is open) of each case."""
        with tenancy.scope(self.practice.pk):
            found = Case.objects.select_related("appointment__feed").order_by("id")
            return [
                (one.appointment.feed.name, f"{one.appointment.start:%d %H:%M}", one.closed_at is None)
                for one in found
            ]

    def said(self) -> list[str]:
        with tenancy.scope(self.practice.pk):
            return list(
                Message.objects.exclude(state="cancelled").order_by("id").values_list("occasion", flat=True)
            )


@pytest.fixture
def work(sandbox: Sandbox) -> Work:
    return Work()


AT, LATER = f"{START:%d %H:%M}", f"{START + timedelta(hours=1):%d %H:%M}"


def test_one_case_and_one_message(work: Work) -> None:
    work.book("Dr. Weber", "Raum 1")
    work.go_on()
    work.go_on()
    assert (work.cases(), work.said()) == ([("Dr. Weber", AT, True)], ["request"])


def test_cancelled_in_the_calendar_that_leads_it_goes_on_in_the_other_and_nobody_hears_of_it(
    work: Work,
) -> None:
    work.book("Dr. Weber", "Raum 1")
    work.go_on()
    with tenancy.scope(work.practice.pk):
        requirement = Requirement.objects.get()
        submit_answers(
            requirement_id=requirement.pk, answers={"why": "Darum"}, by=record.PATIENT, now=work.now
        )
    work.servers["Dr. Weber"].entries[0].status = "CANCELLED"
    work.poll()
    operations.queue_requests(practice_id=work.practice.pk, now=work.now)  # before the case has followed
    work.stages()
    assert (work.cases(), work.said()) == ([("Raum 1", AT, True)], ["request"])
    with tenancy.scope(work.practice.pk):
        (shown,) = queries.case_detail(Case.objects.get().pk).requirements
        assert shown.answers == {"why": "Darum"}
    work.servers["Raum 1"].entries.clear()
    for _ in range(3):
        work.go_on()
    assert work.cases() == [("Raum 1", AT, False)]


def test_cancelled_in_both_the_patient_hears_it_once(work: Work) -> None:
    work.book("Dr. Weber", "Raum 1")
    work.go_on()
    for name in ("Dr. Weber", "Raum 1"):
        work.servers[name].entries[0].status = "CANCELLED"
        work.go_on()
    assert work.said() == ["request", "cancelled"]


@pytest.mark.parametrize("order", [("Dr. Weber", "Raum 1"), ("Raum 1", "Dr. Weber")])
def test_moved_in_both_the_patient_hears_it_once(work: Work, order: tuple[str, str]) -> None:
    work.book("Dr. Weber", "Raum 1")
    work.go_on()
    for name in order:
        work.servers[name].entries[0].start += timedelta(hours=1)
        work.go_on(name)
    work.go_on()
    assert (work.cases(), work.said()) == ([("Dr. Weber", LATER, True)], ["request", "moved"])


def test_the_case_follows_when_the_calendar_that_led_is_removed(work: Work) -> None:
    work.book("Dr. Weber", "Raum 1")
    work.go_on()
    work.operate(remove_feed, "Dr. Weber")
    work.go_on()
    assert (work.cases(), work.said()) == ([("Raum 1", AT, True)], ["request"])


def test_two_patients_who_turn_out_to_be_one_are_asked_once_from_then_on(work: Work) -> None:
    work.book("Dr. Weber")
    work.book("Raum 1", born="", phone="01525 4599372")
    work.go_on()
    assert len(work.cases()) == 2
    with tenancy.scope(work.practice.pk):
        first, second = Patient.objects.order_by("id")
        merging.merge(
            first_id=first.pk,
            second_id=second.pk,
            chosen=merging.Chosen(right={}),
            as_seen=merging.seen(first, second),
            by=record.SYSTEM,
            now=work.now,
        )
    work.go_on()
    work.go_on()
    assert work.cases() == [("Dr. Weber", AT, True), ("Raum 1", AT, False)]
    assert work.said().count("cancelled") == 0


def test_the_evidence_tells_of_every_calendar(work: Work) -> None:
    work.book("Dr. Weber", "Raum 1")
    work.go_on()
    work.servers["Dr. Weber"].entries[0].status = "CANCELLED"
    work.go_on()
    with tenancy.scope(work.practice.pk):
        case = Case.objects.select_related("appointment").get()
        events = [entry.event for entry in gathering._entries(case, [])]
    assert events.count("appointment.booked") == 2
    assert {"appointment.joined", "case.handed_over"} <= set(events)
