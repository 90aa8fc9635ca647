"""The notice about plans in use of which something stored can't be read."""

from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from prerequisites import plan_queries
from treffa.dashboard import plan_words
from treffa.dashboard.notice import Notice


def load(*, now: datetime) -> list[Notice]:
    """None, for nearly every practice."""
    rows = plan_queries.broken(now=now)
    if not rows:
        return []
    title = ngettext(
        "A stored rule can't be read: %(n)s thing is asked for in every case",
        "Stored rules can't be read: %(n)s things are asked for in every case",
        len(rows),
    )
    return [
        Notice(
            kind="broken",
            id="broken",
            css="is-risk",
            icon="clipboard-list",
            title=title % {"n": len(rows)},
            text=_("The other rules hold. Begin the next version under “Plans” and put it right there."),
            items=[f"{row.plan.type.name}: {plan_words.said(row.title)}" for row in rows],
        )
    ]
