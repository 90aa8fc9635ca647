"""The form of one question of a form: what is asked in each language, how it is answered, between which bounds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from prerequisites.answers import NO, YES, Question, QuestionType, number_of
from prerequisites.drafts import free_key
from treffa.dashboard import plan_words

MOST_LABEL, MOST_HELP, MOST_CHOICE, MOST_UNIT, MOST_CHOICES = 240, 2000, 120, 20, 40
TYPES = [
    (QuestionType.YES_NO.value, gettext_lazy("yes or no")),
    (QuestionType.ONE_OF.value, gettext_lazy("one of several answers")),
    (QuestionType.MANY_OF.value, gettext_lazy("any of several answers")),
    (QuestionType.NUMBER.value, gettext_lazy("a number")),
    (QuestionType.DATE.value, gettext_lazy("a date")),
    (QuestionType.TEXT.value, gettext_lazy("free text")),
]
CHOOSING = (QuestionType.ONE_OF, QuestionType.MANY_OF)
_CONTROL = {"class": "form-control", "autocomplete": "off"}


class QuestionForm(forms.Form):
    """All but the answers to choose from."""

    type = forms.ChoiceField(
        label=gettext_lazy("How it is answered"),
        choices=TYPES,
        widget=forms.Select(attrs={"class": "form-select"}),
    )
    required = forms.BooleanField(
        label=gettext_lazy("Must be answered"),
        required=False,
        widget=forms.CheckboxInput(attrs={"class": "form-check-input"}),
    )
    unit = forms.CharField(
        label=gettext_lazy("Unit"),
        required=False,
        max_length=MOST_UNIT,
        widget=forms.TextInput(attrs=_CONTROL),
    )
    minimum = forms.CharField(
        label=gettext_lazy("At least"),
        required=False,
        max_length=20,
        widget=forms.TextInput(attrs={**_CONTROL, "inputmode": "decimal"}),
    )
    maximum = forms.CharField(
        label=gettext_lazy("At most"),
        required=False,
        max_length=20,
        widget=forms.TextInput(attrs={**_CONTROL, "inputmode": "decimal"}),
    )
    flag = forms.CharField(required=False, max_length=40)
    seen = forms.CharField(required=False, max_length=40, widget=forms.HiddenInput)

    def __init__(self, languages: Sequence[str], data: Any = None, initial: Any = None) -> None:
        super().__init__(data, initial=initial, use_required_attribute=False)
        self.languages = languages
        for number, language in enumerate(languages):
            self.fields[f"label_{language}"] = forms.CharField(
                label=_("Question"),
                required=number == 0,
                max_length=MOST_LABEL,
                widget=forms.TextInput(attrs={**_CONTROL, "lang": language}),
                error_messages={"required": _("Write the question.")},
            )
            self.fields[f"help_{language}"] = forms.CharField(
                label=_("Help below it"),
                required=False,
                max_length=MOST_HELP,
                widget=forms.Textarea(attrs={**_CONTROL, "lang": language, "rows": 2}),
            )

    def clean_minimum(self) -> float | None:
        return self._number("minimum")

    def clean_maximum(self) -> float | None:
        return self._number("maximum")

    def _number(self, name: str) -> float | None:
        text = self.cleaned_data[name].strip()
        if not text or self.cleaned_data.get("type") != QuestionType.NUMBER:
            return None
        number = number_of(text)
        if number is None:
            raise forms.ValidationError(_("Write a number, or leave it empty."))
        return number

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        low, high = given.get("minimum"), given.get("maximum")
        if low is not None and high is not None and low > high:
            self.add_error("maximum", _("This is below the smallest number."))
        return given

    def texts(self) -> list[dict[str, Any]]:
        """The fields of each language, with a mark where something is missing."""
        helped = any(self[f"help_{one}"].value() for one in self.languages)
        return [
            {
                "code": language,
                "name": plan_words.language_name(language),
                "number": number,
                "fields": [self[f"label_{language}"], self[f"help_{language}"]],
                "missing": not self[f"label_{language}"].value()
                or (helped and not self[f"help_{language}"].value()),
                "wrong": self.is_bound
                and bool(self[f"label_{language}"].errors or self[f"help_{language}"].errors),
            }
            for number, language in enumerate(self.languages, start=1)
        ]


@dataclass(frozen=True, kw_only=True)
class ChoiceRow:
    """An answer to choose, once a language; `key` is empty of a new one."""

    number: int
    key: str
    texts: Mapping[str, str]
    flagged: bool = False

    @property
    def fields(self) -> list[tuple[str, int, str, str]]:
        """(name, number of the language, language, text)"""
        named = enumerate(self.texts.items(), start=1)
        return [
            (f"choice-{self.number}-{language}", place, language, text) for place, (language, text) in named
        ]


@dataclass(frozen=True, kw_only=True)
class TypedQuestion:
    """A question as it stands in the browser."""

    form: QuestionForm
    choices: Sequence[ChoiceRow]
    key: str
    languages: Sequence[str]
    mistake: str = ""

    @classmethod
    def of(cls, held: Question | None, *, languages: Sequence[str], seen: str) -> "TypedQuestion":
        """What is stored; a blank one for None."""
        asked = held or Question(key="", type=QuestionType.YES_NO, label={})
        initial: dict[str, Any] = {
            "type": asked.type.value,
            "required": asked.required,
            "unit": asked.unit,
            "minimum": "" if asked.minimum is None else f"{asked.minimum:g}",
            "maximum": "" if asked.maximum is None else f"{asked.maximum:g}",
            "flag": asked.flag,
            "seen": seen,
        }
        for language in languages:
            initial |= {
                f"label_{language}": asked.label.get(language, ""),
                f"help_{language}": asked.help.get(language, ""),
            }
        rows = [
            ChoiceRow(
                number=n,
                key=key,
                texts={one: text.get(one, "") for one in languages},
                flagged=key == asked.flag,
            )
            for n, (key, text) in enumerate(asked.choices.items())
        ]
        return cls(
            form=QuestionForm(languages, initial=initial), choices=rows, key=asked.key, languages=languages
        )

    @classmethod
    def posted(cls, data: QueryDict, held: Question | None, *, languages: Sequence[str]) -> "TypedQuestion":
        """As it was typed. A row more where one is asked for or none is there, one less where one is dropped."""
        do, known = data.get("do", ""), set(held.choices) if held else set()
        given = [n for n in range(MOST_CHOICES) if f"choice-{n}-{languages[0]}" in data and do != f"drop-{n}"]
        rows = [
            ChoiceRow(
                number=place,
                key=key if (key := data.get(f"choice-{n}-key", "")) in known else "",
                texts={one: _printable(data.get(f"choice-{n}-{one}", "")) for one in languages},
                flagged=data.get("flag") == f"choice-{n}",
            )
            for place, n in enumerate(given)
        ]
        choosing = data.get("type") in CHOOSING
        wanted = len(rows) + (do == "add-choice")
        for number in range(len(rows), max(wanted, 2 if choosing else 0)):
            rows.append(ChoiceRow(number=number, key="", texts=dict.fromkeys(languages, "")))
        form = QuestionForm(languages, data)
        return cls(form=form, choices=rows[:MOST_CHOICES], key=held.key if held else "", languages=languages)

    @property
    def type(self) -> str:
        value: str = self.form["type"].value()
        return value

    @property
    def choosing(self) -> bool:
        return self.type in CHOOSING

    @property
    def flag(self) -> str:
        value: str = self.form["flag"].value() or ""
        return value

    @property
    def flagged(self) -> bool:
        """Whether one of the answers to choose from is to be noticed."""
        return any(row.flagged for row in self.choices)

    @property
    def filled(self) -> list[ChoiceRow]:
        """The rows that say something."""
        return [row for row in self.choices if any(row.texts.values())]

    def problem(self) -> str:
        """What is wrong with the answers to choose from."""
        if not self.choosing:
            return ""
        first = self.languages[0]
        if len(self.filled) < 2:
            return _("Write at least two answers to choose from.")
        if not all(row.texts[first] for row in self.filled):
            return _("Each answer is needed in %(language)s.") % {"language": plan_words.language_name(first)}
        return ""

    def question(self, *, taken: set[str], held: Question | None) -> Question:
        """What was typed. Only of a valid form without a `problem`. Keys that conditions name stay."""
        given = self.form.cleaned_data
        kind = QuestionType(given["type"])
        number = kind == QuestionType.NUMBER
        choices, flag = self._choices(held) if self.choosing else ({}, "")
        if kind == QuestionType.YES_NO and given["flag"] in (YES, NO):
            flag = given["flag"]
        return Question(
            key=self.key or free_key(next(filter(None, self._texts("label").values())), taken),
            type=kind,
            label=self._over(held.label if held else {}, "label"),
            help=self._over(held.help if held else {}, "help"),
            required=given["required"],
            choices=choices,
            unit=given["unit"] if number else "",
            minimum=given["minimum"] if number else None,
            maximum=given["maximum"] if number else None,
            flag=flag,
            when=held.when if held else {},
        )

    def _choices(self, held: Question | None) -> tuple[dict[str, dict[str, str]], str]:
        taken = {row.key for row in self.filled if row.key} | (set(held.choices) if held else set())
        found: dict[str, dict[str, str]] = {}
        flag = ""
        for row in self.filled:
            key = row.key or free_key(row.texts[self.languages[0]], taken)
            taken.add(key)
            before = held.choices.get(key, {}) if held else {}
            found[key] = {one: text for one, text in {**before, **row.texts}.items() if text}
            flag = key if row.flagged else flag
        return found, flag

    def _texts(self, name: str) -> dict[str, str]:
        return {one: self.form.cleaned_data[f"{name}_{one}"].strip() for one in self.languages}

    def _over(self, held: Mapping[str, str], name: str) -> dict[str, str]:
        """Languages that the practice has not got (any more) keep what they say."""
        return {one: text for one, text in {**held, **self._texts(name)}.items() if text}


def _printable(text: str) -> str:
    """On one line, without letters that no database holds."""
    return " ".join("".join(letter for letter in text if letter.isprintable() or letter.isspace()).split())[
        :MOST_CHOICE
    ]
