"""Trying a plan: "a patient born ..., appointment on ..., booked on ..., answers ...": what is asked, by when, and what the
patient sees. Nothing is written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from practices.models import Practice
from prerequisites import conditions, validity
from prerequisites.answers import NO, YES, Answer, Question, QuestionType, check_answers
from prerequisites.models import Audience, Kind
from prerequisites.packs import PackPrerequisite
from treffa.dashboard import pack_pages, plan_words
from treffa.dashboard.plan_conditions import Choice
from treffa.dashboard.readiness import Look
from treffa.patient import preview
from treffa.patient.preview import Example, Outcome

OLDEST_YEAR, LATEST_YEAR = 1900, 2200
FARTHEST = timedelta(days=3 * 365)
ASKED = Look(css="is-waiting", icon="clock", word=gettext_lazy("asked for"))
NOT_ASKED = Look(css="is-off", icon="x", word=gettext_lazy("not asked for"))
UNKNOWN = Look(css="is-risk", icon="circle-dashed", word=gettext_lazy("not known yet"))


@dataclass(frozen=True, kw_only=True)
class TryQuestion:
    """A question whose answer decides something, with the answer that is tried."""

    name: str
    label: str
    choices: Sequence[Choice]
    given: str
    unit: str


@dataclass(frozen=True, kw_only=True)
class OutcomeLine:
    """What becomes of one prerequisite: in a word and a sentence."""

    title: str
    look: Look
    text: str
    oldest: str


@dataclass(frozen=True, kw_only=True)
class PlanPreview:
    """The example as it was typed, what the rules say to it, and the patient's page."""

    values: Mapping[str, str]
    questions: Sequence[TryQuestion]
    sexes: Sequence[Choice]
    insurances: Sequence[Choice]
    visits: Sequence[Choice]
    languages: Sequence[Choice]
    lines: Sequence[OutcomeLine]
    document: str
    circular: bool
    mistake: str
    stale: bool = False
    tried: bool = False
    alone: bool = False
    page: str = "list"


def load(
    contents: Sequence[PackPrerequisite],
    data: QueryDict,
    *,
    practice: Practice,
    type_name: str,
    now: datetime,
    key: str = "",
    question: str = "",
    stale: bool = False,
) -> PlanPreview:
    """The example that `data` holds, tried. `key`: what is edited, whose own page may be looked at (of a form, if it is
    named, with the one `question` alone); `stale`: it is shown as it was last saved."""
    asked = _deciding(contents)
    example, values, mistake = _example(data, asked, now=now)
    spoken = pack_pages.languages(practice)
    language = data.get("try-language", "") if data.get("try-language") in spoken else spoken[0]
    trial = preview.try_out(contents, example, practice=practice, type_name=type_name)
    page = "one" if key and data.get("try-page", "one") == "one" else "list"
    # Its own page is looked at whether the example's patient is asked for it or not.
    always = [_alone(one, question) if one.key == key else one for one in contents]
    own = preview.try_out(always, example, practice=practice, type_name=type_name) if page == "one" else trial
    return PlanPreview(
        values=values,
        questions=[_question(ref, question, data) for ref, question in asked.items()],
        sexes=_choices(plan_words.SEXES, example.sex),
        insurances=_choices(plan_words.INSURANCES, example.insurance),
        visits=_choices({"yes": _("yes"), "no": _("no, was here before")}, data.get("try-first", "")),
        languages=_choices({one: plan_words.language_name(one) for one in spoken}, language),
        lines=[_line(one, asked) for one in trial.outcomes],
        document=preview.page(
            own,
            example,
            practice=practice,
            type_name=type_name,
            language=language,
            key=key if page == "one" else "",
        ),
        circular=trial.circular,
        mistake=mistake,
        stale=stale,
        tried=any(name.startswith("try-") for name in data),
        alone=bool(key),
        page=page,
    )


def _alone(one: PackPrerequisite, question: str) -> PackPrerequisite:
    wanted = tuple(asked for asked in one.questions if asked.key == question)
    return replace(one, condition={}, questions=wanted or one.questions)


def _deciding(contents: Sequence[PackPrerequisite]) -> dict[str, Question]:
    """The questions that conditions and limits hang on, in the plan's order."""
    used: set[str] = set()
    for one in contents:
        try:
            used |= conditions.facts_used(conditions.parse(one.condition))
            used |= validity.facts_used(validity.parse(one.validity))
        except ValueError:
            continue
    return {ref: question for ref, question in plan_words.questions_of(contents).items() if ref in used}


