"""The schema of a file of plans (`treffa-plans/1`): nodes -> a Pack, or all that is wrong, each with its line. Pure."""

from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from functools import partial
from typing import Any

from yaml.nodes import MappingNode, Node, ScalarNode

from prerequisites.answers import Question, QuestionType
from prerequisites.packs import checking, nodes, values
from prerequisites.packs.nodes import Findings, Wrong
from prerequisites.packs.pack import FORMAT, Pack, PackPlan, PackPrerequisite, Text
from prerequisites.required import FORM
from prerequisites.sentences import sentence

KINDS = ("document", FORM, "acknowledgement", "staff_check", "information")
AUDIENCES = ("patient", "referrer", "practice")
MOST_DAYS, MOST_LEAD = 365, 90
MOST_TITLE, MOST_LABEL, MOST_SOURCE, MOST_UNIT = 120, 240, 300, 20
MOST_PLANS, MOST_PREREQUISITES, MOST_QUESTIONS, MOST_CHOICES = 200, 400, 60, 40

Fields = Mapping[str, Callable[[Node], Any]]


def parse(content: str | bytes, *, where: str) -> Pack:
    """Reads a file of plans; `where` is what the errors call it. PackError with all that is wrong."""
    reader = _Reader(Findings(where))
    pack = reader.pack(nodes.tree(content, where=where))
    reader.findings.raise_all()
    return pack


