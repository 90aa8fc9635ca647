"""Whether a page still shows what is true: one cheap number for everything that a practice's pages show."""

from datetime import datetime
from hashlib import sha256

from django.db import connection
from django.http import HttpResponse

from practices import tenancy

_TEXTS_AGE_AFTER_SECONDS = 300
_SQL = """
    SELECT (SELECT max(id) FROM practices_recordentry WHERE practice_id = %(practice)s),
           (SELECT count(*) FROM practices_unsealedentry WHERE practice_id = %(practice)s),
           (SELECT string_agg(concat(id, state, failures, problem), ',' ORDER BY id) FROM appointments_feed
             WHERE practice_id = %(practice)s AND state <> 'active'),
           (SELECT count(*) FROM appointments_quarantinedevent WHERE practice_id = %(practice)s),
           (SELECT count(*) FROM escalation_task WHERE practice_id = %(practice)s AND state = 'open')
"""


def unchanged(code: str) -> HttpResponse:
    """304: what the page knows is still true."""
    response = HttpResponse(status=304)
    response["ETag"] = f'"{code}"'
    return response


def version(*seen_with: object, now: datetime) -> str:
    """A short code that changes when anything of the practice in scope changes (all stages write to the record), when
    it is looked at otherwise (`seen_with`: person, language, address), and every few minutes, as "in 20 minutes" does.
    The unsealed entries are counted, for one with a lower number may be committed after one with a higher."""
    with connection.cursor() as cursor:
        cursor.execute(_SQL, {"practice": tenancy.current()})
        state = cursor.fetchone()
    aged = int(now.timestamp()) // _TEXTS_AGE_AFTER_SECONDS
    return sha256(repr((state, seen_with, aged)).encode()).hexdigest()[:16]
