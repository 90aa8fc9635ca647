"""Contacts out of a practice system's table: which patient each row means, and all of them written at once or none.

A row means a patient by name and date of birth. By the name alone it means nobody: such rows wait for a person's word."""

import json
import zlib
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from appointments import contacts_table
from appointments.contacts_table import Contact, Table
from appointments.entering import enter
from appointments.matching import name_key
from appointments.models import ContactImport, Patient
from appointments.operations.contacts import ENTERED, plan_again
from appointments.queries import live
from practices import clock, record, rows, vault
from practices.models import Practice

KEPT_FOR = timedelta(hours=1)
CONTEXT = "contact-import"
LINES = 1000
FACTS = ("sex", "insurance")
UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A row that only the name connects with a patient: somebody says whether it is the same person."""

    contact: Contact
    patient: Patient


@dataclass(kw_only=True)
class Sorted:
    """The rows by what becomes of them. `fill` are patients who get something new, each with what they get."""

    fill: list[tuple[Patient, Contact]] = field(default_factory=list)
    unchanged: list[Contact] = field(default_factory=list)
    kept: list[tuple[Patient, Contact]] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    unknown: list[Contact] = field(default_factory=list)
    wrong: list[Contact] = field(default_factory=list)


def begin(*, table: Table, user_id: int, now: datetime) -> ContactImport:
    """Keeps a table for the next steps; one before of the same person is forgotten."""
    practice = Practice.objects.get()
    packed = zlib.compress(json.dumps(vars(table)).encode())
    ContactImport.objects.filter(user_id=user_id).delete()
    return ContactImport.objects.create(
        practice=practice,
        user_id=user_id,
        sealed_table=vault.seal(key=practice.key(), plaintext=packed, context=CONTEXT),
        columns=contacts_table.guess_columns(table.header),
        expires_at=now + clock.real(KEPT_FOR),
    )


def table_of(held: ContactImport) -> Table:
    """The table as it was given. ValueError once it was taken over."""
    if held.sealed_table is None:
        raise ValueError("taken over already")
    key = held.practice.key()
    kept = json.loads(
        zlib.decompress(vault.unseal(key=key, sealed=bytes(held.sealed_table), context=CONTEXT))
    )
    rows = tuple(tuple(row) for row in kept["rows"])
    return Table(header=tuple(kept["header"]), rows=rows, lines=tuple(kept["lines"]))


def choose(*, import_id: int, columns: Mapping[str, int], overwrite: bool) -> None:
    """What the columns mean, and whether the table wins over what is known."""
    ContactImport.objects.filter(pk=import_id).update(columns=dict(columns), overwrite=overwrite)


def sort(held: ContactImport, *, now: datetime, lock: bool = False) -> Sorted:
    """What would become of each row. One query, however many rows."""
    people: dict[str, list[Patient]] = defaultdict(list)
    found = Patient.objects.filter(wrapped_key__isnull=False).select_related("practice").order_by("pk")
    known = {row.pk: row for row in (found.select_for_update(of=("self",), no_key=True) if lock else found)}
    for row in known.values():
        # A name that the calendars gave to who was merged since means the one that they are now.
        person = row if row.merged_into_id is None else known.get(row.merged_into_id)
        if person is not None and person not in people[name_key(row.name)]:
            people[name_key(row.name)].append(person)
    read = contacts_table.contacts(
        table_of(held), columns=held.columns, country=held.practice.country, today=now.date()
    )
    return _sorted(read, people, overwrite=held.overwrite)


def _sorted(read: Iterable[Contact], people: Mapping[str, list[Patient]], *, overwrite: bool) -> Sorted:
    done, taken = Sorted(), set[int]()
    for contact in read:
        if contact.problem:
            done.wrong.append(contact)
            continue
        named = [p for p in people.get(name_key(contact.name), []) if _may_be(p, contact.birth_date)]
        sure = [p for p in named if contact.birth_date is not None and p.birth_date == contact.birth_date]
        if len(sure) != 1:
            done.asked += [Asked(contact=contact, patient=patient) for patient in named]
            if not named:
                done.unknown.append(contact)
            continue
        if sure[0].pk in taken:
            done.wrong.append(Contact(line=contact.line, name=contact.name, problem="twice"))
            continue
        taken.add(sure[0].pk)
        _place(done, sure[0], contact, overwrite=overwrite)
    return done


def _place(done: Sorted, patient: Patient, contact: Contact, *, overwrite: bool) -> None:
    known = (patient.phone, patient.email, patient.birth_date, patient.sex, patient.insurance)
    if _after(patient, contact, overwrite=overwrite) != known:
        done.fill.append((patient, contact))
    elif _after(patient, contact, overwrite=True) != known:
        done.kept.append((patient, contact))
    else:
        done.unchanged.append(contact)


def _may_be(patient: Patient, born: date | None) -> bool:
    return born is None or patient.birth_date is None or patient.birth_date == born


def _after(patient: Patient, contact: Contact, *, overwrite: bool) -> tuple[str, str, date | None, str, str]:
    """Phone, e-mail, date of birth, sex and insurance as they are then."""
    if overwrite:
        phone, email = contact.phone or patient.phone, contact.email or patient.email
    else:
        phone, email = patient.phone or contact.phone, patient.email or contact.email
    sex = _fact(patient.sex, contact.sex, overwrite=overwrite)
    insurance = _fact(patient.insurance, contact.insurance, overwrite=overwrite)
    return phone, email, patient.birth_date or contact.birth_date, sex, insurance


def _fact(known: str, said: str, *, overwrite: bool) -> str:
    return said if said and (overwrite or known == UNKNOWN) else known


def take_over(
    *, import_id: int, same: Collection[tuple[int, int]], by: record.Actor, now: datetime
) -> Counter[str] | None:
    """Writes all rows that are sure, and those of which somebody said that they mean the patient: (line, patient id).
    Returns how many were what. None if it was taken over before, or is gone."""
    held = ContactImport.objects.select_for_update(of=("self",)).select_related("practice")
    found = held.filter(pk=import_id, sealed_table__isnull=False).first()
    if found is None:
        return None
    done = sort(found, now=now, lock=True)
    chosen = set(same)
    patients = {patient.pk for patient, _ in done.fill}
    confirmed = 0
    for one in done.asked:
        if (one.contact.line, one.patient.pk) in chosen and one.patient.pk not in patients:
            patients.add(one.patient.pk)
            done.fill.append((one.patient, one.contact))
            confirmed += 1
    _write(done.fill, overwrite=found.overwrite, by=by, now=now)
    left = {one.contact.line for one in done.asked} - {line for line, _ in chosen}
    result = Counter(
        filled=len(done.fill),
        unchanged=len(done.unchanged),
        kept=len(done.kept),
        unknown=len(done.unknown),
        undecided=len(left),
        wrong=len(done.wrong),
    )
    data = {"import": found.pk, **result}
    record.write(record.Entry(event="contacts.imported", at=now, actor=by, data=data))
    # Of what was not taken over the lines stay in sight, without what stands in them.
    lines = [(one.line, one.problem) for one in done.wrong] + [(line, "undecided") for line in left]
    kept = {**result, "lines": sorted(lines)[:LINES]}
    ContactImport.objects.filter(pk=found.pk).update(sealed_table=None, result=kept)
    return result


def _write(fill: list[tuple[Patient, Contact]], *, overwrite: bool, by: record.Actor, now: datetime) -> None:
    entries = []
    for patient, contact in fill:
        phone, email, born, sex, insurance = _after(patient, contact, overwrite=overwrite)
        patient.birth_date, patient.sex, patient.insurance = born, sex, insurance
        if (patient.phone, patient.email) != (
            phone,
            email,
        ):  # who only brings facts says nothing of the contact
            enter(patient, phone=phone, email=email, now=now)
        personal = {"phone": patient.phone, "email": patient.email, "birth_date": patient.birth_date}
        personal |= {name: getattr(patient, name) for name in FACTS if getattr(contact, name)}
        entries.append(
            record.Entry(
                event="patient.contact",
                at=now,
                actor=by,
                patient_id=patient.pk,
                personal=personal,
                key=patient.key(),
            )
        )
    changed = [patient for patient, _ in fill]
    rows.update(
        Patient,
        [
            {name: getattr(patient, name) for name in ("id", "birth_date", *FACTS, *ENTERED)}
            for patient in changed
        ],
    )
    record.write(*entries)
    if changed:
        plan_again(live(now=now).filter(patient__in=[patient.pk for patient in changed]))
