"""Links for those who help: a relative, who sees what the patient sees; the practice that refers, for one item only.

token = base64url(HMAC-SHA256(link key, "helper:id")), only its SHA-256 is stored. Unknown, ended and expired ones are alike.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db.models import Q

from practices import lookups, record, tokens
from prerequisites import locking
from prerequisites.acts import ASKED
from prerequisites.models import Case, HelperLink, Kind, Requirement


@dataclass(frozen=True, kw_only=True)
class HelperRef:
    """Whose link it is; enough to open the practice's scope."""

    practice_id: int
    helper_id: int


def make(
    *, case_id: int, requirement_id: int | None = None, expires_at: datetime, by: record.Actor, now: datetime
) -> HelperLink:
    """The open link of the case, or of one document of it that is asked for; made where there is none.
    Requirement.DoesNotExist for what no referrer can send."""
    locking.lock_cases([case_id])
    if requirement_id is not None:
        Requirement.objects.get(
            pk=requirement_id, case=case_id, state__in=ASKED, prerequisite__kind=Kind.DOCUMENT
        )
    HelperLink.objects.filter(case=case_id, ended_at=None, expires_at__lte=now).update(ended_at=now)
    known = HelperLink.objects.filter(case=case_id, requirement=requirement_id, ended_at=None).first()
    if known is not None:
        return known
    case = Case.objects.get(pk=case_id)
    link = HelperLink.objects.create(
        practice_id=case.practice_id,
        case=case,
        requirement_id=requirement_id,
        token_hash=f"unset-{secrets.token_hex(16)}",
        by=by.kind,
        user_id=by.user_id,
        made_at=now,
        expires_at=expires_at,
    )
    HelperLink.objects.filter(pk=link.pk).update(token_hash=tokens.hash_of(_token(link)))
    _write("helper.made", link, by=by, now=now)
    return link


def url_of(link: HelperLink) -> str:
    """The helper's address."""
    path = "h" if link.requirement_id is None else "r"
    return f"{settings.PUBLIC_URL}/{path}/{_token(link)}"


def find(token: str, *, now: datetime) -> HelperRef | None:
    """Whose token it is; None for unknown, ended and expired ones alike. Needs no scope."""
    found = lookups.rows("treffa_helper_link", tokens.hash_of(token), now)
    return HelperRef(practice_id=found[0][0], helper_id=found[0][1]) if found else None


def open_link(helper_id: int, *, now: datetime) -> HelperLink | None:
    """The link with its case, appointment, patient and item, if it still holds: that of a referrer ends once the item was
    handed in, by whomever."""
    wanted = Q(requirement=None) | Q(requirement__state__in=ASKED)
    links = HelperLink.objects.select_related(
        "practice", "case__appointment__patient", "case__appointment__type", "requirement__prerequisite"
    )
    return links.filter(wanted, pk=helper_id, ended_at=None, expires_at__gt=now, case__closed_at=None).first()


def of_case(case_id: int, *, now: datetime) -> HelperLink | None:
    """The relative's link, if one is open."""
    return HelperLink.objects.filter(
        case=case_id, requirement=None, ended_at=None, expires_at__gt=now
    ).first()


def mark_used(link: HelperLink, *, now: datetime) -> None:
    """The helper's first act on the page."""
    if HelperLink.objects.filter(pk=link.pk, used_at=None).update(used_at=now):
        _write("helper.used", link, by=record.PATIENT, now=now)


def end(*, case_id: int, requirement_id: int | None = None, by: record.Actor, now: datetime) -> None:
    """Ends the relative's link, or that for one item; a second time changes nothing."""
    for link in HelperLink.objects.filter(case=case_id, requirement=requirement_id, ended_at=None):
        if HelperLink.objects.filter(pk=link.pk, ended_at=None).update(ended_at=now):
            _write("helper.ended", link, by=by, now=now)


def _token(link: HelperLink) -> str:
    return tokens.token_of(f"helper:{link.pk}")


def _write(event: str, link: HelperLink, *, by: record.Actor, now: datetime) -> None:
    patient_id = Case.objects.values_list("appointment__patient_id", flat=True).get(pk=link.case_id)
    data = {"helper": link.pk}
    if link.requirement_id is not None:
        data["requirement"] = link.requirement_id
    record.write(
        record.Entry(event=event, at=now, actor=by, case_id=link.case_id, patient_id=patient_id, data=data)
    )
