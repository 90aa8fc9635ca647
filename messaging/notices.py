"""Notices to people of the practice. They name no patient: a date, a time and the address of the case."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.urls import reverse
from django.utils import formats, timezone, translation
from django.utils.translation import gettext

from messaging.models import Channel, Message
from messaging.operations.writing import StaffNotice, staff_message
from practices.models import Practice, User
from prerequisites.models import Case


@dataclass(frozen=True, kw_only=True)
class Notice:
    """Somebody is told of a case: by e-mail, or by SMS where a `phone` is given. Once for the same `about`."""

    case: Case
    user: User
    about: str
    phone: str = ""


def compose(notices: Sequence[Notice], *, practice: Practice, now: datetime) -> list[Message]:
    """The notices as messages, not saved yet (writing.insert_new)."""
    return [staff_message(_said(one, practice), practice=practice, now=now) for one in notices]


def _said(notice: Notice, practice: Practice) -> StaffNotice:
    user = notice.user
    language = practice.language_for(user)
    with timezone.override(practice.time_zone), translation.override(language):
        subject, text = _words(notice, practice=practice)
    return StaffNotice(
        channel=Channel.SMS if notice.phone else Channel.EMAIL,
        address=notice.phone or user.email,
        language=language,
        subject=subject,
        text=text,
        key=f"{notice.about}:{user.pk}",
        case_id=notice.case.pk,
    )


def _words(notice: Notice, *, practice: Practice) -> tuple[str, str]:
    """Subject and text in the language that is active, times in the zone that is."""
    case, user = notice.case, notice.user
    local = timezone.localtime(case.appointment.start)
    when = {"date": formats.date_format(local, gettext("l, j F")), "time": formats.time_format(local, "H:i")}
    subject = gettext("Not ready in time: appointment on %(date)s, %(time)s") % when
    link = f"{settings.PUBLIC_URL}{reverse('dashboard:case', args=[case.pk])}"
    if notice.phone:
        return "", f"{subject}. {link}"
    greeting = (
        gettext("Hello %(name)s,") % {"name": user.first_name} if user.first_name else gettext("Hello,")
    )
    body = (
        gettext("the appointment on %(date)s at %(time)s is not ready and needs somebody to look at it:")
        % when
    )
    return subject, "\n\n".join([greeting, f"{body}\n{link}", practice.name])
