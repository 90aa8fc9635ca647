"""What patients said themselves, as the inbox quotes it: why they can't get something, what they wrote back."""

from collections.abc import Sequence

from escalation.models import Task, TaskKind
from messaging import replies
from prerequisites import queries
from prerequisites.models import Requirement

LONGEST = 280


def quotes_of(tasks: Sequence[Task]) -> dict[int, str]:
    """The patient's words by task id, in two statements; nothing for tasks that quote nobody, or once they were erased."""
    written = {_number(task): task.pk for task in tasks if task.kind == TaskKind.REPLY}
    missed = {_number(task): task.pk for task in tasks if task.kind == TaskKind.CANNOT_GET}
    found = {written[pk]: text for pk, text in replies.texts_of(written).items()}
    rows = Requirement.objects.filter(pk__in=missed).exclude(obstacle="")
    for row in rows.select_related(
        "practice", "case__appointment__patient__practice", "case__appointment__sealed_for__practice"
    ):
        reason, text = str(row.get_obstacle_display()), queries.words_about(row)
        found[missed[row.pk]] = f"{reason}: {text}" if text else reason
    return {pk: text if len(text) <= LONGEST else f"{text[:LONGEST]} …" for pk, text in found.items() if text}


def _number(task: Task) -> int:
    """The row that a cause names: "reply:7", "obstacle:7:1760000000"."""
    return int(task.cause.split(":")[1])
