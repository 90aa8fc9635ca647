"""One requirement as the case page shows it: how it stands, the rule in a sentence, files, answers, possible acts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from practices.models import ActorKind
from practices.queries import MembershipRow
from prerequisites import acts, consent
from prerequisites.answers import NO, YES, Question, QuestionType
from prerequisites.answers import Answer as Given
from prerequisites.models import (
    Audience,
    Document,
    Kind,
    Requirement,
    RequirementState,
    ScanState,
    Submission,
)
from prerequisites.operations import DECIDED, UNDECIDED, UNDO_WITHIN
from prerequisites.queries import RequirementRow
from treffa.dashboard import dates, phrases, readiness, relative
from treffa.dashboard.phrases import Ready
from treffa.dashboard.readiness import Look

HOW: Mapping[str, str | Promise] = {
    "fax": gettext_lazy("by fax"),
    "referrer": gettext_lazy("from the referring practice"),
    "changed": gettext_lazy("changed by the patient"),
    "post": gettext_lazy("by post"),
    "in_person": gettext_lazy("in person"),
    "phone": gettext_lazy("on the phone"),
    "staff": gettext_lazy("done by the practice"),
    "link": gettext_lazy("over the link"),
    "unchanged": gettext_lazy("as before"),
}
# A sheet that was handed in says nothing of the conversation that belongs to it.
PENDING_TALK = Look(
    css="is-risk", icon="handshake", word=gettext_lazy("Form received – conversation pending")
)
# In the queue: what was handed in (False), what the practice does itself (True)
LOOK_OF_KIND: Mapping[bool, Look] = {
    False: readiness.REQUIREMENT[RequirementState.SUBMITTED],
    True: readiness.TO_CHECK,
}
RECEIVED_BY = ("fax", "post", "in_person", "phone")


@dataclass(frozen=True, kw_only=True)
class File:
    """A file that was handed in. `note` says why it can't be opened yet."""

    document: Document
    name: str
    about: str
    note: str

    @property
    def open(self) -> bool:
        return not self.note

    @property
    def pages(self) -> range:
        return range(1, self.document.pages + 1)


@dataclass(frozen=True, kw_only=True)
class Answer:
    """An answer with its question; `flag`: to be seen at once."""

    question: str
    answer: str
    flag: bool


@dataclass(frozen=True, kw_only=True)
class Acts:
    """What this person may do with this requirement now."""

    review: bool = False
    receive: bool = False
    check: bool = False
    waive: bool = False
    undo: bool = False
    ask_again: bool = False

    @property
    def any(self) -> bool:
        return self.review or self.receive or self.check or self.waive or self.undo or self.ask_again


@dataclass(frozen=True, kw_only=True)
class RequirementView:
    """A requirement, ready to be shown. `seen` says which state the page showed when it comes back with an act."""

    row: RequirementRow
    look: Look
    icon: str
    title: str
    text: str
    rule: str
    rule_tone: str
    said: str
    files: list[File]
    answers: list[Answer]
    acts: Acts
    phrases: list[Ready]
    open: bool
    cautions: list[str]
    about_date: str
    physician_only: bool

    @property
    def id(self) -> int:
        return self.row.requirement.pk

    @property
    def seen(self) -> str:
        return seen(self.row)


def talk_is_open(rows: Sequence[RequirementRow]) -> bool:
    """Whether a case's conversation is still to be held; also where its plan asks for none, for a sheet is none."""
    settled = (RequirementState.ACCEPTED, RequirementState.WAIVED)
    return not any(is_talk(row) and row.requirement.state in settled for row in rows)


def is_talk(row: RequirementRow) -> bool:
    """Whether it is the physician's conversation."""
    return consent.is_conversation(kind=row.prerequisite.kind, code=row.prerequisite.code)


def talk_was_held(row: RequirementRow) -> bool:
    """Whether it is a conversation that was held."""
    return is_talk(row) and row.requirement.state == RequirementState.ACCEPTED


def seen(row: RequirementRow) -> str:
    """A code of the state that a page shows: an act on another one is refused."""
    return state_code(row.requirement)


def state_code(requirement: Requirement) -> str:
    """The same of a requirement alone."""
    return f"{requirement.state}-{int(requirement.changed_at.timestamp() * 1_000_000)}"


def language_of(row: RequirementRow) -> str:
    """What the patient is written to in."""
    case = row.requirement.case
    patient = case.appointment.patient
    return (patient.language if patient else "") or case.practice.language


def phrase(row: RequirementRow, key: str) -> str:
    """The ready phrase of that key as the patient reads it; empty if there is none."""
    offered = _phrases(row, ours="")
    return next((one.theirs for one in offered if one.key == key), "")


