"""Writes a message down: wording, seal, dedupe key, record. Nothing is sent here. Needs an open scope."""

import json
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db import IntegrityError, connection, transaction

from messaging import joining, occasions, queries, schedule, texts, told
from messaging.models import Channel, Mention, Message, MessageState, Occasion
from messaging.occasions import Facts
from practices import record, rows, vault
from practices.models import Practice
from practices.nudge import nudge
from prerequisites import locking
from prerequisites.models import Case


def earliest(*, practice: Practice, facts: Facts, occasion: str, key: str, now: datetime) -> datetime:
    """When the patient of a case may be told something; `key` is the decision's. That an appointment is off is told
    however much was said this week."""
    hours = queries.hours_of(practice)
    sent = [at for decision, at in facts.sent if decision != key]
    if occasion == Occasion.CANCELLED:
        sent = []
    return schedule.allowed_at(now=now, hours=hours, starts=facts.starts, sent=sent)


About = Sequence[tuple[Case, Facts]]


def new_message(
    *,
    practice: Practice,
    about: About,
    occasion: str,
    key: str,
    way: tuple[str, str],
    own_texts: queries.OwnTexts,
    now: datetime,
) -> tuple[Message, list[Mention]]:
    """A message to the patient of the cases, in the order of their appointments, and what it says of each where they are
    several; not saved yet. It belongs to the last of them. `key` names the decision; the channel completes it."""
    channel, address = way
    case, facts = about[-1]
    deadlines = [joining.still_ahead(known, now=now) for _case, known in about]
    deadline = min((one for one in deadlines if one), default=None)
    wording = _worded(
        [one for one, _known in about],
        occasion=occasion,
        channel=channel,
        own_texts=own_texts,
        deadline=deadline,
        practice=practice,
        now=now,
    )
    message = Message(
        practice=practice,
        case=case,
        patient=case.appointment.patient,
        occasion=occasion,
        channel=channel,
        address=address,
        language=wording.language,
        wording_version=wording.version,
        told_start=case.appointment.start,
        told_deadline=None if occasion == Occasion.CANCELLED else deadline,
        dedupe_key=f"{key}/{channel}",
        due_at=earliest(practice=practice, facts=facts, occasion=occasion, key=key, now=now),
        created_at=now,
        shared=len(about) > 1,
    )
    message.fallback_at = fallback_of(message, sent_at=message.due_at or now)
    content = {"content_sid": wording.content_sid, "content_variables": wording.content_variables}
    message.sealed_wording = _sealed(
        message, subject=wording.subject, text=wording.text, **(content if wording.content_sid else {})
    )
    return message, [
        Mention(
            practice=practice, message=message, case=one, told_start=one.appointment.start, told_deadline=by
        )
        for (one, _known), by in zip(about, deadlines, strict=True)
        if message.shared
    ]


def _worded(
    cases: Sequence[Case],
    *,
    occasion: str,
    channel: str,
    own_texts: queries.OwnTexts,
    deadline: datetime | None,
    practice: Practice,
    now: datetime,
) -> texts.Wording:
    """What is said, in the patient's language: the practice's own text, else Treffa's; this also where the practice has
    another text for each of the appointments."""
    first, *others = [case.appointment for case in cases]
    language = (first.patient.language if first.patient else "") or practice.language
    own = {
        queries.own_text(own_texts, type_id=one.type_id, occasion=occasion, language=language)
        for one in [first, *others]
    }
    return texts.compose(
        occasion=occasion,
        channel=channel,
        language=language,
        own=own.pop() if len(own) == 1 else None,
        template=queries.templates().get((occasion, language)) if channel == Channel.WHATSAPP else None,
        practice=practice.sender_name or practice.name,
        zone=practice.time_zone,
        start=first.start,
        deadline=deadline,
        now=now,
        phone=practice.phone,
        all_day=first.all_day,
        others=[(one.start, one.all_day) for one in others],
    )


def no_way(case: Case, facts: Facts, key: str, *, practice: Practice, now: datetime) -> Message:
    """The fact that something is to be said and no address may be used: staff are called by it. Not saved yet."""
    channel, address = next(iter(facts.addresses.items()))
    message = Message(
        practice=practice,
        case=case,
        patient=case.appointment.patient,
        occasion=key.partition(":")[0],
        channel=channel,
        address=address,
        language=practice.language,
        wording_version="none",
        told_start=case.appointment.start,
        told_deadline=facts.next_deadline,
        dedupe_key=f"{key}/{occasions.NO_WAY}",
        state=MessageState.FAILED,
        problem="no_way_left",
        created_at=now,
    )
    message.sealed_wording = _sealed(message, subject="", text="")
    return message


