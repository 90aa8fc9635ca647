"""The evidence record of a case: all that was recorded, provable, readable, and made by those who may."""

import hashlib
import json
import random
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from django.db import connection
from django.test import Client

from appointments.models import Patient
from appointments.operations import set_facts
from messaging.models import Message
from messaging.operations import writing
from practices import chain, record, tenancy, vault
from practices import evidence as evidence_file
from practices.models import DailyHead, Practice, RecordEntry, Role, Seal, UnsealedEntry
from prerequisites import checks, documents, evidence, links, operations, plan_versions
from prerequisites.evidence import sheet, words
from prerequisites.models import Case, Document, Kind, Plan, Requirement
from prerequisites.planning import advance_cases
from tests import factories
from tests.practices.evidence_files import Change, changed, check, unzipped
from tests.practices.test_record import tamper
from tests.treffa.staff import sign_in
from treffa.dashboard import timeline

pytestmark = pytest.mark.django_db(transaction=True)

NOW = factories.NOW
ROOT = Path(__file__).resolve().parents[2]
QUESTIONS = [
    {"key": "metformin", "type": "yes_no", "label": {"de": "Nehmen Sie Metformin?"}},
    {"key": "weight", "type": "number", "label": {"de": "Gewicht"}, "unit": "kg"},
    {"key": "note", "type": "text", "label": {"de": "Anmerkung"}, "required": False},
]
CHECKED = documents.CheckedFile(
    content=b"%PDF-1.7",
    content_type="application/pdf",
    pages=1,
    sha256=hashlib.sha256(b"%PDF-1.7").hexdigest(),
)


@pytest.fixture
def practice(settings: Any, tmp_path: Path) -> Practice:
    settings.DOCUMENT_ROOT = tmp_path / "documents"
    return factories.make_practice()


@pytest.fixture
def case(practice: Practice) -> Case:
    """A case with a rejected document, a form, a waived check and a message that was delivered."""
    with tenancy.scope(practice.pk):
        physician = factories.MembershipFactory(role=Role.PHYSICIAN, user__name="Dr. Jana Prüfstein").user
        case: Case = factories.CaseFactory(
            plan__signed_off_by=physician,
            plan__signed_off_at=NOW,
            appointment__patient__name="Zoë Łukasz-Groß",
        )
        appointment = case.appointment
        moved = {"appointment": appointment.pk, "start": NOW.isoformat(), "from": NOW.isoformat()}
        record.write(
            record.Entry(event="appointment.moved", at=NOW, data=moved, patient_id=appointment.patient_id),
            record.Entry(event="appointment.moved", at=NOW, data={**moved, "appointment": 10**9}),
        )
        ask = [
            factories.RequirementFactory(
                case=case,
                prerequisite__plan=case.plan,
                prerequisite__kind=kind,
                prerequisite__questions=questions,
            )
            for kind, questions in ((Kind.DOCUMENT, []), (Kind.FORM, QUESTIONS), (Kind.STAFF_CHECK, []))
        ]
        by = record.staff(physician.pk)
        submit(ask, by=by)
        message(case, practice)
    return case


def submit(ask: list[Requirement], *, by: record.Actor) -> None:
    document, form, conversation = (one.pk for one in ask)
    operations.submit_documents(requirement_id=document, files=[CHECKED], by=record.PATIENT, now=NOW)
    operations.reject(requirement_id=document, reason="Es fehlt eine Seite.", by=by, now=NOW)
    answers = {"metformin": "yes", "weight": "72", "note": "Angst 😀 שלום " + "Wortungetüm" * 40}
    operations.submit_answers(requirement_id=form, answers=answers, by=record.PATIENT, now=NOW)
    operations.waive(
        requirement_id=conversation, reason="Gespräch liegt vor", by=by, may_waive_blocking=True, now=NOW
    )


def message(case: Case, practice: Practice) -> None:
    held = Message(
        practice=practice,
        case=case,
        patient=case.appointment.patient,
        occasion="request",
        channel="sms",
        address="+4915254599371",
        language="de",
        wording_version="request-sms-de-0123456789",
        dedupe_key="m1",
        created_at=NOW,
    )
    held.sealed_wording = writing._sealed(held, subject="", text="Bitte bis Freitag erledigen: {link}")
    writing.save(held, now=NOW)
    record.write(writing.entry(held, "delivered", now=NOW, actor=record.PROVIDER, provider_id="SM77"))


def make(case: Case, **given: Any) -> bytes:
    by = given.pop("by", record.SYSTEM)
    return evidence.make(
        practice_id=case.practice_id, case_id=case.pk, by=by, now=given.pop("now", NOW)
    ).content


