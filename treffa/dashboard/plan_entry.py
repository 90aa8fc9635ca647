"""One prerequisite of a plan as the pages show it, from a pack or from the database."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from prerequisites import conditions, exchange, validity
from prerequisites.answers import Question, QuestionType
from prerequisites.models import Kind, Plan, Prerequisite
from prerequisites.packs import PackPrerequisite
from treffa.dashboard import plan_words


@dataclass(frozen=True, kw_only=True)
class QuestionWords:
    """A question of a form in words: what is asked, and how."""

    key: str
    label: str
    about: str
    missing: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class Entry:
    """`id` is the database's, None of a pack's. `when` is empty for what is always asked for; `missing` are languages of
    the practice in which something is not said; `broken`: what of it can't be read, it is asked for all the same."""

    content: PackPrerequisite
    id: int | None
    title: str
    text: str
    kind: str
    deadline: str
    audience: str
    when: str
    valid: Sequence[str]
    source: str
    questions: Sequence[QuestionWords]
    missing: Sequence[str]
    broken: bool = False

    @property
    def icon(self) -> str:
        return self.content.icon


def of_plan(plan: Plan, languages: Sequence[str]) -> list[Entry]:
    """What a plan of the database asks for."""
    rows = list(plan.prerequisites.all())
    return of(contents_of(rows), languages, ids=[row.pk for row in rows])


def contents_of(rows: Iterable[Prerequisite]) -> list[PackPrerequisite]:
    """Rows as files hold them; questions that can't be read are left out."""
    return [content_of(row) for row in rows]


def content_of(row: Prerequisite) -> PackPrerequisite:
    """A row as files hold it; questions that can't be read are left out."""
    try:
        return exchange.prerequisite_content(row)
    except ValueError:
        readable = Prerequisite(
            **{f.name: getattr(row, f.name) for f in row._meta.fields if f.name not in ("plan", "practice")}
        )
        readable.questions = []
        return exchange.prerequisite_content(readable)


def of(
    contents: Sequence[PackPrerequisite],
    languages: Sequence[str],
    *,
    ids: Sequence[int] = (),
    language: str | None = None,
) -> list[Entry]:
    """In the page's language, or in another one."""
    questions = plan_words.questions_of(contents)
    known = dict(zip((one.key for one in contents), ids, strict=False))
    return [_entry(one, questions, languages, id=known.get(one.key), language=language) for one in contents]


def _entry(
    one: PackPrerequisite,
    questions: Mapping[str, Question],
    languages: Sequence[str],
    *,
    id: int | None,
    language: str | None,
) -> Entry:
    when, valid, broken = "", [], False
    try:
        when = plan_words.condition(conditions.parse(one.condition), questions)
    except ValueError:
        broken = True
    try:
        valid = plan_words.for_how_long(validity.parse(one.validity), questions)
    except ValueError:
        broken = True
    return Entry(
        content=one,
        id=id,
        title=plan_words.said(one.title, language),
        text=plan_words.said(one.text, language),
        kind=plan_words.kind(one),
        deadline=plan_words.deadline(one),
        audience=plan_words.audience(one),
        when=when,
        valid=valid,
        source=plan_words.source(one),
        questions=[_question(question, languages, language) for question in one.questions],
        missing=missing(one, languages),
        broken=broken,
    )


def missing(one: PackPrerequisite, languages: Sequence[str]) -> list[str]:
    """The languages in which something of it is not said though it is in another."""
    texts = [
        one.title,
        *([one.text] if one.text or one.kind in (Kind.ACKNOWLEDGEMENT, Kind.INFORMATION) else []),
    ]
    texts += [text for question in one.questions for text in _texts(question)]
    return _missing(texts, languages)


def _texts(question: Question) -> list[Mapping[str, str]]:
    return [question.label, *([question.help] if question.help else []), *question.choices.values()]


def _missing(texts: Iterable[Mapping[str, str]], languages: Sequence[str]) -> list[str]:
    held = list(texts)
    return [plan_words.language_name(one) for one in languages if not all(text.get(one) for text in held)]


def _question(question: Question, languages: Sequence[str], language: str | None) -> QuestionWords:
    return QuestionWords(
        key=question.key,
        label=plan_words.said(question.label, language),
        about=about(question),
        missing=_missing(_texts(question), languages),
    )


def about(question: Question) -> str:
    """How it is answered: "number in ml/min, from 0 to 200", "one of 3 answers"."""
    parts = [_type(question)]
    low, high = question.minimum, question.maximum
    if low is not None and high is not None:
        parts.append(_("from %(low)s to %(high)s") % {"low": f"{low:g}", "high": f"{high:g}"})
    elif low is not None or high is not None:
        words = _("at least %(number)s") if high is None else _("at most %(number)s")
        parts.append(words % {"number": f"{low if high is None else high:g}"})
    if not question.required:
        parts.append(_("need not be answered"))
    if question.flag:
        parts.append(_("noticed: %(answer)s") % {"answer": plan_words.answer(question, question.flag)})
    return ", ".join(parts)


def _type(question: Question) -> str:
    count = len(question.choices)
    match question.type:
        case QuestionType.YES_NO:
            return _("yes or no")
        case QuestionType.NUMBER if question.unit:
            return _("a number in %(unit)s") % {"unit": question.unit}
        case QuestionType.NUMBER:
            return _("a number")
        case QuestionType.DATE:
            return _("a date")
        case QuestionType.ONE_OF:
            return ngettext("one of %(n)s answer", "one of %(n)s answers", count) % {"n": count}
        case QuestionType.MANY_OF:
            return ngettext("any of %(n)s answer", "any of %(n)s answers", count) % {"n": count}
        case _:
            return _("free text")