def fallback_of(message: Message, *, sent_at: datetime) -> datetime | None:
    """When a message to a patient goes another way if it has not arrived; None for the practice's own people, and
    where the practice (0 hours) waits for ever."""
    until, hours = message.told_deadline or message.told_start, message.practice.fallback_hours
    if message.patient_id is None or until is None or not hours:
        return None
    return schedule.fallback_at(sent_at=sent_at, hours=hours, deadline=until)


def queue_again(*, message: Message, way: tuple[str, str], about: About, now: datetime) -> Message | None:
    """The same decision over another channel, once: None if it was queued there before. `about`: of which of its cases it
    still has to be said."""
    other, mentions = new_message(
        practice=message.practice,
        about=about,
        occasion=message.occasion,
        key=message.dedupe_key.rpartition("/")[0],
        way=way,
        own_texts=queries.own_texts(),
        now=now,
    )
    return save(other, mentions=mentions, now=now, instead_of=message.pk)


def queue_staff_notice(
    *,
    address: str,
    language: str,
    subject: str,
    text: str,
    dedupe_key: str,
    case_id: int | None,
    now: datetime,
) -> Message | None:
    """A mail to a person of the practice in scope, written once per key; None if it was written before. `text` is whole:
    it holds its links and no patient's data."""
    practice = Practice.objects.get()
    notice = StaffNotice(
        channel=Channel.EMAIL,
        address=address,
        language=language,
        subject=subject,
        text=text,
        key=dedupe_key,
        case_id=case_id,
    )
    message = staff_message(notice, practice=practice, now=now)
    saved = save(message, now=now)
    if saved is not None:
        nudge(stage="deliver", practice_id=practice.pk)
    return saved


@dataclass(frozen=True, kw_only=True)
class StaffNotice:
    """Something to say to a person of the practice; `text` is whole and holds no patient's data. `key` is said once."""

    channel: Channel
    address: str
    language: str
    subject: str
    text: str
    key: str
    case_id: int | None


def staff_message(notice: StaffNotice, *, practice: Practice, now: datetime) -> Message:
    """A message to a person of the practice, not saved yet."""
    message = Message(
        practice=practice,
        case_id=notice.case_id,
        occasion=Occasion.STAFF,
        channel=notice.channel,
        address=notice.address,
        language=notice.language,
        wording_version="staff",
        dedupe_key=f"staff:{notice.key}/{notice.channel}",
        due_at=now,
        created_at=now,
    )
    message.sealed_wording = _sealed(message, subject=notice.subject, text=notice.text)
    return message


def insert_new(
    messages: Sequence[Message], *, mentions: Sequence[Mention] = (), now: datetime
) -> list[record.Entry]:
    """Inserts messages whose key is not taken yet, with what they say of several cases, in a statement each, and has them
    delivered; returns their entries for the record."""
    if not messages:
        return []
    content = [{name: getattr(message, name) for name in _INSERTED} for message in messages]
    statement = f"{rows.inserting(Message, content[0])} ON CONFLICT DO NOTHING RETURNING id, dedupe_key"
    with connection.cursor() as cursor:
        cursor.execute(statement, [rows.encoded(content)])
        ids = {key: pk for pk, key in cursor.fetchall()}
    new = [message for message in messages if message.dedupe_key in ids]
    for message in new:
        message.pk = ids[message.dedupe_key]
    kept = [mention for mention in mentions if mention.message.pk]
    Mention.objects.bulk_create(kept)
    if new:
        nudge(stage="deliver", practice_id=new[0].practice_id)
    spoken = spoken_of(new, kept)
    return [entry for one in new for entry in entries_queued(one, case_ids=spoken[one.pk], now=now)]


_INSERTED = tuple(field.attname for field in Message._meta.concrete_fields if not field.primary_key)


def save(
    message: Message, *, mentions: Sequence[Mention] = (), now: datetime, instead_of: int | None = None
) -> Message | None:
    """Inserts one message and records it; None where its key was taken already."""
    if Message.objects.filter(dedupe_key=message.dedupe_key).exists():
        return None
    try:
        with transaction.atomic():
            message.save(force_insert=True)
            Mention.objects.bulk_create(mentions)
    except IntegrityError:
        return None
    case_ids = spoken_of([message], mentions)[message.pk]
    record.write(*entries_queued(message, case_ids=case_ids, now=now, instead_of=instead_of))
    return message


