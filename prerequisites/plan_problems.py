"""What keeps a draft from being published, by prerequisite and field."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from practices.models import Practice
from prerequisites import required
from prerequisites.models import Kind, Plan, Prerequisite
from prerequisites.ruled import asked_of, unreadable
from prerequisites.sentences import of, sentence


@dataclass(frozen=True, kw_only=True)
class PlanProblem:
    """One thing to mend. `text` is a sentences.Sentence where a page may say it in another language."""

    row: Prerequisite
    field: str
    text: str

    def __str__(self) -> str:
        return f"{self.row.key}: {self.text}"


def of_plan(plan: Plan) -> list[PlanProblem]:
    """All of them; empty if it may be published."""
    return of_rows(list(plan.prerequisites.all()))


def of_rows(rows: Sequence[Prerequisite]) -> list[PlanProblem]:
    """The same of rows that need not be written yet."""
    language = Practice.objects.get().language
    found = [problem for row in rows for problem in _of_row(row, language)]
    if any(problem.field in ("condition", "validity", "questions") for problem in found):
        return found
    by_key = {row.key: row for row in rows}
    wrong = required.findings([asked_of(row) for row in rows])
    return found + [PlanProblem(row=by_key[one.key], field=one.field, text=one.text) for one in wrong]


def _of_row(row: Prerequisite, language: str) -> Iterator[PlanProblem]:
    for field, error in unreadable(row).items():
        yield PlanProblem(row=row, field=field, text=of(error))
    if not any(row.title.values()):
        text = sentence("it has no name in %(language)s", language=language)
        yield PlanProblem(row=row, field="title", text=text)
    if row.kind == Kind.FORM and not row.questions:
        yield PlanProblem(row=row, field="questions", text=sentence("a form needs questions"))
