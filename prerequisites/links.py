"""The patient's link: token = base64url(HMAC-SHA256(link key, "id:generation")), only its SHA-256 is stored.

Revoking raises the generation. Unknown, revoked and expired tokens are answered alike. A GET changes nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from django.conf import settings
from django.db.models import F, QuerySet

from appointments.models import Patient
from appointments.operations import set_birth_date
from practices import lookups, record, rows, tokens
from practices.nudge import nudge
from prerequisites import following, locking
from prerequisites.models import Case, HelperLink, PatientLink

TRIES = 5
VALID_AFTER_APPOINTMENT = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class LinkRef:
    """Whose link it is; enough to open the practice's scope."""

    practice_id: int
    link_id: int


class BirthDateCheck(StrEnum):
    MATCHES = "matches"
    WRONG = "wrong"
    LOCKED = "locked"
    NOTED = "noted"


def token_for(link: PatientLink) -> str:
    """The token of a link: 43 characters, safe in an address."""
    return tokens.token_of(f"{link.pk}:{link.generation}")


def url_for(case: Case) -> str:
    """The patient's address for a case of the practice in scope; the link is made when first asked for."""
    return urls_for([case])[case.pk]


def link_of(case: Case) -> PatientLink:
    """The link of a case of the practice in scope, made when first asked for."""
    found = PatientLink.objects.filter(case=case).first()
    return found or _make_links([case])[case.pk]


def urls_for(cases: Sequence[Case]) -> dict[int, str]:
    """The patients' addresses by case id, in one statement; in four where a link is asked for the first time."""
    found = {link.case_id: link for link in PatientLink.objects.filter(case__in=cases)}
    new = [case for case in cases if case.pk not in found]
    if new:
        found |= _make_links(new)
    return {case_id: f"{settings.PUBLIC_URL}/t/{token_for(link)}" for case_id, link in found.items()}


def find(token: str, *, now: datetime) -> LinkRef | None:
    """Whose token it is; None for unknown, revoked and expired ones alike. Needs no scope."""
    found = lookups.rows("treffa_link", tokens.hash_of(token), now)
    return LinkRef(practice_id=found[0][0], link_id=found[0][1]) if found else None


def enter(token: str, *, now: datetime) -> PatientLink | None:
    """The link of a token, in the scope that `find` named; None if it was revoked or has expired since."""
    return _holding(now).filter(token_hash=tokens.hash_of(token)).first()


def open_link(link_id: int, *, generation: int, now: datetime) -> PatientLink | None:
    """The link with its case, appointment, patient and type, if it still holds; None if revoked or expired since."""
    return _holding(now).filter(pk=link_id, generation=generation).first()


def _holding(now: datetime) -> QuerySet[PatientLink]:
    links = PatientLink.objects.select_related(
        "practice", "case__plan", "case__appointment__patient", "case__appointment__type"
    )
    return links.filter(revoked_at=None, expires_at__gt=now)


def check_birth_date(*, link_id: int, birth_date: date, now: datetime) -> BirthDateCheck:
    """Takes one of the link's five tries before it looks, so that parallel guesses count, too. The last wrong one locks
    the link until staff unlock it. Where no date of birth is known the given one is noted for staff to confirm."""
    _lock_case_of(link_id)
    taken = PatientLink.objects.filter(pk=link_id, tries_left__gt=0).update(tries_left=F("tries_left") - 1)
    if not taken:
        return BirthDateCheck.LOCKED
    link = PatientLink.objects.select_related("case__appointment__patient").get(pk=link_id)
    patient = link.case.appointment.patient
    known = patient.birth_date if patient else None
    if known is None:
        return _note_birth_date(link, birth_date, now=now)
    if known == birth_date:
        PatientLink.objects.filter(pk=link_id).update(tries_left=TRIES)
        _write(link, "link.identified", now=now)
        return BirthDateCheck.MATCHES
    locked = link.tries_left == 0
    _write(link, "link.locked" if locked else "link.wrong_birth_date", now=now)
    if locked:
        _call_staff(link, now=now)
    return BirthDateCheck.LOCKED if locked else BirthDateCheck.WRONG


def mark_used(*, link_id: int, now: datetime) -> None:
    """The patient's first act on the page (a POST): this is what "opened" means."""
    link = PatientLink.objects.select_related("case__appointment").get(pk=link_id)
    if Case.objects.filter(pk=link.case_id, link_opened_at=None).update(link_opened_at=now):
        _write(link, "link.opened", now=now)
        _call_staff(link, now=now)


def confirm_birth_date(*, link_id: int, birth_date: date, by: record.Actor, now: datetime) -> bool:
    """Staff say that the date of birth which the patient told is theirs: from now on it is known. False if it is not the
    one told (any more), or one is known meanwhile."""
    link = PatientLink.objects.select_related("case__appointment").get(pk=link_id)
    patient_id = link.case.appointment.patient_id
    if patient_id is None or not _settle_claim(link, birth_date):
        return False
    known = set_birth_date(patient_id=patient_id, birth_date=birth_date, by=by, now=now)
    _write(link, "link.birth_date_confirmed", by=by, now=now)
    theirs = Case.objects.filter(appointment__patient_id=patient_id)
    theirs.update(escalation_due_at=now)
    open_ = theirs.filter(closed_at=None).values_list("pk", flat=True)
    following.follow_facts(case_ids=list(open_), by=by, now=now)  # conditions ask for the age
    _call_staff(link, now=now)
    return known


