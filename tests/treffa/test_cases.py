"""The case page: what it shows to whom, and what the acts do, refuse and leave alone."""

import json
from datetime import date, datetime, timedelta

import pytest
from django.test import Client

from appointments.models import Appointment, Feed, FeedState, Patient
from escalation import operations as escalation
from escalation.models import Task, TaskState
from messaging import operations as messaging
from practices import record, tenancy
from practices.models import Practice, RecordEntry, Role
from prerequisites import links, operations
from prerequisites.models import (
    Case,
    Document,
    Kind,
    PatientLink,
    Readiness,
    Requirement,
    RequirementState,
    ScanState,
    Submission,
)
from tests import factories
from tests.treffa.staff import sign_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("standing_clock")]


@pytest.fixture
def staff(client: Client, practice: Practice) -> Client:
    return sign_in(client, practice, name="Petra Erdmuster")


@pytest.fixture
def handed_in(practice: Practice, now: datetime) -> Requirement:
    """A referral that the patient has handed in."""
    with tenancy.scope(practice.pk):
        requirement: Requirement = factories.RequirementFactory(state=RequirementState.SUBMITTED)
        Case.objects.update(readiness=Readiness.TO_REVIEW)
        Submission.objects.create(practice=practice, requirement=requirement, by="patient", at=now)
    return requirement


def state(requirement: Requirement) -> str:
    with tenancy.scope(requirement.practice_id):
        return Requirement.objects.get(pk=requirement.pk).state


def act(client: Client, requirement: Requirement, name: str, *, seen: str = "", **given: str) -> str:
    """Does an act as the page would: with the state that it showed. Returns the page that follows."""
    with tenancy.scope(requirement.practice_id):
        fresh = Requirement.objects.get(pk=requirement.pk)
    shown = seen or f"{fresh.state}-{int(fresh.changed_at.timestamp() * 1_000_000)}"
    address = f"/cases/{requirement.case_id}/requirements/{requirement.pk}/{name}/"
    return client.post(address, {"seen": shown, **given}, follow=True).content.decode()


def test_head_says_who_what_when_and_the_one_next_action(staff: Client, handed_in: Requirement) -> None:
    html = staff.get(f"/cases/{handed_in.case_id}/").content.decode()
    for expected in (
        "Otto Probefeld",
        "To review",
        "in 10 days",
        "Review: Referral",
        f'href="/review/{handed_in.pk}/"',
    ):
        assert expected in html


def test_accepting_makes_the_case_ready_and_says_so(staff: Client, handed_in: Requirement) -> None:
    html = act(staff, handed_in, "accept")
    assert state(handed_in) == RequirementState.ACCEPTED
    assert "Everything is in place" in html
    assert "Accepted by Petra Erdmuster" in html


def test_asking_again_needs_a_reason_and_takes_a_ready_phrase(staff: Client, handed_in: Requirement) -> None:
    assert "say why" in act(staff, handed_in, "reject")
    assert state(handed_in) == RequirementState.SUBMITTED
    html = act(staff, handed_in, "reject", phrase="page-missing")
    assert state(handed_in) == RequirementState.REJECTED
    assert "<q>Es fehlt eine Seite. Bitte schicken Sie uns alle Seiten.</q>" in html


def test_ready_phrases_go_out_in_the_patients_language_from_the_case_too(
    staff: Client, practice: Practice, handed_in: Requirement
) -> None:
    with tenancy.scope(practice.pk):
        Patient.objects.update(language="fr")
    html = staff.get(f"/cases/{handed_in.case_id}/").content.decode()
    assert "A page is missing. Please send us all pages." in html
    assert "Il manque une page." in html
    assert "<q>Il manque une page." in act(staff, handed_in, "reject", phrase="page-missing")


