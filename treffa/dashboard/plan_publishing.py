"""The page on which a draft becomes what holds: problems, changes, sign-off; and the page on which open cases follow."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from practices.models import Practice, Role
from practices.queries import members
from prerequisites import plan_problems, plan_queries, plan_versions
from prerequisites.models import Plan
from prerequisites.plan_problems import PlanProblem
from prerequisites.plan_versions import CasePreview
from treffa.dashboard import plan_changes, plan_entry, plan_page, plan_sentences, plan_words, relative
from treffa.dashboard.plan_changes import Comparison
from treffa.dashboard.plan_page import PlanView

SHOWN, LOOKED_AT = 50, 1000
EVENTS = ("added", "returned", "withdrawn", "lapsed", "restored", "reused", "fallen", "deadline")


@dataclass(frozen=True, kw_only=True)
class ProblemLine:
    """What has to be mended, and where."""

    title: str
    text: str
    url: str


@dataclass(frozen=True, kw_only=True)
class Publishing:
    """What stands between a draft and its cases. `physicians` are those who may sign."""

    problems: Sequence[ProblemLine]
    empty: bool
    missing: Sequence[str]
    compared: Comparison | None
    physicians: Sequence[str]

    @property
    def ready(self) -> bool:
        return not self.problems and not self.empty


@dataclass(frozen=True, kw_only=True)
class CaseLine:
    """An open case with what would become of it."""

    id: int
    who: str
    when: str
    version: int
    lines: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class Moving:
    """What a move of the open cases would change."""

    cases: int
    looked_at: int
    counts: Sequence[str]
    lines: Sequence[CaseLine]

    @property
    def more(self) -> int:
        return self.cases - len(self.lines)


def of_draft(view: PlanView, *, practice: Practice) -> Publishing:
    """A draft before it is published."""
    published = view.type.published
    languages = plan_page.languages(practice)
    compared = None
    if published is not None:
        before = plan_entry.contents_of(published.plan.prerequisites.all())
        compared = plan_changes.between(before, view.contents, languages=languages)
    return Publishing(
        problems=[_problem(one, view.plan) for one in plan_problems.of_plan(view.plan)],
        empty=not view.entries,
        missing=[f"{one.title}: {', '.join(one.missing)}" for one in view.entries if one.missing],
        compared=compared,
        physicians=[member.user.name for member in members(Role.PHYSICIAN)],
    )


def _problem(one: PlanProblem, plan: Plan) -> ProblemLine:
    part = {"condition": "condition", "questions": "questions"}.get(one.field, "")
    url = reverse("dashboard:plan_item", args=(plan.pk, one.row.pk))
    return ProblemLine(
        title=plan_words.said(one.row.title) or one.row.key,
        text=plan_sentences.said(one.text),
        url=f"{url}#{part}" if part else url,
    )


def of_cases(plan: Plan, *, now: datetime) -> Moving:
    """What becomes of the open cases that have another version."""
    found = plan_versions.preview_move(plan_id=plan.pk, now=now, first=SHOWN, most=LOOKED_AT)
    titles = _titles(plan, [one.case.plan_id for one in found.first])
    counted = sorted(found.counts.items(), key=lambda item: (EVENTS.index(item[0][0]), item[0][1]))
    return Moving(
        cases=found.cases,
        looked_at=found.looked_at,
        counts=[_counted(event, titles.get(key, key), n) for (event, key), n in counted],
        lines=[_case(one, titles, now=now) for one in found.first],
    )


def _titles(plan: Plan, others: Sequence[int]) -> dict[str, str]:
    """The names of what is asked for by the versions, by key; the new version's where both have one."""
    rows = plan_queries.asked_by([*others, plan.pk])
    rows.sort(key=lambda row: row.plan_id == plan.pk)
    return {row.key: plan_words.said(row.title) for row in rows}


def _case(one: CasePreview, titles: Mapping[str, str], *, now: datetime) -> CaseLine:
    appointment = one.case.appointment
    lines = [
        _event(event) % {"title": titles.get(key, key)}
        for event in EVENTS
        for key in one.changes.get(event, ())
        if event != "deadline"
    ]
    lines += [
        _("“%(title)s”: due %(after)s instead of %(before)s")
        % {
            "title": titles.get(key, key),
            "before": plan_words.moment(before),
            "after": plan_words.moment(after),
        }
        for key, (before, after) in one.deadlines.items()
    ]
    return CaseLine(
        id=one.case.pk,
        who=appointment.patient.name if appointment.patient else appointment.summary,
        when=relative.moment(appointment.start, now=now),
        version=one.case.plan.version,
        lines=[*lines, _kept(one.kept)] if lines else [_("nothing changes")],
    )


def _kept(n: int) -> str:
    words = ngettext("%(n)s thing stays as it is", "%(n)s things stay as they are", n)
    return words % {"n": n} if n else _("nothing else is asked for")


def _event(event: str) -> str:
    words = {
        "added": _("“%(title)s” is asked for"),
        "returned": _("“%(title)s” is asked for again, as it stood"),
        "withdrawn": _("“%(title)s” is not needed any more; what was handed in is kept"),
        "lapsed": _("“%(title)s” does not count any more and is asked for anew"),
        "restored": _("“%(title)s” counts again"),
        "reused": _("“%(title)s” is here from another appointment"),
        "fallen": _("“%(title)s” is not here from another appointment any more"),
        "deadline": _("“%(title)s” is due at another time"),
    }
    return words[event]


def _counted(event: str, title: str, n: int) -> str:
    said = _event(event) % {"title": title}
    return ngettext("%(n)s case: %(what)s", "%(n)s cases: %(what)s", n) % {"n": n, "what": said}
