"""The story of the rules, against the running parts: an answer that brings a requirement, a document that is asked for
again, a move that keeps one document and lapses another, and what of it counts for a second appointment.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone

from appointments.models import AppointmentType
from appointments.operations import add_feed
from practices import clock, record, tenancy
from practices.models import Role, User
from practices.operations import add_member, create_practice
from prerequisites import plan_versions
from prerequisites.models import Case, Kind, Prerequisite, Requirement, RequirementState
from treffa.demo.papers import drawn
from treffa.demo.smoke import AFTER_POLL, AT_ONCE, BORN, CALENDAR, PASSWORD, Patient, SmokeError, Story
from treffa.demo.visitor import Visitor

TYPE = "Gefäßdarstellung"
CAREFUL = Patient(first_name="Karla", last_name="Umsicht", phone="+4915254599303")
IF_METFORMIN = {"answer": "questions.metformin", "is": ["yes"]}
MONTH = {"measured_at": "appointment", "days": 30, "effect": "block"}
METFORMIN = {"key": "metformin", "type": "yes_no", "label": {"de": "Nehmen Sie Metformin?"}, "choices": []}
PLAN: dict[str, dict[str, Any]] = {
    "questions": {"kind": Kind.FORM, "title": {"de": "Ein paar Fragen"}, "questions": [METFORMIN]},
    "lab": {"title": {"de": "Laborwert"}, "code": "creatinine", "condition": IF_METFORMIN, "validity": MONTH},
    "letter": {"title": {"de": "Arztbrief"}, "code": "letter"},
}
# Too old after the move, still good for the second appointment.
DRAWN_BEFORE = timedelta(days=10)
FIRST, SECOND, MOVED_BY = timedelta(days=12), timedelta(days=14), timedelta(days=21)


class RulesStory(Story):
    """In a practice of its own, by a plan of its own."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        super().__init__(tell)
        self._calendar = f"{CALENDAR}-rules-{self._number}"
        self._email = f"smoke-rules-{self._number}@treffa.example"

    def run(self) -> None:
        """All steps in order. SmokeError at the first that does not hold."""
        self._set_up()
        uid, start = self._book_on(FIRST)
        case = self._wait("the case", lambda: next(iter(self._cases()), None))
        patient = self._identified()
        self._conditional(patient, case)
        staff = self._signed_in()
        self._resubmitted(patient, staff, case)
        self._moved(case, uid, start + MOVED_BY)
        self._reused(staff, case)
        self._sealed()

    def _set_up(self) -> None:
        now = clock.now()
        name = f"Regelpraxis {self._number}"
        details = {
            "sms_sender": "+4915235000010",
            "sending": True,
            **AT_ONCE,
        }
        practice = create_practice(
            name=name, sender_name="Regelpraxis", languages=["de"], channels=["sms"], now=now, **details
        )
        self._practice_id = practice.pk
        url = self._sandbox.create_calendar(self._calendar, title="CT 2").url
        user = User.objects.create_user(self._email, PASSWORD, name="Dr. Rita Regel")
        with tenancy.scope(practice.pk):
            add_member(user=user, role=Role.PHYSICIAN, by=record.SYSTEM, now=now)
            by = record.staff(user.pk)
            type_ = AppointmentType.objects.create(practice=practice, name=TYPE, keywords=[TYPE.lower()])
            draft = plan_versions.create_draft(type_id=type_.pk, by=by, now=now)
            for position, (key, fields) in enumerate(PLAN.items()):
                Prerequisite.objects.create(
                    practice=practice,
                    plan=draft,
                    key=key,
                    position=position,
                    **{"kind": Kind.DOCUMENT, **fields},
                )
            plan_versions.sign_off(plan_id=draft.pk, physician=user, now=now)
            plan_versions.publish(plan_id=draft.pk, by=by, now=now)
            allowed = frozenset(settings.FEED_ALLOWED_ADDRESSES)
            add_feed(name="CT 2", url=url, by=by, now=now, allowed_addresses=allowed)

    def _book_on(self, ahead: timedelta) -> tuple[str, datetime]:
        start = (clock.now() + ahead).astimezone(UTC).replace(hour=9, minute=0, second=0, microsecond=0)
        event = self._sandbox.book(
            self._calendar,
            first_name=CAREFUL.first_name,
            last_name=CAREFUL.last_name,
            type=TYPE,
            start=start,
            born=BORN,
            phone=CAREFUL.phone,
        )
        clock.turn(to=clock.now() + AFTER_POLL)
        return event.uid, start

    def _identified(self) -> Visitor:
        message = self._wait("the careful patient's message", lambda: self._request_to(CAREFUL))
        patient = Visitor(settings.PUBLIC_URL)
        first = patient.get(message.links[0])
        born = {"born-day": str(BORN.day), "born-month": str(BORN.month), "born-year": str(BORN.year)}
        patient.send(first, first.form(with_field="born-year"), born)
        return patient

    def _signed_in(self) -> Visitor:
        staff = Visitor(settings.PUBLIC_URL)
        page = staff.get("/")
        staff.send(page, page.form(with_field="password"), {"login": self._email, "password": PASSWORD})
        return staff

    def _conditional(self, patient: Visitor, case: Case) -> None:
        before = self._states(case)
        questions = self._requirement(case, "questions")
        page = patient.get(f"/p/{questions.pk}/")
        page = patient.send(page, page.form(with_field="q-metformin"), {"q-metformin": "yes"})
        patient.send(page, page.form(action=f"/p/{questions.pk}/check/"))
        lab = self._requirement(case, "lab")
        if "lab" in before or f"/p/{lab.pk}/" not in patient.get("/p/").links:
            raise SmokeError(f"the answer did not bring the laboratory value: {before}, {self._states(case)}")
        self._say("conditional requirement", before=sorted(before), after=sorted(self._states(case)))

    def _resubmitted(self, patient: Visitor, staff: Visitor, case: Case) -> None:
        for key in ("lab", "letter"):
            self._send_paper(patient, case, key)
        self._wait("the virus scan", lambda: self._all_clean(case) or None)
        told = len(self._sandbox.messages(CAREFUL.phone))
        self._act(staff, case, "lab", "reject", reason="Die Seite ist abgeschnitten.")
        self._wait(
            "the question to the patient", lambda: len(self._sandbox.messages(CAREFUL.phone)) > told or None
        )
        if "abgeschnitten" not in patient.get(f"/p/{self._requirement(case, 'lab').pk}/").text:
            raise SmokeError("the patient's page does not say why it is asked for again")
        self._send_paper(patient, case, "lab")
        self._wait("the second scan", lambda: self._all_clean(case) or None)
        refused = self._act(staff, case, "lab", "accept", document_date="")
        if self._states(case)["lab"] != RequirementState.SUBMITTED or "Datum" not in refused:
            raise SmokeError("a laboratory value was accepted without its date")
        drawn_on = timezone.localdate(clock.now()) - DRAWN_BEFORE
        self._act(staff, case, "lab", "accept", document_date=drawn_on.isoformat())
        for key in ("letter", "questions"):
            self._act(staff, case, key, "accept")
        self._expect(case, lab="accepted", letter="accepted", questions="accepted")
        self._say("rejected and resubmitted", document_date=drawn_on.isoformat())

    def _moved(self, case: Case, uid: str, start: datetime) -> None:
        self._settle()
        told = len(self._sandbox.messages(CAREFUL.phone))
        self._sandbox.move(self._calendar, uid, start=start)
        clock.turn(to=clock.now() + AFTER_POLL)
        self._wait("the laboratory value to lapse", lambda: self._states(case)["lab"] == "open" or None)
        self._expect(case, lab="open", letter="accepted", questions="accepted")
        self._wait("the word of the move", lambda: len(self._sandbox.messages(CAREFUL.phone)) > told or None)
        self._settle()
        if len(self._sandbox.messages(CAREFUL.phone)) != told + 1:
            raise SmokeError("of the move the patient was told more than once")
        self._say("moved", kept=["letter", "questions"], lapsed=["lab"])

    def _reused(self, staff: Visitor, first: Case) -> None:
        self._book_on(SECOND)
        second = self._wait(
            "the second case", lambda: next((case for case in self._cases() if case.pk != first.pk), None)
        )
        self._expect(second, letter="accepted", questions="open")
        if "Liegt vom Termin am" not in staff.get(f"/cases/{second.pk}/").text:
            raise SmokeError("the case does not say that the letter is from another appointment")
        self._say("reused", counts=["letter"], asked=["questions"])

    def _send_paper(self, patient: Visitor, case: Case, key: str) -> None:
        page = patient.get(f"/p/{self._requirement(case, key).pk}/")
        paper = ("blatt.jpg", drawn(f"{key} {clock.now():%H:%M:%S}"), "image/jpeg")
        patient.send(page, page.form(with_field="files"), upload={"files": paper})

    def _act(self, staff: Visitor, case: Case, key: str, act: str, **data: str) -> str:
        """What the page says after it."""
        page = staff.get(f"/cases/{case.pk}/")
        address = f"/cases/{case.pk}/requirements/{self._requirement(case, key).pk}/{act}/"
        return staff.send(page, page.form(action=address), data).text

    def _requirement(self, case: Case, key: str) -> Requirement:
        with tenancy.scope(self._practice_id):
            return Requirement.objects.get(case=case, prerequisite__key=key)

    def _states(self, case: Case) -> dict[str, str]:
        with tenancy.scope(self._practice_id):
            found = Requirement.objects.filter(case=case).values_list("prerequisite__key", "state")
            return dict(found)

    def _expect(self, case: Case, **states: str) -> None:
        if self._states(case) != states:
            raise SmokeError(f"case {case.pk}: expected {states}, found {self._states(case)}")
