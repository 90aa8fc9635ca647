"""The whole story against the running parts: one patient hands in and is ready, another does nothing and is escalated.

Everything goes the way it goes in a practice: booked in the calendar, read by the worker, sent to the phone, handed in
on the page, accepted on the dashboard. Only the clock is turned, so that nobody has to wait for days.
"""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, timedelta
from typing import Any, TypeVar

from django.conf import settings
from django.db import connection
from django.db.models import Q
from django.utils import timezone

from appointments.operations import add_feed
from escalation.models import Task, TaskKind, TaskState
from messaging.models import Message, MessageState
from practices import clock, record, tenancy
from practices.models import Role, Seal, UnsealedEntry, User
from practices.operations import add_member, create_practice
from prerequisites.adoption import adopt_pack
from prerequisites.models import Case, Document, Kind, Readiness, Requirement, RequirementState, ScanState
from treffa.demo.papers import drawn
from treffa.demo.smoke_evidence import NotProvenError, prove
from treffa.demo.visitor import Page, Visitor
from treffa.sandbox.client import Message as TextOrMail
from treffa.sandbox.client import SandboxClient

PATIENCE = 150.0
# Who has not done it by now was killed at it: no call that the worker makes here lasts as long.
GONE_AFTER = 20.0
# What it held is free again after this: calendars, messages and scans are held for at most five minutes.
PAST_LEASES = timedelta(minutes=7)
CALENDAR = "smoke"
PASSWORD = "nur-zum-probieren"  # noqa: S105 - lives as long as the run
BORN = date(1947, 3, 14)
AFTER_POLL = timedelta(minutes=7)
# The story is told on any day and at any hour, and its patients hear more in minutes than others in weeks.
AT_ONCE: dict[str, Any] = {
    "quiet_from": "00:00",
    "quiet_until": "00:00",
    "days_of_rest": False,
    "doctolib_reminds": False,
    "weekly_cap": 0,
    "number_cap": 1000,
}
T = TypeVar("T")


class SmokeError(Exception):
    """A step of the story did not happen in time; the text says which and what was seen."""


@dataclass(frozen=True, kw_only=True)
class Patient:
    """Somebody with an appointment and a phone."""

    first_name: str
    last_name: str
    phone: str


DILIGENT = Patient(first_name="Wilma", last_name="Sorgfalt", phone="+4915254599301")
SILENT = Patient(first_name="Bruno", last_name="Schweiger", phone="+4915254599302")


