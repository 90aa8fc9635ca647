"""YAML with its lines: bytes -> a tree of nodes that is small, plain and free of surprises, and typed reads of them. Pure.

Only the plain part of YAML is read: no anchors and aliases (by which a short file unfolds into gigabytes), no tags, no
second document, nothing deeper than DEEPEST; a key stands once.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from prerequisites.packs.pack import PackError, Problem
from prerequisites.sentences import sentence

MOST_BYTES = 512 * 1024
MOST_NODES = 50_000
DEEPEST = 16
MOST_LETTERS = 4000
MOST_FINDINGS = 100

TAG = "tag:yaml.org,2002:"
# libyaml where it was built: ten times as fast, the same tree.
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
WHOLE = re.compile(r"[-+]?(0|[1-9][0-9]{0,11})")
NUMBER = re.compile(r"[-+]?[0-9]{1,12}(\.[0-9]{1,17})?(e[-+]?[0-9]{1,2})?")
# Letters that no text of people holds, though YAML lets them in.
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
WORDS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}

NAMES = sentence("names with values")

T = TypeVar("T")


class Wrong(ValueError):  # noqa: N818 - one finding among many, not the end of reading
    """What is wrong at a node."""

    def __init__(self, node: Node, text: str, *, entry: str = "") -> None:
        super().__init__(text)
        self.node, self.text, self.entry = node, text, entry


@dataclass
class Findings:
    """Collects what is wrong in a file, so that all of it is said at once."""

    where: str
    problems: list[Problem] = field(default_factory=list)
    count: int = 0
    """How many there are, those included that are not kept: the same again, or one too many."""

    def add(self, node: Node, entry: str, text: str) -> None:
        self.add_line(_line(node), entry, text)

    def add_line(self, line: int, entry: str, text: str) -> None:
        self.count += 1
        found = Problem(where=self.where, line=line, entry=entry, text=text)
        if found not in self.problems and len(self.problems) < MOST_FINDINGS:
            self.problems.append(found)

    def attempt(self, read: Callable[[Node], T], node: Node, entry: str) -> T | None:
        """What the read gives; None and a finding where it fails."""
        try:
            return read(node)
        except Wrong as wrong:
            self.add(wrong.node, f"{entry}.{wrong.entry}" if wrong.entry else entry, wrong.text)
            return None

    def raise_all(self) -> None:
        """PackError if there is anything."""
        if self.problems:
            raise PackError(self.problems)


def tree(content: str | bytes, *, where: str) -> Node:
    """The root of the file. PackError for what is no plain YAML."""
    findings = Findings(where)
    text = _decoded(content, findings)
    findings.raise_all()
    try:
        _look_over(text, findings)
        findings.raise_all()
        root = yaml.compose(text, Loader=LOADER)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark is not None else 1
        findings.add_line(line, "", sentence("this is no YAML: %(why)s", why=_in_words(error)))
    except (yaml.YAMLError, ValueError) as error:
        findings.add_line(1, "", sentence("this is no YAML: %(why)s", why=error))
    findings.raise_all()
    if root is None:
        findings.add_line(1, "", sentence("the file is empty"))
        raise PackError(findings.problems)
    return root


def pairs(node: Node, *, what: str = NAMES) -> dict[str, tuple[Node, Node]]:
    """The entries of a mapping: {key as written: (key, value)}. The first of a doubled key."""
    if not isinstance(node, MappingNode):
        raise Wrong(node, sentence("%(what)s belong here, not %(shown)s", what=what, shown=shown(node)))
    found: dict[str, tuple[Node, Node]] = {}
    for key, value in node.value:
        found.setdefault(_key(key), (key, value))
    return found


def doubled(node: Node) -> Iterator[tuple[Node, str, int]]:
    """The keys of a mapping that stand twice: (the second, its name, the first's line)."""
    lines: dict[str, int] = {}
    for key, _ in node.value if isinstance(node, MappingNode) else ():
        name = _key(key)
        if name in lines:
            yield key, name, lines[name]
        lines.setdefault(name, _line(key))


def items(node: Node, *, what: str) -> Sequence[Node]:
    """The entries of a list."""
    if not isinstance(node, SequenceNode):
        raise Wrong(
            node, sentence("a list of %(what)s belongs here, not %(shown)s", what=what, shown=shown(node))
        )
    found: list[Node] = node.value
    return found


def text(node: Node) -> str:
    """A text of people, in one line or more. A bare number, yes or date is the text that was written."""
    if not isinstance(node, ScalarNode) or node.tag == f"{TAG}null":
        raise Wrong(node, sentence("a text belongs here, not %(shown)s", shown=shown(node)))
    value = str(node.value).replace("\r\n", "\n").strip()
    if not value:
        raise Wrong(node, sentence("the text is empty"))
    if len(value) > MOST_LETTERS:
        raise Wrong(
            node,
            sentence(
                "the text is too long: %(count)s letters, at most %(most)s",
                count=len(value),
                most=MOST_LETTERS,
            ),
        )
    if CONTROL.search(value):
        raise Wrong(node, sentence("the text holds a letter that can't be printed"))
    return value


def flag(node: Node) -> bool:
    """true or false, without quotes."""
    if not isinstance(node, ScalarNode) or node.tag != f"{TAG}bool":
        raise Wrong(
            node, sentence("true or false belongs here, without quotes, not %(shown)s", shown=shown(node))
        )
    return WORDS[node.value.lower()]


def whole(node: Node, *, most: int) -> int:
    """A whole number from 0 to `most`, without quotes."""
    if not isinstance(node, ScalarNode) or node.style or not WHOLE.fullmatch(node.value):
        raise Wrong(node, sentence("a whole number belongs here, not %(shown)s", shown=shown(node)))
    value = int(node.value)
    if not 0 <= value <= most:
        raise Wrong(node, sentence("%(value)s is not from 0 to %(most)s", value=value, most=most))
    return value


def number(node: Node) -> float:
    """A number, with a point, without quotes."""
    if not isinstance(node, ScalarNode) or node.style or not NUMBER.fullmatch(node.value):
        raise Wrong(
            node,
            sentence(
                "a number belongs here, with a point and without quotes, not %(shown)s", shown=shown(node)
            ),
        )
    return float(node.value)


def plain(node: Node) -> Any:
    """What the node holds as Python's own values. In lists all scalars are texts: they hold answers and names."""
    if isinstance(node, MappingNode):
        return {key: plain(value) for key, (_, value) in pairs(node).items()}
    if isinstance(node, SequenceNode):
        return [_listed(item) for item in node.value]
    if node.tag == f"{TAG}bool":
        return flag(node)
    if _is_bare(node) and WHOLE.fullmatch(node.value):
        return int(node.value)
    if _is_bare(node) and NUMBER.fullmatch(node.value):
        return float(node.value)
    return text(node)


def shown(node: Node) -> str:
    """What stands at a node, in a few letters."""
    if isinstance(node, MappingNode):
        return sentence("names with values")
    if isinstance(node, SequenceNode):
        return sentence("a list")
    if node.tag == f"{TAG}null":
        return sentence("nothing")
    value = str(node.value)
    short = f"{value[:40]}{'…' if len(value) > 40 else ''}"
    return (
        sentence("“%(text)s”", text=short) if _is_bare(node) else sentence("“%(text)s” in quotes", text=short)
    )


def _listed(node: Node) -> Any:
    if not isinstance(node, ScalarNode):
        return plain(node)
    if node.tag == f"{TAG}bool":
        return "yes" if flag(node) else "no"
    return text(node)


def _is_bare(node: Node) -> bool:
    """Whether a scalar stands without quotes. libyaml says so by an empty style, Python's own reader by none."""
    return isinstance(node, ScalarNode) and not node.style


def _key(node: Node) -> str:
    if not isinstance(node, ScalarNode):
        raise Wrong(node, sentence("a name belongs before the colon"))
    return str(node.value)


def _decoded(content: str | bytes, findings: Findings) -> str:
    if len(content) > MOST_BYTES:
        findings.add_line(
            1, "", sentence("the file is too large: at most %(size)s KB", size=MOST_BYTES // 1024)
        )
        return ""
    if isinstance(content, str):
        return content
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        findings.add_line(line, "", sentence("this is not UTF-8: save the file with the encoding UTF-8"))
        return ""


def _look_over(text: str, findings: Findings) -> None:
    """Goes through the events, which unfold nothing, before a tree is built."""
    depth = documents = 0
    for count, event in enumerate(yaml.parse(text, Loader=LOADER)):
        line, anchor, tag = _line(event), getattr(event, "anchor", None), getattr(event, "tag", None)
        documents += isinstance(event, yaml.DocumentStartEvent)
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if documents > 1:
            return findings.add_line(line, "", sentence("a second document begins here: one file holds one"))
        if depth > DEEPEST:
            return findings.add_line(
                line, "", sentence("nested too deeply: at most %(most)s levels", most=DEEPEST)
            )
        if count > MOST_NODES:
            return findings.add_line(line, "", sentence("the file holds too much"))
        if anchor:
            findings.add_line(
                line,
                "",
                sentence(
                    "“%(name)s”: anchors and aliases (& and *) are not read, write it out", name=anchor[:40]
                ),
            )
        elif tag:
            findings.add_line(
                line, "", sentence("“%(name)s”: tags (!) are not read, leave it out", name=tag[:40])
            )
    return None


def _line(at: Node | yaml.Event) -> int:
    """Counted from 1."""
    return at.start_mark.line + 1 if at.start_mark is not None else 1


def _in_words(error: yaml.MarkedYAMLError) -> str:
    return ", ".join(part for part in (error.context, error.problem) if part)
