"""The review: the queue, and one thing beside its rule, with all that is needed to decide on it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import get_language_info, gettext_lazy

from practices.models import Membership
from practices.queries import MembershipRow
from prerequisites import case_facts, checks, consent, queries, to_review
from prerequisites.case_facts import Known
from prerequisites.models import Kind, Requirement, RequirementState
from prerequisites.operations import DECIDED, UNDO_WITHIN
from prerequisites.queries import CaseDetail, RequirementRow
from treffa.dashboard import relative, requirements, verdicts
from treffa.dashboard.phrases import Ready
from treffa.dashboard.readiness import Look
from treffa.dashboard.requirements import Answer, File, RequirementView
from treffa.dashboard.verdicts import Verdict

AROUND = 12
SECONDS_EACH = 20
PAGES_AHEAD = 3


@dataclass(frozen=True, kw_only=True)
class Item:
    """A line of the queue."""

    id: int
    name: str
    what: str
    appointment: str
    booked: str
    look: Look
    current: bool = False


@dataclass(frozen=True, kw_only=True)
class Queue:
    """The queue around one requirement: `number` of `total` (0: it does not wait), and its neighbours."""

    items: list[Item]
    total: int
    number: int = 0
    before: int | None = None
    after: int | None = None
    hidden_before: int = 0
    hidden_after: int = 0

    @property
    def minutes(self) -> int:
        """About how long the rest takes."""
        return max(1, round((self.total - self.number + 1) * SECONDS_EACH / 60))


@dataclass(frozen=True, kw_only=True)
class Earlier:
    """What was handed in before, and what was said to it."""

    when: str
    files: list[File]
    answers: list[Answer]
    reason: str


@dataclass(frozen=True, kw_only=True)
class Just:
    """What was decided last, to be taken back. `seen` as in RequirementView."""

    id: int
    words: str
    seen: str


@dataclass(frozen=True, kw_only=True)
class Beside:
    """What was handed in for something else of the same case: answers, or the sheet that goes with a conversation."""

    title: str
    answers: list[Answer]
    files: list[File]


@dataclass(frozen=True, kw_only=True)
class Workspace:
    """One requirement, ready to be decided on."""

    item: RequirementView
    queue: Queue
    case_id: int
    name: str
    born: str
    booked: str
    received: str
    asked: str
    rule: list[str]
    source: str
    verdict: Verdict | None
    consent_note: str
    earlier: list[Earlier]
    beside: list[Beside]
    ready: list[Ready]
    language: str
    language_name: str
    holders: list[Membership]
    conversation: bool
    just: Just | None

    @property
    def waive_refused(self) -> bool:
        """Whether somebody else, a physician, could go without it."""
        requirement = self.item.row.requirement
        undecided = requirement.state not in (*DECIDED, RequirementState.WITHDRAWN)
        return undecided and not self.item.acts.waive


def load_queue(*, language: str, now: datetime) -> Queue:
    """All that waits, the most urgent first."""
    ids = to_review.queue(now=now)
    return Queue(items=_items(ids[: AROUND * 10], None, language, now=now), total=len(ids))


def queue_around(requirement_id: int, ids: Sequence[int], *, language: str, now: datetime) -> Queue:
    """The part of the queue (`ids`, in order) around a requirement; the beginning where it does not wait."""
    place = ids.index(requirement_id) if requirement_id in ids else -1
    first = max(0, place - AROUND)
    near = ids[first : first + 2 * AROUND + 1]
    return Queue(
        items=_items(near, requirement_id, language, now=now),
        total=len(ids),
        number=place + 1,
        before=ids[place - 1] if place > 0 else None,
        after=ids[place + 1] if place + 1 < len(ids) else None,
        hidden_before=first,
        hidden_after=len(ids) - first - len(near),
    )


def load(
    requirement_id: int,
    *,
    member: MembershipRow,
    language: str,
    after: int | None,
    typed: date | None,
    now: datetime,
) -> Workspace:
    """The workspace of a requirement of the practice in scope, after a decision on another (`after`), with a date that
    was `typed` and refused.
    Requirement.DoesNotExist where there is none, or it is not needed any more."""
    detail, row = _found(requirement_id)
    known = case_facts.known_of(detail.case) if row.prerequisite.validity else None
    queue = queue_around(requirement_id, to_review.queue(now=now), language=language, now=now)
    patient, prerequisite = detail.case.appointment.patient, row.prerequisite
    talk_open = requirements.talk_is_open(detail.requirements)
    item = requirements.view(row, member=member, language=language, now=now, talk_open=talk_open)
    theirs = requirements.language_of(row)
    code = {"kind": prerequisite.kind, "code": prerequisite.code}
    check = prerequisite.kind == Kind.STAFF_CHECK
    return Workspace(
        item=item,
        queue=queue,
        case_id=detail.case.pk,
        name=patient.name if patient else detail.case.appointment.summary,
        born=date_format(patient.birth_date, "SHORT_DATE_FORMAT") if patient and patient.birth_date else "",
        booked=_booked(row.requirement, now=now),
        received=_received(row, now=now),
        asked=prerequisite.said("text", language),
        rule=verdicts.rule(prerequisite, known, language=language) if known else [],
        source=verdicts.source(prerequisite),
        verdict=verdict_of(row, known, typed or row.requirement.document_date, now=now),
        consent_note=str(requirements.PENDING_TALK.word) if consent.is_sheet(**code) and talk_open else "",
        earlier=_earlier(row, detail, language, now=now),
        beside=_beside(detail, row, language, now=now) if check else [],
        ready=item.phrases,
        language=theirs,
        language_name=_language_name(theirs),
        holders=checks.may_hold(prerequisite) if check else [],
        conversation=consent.is_conversation(**code),
        just=just(after, language, now=now) if after and member.may_work else None,
    )


def _found(requirement_id: int) -> tuple[queries.CaseDetail, queries.RequirementRow]:
    """(the case, its row of this requirement)"""
    case_id = Requirement.objects.values_list("case_id", flat=True).get(pk=requirement_id)
    detail = queries.case_detail(case_id)
    row = next((one for one in detail.requirements if one.requirement.pk == requirement_id), None)
    if row is None:
        raise Requirement.DoesNotExist
    return detail, row


def _language_name(code: str) -> str:
    try:
        return str(get_language_info(code)["name_translated"])
    except KeyError:  # one that Django has no name for
        return code


def verdict_of(
    row: RequirementRow, known: Known | None, day: date | None, *, now: datetime
) -> Verdict | None:
    """What a date means for it; None where its date does not matter."""
    if known is None or not row.needs_date:
        return None
    return verdicts.verdict(row.prerequisite, known, day, now=now)


def _items(ids: Sequence[int], current: int | None, language: str, *, now: datetime) -> list[Item]:
    return [
        Item(
            id=one.pk,
            name=_name(one),
            what=one.prerequisite.said("title", language),
            appointment=relative.moment(one.case.appointment.start, now=now),
            booked=_type(one),
            look=requirements.LOOK_OF_KIND[one.state != RequirementState.SUBMITTED],
            current=one.pk == current,
        )
        for one in to_review.shown(ids)
    ]


def _name(requirement: Requirement) -> str:
    appointment = requirement.case.appointment
    return str(appointment.patient.name if appointment.patient else appointment.summary)


def _type(requirement: Requirement) -> str:
    appointment = requirement.case.appointment
    return str(appointment.type.name if appointment.type else appointment.summary)


def _booked(requirement: Requirement, *, now: datetime) -> str:
    return f"{_type(requirement)}, {relative.moment(requirement.case.appointment.start, now=now)}"


def _received(row: RequirementRow, *, now: datetime) -> str:
    if not row.given:
        return ""
    submission = row.given[0]
    how = str(requirements.HOW.get(submission.how, ""))
    return ", ".join(filter(None, (relative.moment(submission.at, now=now), how)))


def _earlier(row: RequirementRow, detail: CaseDetail, language: str, *, now: datetime) -> list[Earlier]:
    older = row.submissions[1:]
    reasons = to_review.reasons_given(row.requirement) if older else []
    found = []
    for newer, submission in zip(row.submissions, older, strict=False):
        answers = queries.answers_of(submission, detail=detail)
        said = [words for at, words in reasons if submission.at <= at <= newer.at]
        found.append(
            Earlier(
                when=relative.moment(submission.at, now=now),
                files=requirements.files_of(submission, now=now),
                answers=requirements.answers_in(row.questions, answers, language),
                reason=said[0] if said else "",
            )
        )
    return found


def _beside(detail: CaseDetail, check: RequirementRow, language: str, *, now: datetime) -> list[Beside]:
    """What a physician looks at before deciding: the patient's answers, and for the conversation its sheet."""
    conversation = requirements.is_talk(check)
    return [
        Beside(
            title=row.prerequisite.said("title", language),
            answers=requirements.answers_in(row.questions, row.answers, language),
            files=requirements.files_of(row.given[0], now=now) if row.given else [],
        )
        for row in detail.requirements
        if (row.prerequisite.kind == Kind.FORM and row.answers)
        or (conversation and _is_sheet(row) and row.given)
    ]


