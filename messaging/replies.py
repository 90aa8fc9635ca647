"""What people wrote back, to be read by the practice. Reads only; needs an open scope."""

from collections.abc import Collection

from messaging.models import Inbound
from messaging.queries import key_of
from practices import vault


def texts_of(ids: Collection[int]) -> dict[int, str]:
    """The texts by id, in one statement; not those whose patient was erased."""
    found = Inbound.objects.filter(pk__in=ids).select_related("practice", "patient__practice")
    return {row.pk: text for row in found if (text := text_of(row))}


def text_of(row: Inbound) -> str:
    """What somebody wrote (with practice and patient); empty once it can't be read any more."""
    try:
        key = key_of(practice=row.practice, patient=row.patient)
        context = f"inbound:{row.practice_id}:{row.provider_id}"
        return vault.unseal(key=key, sealed=bytes(row.sealed_text), context=context).decode()
    except LookupError:
        return ""