def _phrases(row: RequirementRow, *, ours: str) -> list[Ready]:
    """What may be said when it is asked for again, and as staff read it."""
    offered = phrases.phrases_for(row.prerequisite, dated=row.needs_date, days=row.limit)
    return phrases.ready(offered, days=row.limit, theirs=language_of(row), ours=ours)


def view(
    row: RequirementRow, *, member: MembershipRow, language: str, now: datetime, talk_open: bool = False
) -> RequirementView:
    """How a requirement is shown to a member. `talk_open`: the case's conversation is still to be held."""
    requirement, prerequisite = row.requirement, row.prerequisite
    missing = requirement.state in (RequirementState.OPEN, RequirementState.REJECTED)
    expected = missing and prerequisite.blocking and not requirement.bring_along
    late = expected and bool(requirement.deadline and requirement.deadline <= now)
    look = _look(row, late=late, talk_open=talk_open)
    rule, tone = _rule(row, now=now)
    return RequirementView(
        row=row,
        look=look,
        icon="check" if requirement.state == RequirementState.ACCEPTED else prerequisite.icon,
        title=prerequisite.said("title", language),
        text=prerequisite.said("text", language) if requirement.state == RequirementState.OPEN else "",
        rule=rule,
        rule_tone=tone,
        said=_said(row),
        files=files_of(row.given[0], now=now) if row.given else [],
        answers=answers_in(row.questions, row.answers, language),
        acts=_acts(row, member, now=now),
        phrases=_phrases(row, ours=language),
        open=requirement.state == RequirementState.SUBMITTED
        or late
        or requirement.state == RequirementState.REJECTED,
        cautions=dates.cautions(row),
        about_date=dates.oldest(row),
        physician_only=prerequisite.by_physician and not member.is_physician,
    )


def _look(row: RequirementRow, *, late: bool, talk_open: bool) -> Look:
    requirement = row.requirement
    sheet = consent.is_sheet(kind=row.prerequisite.kind, code=row.prerequisite.code)
    if sheet and talk_open and requirement.state == RequirementState.ACCEPTED:
        return PENDING_TALK
    if requirement.bring_along and requirement.state in (RequirementState.OPEN, RequirementState.REJECTED):
        return readiness.BRING_ALONG
    if late:
        return readiness.MISSED
    if requirement.state == RequirementState.OPEN and row.prerequisite.ours:
        return readiness.TO_CHECK
    return readiness.REQUIREMENT[requirement.state]


def _rule(row: RequirementRow, *, now: datetime) -> tuple[str, str]:
    """The sentence about time, and its class."""
    requirement, prerequisite = row.requirement, row.prerequisite
    if row.reused and not row.submissions:
        return dates.reused(row), ""
    if requirement.decided_at and requirement.state in (RequirementState.ACCEPTED, RequirementState.WAIVED):
        return " ".join(filter(None, (_decided(row, now=now), dates.of_document(row)))), ""
    if prerequisite.kind == Kind.INFORMATION:
        return _("For the patient to read; nothing is handed in."), ""
    if requirement.state == RequirementState.SUBMITTED:
        return _("Received %(ago)s.") % {"ago": _received(row, now=now)}, ""
    if requirement.bring_along:
        return _("Is brought to the appointment."), ""
    if requirement.deadline is None:
        return "", ""
    text, tone = _due(row, now=now)
    return " ".join(filter(None, (dates.lapsed(row), text, _whose(row)))), tone


def _whose(row: RequirementRow) -> str:
    """That nobody is written to, where it is not the patient who sees to it."""
    if row.prerequisite.audience != Audience.REFERRER:
        return ""
    return _("From the referring practice: nobody is written to, your practice asks for it.")


def _due(row: RequirementRow, *, now: datetime) -> tuple[str, str]:
    requirement, prerequisite = row.requirement, row.prerequisite
    if requirement.deadline is None:
        return "", ""
    due = relative.deadline(requirement.deadline, now=now).removesuffix(".")
    late = requirement.deadline <= now
    if late and not prerequisite.blocking:
        return "", ""
    sentence = _("Overdue %(since)s.") if late else _("Due %(by)s.")
    text = sentence % {"since": due, "by": due}
    if prerequisite.lead_days and not late:
        days = ngettext("It takes %(n)s day to get.", "It takes %(n)s days to get.", prerequisite.lead_days)
        text = f"{text} {days % {'n': prerequisite.lead_days}}"
    near = relative.days_between(requirement.deadline, now=now) < 2
    return text, "deadline--past" if late else ("deadline--near" if near else "")


def _received(row: RequirementRow, *, now: datetime) -> str:
    if not row.submissions:
        return relative.ago(row.requirement.changed_at, now=now)
    submission = row.submissions[0]
    how = str(HOW.get(submission.how, ""))
    return f"{relative.ago(submission.at, now=now)}, {how}" if how else relative.ago(submission.at, now=now)


