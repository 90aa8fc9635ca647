"""The review: what waits, in which order, beside which rule, and what becomes of it by whom."""

import re
from datetime import date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from appointments.models import Appointment
from practices import record, tenancy
from practices.models import Membership, Practice, RecordEntry, Role
from prerequisites import acts, checks, operations, queries, readiness, to_review
from prerequisites.models import (
    Audience,
    Case,
    Document,
    Kind,
    Readiness,
    Requirement,
    RequirementState,
    ScanState,
    Submission,
)
from tests import factories
from tests.treffa.staff import sign_in
from treffa.dashboard.requirements import state_code

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("standing_clock")]

IN_30_DAYS = {"measured_at": "appointment", "days": 30, "effect": "block"}
QUESTIONS = [
    {
        "key": "kidney",
        "type": "yes_no",
        "flag": "yes",
        "label": {"de": "Nierenerkrankung?", "en": "Kidney disease?"},
    },
    {"key": "weight", "type": "number", "unit": "kg", "label": {"de": "Gewicht?", "en": "Weight?"}},
]


@pytest.fixture
def staff(client: Client, practice: Practice) -> Client:
    return sign_in(client, practice, name="Petra Erdmuster")


@pytest.fixture
def physician(practice: Practice) -> Client:
    return sign_in(Client(), practice, Role.PHYSICIAN, name="Dr. Felix Fiktiv")


def handed_in(practice: Practice, now: datetime, *, case: Case | None = None, **asked: Any) -> Requirement:
    """Something that the patient has handed in; `asked` are fields of its prerequisite."""
    with tenancy.scope(practice.pk):
        case = case or factories.CaseFactory(readiness=Readiness.TO_REVIEW)
        prerequisite = factories.PrerequisiteFactory(plan=case.plan, **asked)
        requirement: Requirement = factories.RequirementFactory(
            case=case, prerequisite=prerequisite, state=RequirementState.SUBMITTED
        )
        Submission.objects.create(practice=practice, requirement=requirement, by="patient", at=now)
    return requirement


def with_file(requirement: Requirement, *, scan: str = ScanState.CLEAN, pages: int = 1) -> Document:
    with tenancy.scope(requirement.practice_id):
        submission = Submission.objects.filter(requirement=requirement).latest("pk")
        return Document.objects.create(
            practice_id=requirement.practice_id,
            submission=submission,
            stored_name="0" * 32,
            content_type="application/pdf",
            size=9,
            pages=pages,
            sha256="0" * 64,
            scan=scan,
        )


def to_check(practice: Practice, *, case: Case | None = None, **asked: Any) -> Requirement:
    """A check of the practice's own that is due."""
    with tenancy.scope(practice.pk):
        case = case or factories.CaseFactory(readiness=Readiness.TO_REVIEW)
        prerequisite = factories.PrerequisiteFactory(
            plan=case.plan,
            kind=Kind.STAFF_CHECK,
            title={"de": "Aufklärungsgespräch", "en": "Talk about risks"},
            **asked,
        )
        requirement: Requirement = factories.RequirementFactory(case=case, prerequisite=prerequisite)
    return requirement


@pytest.mark.parametrize("due_in", [timedelta(days=6), timedelta(hours=20)], ids=["far", "near"])
def test_what_is_to_review_is_in_the_queue_and_the_reverse(
    practice: Practice, now: datetime, due_in: timedelta
) -> None:
    """Whatever is asked for, of whom, and however it stands: the board and the queue say the same."""
    expected = {}
    with tenancy.scope(practice.pk):
        for kind in Kind:
            for audience in Audience:
                for state in RequirementState:
                    if kind == Kind.INFORMATION and state == RequirementState.SUBMITTED:
                        continue  # nothing is handed in for it
                    case = factories.CaseFactory()
                    one = factories.PrerequisiteFactory(plan=case.plan, kind=kind, audience=audience)
                    factories.RequirementFactory(
                        case=case, prerequisite=one, state=state, deadline=now + due_in
                    )
                    expected[case.pk] = (kind.value, audience.value, state.value)
        readiness.refresh(case_ids=list(expected), now=now)
        waiting = set(
            Requirement.objects.filter(pk__in=to_review.queue(now=now)).values_list("case", flat=True)
        )
        stand = set(Case.objects.filter(readiness=Readiness.TO_REVIEW).values_list("pk", flat=True))
    assert {expected[pk] for pk in waiting} == {expected[pk] for pk in stand}
    assert ("document", "referrer", "open") in {expected[pk] for pk in waiting}
    assert ("information", "referrer", "open") not in {expected[pk] for pk in waiting}