def test_blocking_item_is_waived_by_a_physician_only(
    staff: Client, practice: Practice, handed_in: Requirement
) -> None:
    assert "only a physician" in act(staff, handed_in, "waive", reason="Nicht nötig")
    assert state(handed_in) == RequirementState.SUBMITTED
    physician = sign_in(Client(), practice, Role.PHYSICIAN, name="Dr. Fiktiv")
    html = act(physician, handed_in, "waive", reason="Bilder liegen vor")
    assert state(handed_in) == RequirementState.WAIVED
    assert "Waived by Dr. Fiktiv" in html
    assert "Bilder liegen vor" in html


def test_what_came_by_fax_is_noted_and_can_be_taken_back(staff: Client, practice: Practice) -> None:
    with tenancy.scope(practice.pk):
        requirement = factories.RequirementFactory()
    html = act(staff, requirement, "receive", how="fax")
    assert state(requirement) == RequirementState.ACCEPTED
    assert "Received by fax, noted by Petra Erdmuster" in html
    act(staff, requirement, "undo")
    assert state(requirement) == RequirementState.OPEN


def test_invented_way_of_receiving_is_refused(staff: Client, practice: Practice) -> None:
    with tenancy.scope(practice.pk):
        requirement = factories.RequirementFactory()
    act(staff, requirement, "receive", how="telepathy")
    assert state(requirement) == RequirementState.OPEN


def test_check_of_the_practice_is_noted_where_who_did_it_and_when_is_asked(
    staff: Client, practice: Practice
) -> None:
    with tenancy.scope(practice.pk):
        prerequisite = factories.PrerequisiteFactory(kind=Kind.STAFF_CHECK)
        requirement = factories.RequirementFactory(prerequisite=prerequisite)
    html = staff.get(f"/cases/{requirement.case_id}/").content.decode()
    assert f'id="check-{requirement.pk}" href="/review/{requirement.pk}/"' in html
    act(staff, requirement, "receive", how="phone")
    assert state(requirement) == RequirementState.OPEN, "it is not handed in: somebody does it"


def test_second_tab_is_told_who_was_quicker_and_changes_nothing(
    staff: Client, practice: Practice, handed_in: Requirement, now: datetime
) -> None:
    old = f"{handed_in.state}-{int(handed_in.changed_at.timestamp() * 1_000_000)}"
    other = factories.UserFactory(name="Jonas Vorlage")
    with tenancy.scope(practice.pk):
        operations.accept(requirement_id=handed_in.pk, by=record.staff(other.pk), now=now)
    html = act(staff, handed_in, "reject", seen=old, reason="Zu spät")
    assert "changed meanwhile by Jonas Vorlage" in html
    assert state(handed_in) == RequirementState.ACCEPTED


@pytest.mark.parametrize(
    ("name", "given", "aim"),
    [("accept", {}, "accepted"), ("reject", {"reason": "Eine Seite fehlt."}, "rejected")],
)
def test_who_clicks_twice_or_comes_back_and_sends_again_has_done_it_once(
    staff: Client, practice: Practice, handed_in: Requirement, name: str, given: dict[str, str], aim: str
) -> None:
    shown = f"{handed_in.state}-{int(handed_in.changed_at.timestamp() * 1_000_000)}"
    act(staff, handed_in, name, seen=shown, **given)
    assert "You have done this already." in act(staff, handed_in, name, seen=shown, **given)
    assert state(handed_in) == aim
    with tenancy.scope(practice.pk):
        assert RecordEntry.objects.filter(event=f"requirement.{aim}").count() == 1


def test_of_two_people_the_second_is_told_who_was_quicker_and_what_was_decided(
    staff: Client, practice: Practice, handed_in: Requirement
) -> None:
    shown = f"{handed_in.state}-{int(handed_in.changed_at.timestamp() * 1_000_000)}"
    colleague = sign_in(Client(), practice, Role.PHYSICIAN, name="Vera Beispiel")
    act(colleague, handed_in, "reject", seen=shown, reason="Eine Seite fehlt.")
    html = act(staff, handed_in, "accept", seen=shown)
    assert "changed meanwhile by Vera Beispiel" in html and "Asked again" in html
    assert state(handed_in) == RequirementState.REJECTED


