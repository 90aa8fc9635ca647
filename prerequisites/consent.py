"""Consent: a sheet that was handed in never stands for the physician's conversation. Pure.

What a prerequisite is says its code: a staff check that is a CONVERSATION is done by a physician of the practice, with who
and when; a document that is a SHEET was received, which says nothing of the conversation (OLG Oldenburg 5 U 43/08). Both
are of one thing that is to be done: they serve no other appointment and no other type.
"""

CONVERSATION = "conversation"
SHEET = "consent-sheet"


def is_conversation(*, kind: str, code: str) -> bool:
    """Whether a physician has to talk with the patient."""
    return kind == "staff_check" and code == CONVERSATION


def is_sheet(*, kind: str, code: str) -> bool:
    """Whether it is the form that goes with the conversation."""
    return kind == "document" and code == SHEET


def is_consent(*, kind: str, code: str) -> bool:
    """Whether it belongs to the consent to one thing."""
    return is_conversation(kind=kind, code=code) or is_sheet(kind=kind, code=code)
