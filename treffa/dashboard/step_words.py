"""The steps of a policy as sentences that read one after the other."""

from collections.abc import Mapping

from django.utils.formats import number_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from escalation.policy import MISSING, Act, Anchor, Progress, Step, Way
from practices.models import Role

ACTS: Mapping[Act, str | Promise] = {
    Act.REMIND: gettext_lazy("Remind the patient over another channel"),
    Act.CALL_TASK: gettext_lazy("Task: call, or review what was handed in"),
    Act.NOTIFY: gettext_lazy("Tell people of the practice"),
    Act.RELEASE: gettext_lazy("Propose to release the slot"),
}
CONDITIONS: Mapping[str, tuple[str | Promise, tuple[Progress, ...]]] = {
    "": (gettext_lazy("Always"), ()),
    "unopened": (gettext_lazy("If nothing was opened"), (Progress.UNOPENED,)),
    "opened": (gettext_lazy("If it was opened and nothing came"), (Progress.OPENED,)),
    "half_done": (gettext_lazy("If only a part came"), (Progress.HALF_DONE,)),
    "missing": (gettext_lazy("If something is missing from the patient"), MISSING),
    "to_review": (gettext_lazy("If it waits for our review"), (Progress.TO_REVIEW,)),
}
ICONS = {Act.REMIND: "send", Act.CALL_TASK: "phone", Act.NOTIFY: "bell", Act.RELEASE: "calendar-x"}


def moment(step: Step) -> str:
    """ "2 days before the appointment", "At the deadline", "4 hours after the deadline"."""
    hours = abs(step.hours)
    if not hours:
        return _("At the deadline") if step.anchor is Anchor.DEADLINE else _("At the appointment")
    days = hours / 24
    span = (
        ngettext("%(n)s day", "%(n)s days", int(days)) % {"n": int(days)}
        if days == int(days)
        else ngettext("%(n)s hour", "%(n)s hours", int(hours)) % {"n": number_format(f"{hours:g}")}
    )
    if step.anchor is Anchor.START:
        words = (
            _("%(span)s before the appointment") if step.hours < 0 else _("%(span)s after the appointment")
        )
    else:
        words = _("%(span)s before the deadline") if step.hours < 0 else _("%(span)s after the deadline")
    return words % {"span": span}


def condition(step: Step) -> str:
    """When it applies; empty where it always does."""
    held = set(step.when)
    found = next((key for key, (_words, when) in CONDITIONS.items() if set(when) == held), None)
    if found is None:
        return ", ".join(str(CONDITIONS[one][0]) for one in sorted(step.when) if one in CONDITIONS)
    return str(CONDITIONS[found][0]) if found else ""


def what(step: Step, people: Mapping[int, str]) -> str:
    """What it does, for whom, how often."""
    who = people.get(step.person or 0) or (str(Role(step.role).label) if step.role in Role.values else "")
    if step.act in (Act.REMIND, Act.RELEASE):
        said = str(ACTS[step.act])
    elif step.act is Act.CALL_TASK:
        review = step.when == (Progress.TO_REVIEW,)
        said = (_("Task “Review” for %(who)s") if review else _("Task “Call” for %(who)s")) % {"who": who}
    else:
        said = _told(step, who)
    if step.repeats:
        again = ngettext(
            "%(n)s more time, every %(hours)s hours", "%(n)s more times, every %(hours)s hours", step.repeats
        )
        said = f"{said}, {again % {'n': step.repeats, 'hours': number_format(f'{step.repeat_hours:g}')}}"
    return said


def _told(step: Step, who: str) -> str:
    said = (_("SMS to %(who)s") if step.way is Way.SMS else _("E-mail to %(who)s")) % {"who": who}
    in_turn, always = _("one after the other"), _("at any hour")
    said = f"{said}, {in_turn}" if step.rotate else said
    return f"{said}, {always}" if step.any_time else said
