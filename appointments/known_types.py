"""The appointment types of the practice in scope, as they are looked for in texts."""

from collections import defaultdict

from appointments.matching import TypeIndex, TypeWords
from appointments.models import AppointmentType, TypeText


def known_types() -> list[TypeWords]:
    """The types with all their words, in order of id; without its name one that is not found by it."""
    texts: dict[int, list[str]] = defaultdict(list)
    for type_id, text in TypeText.objects.order_by("id").values_list("type_id", "text"):
        texts[type_id].append(text)
    found = AppointmentType.objects.order_by("id").values_list("id", "name", "found_by_name", "keywords")
    return [
        TypeWords(id=pk, name=name if by_name else "", keywords=tuple(keywords), texts=tuple(texts[pk]))
        for pk, name, by_name, keywords in found
    ]


def type_index() -> TypeIndex:
    """The types, ready to be found."""
    return TypeIndex(known_types())
