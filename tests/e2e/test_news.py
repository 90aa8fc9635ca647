"""What is read on a page while it looks for news."""

from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from appointments.models import Appointment, Feed, FeedState
from practices import clock, record, tenancy
from tests import factories
from tests.e2e.conftest import World
from tests.e2e.people import sign_in

pytestmark = pytest.mark.e2e


def unnamed(world: World, *, days: int) -> None:
    """An appointment of which nobody knows whose it is."""
    with tenancy.scope(world.practice.pk):
        feed, start = Feed.objects.get(), clock.now() + timedelta(days=days)
        booked = factories.AppointmentFactory(patient=None, feed=feed, start=start)
        record.write(
            record.Entry(event="appointment.booked", at=clock.now(), data={"appointment": booked.pk})
        )


def test_what_is_unfolded_on_the_board_stays_so_through_the_news_and_nothing_else_unfolds(
    world: World, desk: Page
) -> None:
    unnamed(world, days=3)
    with tenancy.scope(world.practice.pk):
        missing = list(Appointment.objects.values_list("pk", flat=True))
        later = clock.now() + timedelta(hours=1)
        Feed.objects.update(state=FeedState.FROZEN, missing_ids=missing, next_poll_at=later)
    desk.clock.install()
    sign_in(desk, world)
    read = desk.locator("#notice-unnamed")
    other = desk.locator(".notice", has_text="verschwunden")
    expect(read.get_by_role("listitem")).to_be_hidden()
    read.locator("summary").click()
    expect(read.get_by_role("listitem")).to_be_visible()
    unnamed(world, days=4)
    desk.clock.fast_forward(30_000)
    expect(read).to_contain_text("2 Termine")
    expect(read.get_by_role("listitem")).to_have_count(2)
    expect(read.get_by_role("listitem").first).to_be_visible()
    expect(other.locator("details.fold")).to_have_count(1)
    expect(other.locator("details.fold[open]")).to_have_count(0)
