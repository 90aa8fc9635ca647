"""Notices to people of the practice. They name no patient: a date, a time and the address of the case."""

from datetime import datetime

from practices.models import Role
from prerequisites.models import Case


def queue(*, case: Case, role: Role, about: str, now: datetime) -> None:
    """Queues an e-mail to every member of the role; once for the same `about`."""