def _is_sheet(row: RequirementRow) -> bool:
    return consent.is_sheet(kind=row.prerequisite.kind, code=row.prerequisite.code)


_JUST: dict[str, str | Promise] = {
    RequirementState.ACCEPTED: gettext_lazy("%(what)s of %(name)s accepted"),
    RequirementState.REJECTED: gettext_lazy("%(what)s of %(name)s asked for again"),
    RequirementState.WAIVED: gettext_lazy("%(what)s of %(name)s waived"),
}


def just(requirement_id: int, language: str, *, now: datetime) -> Just | None:
    """What was decided last, while it can be taken back; None for what is not this practice's."""
    for one in to_review.shown([requirement_id]):
        if one.state in DECIDED and one.decided_at and one.decided_at > now - UNDO_WITHIN:
            words = {"what": one.prerequisite.said("title", language), "name": _name(one)}
            return Just(id=one.pk, words=str(_JUST[one.state]) % words, seen=requirements.state_code(one))
    return None


def pages_ahead(requirement_id: int | None) -> list[tuple[int, int]]:
    """(document, page) of what comes next, to be fetched before it is asked for."""
    return to_review.first_pages(requirement_id, most=PAGES_AHEAD) if requirement_id else []


def local_now(now: datetime) -> str:
    """As a field for date and time has it."""
    return timezone.localtime(now).strftime("%Y-%m-%dT%H:%M")