def read(content: bytes) -> str:
    """The text of the PDF, without its line breaks."""
    with pypdfium2.PdfDocument(unzipped(content)["evidence.pdf"]) as pdf:
        pages = [page.get_textpage().get_text_bounded() for page in pdf]
    return " ".join(" ".join(pages).split())


def test_a_file_is_whole_and_tells_all_that_was_recorded(case: Case, tmp_path: Path) -> None:
    content = make(case)
    found = check(tmp_path, content)
    assert found.problems == []
    told = read(content)
    for expected in (
        "Zoë Łukasz-Groß",
        "Dr. Jana Prüfstein",
        "Es fehlt eine Seite.",
        "Nehmen Sie Metformin? Ja",
        "72 kg",
        "Angst [U+1F600] שלום Wortungetüm",
        "Gespräch liegt vor",
        "Bitte bis Freitag erledigen: {link}",
        "request-sms-de-0123456789",
        "+4915…371",
        "SM77",
        CHECKED.sha256,
        "Nachweis",
    ):
        assert expected in told, expected
    assert "+4915254599371" not in told


def test_who_held_the_conversation_and_when_is_told_beside_who_noted_it(
    case: Case, practice: Practice, tmp_path: Path
) -> None:
    with tenancy.scope(practice.pk):
        held_by = factories.MembershipFactory(role=Role.PHYSICIAN, user__name="Dr. Uwe Vorlage").user_id
        noted_by = factories.MembershipFactory(role=Role.STAFF, user__name="Petra Erdmuster").user_id
        talk = factories.RequirementFactory(
            case=case,
            prerequisite__plan=case.plan,
            prerequisite__kind=Kind.STAFF_CHECK,
            prerequisite__code="conversation",
            prerequisite__title={"de": "Aufklärungsgespräch"},
        )
        checks.note_done(
            requirement_id=talk.pk,
            held_by=held_by,
            held_at=NOW - timedelta(days=2),
            by=record.staff(noted_by),
            now=NOW,
        )
    content = make(case)
    assert check(tmp_path, content).problems == []
    told = read(content)
    assert "Durchgeführt von Dr. Uwe Vorlage, 28. Februar 2026, 10:00:00" in told
    assert "Aufklärungsgespräch: erledigt, von der Praxis vermerkt #" in told
    assert (
        "Petra Erdmuster Durchgeführt von: Dr. Uwe Vorlage Durchgeführt am: 28. Februar 2026, 10:00:00"
        in told
    )
    facts = json.loads(unzipped(content)["record.json"])
    (said,) = (one for one in facts["requirements"] if one["id"] == talk.pk)
    assert (said["held_by"], said["held_at"]) == (held_by, chain.moment(NOW - timedelta(days=2)))


def test_the_physicians_sign_off_is_among_what_is_sealed(
    case: Case, practice: Practice, tmp_path: Path
) -> None:
    with tenancy.scope(practice.pk):
        physician = case.plan.signed_off_by
        Plan.objects.update(signed_off_by=None, signed_off_at=None)
        plan_versions.sign_off(plan_id=case.plan_id, physician=physician, now=NOW)
    content = make(case)
    assert check(tmp_path, content).problems == []
    assert "Plan ärztlich freigegeben Dr. Jana Prüfstein" in read(content)


def test_what_staff_said_of_the_patient_is_told(case: Case, practice: Practice) -> None:
    with tenancy.scope(practice.pk):
        patient_id = case.appointment.patient_id
        set_facts(patient_id=patient_id, sex="female", insurance="self_pay", by=record.SYSTEM, now=NOW)
    told = read(make(case))
    assert "Geschlecht: weiblich" in told and "Versicherung: Selbstzahler" in told


def test_what_counts_from_an_earlier_appointment_is_told_with_its_files_and_its_review(
    practice: Practice, tmp_path: Path
) -> None:
    with tenancy.scope(practice.pk):
        lab = factories.PrerequisiteFactory(key="lab", code="lab", title={"de": "Laborbericht"})
        first = factories.AppointmentFactory(type=lab.plan.type)
    advance_cases(practice_id=practice.pk, now=NOW)
    with tenancy.scope(practice.pk):
        came = Requirement.objects.get()
        operations.submit_documents(requirement_id=came.pk, files=[CHECKED], by=record.PATIENT, now=NOW)
        Document.objects.update(scan="clean")
        operations.accept(requirement_id=came.pk, by=record.SYSTEM, now=NOW)
        later = {"start": first.start + timedelta(days=2), "end": first.end + timedelta(days=2)}
        factories.AppointmentFactory(type=lab.plan.type, patient=first.patient, **later)
    advance_cases(practice_id=practice.pk, now=NOW)
    with tenancy.scope(practice.pk):
        counts = Requirement.objects.select_related("case").get(reused_from=came)
    content = make(counts.case)
    assert check(tmp_path, content).problems == []
    facts = json.loads(unzipped(content)["record.json"])
    assert [file["sha256"] for file in facts["requirements"][0]["documents"]] == [CHECKED.sha256]
    told = read(content)
    required = told[: told.index("Was der Patientin oder dem Patienten mitgeteilt wurde")]
    for expected in ("Laborbericht: eingereicht", "Laborbericht: geprüft und angenommen", CHECKED.sha256):
        assert expected in required, expected


