"""One prerequisite as it is typed: its form, its condition and the limits of its validity, read and put together."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _

from prerequisites.packs import PackPrerequisite
from treffa.dashboard import plan_conditions, plan_words
from treffa.dashboard.plan_conditions import ConditionFields, RowFields
from treffa.dashboard.plan_forms import MOST_VALID, ItemForm
from treffa.dashboard.plan_words import Questions


@dataclass(frozen=True, kw_only=True)
class Typed:
    """One prerequisite as it stands in the browser: its form, its condition, its limits by risk. `kept` are limits that no
    row can say, in words: they stay as they are."""

    form: ItemForm
    condition: ConditionFields
    limits: Sequence[RowFields]
    questions: Questions
    held: PackPrerequisite
    kept: Sequence[str] = ()

    @classmethod
    def of(
        cls, held: PackPrerequisite, questions: Questions, *, languages: Sequence[str], seen: str = ""
    ) -> "Typed":
        """What is stored."""
        rows, kept = _stored_limits(held, questions)
        return cls(
            form=ItemForm.of(held, languages=languages, seen=seen),
            condition=ConditionFields.of(held.condition, questions),
            limits=rows,
            questions=questions,
            held=held,
            kept=[words for words, _content in kept],
        )

    @classmethod
    def posted(
        cls, data: QueryDict, held: PackPrerequisite, questions: Questions, *, languages: Sequence[str]
    ) -> "Typed":
        """What was typed, with what is wrong beside it."""
        _rows, kept = _stored_limits(held, questions)
        limits = plan_conditions.posted_rows(
            data, "l", questions, dropped=data.get("do", "").removeprefix("drop-")
        )
        if data.get("do") == "add-limit":
            limits.append(RowFields(prefix=f"l{len(limits)}", questions=questions))
        return cls(
            form=ItemForm(held.kind, languages, data),
            condition=ConditionFields.posted(data, held.condition, questions),
            limits=limits,
            questions=questions,
            held=held,
            kept=[words for words, _content in kept],
        )

    def checked(self) -> "Typed":
        """With the mistakes of rows beside them."""
        self.form.mark_mistakes()
        limits = [_checked_limit(row) for row in self.limits if not row.empty]
        return replace(self, condition=self.condition.checked(), limits=limits)

    @property
    def valid(self) -> bool:
        return (
            self.form.is_valid()
            and not self.condition.mistakes
            and not any(row.mistake for row in self.limits)
        )

    def content(self) -> PackPrerequisite:
        """What was typed. Only of what is `checked` and `valid`."""
        _rows, kept = _stored_limits(self.held, self.questions)
        limits = [{"when": row.content(), "days": int(row.days)} for row in self.limits]
        limits += [content for _words, content in kept]
        return self.form.content(self.held, condition=self.condition.content(), limits=limits)

    @property
    def sentence(self) -> str:
        return self.condition.sentence(self.questions)


def _checked_limit(row: RowFields) -> RowFields:
    row = row.checked()
    days = row.days.strip()
    if not row.mistake and (not days.isascii() or not days.isdecimal() or int(days) > MOST_VALID):
        return replace(row, mistake=_("Write how many days old it may be then."))
    return row


def _stored_limits(
    held: PackPrerequisite, questions: Questions
) -> tuple[list[RowFields], list[tuple[str, dict[str, Any]]]]:
    """Those that rows can say, and the others with their words."""
    rows: list[RowFields] = []
    kept: list[tuple[str, dict[str, Any]]] = []
    limits = held.validity.get("limits", [])
    for limit in limits if isinstance(limits, list) else []:
        when = plan_conditions.parsed(limit["when"])
        row = plan_conditions.row_of(when, f"l{len(rows)}", questions) if when is not None else None
        if row is not None:
            rows.append(replace(row, days=str(limit["days"])))
        elif when is not None:
            days = _("at most %(n)s days") % {"n": limit["days"]}
            kept.append(
                (
                    _("If %(condition)s: %(days)s.")
                    % {"condition": plan_words.condition(when, questions), "days": days},
                    limit,
                )
            )
    return rows, kept
