"""The notices about plans in use: something stored of them can't be read, or no physician has signed them off."""

from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from prerequisites import plan_queries
from treffa.dashboard import plan_words
from treffa.dashboard.notice import ITEMS, Notice


def load(*, now: datetime) -> list[Notice]:
    """Those of the practice in scope."""
    return [*_broken(now=now), *_unsigned()]


def _unsigned() -> list[Notice]:
    plans = plan_queries.unsigned()
    if not plans:
        return []
    title = ngettext(
        "No physician has signed off %(n)s plan in use",
        "No physician has signed off %(n)s plans in use",
        len(plans),
    )
    return [
        Notice(
            kind="unsigned",
            id="unsigned",
            css="is-risk",
            icon="stethoscope",
            title=title % {"n": len(plans)},
            text=_(
                "It is asked for all the same, and the evidence record says so. A physician signs on the plan's page."
            ),
            links=[(plan.type.name, reverse("dashboard:plan", args=[plan.pk])) for plan in plans[:ITEMS]],
        )
    ]


def _broken(*, now: datetime) -> list[Notice]:
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