def test_what_the_referring_practice_owes_is_asked_for_and_noted_by_staff(
    staff: Client, practice: Practice, now: datetime
) -> None:
    with tenancy.scope(practice.pk):
        case = factories.CaseFactory()
        letter = factories.PrerequisiteFactory(plan=case.plan, audience="referrer", validity=IN_30_DAYS)
        requirement = factories.RequirementFactory(case=case, prerequisite=letter)
        readiness.refresh(case_ids=[case.pk], now=now)
    assert f"/review/{requirement.pk}/" in staff.get("/review/").content.decode()
    html = page(staff, requirement)
    assert "your practice asks for it" in html and f"/review/{requirement.pk}/received/" in html
    refused = act(staff, requirement, "received", how="fax").content.decode()
    assert "document-date-error" in refused and fresh(requirement).state == RequirementState.OPEN
    act(staff, requirement, "received", how="fax", document_date=now.date().isoformat())
    assert fresh(requirement).state == RequirementState.ACCEPTED
    with tenancy.scope(practice.pk):
        assert Case.objects.get(pk=case.pk).readiness == Readiness.READY


def fresh(requirement: Requirement) -> Requirement:
    with tenancy.scope(requirement.practice_id):
        return Requirement.objects.select_related("held_by", "decided_by").get(pk=requirement.pk)


def page(client: Client, requirement: Requirement, query: str = "") -> str:
    response = client.get(f"/review/{requirement.pk}/{query}")
    assert response.status_code == 200
    return response.content.decode()


def act(client: Client, requirement: Requirement, name: str, *, seen: str = "", **given: str) -> Any:
    """Does an act as the page would: with the state that it showed. Returns the response that follows."""
    shown = seen or state_code(fresh(requirement))
    return client.post(f"/review/{requirement.pk}/{name}/", {"seen": shown, **given}, follow=True)


def test_the_queue_holds_what_was_handed_in_and_what_the_practice_is_to_do_and_nothing_else(
    staff: Client, practice: Practice, now: datetime
) -> None:
    came, talk = handed_in(practice, now), to_check(practice)
    with tenancy.scope(practice.pk):
        factories.RequirementFactory()
        over = factories.CaseFactory(closed_at=now, readiness=Readiness.CLOSED)
        factories.RequirementFactory(case=over, state=RequirementState.SUBMITTED)
        later = factories.CaseFactory(readiness=Readiness.WAITING)
        check = factories.PrerequisiteFactory(kind=Kind.STAFF_CHECK)
        factories.RequirementFactory(case=later, prerequisite=check)
        assert set(to_review.queue(now=now)) == {came.pk, talk.pk}
    html = staff.get("/review/").content.decode()
    assert "2 wait for you" in html
    assert f"/review/{came.pk}/" in html and f"/review/{talk.pk}/" in html


def test_the_most_urgent_comes_first_and_a_patients_things_stay_together(
    practice: Practice, now: datetime
) -> None:
    with tenancy.scope(practice.pk):

        def case(days: int, deadlines: list[int]) -> list[int]:
            appointment = factories.AppointmentFactory(start=now + timedelta(days=days), needs_planning=False)
            made = factories.CaseFactory(appointment=appointment)
            return [
                factories.RequirementFactory(
                    case=made, state="submitted", deadline=now + timedelta(days=in_days)
                ).pk
                for in_days in deadlines
            ]

        later = case(9, [6, 2])
        soon = case(8, [3])
        missed_but_far = case(7, [-4])
        missed_and_near = case(1, [-1])
        assert to_review.queue(now=now) == [*missed_and_near, *missed_but_far, *later, *soon]


def test_every_page_says_in_its_navigation_how_much_waits(
    staff: Client, practice: Practice, now: datetime
) -> None:
    handed_in(practice, now)
    for address in ("/", "/tasks/", "/review/"):
        html = staff.get(address).content.decode()
        assert re.search(r'rail__count">1<span class="sr"> to review', html), address


def test_accepting_opens_the_next_with_a_line_to_take_it_back(
    staff: Client, practice: Practice, now: datetime
) -> None:
    first = handed_in(practice, now)
    second = handed_in(practice, now, title={"en": "Lab report"})
    response = act(staff, first, "accept")
    assert response.redirect_chain[-1][0] == f"/review/{second.pk}/?after={first.pk}"
    html = response.content.decode()
    assert "Referral of Otto Probefeld accepted" in html
    assert f'action="/review/{first.pk}/undo/"' in html
    assert fresh(first).state == RequirementState.ACCEPTED


