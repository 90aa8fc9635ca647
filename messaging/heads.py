"""The witness stage: once a day the managers get the head of the record's chain by mail, to compare evidence files with."""

from datetime import datetime

from django.utils import formats, timezone, translation
from django.utils.translation import gettext

from messaging.operations.writing import queue_staff_notice
from practices import heads, queries, tenancy
from practices.models import DailyHead, Practice, Role


def tell(*, practice_id: int, now: datetime) -> None:
    """Takes the head of the day and writes its mails down, in one transaction: once a person and day."""
    with tenancy.scope(practice_id):
        head = heads.take(now=now)
        if head is None or not head.mailed:
            return
        practice = queries.current_practice()
        for member in queries.members(Role.MANAGER) or queries.members(Role.PHYSICIAN, Role.STAFF):
            language = practice.language_for(member.user)
            with timezone.override(practice.time_zone), translation.override(language):
                subject, text = _words(head, practice=practice)
            queue_staff_notice(
                address=member.user.email,
                language=language,
                subject=subject,
                text=text,
                dedupe_key=f"head:{head.day.isoformat()}:{member.user_id}",
                case_id=None,
                now=now,
            )


def _words(head: DailyHead, *, practice: Practice) -> tuple[str, str]:
    """Subject and text in the language that is active, times in the zone that is."""
    said = {
        "day": formats.date_format(head.day, gettext("j F Y")),
        "time": formats.time_format(timezone.localtime(head.at), "H:i"),
        "number": head.number,
    }
    subject = gettext("Record of %(day)s: seal %(number)s") % said
    body = gettext(
        "this is the last link of your practice's record on %(day)s. Keep this mail: with it anybody can check that "
        "nothing in an evidence record was changed later. There is nothing to do."
    )
    seal = gettext("Seal %(number)s, %(time)s") % said
    return subject, "\n\n".join([gettext("Hello,"), body % said, f"{seal}\n{head.digest}", practice.name])
