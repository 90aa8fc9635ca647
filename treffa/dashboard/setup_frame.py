"""The frame of the set-up around a page: what `page` is given beside the page's own."""

from typing import Any

from treffa.dashboard import setup
from treffa.dashboard.staff import StaffRequest

LATER = "setup_later"
TEMPLATE = "dashboard/setup_frame.html"


def of(request: StaffRequest, *, at: str) -> dict[str, Any]:
    """The frame, standing at a step."""
    return {"frame": TEMPLATE, "area": "setup", "setup": setup.load(request.practice, at=at)}


def begins(request: StaffRequest) -> bool:
    """Whether the person is to set the practice up first: nothing was done yet, and they did not say "later"."""
    practice = request.practice
    if practice.sending or not request.membership.may_manage:
        return False
    return request.session.get(LATER) != practice.pk and setup.untouched(practice)