def test_the_last_decision_leads_to_the_queue_which_says_that_all_is_done(
    staff: Client, practice: Practice, now: datetime
) -> None:
    only = handed_in(practice, now)
    response = act(staff, only, "accept")
    assert response.redirect_chain[-1][0] == f"/review/?after={only.pk}"
    assert "All is reviewed" in response.content.decode()
    assert f'action="/review/{only.pk}/undo/"' in response.content.decode()


def test_a_decision_is_taken_back_within_half_an_hour_and_opens_again(
    staff: Client, practice: Practice, now: datetime
) -> None:
    only = handed_in(practice, now)
    act(staff, only, "accept")
    with time_machine.travel(now + timedelta(minutes=29), tick=False):
        response = act(staff, only, "undo")
    assert response.redirect_chain[-1][0] == f"/review/{only.pk}/"
    assert "Taken back." in response.content.decode()
    assert fresh(only).state == RequirementState.SUBMITTED


def test_after_half_an_hour_a_decision_stays(staff: Client, practice: Practice, now: datetime) -> None:
    only = handed_in(practice, now)
    act(staff, only, "accept")
    with time_machine.travel(now + timedelta(minutes=31), tick=False):
        assert f"/review/{only.pk}/undo/" not in staff.get(f"/review/?after={only.pk}").content.decode()
        assert "more than 30 minutes" in act(staff, only, "undo").content.decode()
    assert fresh(only).state == RequirementState.ACCEPTED


def test_the_rule_stands_beside_in_plain_words_with_its_source(
    staff: Client, practice: Practice, now: datetime
) -> None:
    with tenancy.scope(practice.pk):
        case = factories.CaseFactory()
        factories.PrerequisiteFactory(plan=case.plan, key="questions", kind=Kind.FORM, questions=QUESTIONS)
    kidney = {"answer": "questions.kidney", "is": ["yes"]}
    lab = handed_in(
        practice,
        now,
        case=case,
        validity={**IN_30_DAYS, "limits": [{"when": kidney, "days": 7}]},
        source="House rule of a university hospital",
        source_checked=date(2026, 1, 5),
    )
    html = page(staff, lab)
    for expected in (
        "At most 30 days old on the day of the appointment.",
        "7 days if “Kidney disease?”: Yes. Here this is not known yet.",
        "Source: House rule of a university hospital, checked on",
    ):
        assert expected in html


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("2026-03-01", "Fits: 11 days old at the appointment"),
        ("2026-01-14", "57 days old, 30 are allowed"),
        ("2026-03-03", "still to come"),
        ("", "Which date is on the document?"),
        ("nonsense", "Which date is on the document?"),
        ("0001-01-01", "30 are allowed"),
    ],
)
def test_the_server_says_what_a_date_means_while_it_is_typed(
    staff: Client, practice: Practice, now: datetime, typed: str, said: str
) -> None:
    lab = handed_in(practice, now, validity=IN_30_DAYS)
    response = staff.get(
        f"/review/{lab.pk}/verdict/", {"document_date": typed}, headers={"HX-Request": "true"}
    )
    assert said in response.content.decode()
    assert ("?open=ask&amp;phrase=too-old" in response.content.decode()) is ("are allowed" in said)
    assert "<html" not in response.content.decode()


def test_what_is_too_old_is_not_accepted_and_the_phrase_to_ask_again_is_at_hand(
    staff: Client, practice: Practice, now: datetime
) -> None:
    lab = handed_in(practice, now, validity=IN_30_DAYS, code="creatinine")
    html = act(staff, lab, "accept", document_date="2026-01-14").content.decode()
    assert "Not accepted." in html
    assert 'value="2026-01-14"' in html, "what was typed is gone"
    assert "57 days old, 30 are allowed" in html
    assert f"/review/{lab.pk}/?open=ask&amp;phrase=too-old" in html
    assert fresh(lab).state == RequirementState.SUBMITTED
    html = page(staff, lab, "?open=ask&phrase=too-old")
    assert re.search(r'value="too-old"[^>]* checked', html)
    act(staff, lab, "ask", phrase="too-old")
    assert reason_of(lab).startswith("Der Blutwert ist zu alt: Er darf höchstens 30 Tage alt sein.")


def reason_of(requirement: Requirement) -> str:
    """The reason as it is kept for the patient."""
    with tenancy.scope(requirement.practice_id):
        rows = queries.case_detail(requirement.case_id).requirements
        return next(row.reason for row in rows if row.requirement.pk == requirement.pk)