def test_htmx_gets_the_fresh_case_alone(staff: Client, handed_in: Requirement) -> None:
    address = f"/cases/{handed_in.case_id}/requirements/{handed_in.pk}/accept/"
    seen = f"{handed_in.state}-{int(handed_in.changed_at.timestamp() * 1_000_000)}"
    response = staff.post(address, {"seen": seen}, headers={"HX-Request": "true"})
    assert response.status_code == 200
    assert response.content.decode().strip().startswith('<div class="page__inner" id="case"')
    assert "Everything is in place" in response.content.decode()


def test_viewer_sees_the_case_without_buttons_and_may_not_act(
    client: Client, practice: Practice, handed_in: Requirement
) -> None:
    viewer = sign_in(client, practice, Role.VIEWER)
    html = viewer.get(f"/cases/{handed_in.case_id}/").content.decode()
    assert "Otto Probefeld" in html
    assert f'id="accept-{handed_in.pk}"' not in html
    address = f"/cases/{handed_in.case_id}/requirements/{handed_in.pk}/"
    for name in ("accept", "reject", "waive", "receive", "undo"):
        assert viewer.post(f"{address}{name}/").status_code == 403
    assert viewer.post(f"/cases/{handed_in.case_id}/contact/").status_code == 403
    assert state(handed_in) == RequirementState.SUBMITTED


def test_other_practices_cases_requirements_and_files_are_not_found(
    staff: Client, handed_in: Requirement, now: datetime
) -> None:
    other = factories.make_practice(name="Andere Praxis")
    with tenancy.scope(other.pk):
        foreign = factories.RequirementFactory(state=RequirementState.SUBMITTED)
        submission = Submission.objects.create(practice=other, requirement=foreign, by="patient", at=now)
        document = make_document(other, submission)
        task = Task.objects.create(
            practice=other, case=foreign.case, kind="call_patient", cause="x", created_at=now
        )
    own = f"/cases/{handed_in.case_id}"
    assert staff.get(f"/cases/{foreign.case_id}/").status_code == 404
    assert staff.post(f"/cases/{foreign.case_id}/requirements/{foreign.pk}/accept/").status_code == 404
    assert staff.post(f"{own}/requirements/{foreign.pk}/accept/").status_code == 404
    assert staff.post(f"/cases/{foreign.case_id}/contact/").status_code == 404
    assert staff.get(f"/documents/{document.pk}/").status_code == 404
    assert staff.get(f"/documents/{document.pk}/pages/1.png").status_code == 404
    assert staff.post(f"/tasks/{task.pk}/done/").status_code == 404


def test_nobody_gets_at_a_case_or_a_file_without_signing_in(client: Client, handed_in: Requirement) -> None:
    for address in (f"/cases/{handed_in.case_id}/", "/documents/1/", "/documents/1/pages/1.png", "/tasks/"):
        assert client.get(address)["Location"].startswith("/accounts/login/")


def make_document(
    practice: Practice, submission: Submission, scan: ScanState = ScanState.PENDING
) -> Document:
    return Document.objects.create(
        practice=practice,
        submission=submission,
        stored_name="0" * 32,
        content_type="application/pdf",
        size=1000,
        sha256="0" * 64,
        scan=scan,
    )


@pytest.mark.parametrize("scan", [ScanState.PENDING, ScanState.INFECTED])
def test_file_stays_closed_until_it_is_found_clean(
    staff: Client, practice: Practice, handed_in: Requirement, scan: ScanState
) -> None:
    with tenancy.scope(practice.pk):
        document = make_document(practice, Submission.objects.get(), scan)
    assert staff.get(f"/documents/{document.pk}/").status_code == 403
    assert staff.get(f"/documents/{document.pk}/pages/1.png").status_code == 403
    html = staff.get(f"/cases/{handed_in.case_id}/").content.decode()
    assert f"/documents/{document.pk}/" not in html
    if scan == ScanState.PENDING:
        assert "virus check is still under way" in act(staff, handed_in, "accept")
    assert state(handed_in) == RequirementState.SUBMITTED or scan == ScanState.INFECTED