def _example(
    data: QueryDict, asked: Mapping[str, Question], *, now: datetime
) -> tuple[Example, dict[str, str], str]:
    """The example, its dates as they were typed, and what is wrong with them."""
    usual = pack_pages.usual_example(now=now)
    start, booked = _moment(data.get("try-start", "")), _moment(data.get("try-booked", ""))
    born, wrong = _day(data.get("try-born", "")), ""
    if start is not None and not now - FARTHEST < start < now + FARTHEST:
        start, wrong = None, _("Choose an appointment within three years.")
    if booked is not None and booked >= (start or usual.start):
        booked, wrong = None, _("The day of booking is not before the appointment.")
    if start is None and booked is None and data.get("try-start") and not wrong:
        wrong = _("Write the appointment’s day and time.")
    start = start or usual.start
    booked = booked or min(usual.booked_at, start - timedelta(days=1))
    values = {
        "start": timezone.localtime(start).strftime("%Y-%m-%dT%H:%M"),
        "booked": timezone.localtime(booked).strftime("%Y-%m-%dT%H:%M"),
        "born": born.isoformat() if born else "",
    }
    first = data.get("try-first", "")
    example = Example(
        start=start,
        booked_at=booked,
        born=born,
        sex=_known(data, "try-sex", plan_words.SEXES),
        insurance=_known(data, "try-insurance", plan_words.INSURANCES),
        first_visit={"yes": True, "no": False}.get(first),
        answers=_answers(data, asked),
    )
    return example, values, wrong


def _known(data: QueryDict, name: str, allowed: Mapping[str, object]) -> str:
    given = data.get(name, "")
    return given if given in allowed else conditions.UNKNOWN


def _answers(data: QueryDict, asked: Mapping[str, Question]) -> dict[str, dict[str, Answer]]:
    found: dict[str, dict[str, Answer]] = {}
    for ref, question in asked.items():
        given: Answer = data.get(f"try-{ref}", "")[:100]
        if given and question.type == QuestionType.MANY_OF:
            given = [str(given)]
        if given and not check_answers([question], {question.key: given}):
            form, _dot, key = ref.partition(".")
            found.setdefault(form, {})[key] = given
    return found


def _question(ref: str, question: Question, data: QueryDict) -> TryQuestion:
    given = data.get(f"try-{ref}", "")[:100]
    keys = (YES, NO) if question.type == QuestionType.YES_NO else tuple(question.choices)
    return TryQuestion(
        name=f"try-{ref}",
        label=plan_words.said(question.label),
        choices=[
            Choice(value=key, label=plan_words.answer(question, key), chosen=key == given) for key in keys
        ],
        given=given,
        unit=question.unit,
    )


def _choices(words: Mapping[str, object], given: str) -> list[Choice]:
    return [Choice(value=key, label=str(word), chosen=key == given) for key, word in words.items()]


def _line(one: Outcome, asked: Mapping[str, Question]) -> OutcomeLine:
    title = plan_words.said(one.prerequisite.title)
    oldest = (
        _("Dated %(date)s or later.") % {"date": plan_words.spoken(one.oldest)}
        if one.oldest and one.due
        else ""
    )
    if one.verdict.holds is None:
        return OutcomeLine(title=title, look=UNKNOWN, text=_open(one, asked), oldest="")
    if not one.verdict.holds or one.due is None:
        return OutcomeLine(title=title, look=NOT_ASKED, text="", oldest="")
    if one.prerequisite.kind == Kind.INFORMATION:
        return OutcomeLine(title=title, look=ASKED, text=_("is shown"), oldest="")
    if one.due.bring_along:
        return OutcomeLine(
            title=title, look=ASKED, text=_("too late to send: is brought along"), oldest=oldest
        )
    text = _("by %(moment)s") % {"moment": plan_words.moment(one.due.at)}
    if one.prerequisite.audience == Audience.REFERRER:
        text = _("%(deadline)s, from the referring practice: nobody is written to") % {"deadline": text}
    elif one.prerequisite.audience == Audience.PRACTICE or one.prerequisite.kind == Kind.STAFF_CHECK:
        text = _("%(deadline)s, by your practice") % {"deadline": text}
    return OutcomeLine(title=title, look=ASKED, text=text, oldest=oldest)


def _open(one: Outcome, asked: Mapping[str, Question]) -> str:
    """What has to be answered first."""
    words = {"age": _("the date of birth"), "sex": _("the sex"), "insurance": _("the insurance")}
    words |= {"first_visit": _("whether it is the first visit")}
    named = [
        _("“%(question)s”") % {"question": plan_words.said(asked[fact].label)}
        if fact in asked
        else words.get(fact, fact)
        for fact in one.verdict.because
    ]
    return _("hangs on %(what)s") % {"what": ", ".join(named)}


def _moment(text: str) -> datetime | None:
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        return None
    if not OLDEST_YEAR < read.year < LATEST_YEAR or timezone.is_aware(read):
        return None
    return timezone.make_aware(read)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
