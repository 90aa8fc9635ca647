"""A practice's own texts: added under a new number, never changed; the record says which. Needs an open scope."""

from datetime import datetime
from hashlib import sha256

from django.db.models import Max

from appointments.models import AppointmentType
from messaging import drafts
from messaging.drafts import Problem
from messaging.models import Occasion, OwnText
from messaging.texts import Own
from messaging.wordings import LANGUAGES
from practices import record, tenancy
from practices.models import Practice


class RefusedTextError(Exception):
    """The text is not taken; `problems` say why, each with its word."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__(", ".join(sorted({problem.code for problem in problems})))
        self.problems = problems


def save_text(
    *,
    type_id: int | None,
    occasion: str,
    language: str,
    short: str,
    subject: str = "",
    letter: str = "",
    by: record.Actor,
    now: datetime,
) -> OwnText:
    """Says it in the practice's own words from now on; what is queued keeps its wording. RefusedTextError."""
    if occasion not in Occasion.values or occasion == Occasion.STAFF or language not in LANGUAGES:
        raise ValueError(f"no text for {occasion!r} in {language!r}")
    draft = Own(number=0, short=short.strip(), subject=" ".join(subject.split()), letter=letter.strip())
    names = list(AppointmentType.objects.values_list("name", flat=True))
    wrong = drafts.problems(draft, occasion=occasion, language=language, own_words=names)
    if wrong:
        raise RefusedTextError(wrong)
    return _add(type_id, occasion, language, draft, by=by, now=now)


def reset_text(
    *, type_id: int | None, occasion: str, language: str, by: record.Actor, now: datetime
) -> OwnText:
    """Treffa's own words again."""
    return _add(type_id, occasion, language, Own(number=0, short=""), by=by, now=now)


def _add(
    type_id: int | None, occasion: str, language: str, draft: Own, *, by: record.Actor, now: datetime
) -> OwnText:
    """Under the next number: the practice's row is locked, so that two at once get two numbers."""
    practice_id = tenancy.current()
    Practice.objects.select_for_update(no_key=True).get()
    same = OwnText.objects.filter(type_id=type_id, occasion=occasion, language=language)
    number = (same.aggregate(last=Max("number"))["last"] or 0) + 1
    row = OwnText.objects.create(
        practice_id=practice_id,
        type_id=type_id,
        occasion=occasion,
        language=language,
        number=number,
        short=draft.short,
        subject=draft.subject,
        letter=draft.letter,
        by_id=by.user_id,
        at=now,
    )
    content = f"{draft.short}\n{draft.subject}\n{draft.letter}"
    data = {
        "text": row.pk,
        "type": type_id,
        "occasion": occasion,
        "language": language,
        "number": number,
        "sha256": sha256(content.encode()).hexdigest(),
    }
    record.write(
        record.Entry(event="text.saved" if draft.short else "text.reset", at=now, actor=by, data=data)
    )
    return row