def test_a_document_of_an_earlier_quarter_is_warned_of_and_accepted(
    staff: Client, practice: Practice, now: datetime
) -> None:
    referral = handed_in(practice, now, validity={"quarter": "warn"})
    shown = staff.get(f"/review/{referral.pk}/verdict/", {"document_date": "2025-12-20"}).content.decode()
    assert "Of an earlier quarter: read the insurance card again." in shown
    act(staff, referral, "accept", document_date="2025-12-20")
    assert fresh(referral).state == RequirementState.ACCEPTED
    assert fresh(referral).document_date == date(2025, 12, 20)


def test_without_the_date_that_matters_nothing_is_accepted(
    staff: Client, practice: Practice, now: datetime
) -> None:
    lab = handed_in(practice, now, validity=IN_30_DAYS)
    assert "Write the document&#x27;s date." in act(staff, lab, "accept").content.decode()
    assert "This is no date." in act(staff, lab, "accept", document_date="31.02.2026").content.decode()
    assert fresh(lab).state == RequirementState.SUBMITTED
    act(staff, lab, "accept", document_date="20.02.2026")
    assert fresh(lab).document_date == date(2026, 2, 20)


@pytest.mark.parametrize(
    ("language", "theirs"),
    [
        ("fr", "Il manque une page. Merci de nous envoyer toutes les pages."),
        ("it", "Manca una pagina. Ci mandi tutte le pagine, per favore."),
        ("en", "A page is missing. Please send us all pages."),
        ("tr", "Es fehlt eine Seite. Bitte schicken Sie uns alle Seiten."),
    ],
)
def test_a_ready_phrase_goes_out_in_the_patients_language_and_staff_read_it_in_theirs(
    staff: Client, practice: Practice, now: datetime, language: str, theirs: str
) -> None:
    referral = handed_in(practice, now)
    with tenancy.scope(practice.pk):
        type(referral.case.appointment.patient).objects.update(language=language)
    html = page(staff, referral)
    assert theirs in html and "A page is missing. Please send us all pages." in html
    act(staff, referral, "ask", phrase="page-missing")
    assert fresh(referral).state == RequirementState.REJECTED
    assert reason_of(referral) == theirs


def test_the_reason_is_kept_as_it_was_changed_before_sending(
    staff: Client, practice: Practice, now: datetime
) -> None:
    referral = handed_in(practice, now)
    act(staff, referral, "ask", phrase="page-missing", reason="Es fehlt Seite 3.")
    assert reason_of(referral) == "Es fehlt Seite 3."


def test_asking_again_without_a_word_is_refused_beside_the_field(
    staff: Client, practice: Practice, now: datetime
) -> None:
    referral = handed_in(practice, now)
    for given in ({}, {"reason": "  "}, {"phrase": "no-such-phrase"}):
        html = act(staff, referral, "ask", **given).content.decode()
        assert "Choose a sentence or write one." in html
        assert 'id="ask" open' in html
    assert fresh(referral).state == RequirementState.SUBMITTED


def test_phrases_fit_what_is_asked_for(staff: Client, practice: Practice, now: datetime) -> None:
    form = handed_in(practice, now, kind=Kind.FORM, questions=QUESTIONS)
    card = handed_in(practice, now, code="implant-card")
    assert 'value="contradiction"' in page(staff, form) and 'value="page-missing"' not in page(staff, form)
    assert 'value="other-side"' in page(staff, card) and 'value="too-old"' not in page(staff, card)


def test_waiving_needs_a_reason_and_for_what_blocks_a_physician(
    staff: Client, physician: Client, practice: Practice, now: datetime
) -> None:
    referral, optional = handed_in(practice, now), handed_in(practice, now, blocking=False)
    assert "Only a physician may go without this." in page(staff, referral)
    assert "only a physician" in act(staff, referral, "waive", reason="Liegt vor").content.decode()
    assert fresh(referral).state == RequirementState.SUBMITTED
    assert "Say why" in act(physician, referral, "waive").content.decode()
    act(physician, referral, "waive", reason="Liegt vor")
    act(staff, optional, "waive", reason="Nicht nötig")
    assert fresh(referral).state == fresh(optional).state == RequirementState.WAIVED


def test_what_only_a_physician_accepts_says_so_and_is_refused_to_others(
    staff: Client, physician: Client, practice: Practice, now: datetime
) -> None:
    form = handed_in(practice, now, kind=Kind.FORM, questions=QUESTIONS, by_physician=True)
    assert "Only a physician may accept this." in page(staff, form)
    assert 'id="accept"' not in page(staff, form)
    assert "only a physician" in act(staff, form, "accept").content.decode()
    assert fresh(form).state == RequirementState.SUBMITTED
    act(physician, form, "accept")
    assert fresh(form).state == RequirementState.ACCEPTED


