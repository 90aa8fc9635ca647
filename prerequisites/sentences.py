"""Sentences that pure modules say in English and pages say in the reader's language. Pure."""

from typing import Any


class Sentence(str):
    """An English sentence that remembers its pattern and what is put into it, so that a page can look the pattern up in a
    catalogue and put the same in."""

    pattern: str
    values: dict[str, Any]


def sentence(pattern: str, /, **values: Any) -> Sentence:
    """A sentence of a pattern like "there is no %(what)s". Catalogues hold the patterns (treffa/catalogues.py)."""
    said = Sentence(pattern % values if values else pattern)
    said.pattern, said.values = pattern, values
    return said


def of(error: BaseException) -> str:
    """What an error says, still as a sentence where it is one."""
    return error.args[0] if error.args and isinstance(error.args[0], str) else str(error)