def reject_birth_date(*, link_id: int, birth_date: date, by: record.Actor, now: datetime) -> bool:
    """Staff say that it is not the patient's: whoever told it is asked again. False if it is not the one told any more."""
    link = PatientLink.objects.select_related("case__appointment").get(pk=link_id)
    if not _settle_claim(link, birth_date):
        return False
    _write(link, "link.birth_date_rejected", by=by, now=now)
    _call_staff(link, now=now)
    return True


def _settle_claim(link: PatientLink, birth_date: date) -> bool:
    """The claim that staff saw is dealt with. The patient is locked before the cases, and all of their cases at once."""
    patient_id = link.case.appointment.patient_id
    patients = Patient.objects.select_for_update(no_key=True).filter(pk=patient_id)
    list(patients.values_list("pk", flat=True))
    cases = Case.objects.filter(pk=link.case_id) | Case.objects.filter(
        appointment__patient_id=patient_id, appointment__patient__isnull=False
    )
    locking.lock_cases(cases.values_list("pk", flat=True))
    told = PatientLink.objects.filter(pk=link.pk, claimed_birth_date=birth_date)
    return bool(told.update(claimed_birth_date=None))


def disown(*, link_id: int, now: datetime) -> None:
    """Whoever has it says that they are not the patient: it is locked until staff unlock or replace it, and they are told.
    A second time changes nothing."""
    _lock_case_of(link_id)
    link = PatientLink.objects.select_related("case__appointment").get(pk=link_id)
    locked = {"tries_left": 0, "claimed_birth_date": None, "disowned_at": now}
    if PatientLink.objects.filter(pk=link_id, disowned_at=None).update(**locked):
        _write(link, "link.disowned", now=now)
        _call_staff(link, now=now)


def unlock(*, link_id: int, by: record.Actor, now: datetime) -> None:
    """Staff spoke with the patient: five new tries."""
    _lock_case_of(link_id)
    link = PatientLink.objects.select_related("case__appointment").get(pk=link_id)
    if PatientLink.objects.filter(pk=link_id, tries_left=0).update(tries_left=TRIES, disowned_at=None):
        _write(link, "link.unlocked", by=by, now=now)
        _call_staff(link, now=now)


def revoke(*, case_id: int, by: record.Actor, now: datetime) -> None:
    """Makes every address sent so far worthless. A new one goes out as if the patient had not been asked yet, and what
    was told by the old one (a date of birth) is forgotten."""
    locking.lock_cases([case_id])
    Case.objects.filter(pk=case_id).update(link_renewed_at=now, link_opened_at=None, requests_due_at=now)
    for link in PatientLink.objects.select_related("case__appointment").filter(case_id=case_id):
        link.generation += 1
        PatientLink.objects.filter(pk=link.pk).update(
            generation=link.generation,
            token_hash=tokens.hash_of(token_for(link)),
            tries_left=TRIES,
            claimed_birth_date=None,
            disowned_at=None,
        )
        HelperLink.objects.filter(case=case_id, ended_at=None).update(ended_at=now)
        _write(link, "link.revoked", by=by, now=now)
        _call_staff(link, now=now)
        nudge(stage="requests", practice_id=link.practice_id)


def follow_appointment(cases: list[Case]) -> None:
    """The links of moved appointments hold until a day after the new end."""
    for case in cases:
        expires_at = case.appointment.end + VALID_AFTER_APPOINTMENT
        PatientLink.objects.filter(case_id=case.pk).update(expires_at=expires_at)


def _lock_case_of(link_id: int) -> None:
    """The case before its link (prerequisites/locking.py)."""
    locking.lock_cases(PatientLink.objects.filter(pk=link_id).values_list("case_id", flat=True))


def _make_links(cases: Sequence[Case]) -> dict[int, PatientLink]:
    """Links for cases without one, by case id; of two who make one at once the first one's stays."""
    ordered = sorted(cases, key=lambda case: case.pk)
    new = [
        PatientLink(
            id=link_id,
            practice_id=case.practice_id,
            case_id=case.pk,
            expires_at=case.appointment.end + VALID_AFTER_APPOINTMENT,
        )
        for link_id, case in zip(rows.new_ids(PatientLink, len(ordered)), ordered, strict=True)
    ]
    for link in new:
        link.token_hash = tokens.hash_of(token_for(link))
    PatientLink.objects.bulk_create(new, ignore_conflicts=True)
    return {link.case_id: link for link in PatientLink.objects.filter(case__in=cases)}


def _note_birth_date(link: PatientLink, birth_date: date, *, now: datetime) -> BirthDateCheck:
    PatientLink.objects.filter(pk=link.pk).update(claimed_birth_date=birth_date, tries_left=TRIES)
    _write(link, "link.birth_date_noted", now=now)
    _call_staff(link, now=now)
    return BirthDateCheck.NOTED


def _call_staff(link: PatientLink, *, now: datetime) -> None:
    Case.objects.filter(pk=link.case_id).update(escalation_due_at=now)
    nudge(stage="escalate", practice_id=link.practice_id)


def _write(link: PatientLink, event: str, *, now: datetime, by: record.Actor = record.PATIENT) -> None:
    appointment = link.case.appointment
    record.write(
        record.Entry(
            event=event,
            at=now,
            actor=by,
            case_id=link.case_id,
            patient_id=appointment.patient_id,
            data={"link": link.pk, "generation": link.generation},
        )
    )