def test_answers_are_shown_in_the_staffs_language_with_units_and_what_stands_out(
    staff: Client, practice: Practice, now: datetime
) -> None:
    with tenancy.scope(practice.pk):
        case = factories.CaseFactory()
        prerequisite = factories.PrerequisiteFactory(plan=case.plan, kind=Kind.FORM, questions=QUESTIONS)
        form = factories.RequirementFactory(case=case, prerequisite=prerequisite)
        answers = {"kidney": "yes", "weight": "72"}
        operations.submit_answers(requirement_id=form.pk, answers=answers, by=record.PATIENT, now=now)
    html = page(staff, form)
    assert re.search(r'class="is-flagged"><dt>Kidney disease\?</dt>', html)
    assert "72 kg" in html


def test_a_check_of_the_practice_shows_what_the_patient_answered(
    physician: Client, practice: Practice, now: datetime
) -> None:
    with tenancy.scope(practice.pk):
        case = factories.CaseFactory(readiness=Readiness.TO_REVIEW)
        prerequisite = factories.PrerequisiteFactory(plan=case.plan, kind=Kind.FORM, questions=QUESTIONS)
        form = factories.RequirementFactory(case=case, prerequisite=prerequisite)
        answers = {"kidney": "yes", "weight": "72"}
        operations.submit_answers(requirement_id=form.pk, answers=answers, by=record.PATIENT, now=now)
    look = to_check(practice, case=case, by_physician=True)
    assert "Kidney disease?" in page(physician, look)


def test_what_was_handed_in_before_is_kept_in_sight_with_what_was_said_to_it(
    staff: Client, practice: Practice, now: datetime
) -> None:
    with tenancy.scope(practice.pk):
        case = factories.CaseFactory()
        prerequisite = factories.PrerequisiteFactory(plan=case.plan, kind=Kind.FORM, questions=QUESTIONS)
        form = factories.RequirementFactory(case=case, prerequisite=prerequisite)
        given = {"requirement_id": form.pk, "by": record.PATIENT}
        operations.submit_answers(**given, answers={"kidney": "no", "weight": "720"}, now=now)
        operations.reject(
            requirement_id=form.pk,
            reason="720 kg?",
            by=record.staff(factories.UserFactory().pk),
            now=now + timedelta(minutes=1),
        )
        operations.submit_answers(
            **given, answers={"kidney": "no", "weight": "72"}, now=now + timedelta(minutes=2)
        )
    html = page(staff, form)
    assert "Handed in before: 1 time" in html
    before = html.index("Handed in before")
    assert html.index("72 kg") < before < html.index("720 kg?") < html.index("720 kg</dd>")


def test_a_file_that_is_not_scanned_yet_stays_closed_and_is_not_accepted(
    staff: Client, practice: Practice, now: datetime
) -> None:
    referral = handed_in(practice, now)
    document = with_file(referral, scan=ScanState.PENDING)
    html = page(staff, referral)
    assert "virus check is still under way" in html
    assert f"/documents/{document.pk}/pages/1.png" not in html
    assert "virus check" in act(staff, referral, "accept").content.decode()
    assert fresh(referral).state == RequirementState.SUBMITTED


def test_all_pages_are_plain_pictures_and_the_first_ones_of_the_next_are_fetched_ahead(
    staff: Client, practice: Practice, now: datetime
) -> None:
    first, second = handed_in(practice, now), handed_in(practice, now)
    shown, ahead = with_file(first, pages=3), with_file(second, pages=9)
    html = page(staff, first)
    for number in (1, 2, 3):
        assert f'src="/documents/{shown.pk}/pages/{number}.png"' in html
    assert f'src="/documents/{ahead.pk}/' not in html
    assert f'data-ahead="/documents/{ahead.pk}/pages/1.png ' in html
    assert f"/documents/{ahead.pk}/pages/4.png" not in html


def test_a_conversation_is_noted_with_who_and_when(staff: Client, practice: Practice, now: datetime) -> None:
    with tenancy.scope(practice.pk):
        doctor = factories.UserFactory(name="Dr. Vera Vorlage")
        factories.MembershipFactory(user=doctor, role=Role.PHYSICIAN)
    talk = to_check(practice, code="conversation")
    html = page(staff, talk)
    assert "Who talked with the patient?" in html and "Petra Erdmuster</option>" not in html
    act(staff, talk, "done", held_by=str(doctor.pk), held_at="2026-03-02T09:15")
    done = fresh(talk)
    assert done.state == RequirementState.ACCEPTED
    assert (done.held_by, done.held_at) == (doctor, now - timedelta(minutes=45))
    assert str(done.decided_by) == "Petra Erdmuster"
    assert "Held by Dr. Vera Vorlage, today, 09:15. Noted by Petra Erdmuster." in page(staff, talk)
    with tenancy.scope(practice.pk):
        entry = RecordEntry.objects.get(event="requirement.held")
    assert entry.data["held_by"] == doctor.pk
    assert datetime.fromisoformat(entry.data["held_at"]) == done.held_at
    assert "Dr. Vera Vorlage" in staff.get(f"/cases/{talk.case_id}/").content.decode()


