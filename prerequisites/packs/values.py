"""The single values of a file of plans: texts by language, keys, words from a list, dates, conditions. Pure.

Each read takes a node and gives a value, or raises nodes.Wrong in plain words.
"""

import re
from collections.abc import Sequence
from datetime import date, time
from functools import cache
from importlib.resources import files
from io import BytesIO
from typing import Any
from zipfile import ZipFile

from yaml.nodes import MappingNode, Node, SequenceNode

from prerequisites import conditions, validity
from prerequisites.packs import nodes
from prerequisites.packs.nodes import Wrong
from prerequisites.packs.pack import Text
from prerequisites.sentences import of, sentence

KEY = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
INNER_KEY = re.compile(r"[A-Za-z0-9]+([-_][A-Za-z0-9]+)*")
LANGUAGE = re.compile(r"[a-z]{2}")
COUNTRY = re.compile(r"[A-Z]{2}")
TIME = re.compile(r"([01]?[0-9]|2[0-3]):[0-5][0-9]")
MOST_KEY, MOST_NAME, MOST_KEYWORDS = 40, 120, 100


def key(node: Node) -> str:
    """The key of a prerequisite: small letters, digits and hyphens; an underscore is a hyphen."""
    value = nodes.text(node).replace("_", "-")
    if not KEY.fullmatch(value) or len(value) > MOST_KEY:
        raise Wrong(
            node,
            sentence(
                "%(shown)s is no key: small letters, digits, hyphens, at most %(most)s",
                shown=nodes.shown(node),
                most=MOST_KEY,
            ),
        )
    return value


def inner_key(node: Node) -> str:
    """The key of a question or an answer: letters, digits, hyphens and underscores, kept as it is."""
    value = nodes.text(node)
    if not INNER_KEY.fullmatch(value) or len(value) > MOST_KEY:
        raise Wrong(
            node,
            sentence(
                "%(shown)s is no key: letters, digits, hyphens, at most %(most)s",
                shown=nodes.shown(node),
                most=MOST_KEY,
            ),
        )
    return value


def short(node: Node, *, most: int) -> str:
    """A text of so many letters."""
    value = nodes.text(node)
    if len(value) > most:
        raise Wrong(
            node,
            sentence(
                "the text is too long: %(count)s letters, at most %(most)s", count=len(value), most=most
            ),
        )
    return value


def among(node: Node, *, allowed: Sequence[str]) -> str:
    """One of these words."""
    value = nodes.text(node)
    if value not in allowed:
        raise Wrong(
            node,
            sentence("%(shown)s is none of %(allowed)s", shown=nodes.shown(node), allowed=", ".join(allowed)),
        )
    return value


def texts(node: Node, *, languages: Sequence[str], most: int = nodes.MOST_LETTERS) -> Text:
    """{language: text}, in each of these languages."""
    entries = nodes.pairs(node, what=sentence("texts by language"))
    for at, name, _ in nodes.doubled(node):
        raise Wrong(at, sentence("the language “%(name)s” stands twice", name=name))
    for name, (at, _) in entries.items():
        if not LANGUAGE.fullmatch(name):
            raise Wrong(
                at,
                sentence(
                    "%(shown)s is no language: two letters, such as de, fr, it, en", shown=nodes.shown(at)
                ),
            )
    missing = [language for language in languages if language not in entries]
    if missing:
        raise Wrong(node, sentence("the text is missing in %(languages)s", languages=", ".join(missing)))
    if not entries:
        raise Wrong(node, sentence("the text is missing"))
    return {name: short(value, most=most) for name, (_, value) in entries.items()}


def type_names(node: Node, *, languages: Sequence[str]) -> Text:
    """A type's name: one for all languages (under ""), or one for each, the file's first language first."""
    if not isinstance(node, MappingNode):
        return {"": short(node, most=MOST_NAME)}
    read = texts(node, languages=languages, most=MOST_NAME)
    return {language: read[language] for language in dict.fromkeys((*languages, *read))}