def test_answers_stand_beside_their_questions_and_flags_stand_out(
    staff: Client, practice: Practice, now: datetime
) -> None:
    question = {"key": "reaction", "type": "yes_no", "label": {"en": "Earlier reaction"}, "flag": "yes"}
    with tenancy.scope(practice.pk):
        prerequisite = factories.PrerequisiteFactory(kind=Kind.FORM, questions=[question])
        requirement = factories.RequirementFactory(prerequisite=prerequisite)
        answers = json.loads('{"reaction": "yes"}')
        operations.submit_answers(requirement_id=requirement.pk, answers=answers, by=record.PATIENT, now=now)
    html = staff.get(f"/cases/{requirement.case_id}/").content.decode()
    assert '<dt>Earlier reaction</dt><dd class="flag">Yes</dd>' in html


def test_contact_is_checked_beside_the_field_and_then_saved(staff: Client, practice: Practice) -> None:
    with tenancy.scope(practice.pk):
        patient = factories.PatientFactory(phone="", email="")
        appointment = factories.AppointmentFactory(patient=patient, needs_planning=False)
        case = factories.CaseFactory(appointment=appointment, readiness=Readiness.NEEDS_CONTACT)
        factories.RequirementFactory(case=case)
    wrong = staff.post(f"/cases/{case.pk}/contact/", {"phone": "12", "email": ""}).content.decode()
    assert "This is no phone number" in wrong
    assert 'value="12"' in wrong
    right = staff.post(f"/cases/{case.pk}/contact/", {"phone": "01525 4599371", "email": ""}, follow=True)
    assert "+49 1525 4599371" in right.content.decode()
    with tenancy.scope(practice.pk):
        assert Case.objects.get(pk=case.pk).readiness == Readiness.WAITING


def test_timeline_tells_the_past_from_the_record_and_what_is_to_come(
    staff: Client, practice: Practice, handed_in: Requirement, now: datetime
) -> None:
    with tenancy.scope(practice.pk):
        record.write(record.Entry(event="case.opened", at=now - timedelta(days=1), case_id=handed_in.case_id))
    act(staff, handed_in, "reject", reason="Eine Seite fehlt.")
    html = staff.get(f"/cases/{handed_in.case_id}/").content.decode()
    past, _, forecast = html.partition('class="timeline__now"')
    assert "Appointment found in the calendar" in past
    assert "Referral asked for again" in past
    assert "Deadline: Referral" in forecast


def test_history_shows_a_word_in_place_of_the_link(staff: Client, practice: Practice, now: datetime) -> None:
    with tenancy.scope(practice.pk):
        case = factories.RequirementFactory(case__requests_due_at=now).case
    messaging.queue_requests(practice_id=practice.pk, now=now)
    html = staff.get(f"/cases/{case.pk}/").content.decode()
    assert html.count("[link]") >= 2 and "{link}" not in html


def test_calendar_does_not_repeat_what_was_booked(staff: Client, practice: Practice) -> None:
    with tenancy.scope(practice.pk):
        kind = factories.AppointmentTypeFactory(name="CT Abdomen mit KM")
        case = factories.CaseFactory(
            appointment__type=kind,
            appointment__feed__name="CT Abdomen mit KM, Raum 2",
            appointment__practitioner="",
        )
    html = staff.get(f"/cases/{case.pk}/").content.decode()
    head = html.partition("case-head__facts")[2].partition("</p>")[0]
    assert head.count("CT Abdomen mit KM") == 1 and "Raum 2" in head


def test_nobody_is_to_be_called_without_a_number(staff: Client, practice: Practice, now: datetime) -> None:
    with tenancy.scope(practice.pk):
        patient = factories.PatientFactory(phone="")
        case = factories.RequirementFactory(
            case__appointment__patient=patient, case__readiness=Readiness.OVERDUE
        ).case
    html = staff.get(f"/cases/{case.pk}/").content.decode()
    assert "No number to call Otto Probefeld" in html and "tel:" not in html and "#contact" in html