def test_who_talked_is_the_physician_who_is_signed_in_and_now_unless_said_otherwise(
    physician: Client, practice: Practice
) -> None:
    html = page(physician, to_check(practice, code="conversation"))
    assert re.search(r"selected>Dr. Felix Fiktiv</option>", html)
    assert 'value="2026-03-02T10:00"' in html


@pytest.mark.parametrize(
    ("held_by", "held_at", "said"),
    [
        ("me", "2026-03-02T09:15", "Choose who."),
        ("", "2026-03-02T09:15", "Choose who."),
        ("99999", "2026-03-02T09:15", "Choose who."),
        ("doctor", "2026-03-02T10:01", "still to come"),
        ("doctor", "2025-02-02T10:00", "more than a year ago"),
        ("doctor", "", "Say when."),
        ("doctor", "tomorrow", "no date with a time"),
    ],
)
def test_a_conversation_that_cannot_be_is_refused_beside_the_field(
    staff: Client, practice: Practice, held_by: str, held_at: str, said: str
) -> None:
    with tenancy.scope(practice.pk):
        doctor = factories.MembershipFactory(role=Role.PHYSICIAN).user
        me = factories.MembershipFactory(role=Role.STAFF).user
    talk = to_check(practice, code="conversation")
    who = {"doctor": str(doctor.pk), "me": str(me.pk)}.get(held_by, held_by)
    html = act(staff, talk, "done", held_by=who, held_at=held_at).content.decode()
    assert said in html and "field__error" in html
    assert fresh(talk).state == RequirementState.OPEN


def test_a_physician_of_another_practice_held_no_conversation_here(staff: Client, practice: Practice) -> None:
    other = factories.make_practice(name="Andere Praxis")
    with tenancy.scope(other.pk):
        stranger = factories.MembershipFactory(role=Role.PHYSICIAN).user
    with tenancy.scope(practice.pk):
        factories.MembershipFactory(role=Role.PHYSICIAN, user=factories.UserFactory(name="Dr. Hier"))
    talk = to_check(practice, code="conversation")
    act(staff, talk, "done", held_by=str(stranger.pk), held_at="2026-03-02T09:15")
    assert fresh(talk).state == RequirementState.OPEN


def test_a_sheet_that_was_handed_in_is_never_the_conversation(
    staff: Client, practice: Practice, now: datetime
) -> None:
    with tenancy.scope(practice.pk):
        case = factories.CaseFactory(readiness=Readiness.TO_REVIEW)
    talk = to_check(practice, case=case, code="conversation")
    sheet = handed_in(practice, now, case=case, code="consent-sheet", title={"en": "Consent sheet"})
    assert "Form received – conversation pending" in page(staff, sheet)
    act(staff, sheet, "accept")
    assert fresh(sheet).state == RequirementState.ACCEPTED
    assert fresh(talk).state == RequirementState.OPEN
    assert "Form received – conversation pending" in staff.get(f"/cases/{case.pk}/").content.decode()
    with tenancy.scope(practice.pk):
        for attempt in (
            lambda: operations.mark_received(requirement_id=talk.pk, how="fax", by=record.SYSTEM, now=now),
            lambda: operations.submit_documents(requirement_id=talk.pk, files=[], by=record.PATIENT, now=now),
            lambda: operations.acknowledge(requirement_id=talk.pk, by=record.PATIENT, now=now),
        ):
            with pytest.raises(acts.NotAllowedError, match="wrong_kind"):
                attempt()
        with pytest.raises(acts.StaleError):
            operations.accept(requirement_id=talk.pk, by=record.SYSTEM, now=now, as_physician=True)
        assert Case.objects.get().readiness != Readiness.READY


def test_a_sheet_is_no_consent_either_where_no_conversation_is_planned(
    staff: Client, practice: Practice, now: datetime
) -> None:
    sheet = handed_in(practice, now, code="consent-sheet")
    act(staff, sheet, "accept")
    assert "Form received – conversation pending" in staff.get(f"/cases/{sheet.case_id}/").content.decode()