def _decided(row: RequirementRow, *, now: datetime) -> str:
    requirement = row.requirement
    if requirement.held_by and requirement.held_at:
        held = {"who": requirement.held_by, "when": relative.moment(requirement.held_at, now=now)}
        words = _("Held by %(who)s, %(when)s.") if talk_was_held(row) else _("Done by %(who)s, %(when)s.")
        noted = _("Noted by %(who)s.") % {"who": requirement.decided_by}
        return " ".join(
            (words % held, noted if requirement.decided_by != requirement.held_by else "")
        ).strip()
    when = relative.moment(requirement.decided_at or requirement.changed_at, now=now)
    if requirement.decided_by is None:
        return _("Confirmed by the patient, %(when)s.") % {"when": when}
    if requirement.state == RequirementState.WAIVED:
        return _("Waived by %(who)s, %(when)s.") % {"who": requirement.decided_by, "when": when}
    by_staff = row.submissions and row.submissions[0].by == ActorKind.STAFF
    if by_staff:
        how = str(HOW.get(row.submissions[0].how, ""))
        return _("Received %(how)s, noted by %(who)s, %(when)s.") % {
            "how": how,
            "who": requirement.decided_by,
            "when": when,
        }
    return _("Accepted by %(who)s, %(when)s.") % {"who": requirement.decided_by, "when": when}


def _said(row: RequirementRow) -> str:
    """A reason that somebody gave: the patient who can't get it, or the practice."""
    requirement = row.requirement
    if requirement.obstacle:
        reason = str(requirement.get_obstacle_display())
        return f"{reason}: {row.reason}" if row.reason else reason
    return row.reason


def files_of(submission: Submission, *, now: datetime) -> list[File]:
    """The files of a submission."""
    return [_file(document, submission, now=now) for document in submission.documents.all()]


def _file(document: Document, submission: Submission, *, now: datetime) -> File:
    kind = {"application/pdf": "PDF", "image/jpeg": _("Photo"), "image/png": _("Picture")}
    pages = ngettext("%(n)s page", "%(n)s pages", document.pages) % {"n": document.pages}
    notes = {
        ScanState.PENDING: _("The virus check is still under way; it opens in a moment."),
        ScanState.INFECTED: _(
            "The virus scanner refused this file. It is gone; the patient is asked for it again."
        ),
    }
    return File(
        document=document,
        name=kind.get(document.content_type, _("File")),
        about=f"{pages} · {relative.moment(submission.at, now=now)}",
        note=notes.get(ScanState(document.scan), ""),
    )


def answers_in(questions: Sequence[Question], given: Mapping[str, Given], language: str) -> list[Answer]:
    """The answers in the order of the questions, in words, with their units."""
    return [
        Answer(
            question=_in(question.label, language),
            answer=_spoken(question, given[question.key], language),
            flag=bool(question.flag) and question.flag in _as_list(given[question.key]),
        )
        for question in questions
        if given.get(question.key)
    ]


def _spoken(question: Question, answer: Given, language: str) -> str:
    words = {YES: _("Yes"), NO: _("No")} if question.type == QuestionType.YES_NO else {}
    spoken = [
        words.get(given) or (_in(question.choices[given], language) if given in question.choices else given)
        for given in _as_list(answer)
    ]
    text = ", ".join(spoken)
    return f"{text} {question.unit}" if question.unit else text


def _as_list(answer: Given) -> list[str]:
    return answer if isinstance(answer, list) else [answer]


def _in(texts: dict[str, str], language: str) -> str:
    return texts.get(language) or texts.get("de") or next(iter(texts.values()), "")


def _acts(row: RequirementRow, member: MembershipRow, *, now: datetime) -> Acts:
    requirement, prerequisite = row.requirement, row.prerequisite
    if not member.may_work or prerequisite.kind == Kind.INFORMATION:
        return Acts()
    if requirement.case.closed_at and not acts.may_be_noted(requirement, now=now):
        return Acts()
    undecided = requirement.state in UNDECIDED
    asked = undecided and requirement.state != RequirementState.SUBMITTED
    by_staff = prerequisite.kind == Kind.STAFF_CHECK
    decided_at = requirement.decided_at
    may_decide = member.is_physician or not prerequisite.by_physician
    infected = any(document.scan == ScanState.INFECTED for document in row.documents)
    return Acts(
        review=requirement.state == RequirementState.SUBMITTED,
        receive=asked and not by_staff and may_decide,
        check=asked and by_staff and may_decide,
        ask_again=row.reused,
        waive=undecided
        and not requirement.case.closed_at
        and (member.may_waive_blocking or not prerequisite.blocking),
        undo=requirement.state in DECIDED
        and not infected
        and bool(decided_at and decided_at > now - UNDO_WITHIN),
    )