class _Reader:
    """Reads one file. What can't be read is a finding, and reading goes on beside it."""

    def __init__(self, findings: Findings) -> None:
        self.findings = findings
        self.languages: Sequence[str] = ()
        self.known: dict[str, checking.Known] = {}

    def pack(self, root: Node) -> Pack:
        fields: Fields = {
            "format": partial(values.among, allowed=(FORMAT,)),
            "name": partial(values.texts, languages=(), most=values.MOST_NAME),
            "partial": nodes.flag,
            "prerequisites": _itself,
            "plans": _itself,
        }
        read = self.record(root, "", fields, needed=[name for name in fields if name != "partial"])
        name: Text = read.get("name", {})
        lacking = bool(read.get("partial"))
        self.languages = () if lacking else tuple(name)
        if "prerequisites" in read:
            self.prerequisites(read["prerequisites"])
        plans = self.plans(read["plans"]) if "plans" in read else ()
        return Pack(name=name, plans=plans, partial=lacking)

    def prerequisites(self, node: Node) -> None:
        """Learns what the plans may name. What could not be read whole stands as None behind its key."""
        entries = self.findings.attempt(nodes.pairs, node, "prerequisites")
        if entries is None:
            return
        self.doubled(node, "prerequisites")
        if len(entries) > MOST_PREREQUISITES:
            self.findings.add(
                node,
                "prerequisites",
                sentence("too many: at most %(most)s", most=MOST_PREREQUISITES),
            )
            return
        for entry, (at, value) in entries.items():
            read = self.prerequisite(entry[: values.MOST_KEY], at, value)
            self.known[entry] = checking.Known(node=value, read=read)

    def prerequisite(self, entry: str, at: Node, node: Node) -> PackPrerequisite | None:
        before = self.findings.count
        read = self.record(node, entry, self.prerequisite_fields(entry), needed=("kind", "title"))
        key = read["key"] if "key" in read else self.findings.attempt(values.key, at, entry)
        if self.findings.count == before:
            found = PackPrerequisite(**{**read, "key": key})
            for text in checking.prerequisite_problems(found):
                self.findings.add(node, entry, text)
        return found if self.findings.count == before else None

    def prerequisite_fields(self, entry: str) -> Fields:
        texts = partial(values.texts, languages=self.languages)
        return {
            "key": values.key,
            "kind": partial(values.among, allowed=KINDS),
            "code": values.key,
            "audience": partial(values.among, allowed=AUDIENCES),
            "title": partial(texts, most=MOST_TITLE),
            "text": texts,
            "icon": values.icon,
            "blocking": nodes.flag,
            "days_before": partial(nodes.whole, most=MOST_DAYS),
            "working_days": nodes.flag,
            "time_of_day": values.time_of_day,
            "lead_days": partial(nodes.whole, most=MOST_LEAD),
            "may_be_brought": nodes.flag,
            "by_physician": nodes.flag,
            "condition": values.condition,
            "validity": values.validity_rule,
            "questions": partial(self.questions, entry=entry),
            "countries": values.countries,
            "source": partial(values.short, most=MOST_SOURCE),
            "checked": values.day,
        }

    def questions(self, node: Node, *, entry: str) -> tuple[Question, ...]:
        entries = nodes.items(node, what=sentence("questions"))
        if not 0 < len(entries) <= MOST_QUESTIONS:
            raise Wrong(
                node,
                sentence("a form has from 1 to %(most)s questions", most=MOST_QUESTIONS),
            )
        found: dict[str, Question] = {}
        for position, item in enumerate(entries, start=1):
            named = f"{entry}.{_key_in(item) or position}"
            question = self.question(item, named)
            if question is not None and question.key in found:
                self.findings.add(
                    item, named, sentence("the question “%(key)s” stands twice", key=question.key)
                )
            elif question is not None:
                for text in checking.when_problems(question, found):
                    self.findings.add(item, named, text)
                found[question.key] = question
        return tuple(found.values())

    def question(self, node: Node, entry: str) -> Question | None:
        before = self.findings.count
        texts = partial(values.texts, languages=self.languages)
        fields: Fields = {
            "key": values.inner_key,
            "type": partial(values.among, allowed=tuple(QuestionType)),
            "label": partial(texts, most=MOST_LABEL),
            "help": texts,
            "required": nodes.flag,
            "choices": self.choices,
            "unit": partial(values.short, most=MOST_UNIT),
            "minimum": nodes.number,
            "maximum": nodes.number,
            "flag": nodes.text,
            "when": values.when,
        }
        read = self.record(node, entry, fields, needed=("key", "type", "label"))
        if self.findings.count == before:
            question = Question(**{**read, "type": QuestionType(read["type"])})
            for text in checking.question_problems(question):
                self.findings.add(node, entry, text)
        return question if self.findings.count == before else None

    def choices(self, node: Node) -> dict[str, dict[str, str]]:
        entries = nodes.pairs(node, what=sentence("answers with their texts"))
        for at, name, _ in nodes.doubled(node):
            raise Wrong(at, sentence("the answer “%(name)s” stands twice", name=name))
        if not 2 <= len(entries) <= MOST_CHOICES:
            raise Wrong(
                node,
                sentence("from 2 to %(most)s answers to choose from are needed", most=MOST_CHOICES),
            )
        texts = partial(values.texts, languages=self.languages, most=values.MOST_NAME)
        return {values.inner_key(at): dict(texts(value)) for at, value in entries.values()}

    def plans(self, node: Node) -> tuple[PackPlan, ...]:
        entries = self.findings.attempt(partial(nodes.items, what=sentence("plans")), node, "plans")
        if entries is not None and not 0 < len(entries) <= MOST_PLANS:
            self.findings.add(node, "plans", sentence("from 1 to %(most)s plans are needed", most=MOST_PLANS))
            return ()
        found: list[PackPlan] = []
        for position, item in enumerate(entries or (), start=1):
            plan = self.plan(item, f"plan {position}")
            if plan is not None and any(plan.shares_a_name_with(other) for other in found):
                self.findings.add(item, plan.type_name, sentence("there are two plans for this type"))
            elif plan is not None:
                found.append(plan)
        return tuple(found)

    def plan(self, node: Node, entry: str) -> PackPlan | None:
        before = self.findings.count
        fields: Fields = {"type": _itself, "prerequisites": _references}
        read = self.record(node, entry, fields, needed=tuple(fields))
        type_ = self.type(read["type"], f"{entry}.type") if "type" in read else {}
        names: Text = type_.get("name", {})
        spoken = next(iter(names.values()), entry)
        refs: Sequence[ScalarNode] = read.get("prerequisites", ())
        checking.check_plan(spoken, refs, self.known, self.findings)
        if self.findings.count > before:
            return None
        return PackPlan(
            type_name=spoken,
            names={language: name for language, name in names.items() if language},
            keywords=type_.get("keywords", ()),
            prerequisites=tuple(one for ref in refs if (one := self.known[ref.value].read) is not None),
        )

    def type(self, node: Node, entry: str) -> dict[str, Any]:
        names = partial(values.type_names, languages=self.languages)
        return self.record(node, entry, {"name": names, "keywords": values.keywords}, needed=("name",))

    def record(self, node: Node, entry: str, fields: Fields, *, needed: Sequence[str]) -> dict[str, Any]:
        """The fields of a mapping that could be read; what is unknown, doubled or missing is a finding too."""
        entries = self.findings.attempt(nodes.pairs, node, entry)
        if entries is None:
            return {}
        self.doubled(node, entry)
        read: dict[str, Any] = {}
        for name, (at, value) in entries.items():
            if name not in fields:
                self.findings.add(
                    at,
                    entry,
                    sentence(
                        "there is no %(shown)s here%(perhaps)s",
                        shown=nodes.shown(at),
                        perhaps=_perhaps(name, fields),
                    ),
                )
                continue
            before = self.findings.count
            given = self.findings.attempt(fields[name], value, f"{entry}.{name}" if entry else name)
            if self.findings.count == before:
                read[name] = given
        for name in needed:
            if name not in entries:
                self.findings.add(node, entry, sentence("“%(name)s” is missing", name=name))
        return read

    def doubled(self, node: Node, entry: str) -> None:
        for at, _, line in nodes.doubled(node):
            self.findings.add(
                at,
                entry,
                sentence("%(shown)s stands twice, first in line %(line)s", shown=nodes.shown(at), line=line),
            )


def _perhaps(name: str, fields: Fields) -> str:
    near = get_close_matches(name, fields, n=1)
    return sentence(", perhaps “%(name)s” is meant", name=near[0]) if near else ""


def _key_in(node: Node) -> str:
    """The key of a question, as far as one can be made out, to call it by."""
    for key, value in node.value if isinstance(node, MappingNode) else ():
        if key.value == "key" and isinstance(value, ScalarNode):
            return str(value.value)[: values.MOST_KEY]
    return ""


def _itself(node: Node) -> Node:
    return node


def _references(node: Node) -> list[Node]:
    entries = list(nodes.items(node, what=sentence("names of prerequisites")))
    if not entries:
        raise Wrong(node, sentence("a plan needs at least one prerequisite"))
    for item in entries:
        nodes.text(item)
    return entries