def test_the_sheet_lies_beside_the_conversation_that_it_belongs_to(
    physician: Client, practice: Practice, now: datetime
) -> None:
    with tenancy.scope(practice.pk):
        case = factories.CaseFactory(readiness=Readiness.TO_REVIEW)
    talk = to_check(practice, case=case, code="conversation")
    assert "nothing to look at" in page(physician, talk)
    sheet = handed_in(practice, now, case=case, code="consent-sheet", title={"en": "Consent sheet"})
    assert f"/documents/{with_file(sheet).pk}/pages/1.png" in page(physician, talk)


def test_a_conversation_that_is_taken_back_is_as_if_never_held(
    physician: Client, practice: Practice, now: datetime
) -> None:
    talk = to_check(practice, code="conversation")
    with tenancy.scope(practice.pk):
        doctor = page(physician, talk)
    who = re.search(r'value="(\d+)" selected', doctor)
    assert who
    act(physician, talk, "done", held_by=who[1], held_at="2026-03-02T09:15")
    act(physician, talk, "undo")
    again = fresh(talk)
    assert (again.state, again.held_by, again.held_at) == (RequirementState.OPEN, None, None)


def test_a_check_that_is_no_conversation_may_be_done_by_anybody_who_works_there(
    staff: Client, practice: Practice
) -> None:
    cost = to_check(practice)
    who = re.search(r'value="(\d+)" selected>Petra Erdmuster', page(staff, cost))
    assert who
    act(staff, cost, "done", held_by=who[1], held_at="2026-03-02T09:15")
    assert fresh(cost).state == RequirementState.ACCEPTED


@pytest.mark.parametrize(
    ("first", "said"),
    [
        ("accept", "Dr. Felix Fiktiv accepted this already, today, 10:00."),
        ("ask", "Dr. Felix Fiktiv asked for this again already, today, 10:00."),
        ("waive", "Dr. Felix Fiktiv waived this already, today, 10:00."),
    ],
)
def test_of_two_people_the_second_is_told_who_decided_what(
    staff: Client, physician: Client, practice: Practice, now: datetime, first: str, said: str
) -> None:
    referral = handed_in(practice, now)
    shown = state_code(referral)
    act(physician, referral, first, seen=shown, reason="Eine Seite fehlt.")
    decided = fresh(referral).state
    other = "ask" if first == "accept" else "accept"
    response = act(staff, referral, other, seen=shown, reason="Zu spät")
    assert said in response.content.decode()
    assert response.redirect_chain[-1][0] == f"/review/{referral.pk}/"
    assert fresh(referral).state == decided


def test_who_looked_at_something_older_is_told_that_something_new_came_in(
    staff: Client, practice: Practice, now: datetime
) -> None:
    referral = handed_in(practice, now)
    html = act(staff, referral, "accept", seen="submitted-1").content.decode()
    assert "something new came in" in html
    assert fresh(referral).state == RequirementState.SUBMITTED


@pytest.mark.parametrize("name", ["accept", "ask"])
def test_who_presses_twice_or_comes_back_and_sends_again_decides_once_and_goes_on(
    staff: Client, practice: Practice, now: datetime, name: str
) -> None:
    first, second = handed_in(practice, now), handed_in(practice, now)
    shown = state_code(first)
    for _ in range(2):
        response = act(staff, first, name, seen=shown, reason="Eine Seite fehlt.")
        assert response.redirect_chain[-1][0] == f"/review/{second.pk}/?after={first.pk}"
    with tenancy.scope(practice.pk):
        events = RecordEntry.objects.filter(event__in=("requirement.accepted", "requirement.rejected"))
        assert events.count() == 1


def test_what_is_not_needed_any_more_leads_to_the_queue_with_a_sentence(
    staff: Client, practice: Practice, now: datetime
) -> None:
    referral = handed_in(practice, now)
    shown = state_code(referral)
    with tenancy.scope(practice.pk):
        Requirement.objects.update(state=RequirementState.WITHDRAWN)
    for response in (
        act(staff, referral, "accept", seen=shown),
        staff.get(f"/review/{referral.pk}/", follow=True),
    ):
        assert response.redirect_chain[-1][0] == "/review/"
        assert "not needed any more" in response.content.decode()


def test_of_an_appointment_that_is_over_nothing_is_decided(
    staff: Client, practice: Practice, now: datetime
) -> None:
    referral = handed_in(practice, now)
    with tenancy.scope(practice.pk):
        Case.objects.update(closed_at=now, readiness=Readiness.CLOSED)
    assert 'id="accept"' not in page(staff, referral)
    assert "over or cancelled" in act(staff, referral, "accept").content.decode()
    assert fresh(referral).state == RequirementState.SUBMITTED