class Story:
    """One run, in a practice of its own."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell
        self._sandbox = SandboxClient(settings.SANDBOX_URL)
        self._started = time.monotonic()
        self._number = str(int(time.time()))
        self._practice_id = 0
        self._email = f"smoke-{self._number}@treffa.example"

    def run(self) -> None:
        """All steps in order. SmokeError at the first that does not hold."""
        self._set_up()
        self._book()
        self._assigned()
        link = self._sent()
        patient = Visitor(settings.PUBLIC_URL)
        page = self._opened(patient, link)
        self._submitted(patient, page)
        staff = self._accepted()
        self._ready(staff)
        self._overdue()
        self._escalated(staff)
        self._sent_once()
        self._untouched()
        self._sealed()
        self._evidence(staff)

    def _set_up(self) -> None:
        now = clock.now()
        practice = create_practice(
            name=f"Probepraxis {self._number}",
            sender_name="Probepraxis",
            languages=["de"],
            channels=["sms", "email"],
            sms_sender="+4915235000009",
            sending=True,
            **AT_ONCE,
            now=now,
        )
        self._practice_id = practice.pk
        calendar = self._sandbox.create_calendar(f"{CALENDAR}-{self._number}", title="CT 1")
        user = User.objects.create_user(self._email, PASSWORD, name="Petra Probe")
        with tenancy.scope(practice.pk):
            add_member(user=user, role=Role.PHYSICIAN, by=record.SYSTEM, now=now)
            by = record.staff(user.pk)
            adopt_pack("radiology", signed_off_by=user, by=by, now=now)
            allowed = frozenset(settings.FEED_ALLOWED_ADDRESSES)
            add_feed(name="CT 1", url=calendar.url, by=by, now=now, allowed_addresses=allowed)

    def _book(self) -> None:
        day = (
            (clock.now() + timedelta(days=12))
            .astimezone(UTC)
            .replace(hour=9, minute=0, second=0, microsecond=0)
        )
        for number, patient in enumerate((DILIGENT, SILENT)):
            self._sandbox.book(
                f"{CALENDAR}-{self._number}",
                first_name=patient.first_name,
                last_name=patient.last_name,
                type="CT Abdomen mit KM",
                start=day + timedelta(hours=number),
                born=BORN,
                phone=patient.phone,
            )
        clock.turn(to=clock.now() + AFTER_POLL)
        self._say("booked", appointments=2)

    def _assigned(self) -> None:
        cases = self._wait("cases", lambda: self._cases() if len(self._cases()) == 2 else None)
        with tenancy.scope(self._practice_id):
            required = list(
                Requirement.objects.filter(case=cases[0]).values_list("prerequisite__key", flat=True)
            )
        self._say("assigned", cases=[case.pk for case in cases], requires=sorted(required))

    def _sent(self) -> str:
        message = self._wait("the diligent patient's message", lambda: self._request_to(DILIGENT))
        self._wait("the silent patient's message", lambda: self._request_to(SILENT))
        self._say("sent", channel=message.channel, characters=len(message.text))
        return message.links[0]

    def _opened(self, patient: Visitor, link: str) -> Page:
        first = patient.get(link)
        if self._case_of(DILIGENT).link_opened_at is not None:
            raise SmokeError("a GET counted as opened")
        if DILIGENT.last_name in first.html:
            raise SmokeError("the page names the patient before the date of birth was given")
        form = first.form(with_field="born-year")
        born = {"born-day": str(BORN.day), "born-month": str(BORN.month), "born-year": str(BORN.year)}
        page = patient.send(first, form, born)
        self._wait("the link to be opened", lambda: self._case_of(DILIGENT).link_opened_at)
        self._say("opened", by="date of birth")
        return page

    def _submitted(self, patient: Visitor, page: Page) -> None:
        case = self._case_of(DILIGENT)
        with tenancy.scope(self._practice_id):
            asked = list(
                Requirement.objects.filter(case=case)
                .exclude(prerequisite__kind__in=(Kind.STAFF_CHECK, Kind.INFORMATION))
                .select_related("prerequisite")
            )
        for requirement in asked:
            self._hand_in(patient, page, requirement)
        self._wait("the virus scan", lambda: self._all_clean(case) or None)
        self._say("submitted", items=len(asked))

    def _hand_in(self, patient: Visitor, listing: Page, requirement: Requirement) -> None:
        address = f"/p/{requirement.pk}/"
        if address not in listing.links:
            raise SmokeError(f"the list does not offer {address}: {listing.links} {listing.text[:300]}")
        page = patient.get(address)
        if requirement.prerequisite.kind == Kind.DOCUMENT:
            form = page.form(with_field="files")
            sheet = drawn(requirement.prerequisite.said("title", "de"))
            done = patient.send(page, form, upload={"files": ("blatt.jpg", sheet, "image/jpeg")})
        elif requirement.prerequisite.kind == Kind.FORM:
            for question in requirement.prerequisite.questions:
                name = f"q-{question['key']}"
                page = patient.send(page, page.form(with_field=name), {name: _answer(question)})
            done = patient.send(page, page.form(action=f"{address}check/"))
        else:
            form = page.form(with_field="understood")
            done = patient.send(page, form, {"understood": "yes"})
        if done.status != 200:
            raise SmokeError(f"handing in {requirement.prerequisite.key} was answered with {done.status}")

    def _accepted(self) -> Visitor:
        staff = Visitor(settings.PUBLIC_URL)
        page = staff.get("/")
        board = staff.send(
            page, page.form(with_field="password"), {"login": self._email, "password": PASSWORD}
        )
        if DILIGENT.last_name not in board.text:
            raise SmokeError(f"the board does not show the patient: {board.text[:300]}")
        case, accepted = self._case_of(DILIGENT), 0
        while True:
            with tenancy.scope(self._practice_id):
                waiting = Requirement.objects.filter(case=case, state=RequirementState.SUBMITTED).first()
            if waiting is None:
                break
            address = f"/review/{waiting.pk}/"
            if address not in staff.get("/review/").links:
                raise SmokeError("what was handed in is not in the queue of the review")
            page, dated = staff.get(address), {"document_date": timezone.localdate(clock.now()).isoformat()}
            staff.send(page, page.form(action=f"{address}accept/"), dated)
            accepted += 1
        self._say("accepted", items=accepted)
        return staff

    def _ready(self, staff: Visitor) -> None:
        self._wait("ready", lambda: self._case_of(DILIGENT).readiness == Readiness.READY or None)
        page = staff.get(f"/cases/{self._case_of(DILIGENT).pk}/")
        if "is-ready" not in page.html:
            raise SmokeError("the dashboard does not show that the case is ready")
        self._say("ready", case=self._case_of(DILIGENT).pk)

    def _overdue(self) -> None:
        deadline = self._case_of(SILENT).deadline
        if deadline is None:
            raise SmokeError("the silent patient's case has no deadline")
        self._settle()
        clock.turn(to=deadline + timedelta(minutes=1))
        self._wait("overdue", lambda: self._case_of(SILENT).readiness == Readiness.OVERDUE or None)
        self._say("overdue", deadline=deadline.isoformat())

    def _escalated(self, staff: Visitor) -> None:
        case = self._case_of(SILENT)
        task = self._wait("a task to call the patient", lambda: self._task_of(case))
        if case.appointment.start <= clock.now():
            raise SmokeError("escalated only after the appointment")
        page = staff.get("/tasks/")
        if SILENT.last_name not in page.text:
            raise SmokeError("the task is not in the inbox")
        self._say("escalated", task=task.kind, hours_before=_hours(case.appointment.start - clock.now()))

    def _sent_once(self) -> None:
        self._settle()
        with tenancy.scope(self._practice_id):
            sent = Message.objects.filter(
                state__in=(MessageState.ACCEPTED, MessageState.DELIVERED, MessageState.OPENED),
                case__isnull=False,
                patient__isnull=False,
            ).count()
        texts = [m.text for p in (DILIGENT, SILENT) for m in self._sandbox.messages(p.phone)]
        if len(texts) != sent or len(texts) != len(set(texts)):
            raise SmokeError(f"{len(texts)} texts on the phones, {sent} sent by the books")
        self._say("once", texts=len(texts))

    def _untouched(self) -> None:
        methods = self._sandbox.methods()
        if set(methods) != {"GET"}:
            raise SmokeError(f"the Doctolib was asked with {methods}")
        self._say("untouched", methods=methods)

    def _sealed(self) -> None:
        def sealed() -> int | None:
            with tenancy.scope(self._practice_id):
                return None if UnsealedEntry.objects.exists() else Seal.objects.count()

        seals = self._wait("the record to be sealed", sealed)
        with tenancy.scope(self._practice_id):
            problems = record.verify()
        if problems:
            raise SmokeError("; ".join(problems))
        self._say("sealed", seals=seals)

    def _evidence(self, staff: Visitor) -> None:
        try:
            seen = prove(staff, case_id=self._case_of(DILIGENT).pk)
        except NotProvenError as wrong:
            raise SmokeError(str(wrong)) from wrong
        self._say("evidence", **seen)

    def _settle(self) -> None:
        """Until nothing is due or under way: the clock must not be turned past a call that is being made."""
        self._wait("messages under way", lambda: None if self._under_way() else True)

    def _under_way(self) -> bool:
        """Messages that are due, being sent or looked up; not those whose fate a person has to find out."""
        with tenancy.scope(self._practice_id):
            held = Q(state__in=(MessageState.SENDING, MessageState.UNKNOWN), due_at__isnull=False)
            due = Q(state=MessageState.QUEUED, due_at__lte=clock.now())
            return Message.objects.filter(held | due).exists()

    def _request_to(self, patient: Patient) -> TextOrMail | None:
        found = self._sandbox.messages(patient.phone)
        return next((one for one in found if any("/t/" in link for link in one.links)), None)

    def _cases(self) -> list[Case]:
        with tenancy.scope(self._practice_id):
            return list(Case.objects.select_related("appointment__patient").order_by("appointment__start"))

    def _case_of(self, patient: Patient) -> Case:
        return next(
            case
            for case in self._cases()
            if case.appointment.patient is not None and patient.last_name in case.appointment.patient.name
        )

    def _all_clean(self, case: Case) -> bool:
        with tenancy.scope(self._practice_id):
            found = Document.objects.filter(submission__requirement__case=case)
            return found.exists() and not found.exclude(scan=ScanState.CLEAN).exists()

    def _task_of(self, case: Case) -> Task | None:
        with tenancy.scope(self._practice_id):
            return Task.objects.filter(case=case, kind=TaskKind.CALL_PATIENT, state=TaskState.OPEN).first()

    def _wait(self, what: str, look: Callable[[], T | None]) -> T:
        """Looks until there is something, for as long as patience lasts. What a killed worker held is waited for by
        the clock."""
        begun = turned = time.monotonic()
        while time.monotonic() - begun < PATIENCE:
            found = look()
            if found is not None:
                return found
            if time.monotonic() - turned > GONE_AFTER:
                turned = time.monotonic()
                clock.turn(to=clock.now() + PAST_LEASES)
                self._say("patience", minutes=PAST_LEASES.seconds // 60, waiting_for=what)
            connection.close_if_unusable_or_obsolete()
            time.sleep(0.2)
        raise SmokeError(f"waited {PATIENCE:.0f} s for {what} in vain")

    def _say(self, step: str, **more: Any) -> None:
        seconds = round(time.monotonic() - self._started, 1)
        self._tell(json.dumps({"step": step, "seconds": seconds, **more}, ensure_ascii=False, default=str))


def _answer(question: dict[str, Any]) -> str:
    return {"yes_no": "no", "number": "72", "one_of": "no"}.get(question["type"], "")


def _hours(span: timedelta) -> int:
    return round(span.total_seconds() / 3600)