def test_whatever_the_timeline_tells_the_evidence_tells_too() -> None:
    assert set(timeline.EVENTS) - set(words.EVENTS) == set()


def test_what_is_told_of_others_is_their_hashes_alone(case: Case, practice: Practice) -> None:
    with tenancy.scope(practice.pk):
        other = factories.CaseFactory(appointment__patient__name="Ganz Anders")
        record.write(record.Entry(event="case.opened", at=NOW, case_id=other.pk, patient_id=None))
    parts = unzipped(make(case))
    entries = [json.loads(entry["text"]) for entry in json.loads(parts["record.json"])["entries"]]
    assert {entry[6] for entry in entries} <= {case.pk, None}
    assert all(entry[8].get("appointment") != 10**9 for entry in entries)
    assert b"Ganz Anders" not in b"".join(parts.values())


def test_any_changed_byte_of_a_real_file_is_found(case: Case, tmp_path: Path) -> None:
    content, chance = make(case), random.Random(7)
    for _ in range(60):
        flipped = bytearray(content)
        flipped[chance.randrange(len(flipped))] ^= 1 << chance.randrange(8)
        assert check(tmp_path, bytes(flipped)).problems


def test_that_it_was_made_is_in_the_record_and_in_the_next_file(
    case: Case, practice: Practice, tmp_path: Path
) -> None:
    first = make(case, by=record.staff(4711))
    with tenancy.scope(practice.pk):
        made = RecordEntry.objects.get(event="evidence.made")
        assert made.actor_id == 4711 and not UnsealedEntry.objects.exists() and record.verify() == []
    assert made.data["members"]["evidence.pdf"] == chain.sha256(unzipped(first)["evidence.pdf"])
    again = make(case, now=NOW + timedelta(hours=1))
    assert check(tmp_path, again).problems == []
    assert "evidence.made" in unzipped(again)["record.json"].decode()


def test_the_same_facts_make_the_same_pdf(case: Case, practice: Practice) -> None:
    facts = json.loads(unzipped(make(case))["record.json"])
    assert sheet.draw(facts, fingerprint="0" * 64) == sheet.draw(facts, fingerprint="0" * 64)


def test_what_was_changed_in_the_database_is_found_in_the_file(
    case: Case, practice: Practice, tmp_path: Path
) -> None:
    make(case)
    tamper(
        "UPDATE practices_recordentry SET event = 'requirement.accepted' WHERE event = 'requirement.rejected'",
        practice.pk,
    )
    found = check(tmp_path, make(case))
    assert any("requirement.accepted" in problem and "was changed" in problem for problem in found.problems)


@pytest.fixture
def planned(practice: Practice) -> Case:
    """A case of a plan that was published with its checksum."""
    with tenancy.scope(practice.pk):
        lab = factories.PrerequisiteFactory(key="lab", title={"de": "Laborbericht"}, plan__state="draft")
        plan_versions.publish(plan_id=lab.plan_id, by=record.SYSTEM, now=NOW)
        factories.AppointmentFactory(type=lab.plan.type)
    advance_cases(practice_id=practice.pk, now=NOW)
    with tenancy.scope(practice.pk):
        return Case.objects.get()