def test_locked_link_is_opened_again_after_a_call(
    staff: Client, practice: Practice, handed_in: Requirement
) -> None:
    with tenancy.scope(practice.pk):
        end = Appointment.objects.get().end
        PatientLink.objects.create(
            practice=practice, case=handed_in.case, token_hash="x", expires_at=end, tries_left=0
        )
    assert "The patient's link is locked" in staff.get(f"/cases/{handed_in.case_id}/").content.decode()
    staff.post(f"/cases/{handed_in.case_id}/link/unlock/")
    with tenancy.scope(practice.pk):
        assert PatientLink.objects.get().tries_left == 5


def test_task_says_why_and_whom_to_call_and_is_done_once(
    staff: Client, practice: Practice, handed_in: Requirement, now: datetime
) -> None:
    with tenancy.scope(practice.pk):
        task = Task.objects.create(
            practice=practice, case=handed_in.case, kind="call_patient", cause="x", created_at=now
        )
    html = staff.get("/tasks/").content.decode()
    assert "Call: Otto Probefeld" in html
    assert "tel:+4915254599371" in html
    assert "Done." in staff.post(f"/tasks/{task.pk}/done/", follow=True).content.decode()
    assert "Somebody was quicker" in staff.post(f"/tasks/{task.pk}/done/", follow=True).content.decode()
    with tenancy.scope(practice.pk):
        assert Task.objects.get().state == TaskState.DONE


@pytest.mark.parametrize(
    ("state", "sending", "why"),
    [
        ("", True, "was never written to."),
        ("", False, "messages are switched off."),
        ("cancelled", True, "was never written to."),
        ("failed", True, "no message reached the patient."),
        ("delivered", True, "no message has helped so far."),
    ],
)
def test_call_says_what_the_patient_has_heard_so_far(
    staff: Client, practice: Practice, now: datetime, state: str, sending: bool, why: str
) -> None:
    with tenancy.scope(practice.pk):
        Practice.objects.update(sending=sending)
        case = factories.RequirementFactory().case
        if state:
            factories.MessageFactory(case=case, state=state)
        Task.objects.create(
            practice=practice, case=case, kind="call_patient", cause="x", due_at=now, created_at=now
        )
    assert why in staff.get("/tasks/").content.decode()


def test_task_names_what_can_no_longer_be_had_in_time(
    staff: Client, practice: Practice, now: datetime
) -> None:
    with tenancy.scope(practice.pk):
        row = factories.RequirementFactory(prerequisite__lead_days=12)
        factories.RequirementFactory(case=row.case, prerequisite__title={"en": "Implant card"})
        Case.objects.update(readiness=Readiness.NOT_PERFORMABLE, escalation_due_at=now)
    escalation.advance(practice_id=practice.pk, now=now)
    html = staff.get("/tasks/").content.decode()
    assert "Can no longer be had in time: Otto Probefeld" in html and "Referral (takes 12 days)" in html
    assert "Implant card" not in html


def test_frozen_feed_waits_for_a_decision_and_unknown_text_for_a_type(
    staff: Client, practice: Practice, now: datetime
) -> None:
    with tenancy.scope(practice.pk):
        kind = factories.AppointmentTypeFactory(name="MRT Knie")
        gone = factories.AppointmentFactory(type=None, type_text="Spezial 2")
        feed = gone.feed
        Feed.objects.update(state=FeedState.FROZEN, missing_ids=[gone.pk])
    given = {"text": "Spezial 2", "type": str(kind.pk)}
    assert "Understood" in staff.post("/types/assign/", given, follow=True).content.decode()
    with tenancy.scope(practice.pk):
        decision = {"decision": "confirm", "shown": Feed.objects.get().missing_code}
    address = f"/feeds/{feed.pk}/missing/"
    assert "1 appointment is cancelled" in staff.post(address, decision, follow=True).content.decode()
    twice = staff.post(address, {"decision": "dismiss"}, follow=True)
    assert "decided already" in twice.content.decode()
    assert staff.post("/types/assign/", {"text": "Spezial 2", "type": "999999"}).status_code == 404
    with tenancy.scope(practice.pk):
        assert Appointment.objects.get().type == kind


