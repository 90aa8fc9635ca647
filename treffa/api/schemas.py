"""What the API says and takes. Times are in UTC (RFC 3339), days as 2026-03-14."""

from datetime import date, datetime
from typing import Literal

from ninja import Schema
from pydantic import Field


class PatientOut(Schema):
    """Whom an appointment is for."""

    id: int
    name: str
    birth_date: date | None


class AppointmentOut(Schema):
    """An appointment as its calendar says it; `uid` is the calendar's own."""

    id: int
    uid: str
    start: datetime
    end: datetime
    status: str
    type: str | None
    practitioner: str


class CaseOut(Schema):
    """The preparation of one appointment. `ready_at`: since when nothing that is needed is missing."""

    id: int
    readiness: str
    readiness_since: datetime
    ready_at: datetime | None
    deadline: datetime | None
    opened_at: datetime
    closed_at: datetime | None
    appointment: AppointmentOut
    patient: PatientOut | None


class CasePage(Schema):
    """Some cases; `next` is the cursor of what follows, null at the end."""

    items: list[CaseOut]
    next: str | None


class RequirementOut(Schema):
    """One thing that a case needs."""

    id: int
    key: str
    title: str
    kind: str
    audience: str
    blocking: bool
    state: str
    deadline: datetime | None
    bring_along: bool
    document_date: date | None


class RequirementList(Schema):
    """All that a case needs, in the order of its plan."""

    items: list[RequirementOut]


class ReceivedIn(Schema):
    """It came by another way. `document_date` is the document's own, where it may be too old."""

    how: Literal["fax", "post", "in_person", "phone"]
    document_date: date | None = None


class ContactIn(Schema):
    """How to write to the patient; what is left out stays as it is."""

    phone: str | None = Field(default=None, max_length=40)
    email: str | None = Field(default=None, max_length=254)


class ContactOut(Schema):
    """How the patient is written to now; the number in E.164."""

    phone: str
    email: str


class TokenOut(Schema):
    """Whose token it is and what it may."""

    practice: str
    token: str
    scopes: list[str]
