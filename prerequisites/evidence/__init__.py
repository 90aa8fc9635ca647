"""The evidence record of an appointment: what the record has of it, to be read and to be checked without us."""

from prerequisites.evidence.making import Evidence, make

__all__ = ["Evidence", "make"]