def keywords(node: Node) -> tuple[str, ...]:
    """The words by which a type is recognised in a calendar."""
    entries = nodes.items(node, what=sentence("words"))
    if len(entries) > MOST_KEYWORDS:
        raise Wrong(node, sentence("too many words: at most %(most)s", most=MOST_KEYWORDS))
    read: list[str] = []
    for item in entries:
        word = short(item, most=MOST_NAME)
        if word in read:
            raise Wrong(item, sentence("the word “%(word)s” stands twice", word=word))
        read.append(word)
    return tuple(read)


def icon(node: Node) -> str:
    """The name of an icon that pages can show."""
    value = nodes.text(node)
    if value not in icons():
        raise Wrong(
            node, sentence("there is no icon %(shown)s (see lucide.dev/icons)", shown=nodes.shown(node))
        )
    return value


@cache
def icons() -> frozenset[str]:
    """The names of the icons that pages can show."""
    with ZipFile(BytesIO(files("lucide").joinpath("lucide.zip").read_bytes())) as archive:
        return frozenset(name.removesuffix(".svg") for name in archive.namelist())


def countries(node: Node) -> tuple[str, ...]:
    """Countries by two letters (ISO 3166)."""
    read = [nodes.text(item) for item in nodes.items(node, what=sentence("countries"))]
    if not read or not all(COUNTRY.fullmatch(country) for country in read):
        raise Wrong(node, sentence("countries are two capital letters each, such as DE"))
    return tuple(read)


def time_of_day(node: Node) -> time:
    """Hours and minutes. Unquoted too, though YAML takes 18:00 for a number in base 60."""
    value = nodes.text(node)
    if not TIME.fullmatch(value):
        raise Wrong(node, sentence('%(shown)s is no time of day, such as "18:00"', shown=nodes.shown(node)))
    hours, minutes = value.split(":")
    return time(int(hours), int(minutes))


def day(node: Node) -> date:
    """A date as 2026-11-01."""
    try:
        return date.fromisoformat(nodes.text(node))
    except ValueError as error:
        if isinstance(error, Wrong):
            raise
        raise Wrong(
            node, sentence("%(shown)s is no date, such as 2026-11-01", shown=nodes.shown(node))
        ) from None


def condition(node: Node) -> dict[str, Any]:
    """A condition as conditions.parse reads it."""
    content = nodes.plain(node)
    try:
        conditions.parse(content)
    except conditions.ConditionError as error:
        raise Wrong(node, of(error)) from error
    read: dict[str, Any] = _with_hyphens(content)
    return read


def validity_rule(node: Node) -> dict[str, Any]:
    """A validity as validity.parse reads it."""
    content = nodes.plain(node)
    try:
        validity.parse(content)
    except (validity.ValidityError, conditions.ConditionError) as error:
        raise Wrong(node, of(error)) from error
    read: dict[str, Any] = _with_hyphens(content)
    return read


def _with_hyphens(content: Any) -> Any:
    """Keys of prerequisites are stored with hyphens, so conditions name them with hyphens."""
    if isinstance(content, list):
        return [_with_hyphens(part) for part in content]
    if not isinstance(content, dict):
        return content
    return {
        name: _form_with_hyphens(value) if name == "answer" else _with_hyphens(value)
        for name, value in content.items()
    }


def _form_with_hyphens(reference: str) -> str:
    form, dot, question = reference.partition(".")
    return f"{form.replace('_', '-')}{dot}{question}"


def when(node: Node) -> dict[str, list[str]]:
    """Which answers to earlier questions a question hangs on: one answer each, or several of which one suffices."""
    found = {}
    for at, value in nodes.pairs(node, what=sentence("questions with their answers")).values():
        several = isinstance(value, SequenceNode)
        listed = nodes.items(value, what=sentence("answers")) if several else [value]
        found[inner_key(at)] = [inner_key(one) for one in listed]
    return found
