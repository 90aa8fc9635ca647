"""Many practices with prepared appointments, written by COPY with the operator's role, which sees all practices; the
product's own may not. One practice is far larger than the others."""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import psycopg
from django.db import connection, models

from appointments.models import Appointment, Feed, Patient
from messaging.models import Message
from messaging.queries import wording_context
from practices import record, tenancy, vault
from practices.models import Practice
from prerequisites.adoption import adopt_pack
from prerequisites.models import Case, Plan, PlanState, Prerequisite, Readiness, Requirement
from treffa.bench.practice import open_practice

STATES = (
    *[Readiness.WAITING] * 8,
    *[Readiness.READY] * 8,
    Readiness.OVERDUE,
    Readiness.AT_RISK,
    Readiness.TO_REVIEW,
)
LARGE = 20  # the large one has a twentieth of all
DAYS = 200
SLOT = timedelta(minutes=15)
WORDS = "Radiologie: Bitte bereiten Sie Ihren Termin vor: {link}"


@dataclass(frozen=True, kw_only=True)
class Ground:
    """What the appointments of a practice hang on."""

    practice: int
    feed: int
    type: int
    plan: int
    prerequisite: int
    key: bytes
    opened: bytes


def seed(*, practices: int, appointments: int, now: datetime) -> int:
    """Fills the database; returns the large practice."""
    grounds = [_ground(now=now) for _ in range(practices)]
    large = max(appointments // LARGE, appointments // practices)
    others = (appointments - large) // max(practices - 1, 1)
    database = str(connection.settings_dict["NAME"])
    with psycopg.connect(os.environ["DATABASE_OPERATOR_URL"], dbname=database) as operator:
        for number, ground in enumerate(grounds):
            _fill(operator, ground, large if number == 0 else others, now=now)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return grounds[0].practice


def _ground(*, now: datetime) -> Ground:
    practice_id = open_practice(now=now)
    with tenancy.scope(practice_id):
        adopt_pack(name="radiology", by=record.SYSTEM, signed_off_by=None, now=now)
        plan = Plan.objects.filter(state=PlanState.PUBLISHED).order_by("pk")[0]
        asked = Prerequisite.objects.filter(plan=plan, blocking=True, kind="document").order_by("pk")[0]
        feed = Feed.objects.create(
            practice_id=practice_id, name="CT 1", sealed_url=b"", next_poll_at=now + timedelta(days=9)
        )
        practice = Practice.objects.get().key()
        key = vault.new_patient_key(practice=practice)
    return Ground(
        practice=practice_id,
        feed=feed.pk,
        type=plan.type_id,
        plan=plan.pk,
        prerequisite=asked.pk,
        key=key,
        opened=vault.patient_key(practice=practice, wrapped=key),
    )


def _fill(operator: "psycopg.Connection[Any]", ground: Ground, amount: int, *, now: datetime) -> None:
    """The practice's rows, table by table; a patient, a case, a requirement and a message an appointment."""
    starts = [now.replace(minute=0) + timedelta(days=n % DAYS) + n // DAYS % 36 * SLOT for n in range(amount)]
    states = [STATES[n % len(STATES)] for n in range(amount)]
    whose: dict[str, Any] = {"practice_id": ground.practice}
    patients = _copy(
        operator,
        Patient(**whose, phone="+4915254599371", language="de", created_at=now, wrapped_key=ground.key),
        ({"name": f"Muster{n}, Alex"} for n in range(amount)),
        amount,
    )
    booked = Appointment(
        **whose, feed_id=ground.feed, type_id=ground.type, summary="CT", booked_at=now, needs_planning=False
    )
    appointments = _copy(
        operator,
        booked,
        (
            {"uid": f"bench-{n}", "patient_id": patients[n], "start": start, "end": start + SLOT}
            for n, start in enumerate(starts)
        ),
        amount,
    )
    prepared = Case(**whose, plan_id=ground.plan, readiness_since=now, opened_at=now)
    cases = _copy(
        operator,
        prepared,
        (
            {"appointment_id": appointments[n], "readiness": str(states[n]), "planned_start": start}
            for n, start in enumerate(starts)
        ),
        amount,
    )
    asked = Requirement(**whose, prerequisite_id=ground.prerequisite, changed_at=now)
    _copy(
        operator,
        asked,
        (
            {"case_id": cases[n], "deadline": start, "state": _ANSWERED.get(states[n], "open")}
            for n, start in enumerate(starts)
        ),
        amount,
    )
    said = Message(
        **whose,
        occasion="request",
        channel="sms",
        address="+49",
        language="de",
        created_at=now,
    )
    said.state = "delivered"
    _copy(
        operator,
        said,
        (
            {
                "case_id": cases[n],
                "patient_id": patients[n],
                "dedupe_key": f"request:{cases[n]}/sms",
                "sealed_wording": _wording(ground, said, key=f"request:{cases[n]}/sms"),
            }
            for n in range(amount)
        ),
        amount,
    )


def _wording(ground: Ground, message: Message, *, key: str) -> bytes:
    """Sealed as the product does it: the case page opens it."""
    message.dedupe_key = key
    words = json.dumps({"subject": "", "text": WORDS}).encode()
    return vault.seal(key=ground.opened, plaintext=words, context=wording_context(message))


_ANSWERED = {Readiness.READY: "accepted", Readiness.TO_REVIEW: "submitted"}


def _copy(
    operator: "psycopg.Connection[Any]", like: models.Model, rows: Iterator[dict[str, Any]], amount: int
) -> range:
    """Rows as the model's instance but for what each names, with ids of their own, in order; returns the ids."""
    model = type(like)
    fields = [field for field in model._meta.concrete_fields if not field.generated]
    columns = [field.column for field in fields]
    template = {field.column: _value(like, field) for field in fields}
    table = model._meta.db_table
    ids = _reserved(operator, table, amount)
    names = ", ".join(f'"{name}"' for name in columns)
    with operator.cursor() as cursor, cursor.copy(f'COPY "{table}" ({names}) FROM STDIN') as copy:
        for pk, row in zip(ids, rows, strict=True):
            line = template | row | {"id": pk}
            copy.write_row([line[name] for name in columns])
    return ids


def _value(like: models.Model, field: "models.Field[Any, Any]") -> Any:
    value = getattr(like, field.attname)
    if hasattr(value, "resolve_expression"):  # the database's default
        return field.db_default if not hasattr(field.db_default, "value") else field.db_default.value
    return value


def _reserved(operator: "psycopg.Connection[Any]", table: str, amount: int) -> range:
    """As many ids in a row; nobody else takes any meanwhile."""
    taken = "SELECT min(nextval(pg_get_serial_sequence(%s, 'id'))) FROM generate_series(1, %s)"
    found = operator.execute(taken, [table, amount]).fetchone()
    first = int(found[0]) if found else 1
    return range(first, first + amount)