def spoken_of(messages: Sequence[Message], mentions: Sequence[Mention]) -> dict[int, list[int | None]]:
    """The ids of the cases that messages, just written, speak of; None for one about no case."""
    found: dict[int, list[int | None]] = defaultdict(list)
    for mention in mentions:
        found[mention.message.pk].append(mention.case_id)
    return {message.pk: found[message.pk] or [message.case_id] for message in messages}


def entries_queued(
    message: Message, *, case_ids: Sequence[int | None], now: datetime, instead_of: int | None = None
) -> list[record.Entry]:
    """The record's entries of a decision to say something, one for each case, with its wording under the patient's key."""
    data: dict[str, Any] = {
        "version": message.wording_version,
        "language": message.language,
        "due_at": message.due_at.isoformat() if message.due_at else None,
    }
    if instead_of is not None:
        data["instead_of"] = instead_of
    words = queries.wording(message)
    patient = message.patient
    personal = {"subject": words.subject, "text": words.text, "to": masked(message.address)}
    return [
        record.Entry(
            event="message.queued",
            at=now,
            case_id=case_id,
            patient_id=message.patient_id,
            data={**about(message), **data},
            personal=personal if patient else None,
            key=patient.key() if patient else None,
        )
        for case_id in case_ids
    ]


def masked(address: str) -> str:
    """As much of an address as tells it from a patient's others: "+4915…371", "o…@post.example"."""
    name, at, host = address.partition("@")
    return f"{name[:1]}…{at}{host}" if at else f"{address[:5]}…{address[-3:]}"


def entry(
    message: Message, event: str, *, now: datetime, actor: record.Actor = record.SYSTEM, **data: Any
) -> record.Entry:
    """The record's entry of what happened to a message: ids and codes only."""
    return record.Entry(
        event=f"message.{event}",
        at=now,
        actor=actor,
        case_id=message.case_id,
        patient_id=message.patient_id,
        data={**about(message), **{name: value for name, value in data.items() if value}},
    )


def note(
    *messages: Message, event: str, now: datetime, actor: record.Actor = record.SYSTEM, **data: Any
) -> None:
    """Writes what happened to messages into the record, under each case that they speak of."""
    spoken = told.case_ids_of(messages)
    record.write(
        *[
            replace(entry(message, event, now=now, actor=actor, **data), case_id=case_id)
            for message in messages
            for case_id in spoken[message.pk]
        ]
    )


def about(message: Message) -> dict[str, Any]:
    """What every entry about a message names."""
    return {"message": message.pk, "occasion": str(message.occasion), "channel": str(message.channel)}


def withdraw(messages: dict[int, str], *, now: datetime) -> list[Message]:
    """Queued messages (id -> why) that are no longer right: cancelled, or suppressed where the address is. Rows that
    somebody is just claiming are left to them: they ask the same question."""
    held = hold(messages)
    for message in held:
        message.problem = messages[message.pk]
        message.state = MessageState.SUPPRESSED if message.problem == "suppressed" else MessageState.CANCELLED
        message.due_at = None
    Message.objects.bulk_update(held, ["state", "problem", "due_at"])
    spoken = told.case_ids_of(held)
    record.write(
        *[
            replace(entry(one, str(one.state), now=now, reason=one.problem), case_id=case_id)
            for one in held
            for case_id in spoken[one.pk]
        ]
    )
    return held


def hold(message_ids: Collection[int]) -> list[Message]:
    """Those of the messages that are queued, locked; not those that somebody else holds."""
    queued = Message.objects.select_for_update(of=("self",), skip_locked=True, no_key=True)
    return list(queued.filter(pk__in=message_ids, state=MessageState.QUEUED).order_by("pk"))


def call_staff(case_ids: Collection[int | None], *, practice_id: int, now: datetime) -> None:
    """Makes escalation look at the cases."""
    ids = {case_id for case_id in case_ids if case_id is not None}
    if ids:
        Case.objects.filter(pk__in=locking.lock_cases(ids)).update(escalation_due_at=now)
        nudge(stage="escalate", practice_id=practice_id)


def decide_again(case_ids: set[int], *, practice_id: int, now: datetime) -> None:
    """Makes the requests stage look at the cases."""
    if case_ids:
        Case.objects.filter(pk__in=locking.lock_cases(case_ids)).update(requests_due_at=now)
        nudge(stage="requests", practice_id=practice_id)


def _sealed(message: Message, *, subject: str, text: str, **more: Any) -> bytes:
    content = json.dumps({"subject": subject, "text": text, **more}, ensure_ascii=False).encode()
    key = queries.key_of(practice=message.practice, patient=message.patient)
    return vault.seal(key=key, plaintext=content, context=queries.wording_context(message))
