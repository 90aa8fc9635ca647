"""An entry that was read wrongly, put right by clicking: the other ways to read it, each of which is a rule for all."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from django.http import QueryDict

from appointments import ical
from appointments.matching import Kind, Rules, SummaryMode, TypeIndex, Understood, understand

MODES = (SummaryMode.BOTH, SummaryMode.NAME, SummaryMode.TYPE, SummaryMode.PSEUDONYM)
# A sign that stands alone between words, or close to one: what could part a name from an examination.
SIGN = re.compile(r"(?<=\w)\s*([^\w\s.'’()&+-]{1,3}|[-–—+])\s+(?=\w)")
MOST = 5
LONGEST_ABSENCE = 80


@dataclass(frozen=True, kw_only=True)
class Reading:
    """Another way to read an entry. `value` is what a click on it sends (`corrected`)."""

    value: str
    name: str
    type: str


def readings(event: ical.Event, *, said: Understood, rules: Rules, types: TypeIndex) -> Sequence[Reading]:
    """The other ways, each different from the one it is read in and from each other."""
    seen = {(said.name, said.type_text)} if said.kind is Kind.APPOINTMENT else set()
    found: list[Reading] = []
    for value, other in _others(event, rules):
        one = understand(event, rules=other, types=types)
        key = (one.name, one.type_text)
        if one.kind is Kind.APPOINTMENT and key not in seen:
            seen.add(key)
            found.append(Reading(value=value, name=one.name, type=one.type_text))
    return found[:MOST]


def may_be_skipped(event: ical.Event, *, rules: Rules, types: TypeIndex) -> bool:
    """Whether its title as a word of the rules makes it no appointment: one that names a patient stays one."""
    title = " ".join(event.summary.split())[:LONGEST_ABSENCE]
    other = replace(rules, absences=(*rules.absences, title))
    return bool(title) and understand(event, rules=other, types=types).kind is Kind.ABSENCE


def _others(event: ical.Event, rules: Rules) -> Iterator[tuple[str, Rules]]:
    for mode in MODES:
        yield f"mode:{mode.value}", replace(rules, summary=mode)
    for sign in dict.fromkeys(SIGN.findall(event.summary)):
        signs = (*rules.separators, f" {sign} ", f"{sign} ")
        yield f"sign:{sign}", replace(rules, summary=SummaryMode.BOTH, separators=signs)


def corrected(posted: QueryDict) -> QueryDict:
    """The rules' form with what was clicked put into it: mode:<mode>, sign:<sign>, absence:<title>."""
    kind, colon, value = posted.get("correct", "").partition(":")
    if not colon or not value:
        return posted
    data = posted.copy()
    if kind == "mode" and value in MODES:
        data["summary"] = value
    elif kind == "sign":
        data["summary"] = SummaryMode.BOTH.value
        data["separators"] = f"{data.get('separators', '')} {value}".strip()
    elif kind == "absence":
        data["absences"] = f"{data.get('absences', '')}\n{value[:LONGEST_ABSENCE]}".strip()
    return data