def test_a_conversation_at_the_appointment_is_noted_when_the_days_work_is_done(
    physician: Client, practice: Practice, now: datetime
) -> None:
    talk = to_check(practice, code="conversation")
    with tenancy.scope(practice.pk):
        doctor = str(Membership.objects.get().user_id)
        over = {"start": now - timedelta(hours=2), "end": now - timedelta(hours=1)}
        Appointment.objects.update(**over)
        Case.objects.update(closed_at=now, readiness=Readiness.CLOSED)
    assert f'href="/review/{talk.pk}/"' in physician.get(f"/cases/{talk.case_id}/").content.decode()
    html = act(physician, talk, "done", held_by=doctor, held_at="2026-03-02T09:30").content.decode()
    assert "This is after the appointment." in html
    act(physician, talk, "done", held_by=doctor, held_at="2026-03-02T08:30")
    assert fresh(talk).state == RequirementState.ACCEPTED
    with tenancy.scope(practice.pk):
        assert Case.objects.get().closed_at == now
    act(physician, talk, "undo")
    assert fresh(talk).state == RequirementState.OPEN


def test_of_what_was_cancelled_or_is_long_over_no_conversation_is_noted(
    physician: Client, practice: Practice, now: datetime
) -> None:
    talk = to_check(practice, code="conversation")
    held: dict[str, Any] = {"held_at": now - timedelta(days=9), "by": record.SYSTEM, "now": now}
    with tenancy.scope(practice.pk):
        held |= {"requirement_id": talk.pk, "held_by": Membership.objects.get().user_id}
        Case.objects.update(closed_at=now, readiness=Readiness.CLOSED)
        for change in ({"status": "cancelled"}, {"end": now - timedelta(days=7), "status": "confirmed"}):
            Appointment.objects.update(start=now - timedelta(days=8), **change)
            with pytest.raises(acts.StaleError):
                checks.note_done(**held)
    assert "Note as done" not in physician.get(f"/cases/{talk.case_id}/").content.decode()


def test_viewer_may_look_but_not_decide(client: Client, practice: Practice, now: datetime) -> None:
    viewer = sign_in(client, practice, Role.VIEWER)
    referral = handed_in(practice, now, validity=IN_30_DAYS)
    html = page(viewer, referral)
    assert "You may look, but not decide." in html
    assert "<textarea" not in html and 'id="accept"' not in html
    for name in ("accept", "ask", "waive", "done", "undo"):
        assert viewer.post(f"/review/{referral.pk}/{name}/").status_code == 403
    assert fresh(referral).state == RequirementState.SUBMITTED


def test_another_practices_things_are_not_found_even_as_what_was_decided_last(
    staff: Client, practice: Practice, now: datetime
) -> None:
    own = handed_in(practice, now)
    foreign = handed_in(factories.make_practice(name="Andere"), now, title={"en": "Foreign paper"})
    with tenancy.scope(foreign.practice_id):
        operations.accept(requirement_id=foreign.pk, by=record.staff(factories.UserFactory().pk), now=now)
    for address in ("", "verdict/"):
        assert staff.get(f"/review/{foreign.pk}/{address}").status_code == 404
    assert "Foreign paper" not in page(staff, own, f"?after={foreign.pk}")
    for odd in ("x", "-1", "9" * 40, "0"):
        page(staff, own, f"?after={odd}")


def test_htmx_gets_the_workspace_alone_and_the_queue_as_a_page_of_its_own(
    staff: Client, practice: Practice, now: datetime
) -> None:
    referral = handed_in(practice, now)
    boosted = {"HX-Request": "true", "HX-Boosted": "true"}
    html = staff.get(f"/review/{referral.pk}/", headers=boosted).content.decode()
    assert "<html" not in html and '<main class="review"' in html
    assert staff.get("/review/?after=1", headers=boosted)["HX-Redirect"] == "/review/?after=1"
    assert (
        staff.post(f"/review/{referral.pk}/ask/", {"seen": state_code(referral)}, headers=boosted)[
            "HX-Push-Url"
        ]
        == "false"
    )


def test_the_next_costs_as_many_queries_whether_two_wait_or_forty(
    staff: Client, practice: Practice, now: datetime
) -> None:
    def cost(address: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            assert staff.get(address).status_code == 200
        return len(captured)

    first = handed_in(practice, now, validity=IN_30_DAYS)
    handed_in(practice, now)
    addresses = (f"/review/{first.pk}/", "/review/", f"/review/{first.pk}/verdict/?document_date=2026-03-01")
    before = [cost(address) for address in addresses]
    for _ in range(38):
        handed_in(practice, now)
    assert [cost(address) for address in addresses] == before
    assert before[0] <= 40
