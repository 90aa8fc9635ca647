"""Notices to people of the practice. They name no patient: a date, a time and the address of the case."""

from collections.abc import Collection
from datetime import datetime

from django.conf import settings
from django.urls import reverse
from django.utils import formats, timezone, translation
from django.utils.translation import gettext

from messaging.operations.writing import queue_staff_notice
from practices import queries
from practices.models import Practice, Role, User
from prerequisites.models import Case


def queue(*, case: Case, roles: Collection[Role], about: str, now: datetime) -> None:
    """Queues an e-mail to every member of the roles; once for the same `about`."""
    practice = queries.current_practice()
    for member in queries.members(*roles):
        with timezone.override(practice.time_zone), translation.override(member.user.language):
            subject, text = _words(case, practice=practice, user=member.user)
        queue_staff_notice(
            address=member.user.email,
            language=member.user.language,
            subject=subject,
            text=text,
            dedupe_key=f"{about}:{member.user_id}",
            case_id=case.pk,
            now=now,
        )


def _words(case: Case, *, practice: Practice, user: User) -> tuple[str, str]:
    """Subject and text in the language that is active, times in the zone that is."""
    local = timezone.localtime(case.appointment.start)
    when = {"date": formats.date_format(local, "l, j. F"), "time": formats.time_format(local, "H:i")}
    subject = gettext("Not ready in time: appointment on %(date)s, %(time)s") % when
    greeting = (
        gettext("Hello %(name)s,") % {"name": user.first_name} if user.first_name else gettext("Hello,")
    )
    body = (
        gettext("the appointment on %(date)s at %(time)s is not ready and needs somebody to look at it:")
        % when
    )
    link = f"{settings.PUBLIC_URL}{reverse('dashboard:case', args=[case.pk])}"
    return subject, "\n\n".join([greeting, f"{body}\n{link}", practice.name])
