"""What waits for the practice, as one queue: what was handed in, and checks of its own that are near or all that is left.
What a referring practice is to hand in is such a check: nobody writes to it, so somebody has to ask.

The most urgent first, a case's things together. The number of statements does not grow with the queue.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db.models import DateTimeField, F, Min, Q, QuerySet, Value, Window
from django.db.models.functions import Coalesce, Greatest, Least

from appointments.models import Patient
from practices import record
from practices.models import RecordEntry
from prerequisites import acts
from prerequisites.models import (
    Audience,
    Document,
    Kind,
    Readiness,
    Requirement,
    RequirementState,
    ScanState,
    Submission,
)
from prerequisites.rules import AT_RISK_BEFORE_DEADLINE


def count(*, now: datetime) -> int:
    """How much waits."""
    return _waiting(now).count()


def queue(*, now: datetime) -> list[int]:
    """The requirements that wait. Urgent is what has the earliest deadline (a day before the appointment at the latest), of
    those that have passed the one whose appointment is next."""
    day_before = F("case__appointment__start") - timedelta(days=1)
    deadline = Least(Coalesce("deadline", "case__appointment__start"), day_before)
    still_to_come = Greatest(deadline, Value(now, output_field=DateTimeField()))
    urgent = Window(Min(still_to_come), partition_by=F("case_id"))
    found = _waiting(now).annotate(urgent=urgent)
    order = ("urgent", "case__appointment__start", "case_id", "prerequisite__position", "id")
    return list(found.order_by(*order).values_list("pk", flat=True))


def shown(ids: Sequence[int]) -> list[Requirement]:
    """These requirements in this order, as a list shows them."""
    related = ("prerequisite", "case__appointment__patient", "case__appointment__type")
    found = Requirement.objects.select_related(*related).in_bulk(ids)
    return [found[pk] for pk in ids if pk in found]


def first_pages(requirement_id: int, *, most: int) -> list[tuple[int, int]]:
    """(document id, page number) of the first pages of what was handed in last, as far as they may be opened."""
    newest = Submission.objects.filter(requirement_id=requirement_id).order_by("-id").values("pk")[:1]
    files = Document.objects.filter(submission__in=newest, scan=ScanState.CLEAN).order_by("id")
    pages = [(pk, number) for pk, count in files.values_list("pk", "pages") for number in range(1, count + 1)]
    return pages[:most]


def reasons_given(requirement: Requirement) -> list[tuple[datetime, str]]:
    """When it was asked for again, and in which words; the newest first. Where the patient's key is gone, so are the words."""
    entries = RecordEntry.objects.filter(
        case_id=requirement.case_id, event="requirement.rejected", data__requirement=requirement.pk
    ).order_by("-id")
    # After a merge the entries of one case are under the keys of several rows of a person.
    people = {one.patient_id for one in entries if one.patient_id}
    holders = Patient.objects.filter(pk__in=people, wrapped_key__isnull=False).select_related("practice")
    keys: dict[int | None, bytes] = {holder.pk: holder.key() for holder in holders}
    return [(one.at, _reason(one, key=keys.get(one.patient_id))) for one in entries]


def _reason(entry: RecordEntry, *, key: bytes | None) -> str:
    return str(record.personal(entry, key=key).get("reason", "")) if key else ""


def _waiting(now: datetime) -> QuerySet[Requirement]:
    handed_in = Requirement.objects.filter(state=RequirementState.SUBMITTED)
    near = Q(deadline__lte=now + AT_RISK_BEFORE_DEADLINE) | Q(case__readiness=Readiness.TO_REVIEW)
    others = ~Q(prerequisite__audience=Audience.PATIENT) & ~Q(prerequisite__kind=Kind.INFORMATION)
    ours = Q(prerequisite__kind=Kind.STAFF_CHECK) | others
    own = Requirement.objects.filter(near, ours, state__in=acts.ASKED, bring_along=False)
    both = handed_in.values("pk").union(own.values("pk"), all=True)
    return Requirement.objects.filter(pk__in=both, case__closed_at=None)