def told(practice: Practice, now: datetime) -> PatientLink:
    """A patient of whom the calendar has no date of birth, and who told one on the page; the tasks that follow."""
    with tenancy.scope(practice.pk):
        patient = factories.PatientFactory(birth_date=None)
        case = factories.RequirementFactory(case__appointment__patient=patient).case
        links.url_for(case)
        link: PatientLink = PatientLink.objects.get(case=case)
        links.check_birth_date(link_id=link.pk, birth_date=date(1960, 5, 9), now=now)
    escalation.advance(practice_id=practice.pk, now=now)
    return link


def open_tasks(practice: Practice, now: datetime) -> list[str]:
    escalation.advance(practice_id=practice.pk, now=now)
    with tenancy.scope(practice.pk):
        return list(Task.objects.filter(state=TaskState.OPEN).values_list("kind", flat=True))


def test_date_of_birth_that_the_patient_told_is_confirmed_from_the_inbox_and_its_task_closes(
    staff: Client, practice: Practice, now: datetime
) -> None:
    link = told(practice, now)
    html = staff.get("/tasks/").content.decode()
    assert "Told: 9 May 1960" in html and "It is right" in html
    assert "done-" not in html
    given = {"told": "1960-05-09", "decision": "confirm", "from": "tasks"}
    html = staff.post(f"/cases/{link.case_id}/birth-date/", given, follow=True).content.decode()
    assert "Date of birth confirmed." in html
    assert open_tasks(practice, now) == []
    with tenancy.scope(practice.pk):
        assert Patient.objects.get().birth_date == date(1960, 5, 9)
        entry = RecordEntry.objects.get(event="patient.birth_date")
        assert entry.actor_kind == "staff" and "1960" not in str(entry.data)
    html = staff.post(f"/cases/{link.case_id}/birth-date/", given, follow=True).content.decode()
    assert "decided or changed meanwhile" in html


def test_date_of_birth_that_is_not_the_patients_is_asked_for_again(
    staff: Client, practice: Practice, now: datetime
) -> None:
    link = told(practice, now)
    address = f"/cases/{link.case_id}/birth-date/"
    assert "confirm-birth-date" in staff.get(f"/cases/{link.case_id}/").content.decode()
    stale = {"told": "1960-05-10", "decision": "confirm"}
    assert "changed meanwhile" in staff.post(address, stale, follow=True).content.decode()
    staff.post(address, {"told": "1960-05-09", "decision": "reject"})
    assert open_tasks(practice, now) == []
    with tenancy.scope(practice.pk):
        assert Patient.objects.get().birth_date is None
        links.check_birth_date(link_id=link.pk, birth_date=date(1961, 5, 9), now=now)
    assert open_tasks(practice, now) == ["confirm_birth_date"]
    assert staff.post(address, {"told": "never"}).status_code == 404


def test_locked_link_is_opened_from_the_inbox(staff: Client, practice: Practice, now: datetime) -> None:
    link = told(practice, now)
    with tenancy.scope(practice.pk):
        Patient.objects.update(birth_date=date(1960, 5, 9))
        for _ in range(5):
            links.check_birth_date(link_id=link.pk, birth_date=date(1999, 1, 1), now=now)
    assert open_tasks(practice, now) == ["link_locked"]
    assert "Open it again" in staff.get("/tasks/").content.decode()
    answer = staff.post(f"/cases/{link.case_id}/link/unlock/", {"from": "tasks"})
    assert answer["Location"] == "/tasks/"
    assert open_tasks(practice, now) == []