def test_what_a_plan_asks_for_is_proven_by_its_checksum_from_when_it_was_published(
    planned: Case, tmp_path: Path
) -> None:
    content = make(planned)
    found = check(tmp_path, content)
    assert found.problems == []
    assert "1 plans proven by their checksum from when they were published" in found.facts
    facts = json.loads(unzipped(content)["record.json"])
    (plan,) = facts["plans"]
    assert json.loads(plan["wording"])["prerequisites"][0]["title"] == {"de": "Laborbericht"}
    assert chain.sha256(plan["wording"]) in read(content)


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        (
            """UPDATE prerequisites_prerequisite SET title = '{"de": "Alter Befund"}'""",
            "its text was changed",
        ),
        ("UPDATE prerequisites_plan SET name = 'Anders'", "its text was changed"),
        ("UPDATE prerequisites_prerequisite SET key = 'other'", "its text was changed"),
    ],
)
def test_a_plan_that_was_changed_after_it_was_published_is_found_in_the_file(
    planned: Case, tmp_path: Path, statement: str, problem: str
) -> None:
    tamper(statement, planned.practice_id)
    assert any(problem in one for one in check(tmp_path, make(planned)).problems)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda told: told["requirements"][0].update(title={"de": "Anders"}), "told otherwise than its plan"),
        (lambda told: told["requirements"][0].update(key="other"), "told otherwise than its plan"),
        (lambda told: told["plans"].clear(), "is missing from the file"),
    ],
)
def test_what_the_file_says_of_a_plan_is_held_beside_its_text(
    planned: Case, tmp_path: Path, change: Change, problem: str
) -> None:
    parts = changed(unzipped(make(planned)), "record.json", change)
    found = check(tmp_path, evidence_file.pack(parts))
    assert any(problem in one for one in found.problems)


def test_what_is_written_to_check_by_hand_finds_a_whole_file_whole_and_a_changed_plan_changed(
    planned: Case, tmp_path: Path
) -> None:
    script = (ROOT / "docs/evidence.md").read_text().split("```python\n")[1].split("```")[0]
    parts = unzipped(make(planned))
    forged = changed(parts, "record.json", lambda told: told["plans"][0].update(wording="{}"))
    for members, code in ((parts, 0), (forged, 1)):
        for name, content in members.items():
            (tmp_path / name).write_bytes(content)
        done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, check=False)
        assert done.returncode == code, done.stderr


def test_a_plan_from_before_there_were_checksums_is_told_and_not_proven(case: Case, tmp_path: Path) -> None:
    facts = check(tmp_path, make(case)).facts
    assert "1 plans from before there were such checksums: told, but not proven" in facts


def test_of_an_erased_patient_the_file_says_that_there_was_something(
    case: Case, practice: Practice, tmp_path: Path
) -> None:
    with tenancy.scope(practice.pk):
        Patient.objects.update(wrapped_key=None)
    content = make(case)
    found = check(tmp_path, content)
    assert found.problems == []
    assert any("erased or closed" in fact for fact in found.facts)
    told = read(content)
    assert "gelöscht" in told
    for gone in ("Łukasz", "Metformin? Ja", "Es fehlt eine Seite", "Bitte bis Freitag"):
        assert gone not in told


def test_entries_from_before_there_were_commitments_stay_whole(
    case: Case, practice: Practice, tmp_path: Path
) -> None:
    """Written and sealed as it was then: no salt, no commitment, a digest over lines."""
    with tenancy.scope(practice.pk):
        while record.seal(now=NOW):
            pass
        patient = case.appointment.patient
        context = f"record:{practice.pk}:said:{case.pk}:{patient.pk}"
        sealed = vault.seal(key=patient.key(), plaintext=b'{"text":"damals"}', context=context)
        old = RecordEntry.objects.create(
            practice=practice,
            at=NOW,
            event="said",
            actor_kind="system",
            case_id=case.pk,
            patient_id=patient.pk,
            personal=sealed,
        )
        assert record.personal(old, key=patient.key()) == {"text": "damals"}
        last = Seal.objects.latest("number")
        link = Seal(
            practice=practice, number=last.number + 1, at=NOW, previous=last.digest, entry_ids=[old.pk]
        )
        link.digest = record.digest(link, [record.entry_hash(old)])
        link.save()
        assert record.verify() == []
    found = check(tmp_path, make(case))
    assert found.problems == []
    assert any(fact.startswith("1 personal parts from before") for fact in found.facts)


def test_daily_heads_that_were_mailed_stand_in_the_file(
    case: Case, practice: Practice, tmp_path: Path
) -> None:
    make(case)
    with tenancy.scope(practice.pk):
        head = Seal.objects.latest("number")
        DailyHead.objects.create(
            practice=practice, day=NOW.date(), number=head.number, digest=head.digest, at=NOW
        )
    found = check(tmp_path, make(case))
    assert f"mailed on 2026-03-02: seal {head.number}, {head.digest}" in found.facts


def test_an_appointment_that_names_nobody_and_asks_for_nothing_has_its_file(
    practice: Practice, tmp_path: Path
) -> None:
    with tenancy.scope(practice.pk):
        case = factories.CaseFactory(appointment__patient=None)
    content = make(case)
    assert check(tmp_path, content).problems == []
    assert "Es wurde nichts verlangt" in read(content)


