"""The mail that invites somebody. It leaves on commit; the link in it stands nowhere else."""

import logging

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.utils import formats, timezone, translation
from django.utils.translation import gettext

from practices.models import Practice
from practices.team import Invited

PATH = "invitation"

logger = logging.getLogger(__name__)


def address(token: str) -> str:
    """Where the invitation is accepted."""
    return f"{settings.PUBLIC_URL}/{PATH}/{token}/"


def send(invited: Invited, *, practice: Practice) -> None:
    """In the practice's language, as the person's is not known yet."""
    with timezone.override(practice.time_zone), translation.override(practice.language):
        subject, body = _words(invited, practice=practice)
    mail = EmailMessage(subject, body, settings.DEFAULT_FROM_EMAIL, [invited.invitation.email])
    transaction.on_commit(lambda: _deliver(mail))


def _words(invited: Invited, *, practice: Practice) -> tuple[str, str]:
    invitation = invited.invitation
    said = {
        "practice": practice.name,
        "role": invitation.get_role_display(),
        "until": formats.date_format(timezone.localtime(invitation.expires_at), "DATE_FORMAT"),
    }
    greeting = (
        gettext("Hello %(name)s,") % {"name": invitation.name} if invitation.name else gettext("Hello,")
    )
    text = gettext(
        "“%(practice)s” invites you to Treffa, as: %(role)s. This link lets you in once, until %(until)s:"
    )
    ending = gettext("If you did not expect this, there is nothing to do.")
    subject = " ".join((gettext("Invitation to Treffa: %(practice)s") % said).split())
    return subject, "\n\n".join([greeting, text % said, address(invited.token), ending])


def _deliver(mail: EmailMessage) -> None:
    try:
        mail.send()
    except OSError as error:  # smtplib's errors included; they name the address, so only their kind is logged
        logger.error("an invitation did not leave: %s", type(error).__name__)
