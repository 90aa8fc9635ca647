"""Who comes for what, and what changed since the last fetch. Pure."""

from appointments.matching.changes import Changes, Known, Seen, compare
from appointments.matching.types import TypeIndex, TypeMatch, TypeWords
from appointments.matching.understanding import (
    Kind,
    Rules,
    SummaryMode,
    Understood,
    read_date,
    understand,
    valid_email,
    valid_phone,
)
from appointments.matching.words import fold, name_key, spoken_name

__all__ = [
    "Changes",
    "Kind",
    "Known",
    "Rules",
    "Seen",
    "SummaryMode",
    "TypeIndex",
    "TypeMatch",
    "TypeWords",
    "Understood",
    "compare",
    "fold",
    "name_key",
    "read_date",
    "spoken_name",
    "understand",
    "valid_email",
    "valid_phone",
]