def test_a_file_among_many_entries_of_others_stays_small_and_quick(
    case: Case, practice: Practice, tmp_path: Path
) -> None:
    """Two hundred seals, twenty thousand entries of others."""
    with tenancy.scope(practice.pk):
        record.seal(now=NOW)
        for minute in range(200):
            record.write(*[record.Entry(event="other", at=NOW, case_id=10**6 + n) for n in range(100)])
            record.seal(now=NOW + timedelta(minutes=minute))
    begun = time.monotonic()
    content = make(case)
    assert time.monotonic() - begun < 10
    assert len(content) < 250_000
    assert check(tmp_path, content).problems == []


def test_three_hundred_entries_are_told_on_their_pages(case: Case, practice: Practice) -> None:
    with tenancy.scope(practice.pk):
        link = {"link": 1, "generation": 1}
        record.write(
            *[
                record.Entry(event="link.wrong_birth_date", at=NOW, case_id=case.pk, data=link)
                for _ in range(300)
            ]
        )
    content = make(case)
    with pypdfium2.PdfDocument(BytesIO(unzipped(content)["evidence.pdf"])) as pdf:
        pages = len(pdf)
    assert 8 < pages < 20
    assert f"Seite {pages} von {pages}" in read(content)


def test_gathering_asks_as_much_of_one_requirement_as_of_many(
    case: Case, practice: Practice, django_assert_max_num_queries: Any
) -> None:
    with django_assert_max_num_queries(32):
        make(case)
    with tenancy.scope(practice.pk):
        for _ in range(10):
            factories.RequirementFactory(case=case, prerequisite__plan=Plan.objects.get(pk=case.plan_id))
    connection.queries_log.clear()
    with django_assert_max_num_queries(32):
        make(case)


@pytest.mark.parametrize(("role", "status"), [(Role.VIEWER, 403), (Role.STAFF, 200), (Role.PHYSICIAN, 200)])
def test_those_who_work_may_have_it_made_and_viewers_not(
    client: Client, case: Case, practice: Practice, tmp_path: Path, role: Role, status: int
) -> None:
    staff = sign_in(client, practice, role)
    assert (b"make-evidence" in staff.get(f"/cases/{case.pk}/").content) is (status == 200)
    address = f"/cases/{case.pk}/evidence/"
    assert staff.get(address).status_code in (403, 405)
    answer = staff.post(address)
    assert answer.status_code == status
    with tenancy.scope(practice.pk):
        assert RecordEntry.objects.filter(event="evidence.made").exists() is (status == 200)
    if status == 200:
        assert answer["Content-Disposition"] == f'attachment; filename="treffa-{practice.pk}-{case.pk}.zip"'
        assert answer["Cache-Control"] == "private, no-store"
        assert check(tmp_path, answer.content).problems == []


def test_the_patients_link_makes_no_file(client: Client, case: Case, practice: Practice) -> None:
    with tenancy.scope(practice.pk):
        url = links.url_for(case)
    client.get(url)
    assert client.post(f"/cases/{case.pk}/evidence/").status_code == 302
    with tenancy.scope(practice.pk):
        assert not RecordEntry.objects.filter(event="evidence.made").exists()


def test_files_made_at_once_while_the_record_is_sealed_are_all_whole(
    case: Case, practice: Practice, tmp_path: Path
) -> None:
    def work(number: int) -> bytes:
        try:
            if number % 2:
                return make(case)
            with tenancy.scope(practice.pk):
                record.write(record.Entry(event="other", at=NOW, case_id=10**6))
            with tenancy.scope(practice.pk):
                record.seal(now=NOW)
            return b""
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        made = [content for content in pool.map(work, range(8)) if content]
    assert [check(tmp_path, content).problems for content in made] == [[], [], [], []]
    with tenancy.scope(practice.pk):
        assert record.verify() == []
        assert RecordEntry.objects.filter(event="evidence.made").count() == 4


def test_what_was_recorded_of_whoever_was_merged_into_the_patient_is_told(
    case: Case, practice: Practice
) -> None:
    with tenancy.scope(practice.pk):
        double = factories.PatientFactory(name="Zoe Lukasz", merged_into=case.appointment.patient)
        contact = {"phone": "+4915254599999", "email": ""}
        record.write(
            record.Entry(
                event="patient.contact", at=NOW, patient_id=double.pk, personal=contact, key=double.key()
            )
        )
    assert "+4915254599999" in read(make(case))
