"""Words: dates as people say them, numbers, and what is wrong with a file or an answer. Plain, short, never an accusation."""

from datetime import date, datetime
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext

from prerequisites.answers import YES, Answer, AnswerProblem, Question, QuestionType
from prerequisites.models import Upload, UploadState
from treffa.patient import uploads

_COUNTED = [
    gettext_lazy("two"),
    gettext_lazy("three"),
    gettext_lazy("four"),
    gettext_lazy("five"),
    gettext_lazy("six"),
    gettext_lazy("seven"),
    gettext_lazy("eight"),
    gettext_lazy("nine"),
]

_FILE_PROBLEMS = {
    "missing": gettext_lazy("Choose a photo or a file first"),
    "too_many_files": gettext_lazy("These are too many files. Choose at most 10 at a time"),
    "together_too_large": gettext_lazy(
        "Together these files are too large. Choose fewer, at most 80 MB at a time"
    ),
    "empty": gettext_lazy("%(file)s is empty. Choose the file again or take a photo"),
    "too_large": gettext_lazy("%(file)s is larger than 25 MB. Take a photo of it instead"),
    "wrong_type": gettext_lazy(
        "%(file)s is neither a PDF nor a photo. Take a photo of it, or save it as a PDF"
    ),
    "broken": gettext_lazy("%(file)s can't be opened. Choose it again or take a new photo"),
    "encrypted_pdf": gettext_lazy(
        "%(file)s is locked with a password. Save it without one, or take a photo of it"
    ),
    "too_many_pages": gettext_lazy("%(file)s has more than 100 pages. Choose only the pages that matter"),
    "too_many_pixels": gettext_lazy(
        "%(file)s has too many pixels. Take the photo again with fewer than 40 megapixels"
    ),
    "already": gettext_lazy("%(file)s is here already"),
    "busy": gettext_lazy("Many files are coming in right now. Please try again in a minute"),
}


def day(at: datetime, *, year: bool = False) -> str:
    """ "Tuesday, 24 November", in the zone that is active."""
    pattern = (
        pgettext("date in Django's format, with year", "l, j F Y")
        if year
        else pgettext("date in Django's format", "l, j F")
    )
    return date_format(timezone.localtime(at), pattern)


def date_of(day: date) -> str:
    """A date as it stands on documents: "24 Nov 2026"."""
    return date_format(day, pgettext("date on a document in Django's format", "j M Y"))


def time_of_day(at: datetime) -> str:
    """ "10:20", in German "10:20 Uhr" and on the hour "12 Uhr"."""
    local = timezone.localtime(at)
    pattern = (
        pgettext("time in Django's format", "H:i")
        if local.minute
        else pgettext("time on the hour in Django's format", "H:i")
    )
    return date_format(local, pattern)


def moment(at: datetime, *, year: bool = False) -> str:
    """ "Tuesday, 24 November, 12:00"."""
    return pgettext("day and time", "%(day)s, %(time)s") % {
        "day": day(at, year=year),
        "time": time_of_day(at),
    }


def month_and_day(at: datetime) -> tuple[str, str]:
    """What stands on a calendar's leaf."""
    local = timezone.localtime(at)
    return date_format(local, "M"), date_format(local, "j")


def things(count: int) -> str:
    """ "two things": in words up to nine."""
    number = _COUNTED[count - 2] if 2 <= count <= 9 else str(count)
    return ngettext("one thing", "%(number)s things", count) % {"number": number}


def file_problem(problem: uploads.Problem) -> str:
    """What is wrong with a file, and what to do."""
    name = pgettext("a file's name in quotes", "“%(name)s”") % {"name": problem.name[:60]}
    known = _FILE_PROBLEMS.get(problem.code, _FILE_PROBLEMS["broken"])
    return str(known) % {"file": name}


_HARD_TO_READ = {
    "dark": (
        gettext_lazy("Rather dark"),
        gettext_lazy("It may be hard to read. Best take it again by daylight."),
    ),
    "blurred": (
        gettext_lazy("A little blurred"),
        gettext_lazy("It may be hard to read. Hold the phone still and tap on the sheet before you take it."),
    ),
    "cut_off": (
        gettext_lazy("Something may be cut off"),
        gettext_lazy("Is the whole sheet in the picture, with all four edges?"),
    ),
}


def page_words(upload: Upload) -> dict[str, str]:
    """How a page is told before it is handed in: look, icon, state, advice."""
    if upload.state != UploadState.READY:
        state = _("Not all of it has arrived. Choose the same file again, and it goes on where it stopped.")
        return {"look": "is-todo", "icon": "upload", "state": state, "advice": ""}
    if upload.findings:
        word, advice = _HARD_TO_READ[upload.findings[0]]
        return {"look": "is-warn", "icon": "triangle-alert", "state": str(word), "advice": str(advice)}
    pages = upload.pages
    state = (
        _("Arrived, easy to read")
        if pages == 1
        else ngettext("%(n)s page", "%(n)s pages", pages) % {"n": pages}
    )
    return {"look": "is-done", "icon": "circle-check", "state": state, "advice": ""}


def answer_problem(question: Question, problem: AnswerProblem) -> str:
    """What is wrong with an answer, and what to do."""
    said: dict[AnswerProblem, Any] = {
        AnswerProblem.MISSING: _missing(question),
        AnswerProblem.NOT_A_NUMBER: _("Write a number, for example 75"),
        AnswerProblem.TOO_SMALL: _("Write a number of at least %(number)s")
        % {"number": _plain(question.minimum)},
        AnswerProblem.TOO_LARGE: _("Write a number of at most %(number)s")
        % {"number": _plain(question.maximum)},
        AnswerProblem.NOT_A_DATE: _("Write a date that exists, for example 27 3 2026"),
        AnswerProblem.NOT_A_CHOICE: _("Choose one of the answers"),
        AnswerProblem.TOO_LONG: _("Write a shorter answer, at most 2,000 letters"),
    }
    return str(said[problem])


def answer_words(question: Question, answer: Answer, *, language: str) -> str:
    """An answer as people say it: "72,5 kg", "27 Mar 2026", the words of a choice."""
    if not answer:
        return _("No answer")
    given = answer if isinstance(answer, list) else [answer]
    match question.type:
        case QuestionType.YES_NO:
            return _("Yes") if given[0] == YES else _("No")
        case QuestionType.ONE_OF | QuestionType.MANY_OF:
            return ", ".join(said(question.choices.get(key, {}), language) or key for key in given)
        case QuestionType.DATE:
            return date_of(date.fromisoformat(given[0]))
        case _:
            return f"{given[0]} {question.unit}".strip()


def said(words: dict[str, str], language: str) -> str:
    """The text in the language, else in German, else in any there is."""
    return words.get(language) or words.get("de") or next(iter(words.values()), "")


def _missing(question: Question) -> str:
    match question.type:
        case QuestionType.YES_NO | QuestionType.ONE_OF:
            return _("Choose an answer")
        case QuestionType.MANY_OF:
            return _("Choose at least one answer")
        case QuestionType.DATE:
            return _("Write the day, month and year")
        case QuestionType.NUMBER:
            return _("Write a number")
        case _:
            return _("Write an answer")


def _plain(number: float | None) -> str:
    return "" if number is None else number_format(f"{number:g}")
