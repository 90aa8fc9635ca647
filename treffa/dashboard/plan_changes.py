"""What a version changes against another one, in words."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from prerequisites.answers import Question
from prerequisites.models import Audience
from prerequisites.packs import PackPrerequisite
from treffa.dashboard import plan_entry, plan_words
from treffa.dashboard.plan_entry import Entry

ADDED, REMOVED, CHANGED = "added", "removed", "changed"
WORDS: Mapping[str, tuple[str | Promise, str, str]] = {
    ADDED: (gettext_lazy("new"), "is-ready", "plus"),
    REMOVED: (gettext_lazy("not asked for any more"), "is-overdue", "x"),
    CHANGED: (gettext_lazy("changed"), "is-review", "pencil"),
}


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One thing that is said otherwise. Empty: it was, or is, not said."""

    what: str
    before: str
    after: str


@dataclass(frozen=True, kw_only=True)
class Changed:
    """One prerequisite that is new, gone or otherwise."""

    how: str
    title: str
    lines: Sequence[Difference] = ()

    @property
    def word(self) -> str:
        return str(WORDS[self.how][0])

    @property
    def css(self) -> str:
        return WORDS[self.how][1]

    @property
    def icon(self) -> str:
        return WORDS[self.how][2]


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """All changes; `order`: what stays stands in another order."""

    changes: Sequence[Changed]
    order: bool

    @property
    def anything(self) -> bool:
        return bool(self.changes) or self.order


def between(
    before: Sequence[PackPrerequisite], after: Sequence[PackPrerequisite], *, languages: Sequence[str]
) -> Comparison:
    """What is otherwise in `after`."""
    old = {one.content.key: one for one in plan_entry.of(before, languages)}
    new = {one.content.key: one for one in plan_entry.of(after, languages)}
    changes = [Changed(how=ADDED, title=one.title) for key, one in new.items() if key not in old]
    for key, one in new.items():
        if key in old and old[key].content != one.content:
            lines = list(_differences(old[key], one))
            changes.append(Changed(how=CHANGED, title=one.title, lines=lines))
    changes += [Changed(how=REMOVED, title=one.title) for key, one in old.items() if key not in new]
    kept = [key for key in old if key in new]
    return Comparison(changes=changes, order=kept != [key for key in new if key in old])


def _differences(old: Entry, new: Entry) -> Iterator[Difference]:
    for language in dict.fromkeys(
        (*old.content.title, *new.content.title, *old.content.text, *new.content.text)
    ):
        spoken = plan_words.language_name(language)
        before, after = old.content.title.get(language, ""), new.content.title.get(language, "")
        yield from _line(_("Name (%(language)s)") % {"language": spoken}, before, after)
        before, after = old.content.text.get(language, ""), new.content.text.get(language, "")
        yield from _line(_("Text (%(language)s)") % {"language": spoken}, before, after)
    yield from _line(_("What it is"), old.kind, new.kind)
    yield from _line(_("For whom"), _audience(old.content), _audience(new.content))
    yield from _line(_("By a physician only"), _yes(old.content.by_physician), _yes(new.content.by_physician))
    yield from _line(_("By when"), old.deadline, new.deadline)
    yield from _line(_("How long it counts"), " ".join(old.valid), " ".join(new.valid))
    yield from _line(_("When it is asked for"), old.when or _("always"), new.when or _("always"))
    yield from _line(_("Counts again under the word"), old.content.code, new.content.code)
    yield from _questions(old.content.questions, new.content.questions)
    yield from _line(_("Source"), old.source, new.source)


def _questions(old: Sequence[Question], new: Sequence[Question]) -> Iterator[Difference]:
    before, after = ({one.key: one for one in questions} for questions in (old, new))
    for key, question in after.items():
        if key not in before:
            yield Difference(what=_("New question"), before="", after=plan_words.said(question.label))
        elif before[key] != question:
            yield Difference(
                what=_("Question changed"),
                before=_asked(before[key]),
                after=_asked(question),
            )
    for key, question in before.items():
        if key not in after:
            yield Difference(what=_("Question removed"), before=plan_words.said(question.label), after="")
    if list(before) != list(after) and set(before) == set(after):
        yield Difference(what=_("Questions"), before="", after=_("in another order"))


def _asked(question: Question) -> str:
    """A question with all that may differ."""
    said = " / ".join(text for text in question.label.values())
    helped = " / ".join(question.help.values())
    choices = ", ".join(" / ".join(text.values()) for text in question.choices.values())
    about = plan_entry.about(question)
    return " · ".join(part for part in (said, about, helped, choices) if part)


def _line(what: str, before: str, after: str) -> Iterator[Difference]:
    if before != after:
        yield Difference(what=what, before=before, after=after)


def _audience(one: PackPrerequisite) -> str:
    return str(Audience(one.audience).label)


def _yes(holds: bool) -> str:
    return _("yes") if holds else _("no")
