"""Who comes for what, and what changed since the last fetch. Pure."""

from appointments.matching.alike import Likeness, Traits, likeness
from appointments.matching.changes import WRITTEN, Changes, Known, Pair, Seen, Shown, compare, reread
from appointments.matching.contacts import is_landline, valid_email, valid_phone
from appointments.matching.dates import read_date
from appointments.matching.persons import person_key, same_person
from appointments.matching.types import TypeIndex, TypeMatch, TypeWords, wording
from appointments.matching.understanding import (
    Kind,
    Rules,
    SummaryMode,
    Understood,
    understand,
)
from appointments.matching.words import fold, is_name, name_key, spoken_name

__all__ = [
    "WRITTEN",
    "Changes",
    "Kind",
    "Known",
    "Likeness",
    "Pair",
    "Rules",
    "Seen",
    "Shown",
    "SummaryMode",
    "Traits",
    "TypeIndex",
    "TypeMatch",
    "TypeWords",
    "Understood",
    "compare",
    "fold",
    "is_landline",
    "is_name",
    "likeness",
    "name_key",
    "person_key",
    "read_date",
    "reread",
    "same_person",
    "spoken_name",
    "understand",
    "valid_email",
    "valid_phone",
    "wording",
]
