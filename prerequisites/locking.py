"""The one order in which rows are locked, so that nobody ever waits in a circle:

practice, feed, patient, appointment, message, case, then link, requirement, submission, document, escalation, task

Who needs several of a kind takes them by id. Rows that another holds may be passed over (SKIP LOCKED) out of order: that
does not wait. Locks are NO KEY: a row that refers to a locked one may be written meanwhile.
"""

from collections.abc import Iterable

from prerequisites.models import Case


def lock_cases(case_ids: Iterable[int]) -> list[int]:
    """Locks the cases, waiting for those who hold them; what is read of them afterwards holds until the commit."""
    found = Case.objects.select_for_update(of=("self",), no_key=True).filter(pk__in=set(case_ids))
    return list(found.order_by("pk").values_list("pk", flat=True))


def lock_with_siblings(case_ids: Iterable[int], *, patients: Iterable[int]) -> None:
    """Locks the cases and all open ones of the patients, in one order: what one has in place may count for another."""
    siblings = Case.objects.filter(appointment__patient_id__in=set(patients), closed_at=None)
    lock_cases({*case_ids, *siblings.values_list("pk", flat=True)})
