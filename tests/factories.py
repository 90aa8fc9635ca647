"""Rows for tests. All but the practice and the user need an open scope; the practice in scope owns them."""

import os
from datetime import UTC, date, datetime, timedelta
from typing import Any

import factory

from appointments.models import Appointment, AppointmentType, Feed, Patient
from escalation.models import Policy
from messaging.models import Message
from practices import tenancy, vault
from practices.models import Membership, Practice, Role, User
from practices.operations import create_practice
from prerequisites.models import Case, Kind, Plan, PlanState, Prerequisite, Readiness, Requirement

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def make_practice(**details: Any) -> Practice:
    """A practice in Berlin that writes German, SMS first, at any hour and as often as it likes, and waits for ever for
    an echo."""
    given: dict[str, Any] = {
        "name": "Radiologie am Sonnenbogen",
        "sender_name": "Praxis am Sonnenbogen",
        "languages": ["de", "en"],
        "channels": ["sms", "email"],
        "now": NOW,
        "sms_sender": "+4915235000001",
        "address": "Lindenallee 7, Musterstadt",
        "phone": "+493023125400",
        "quiet_from": "00:00",
        "quiet_until": "00:00",
        "fallback_hours": 0,
        "weekly_cap": 0,
        "number_cap": 1000,
        "daily_cap": 1_000_000,
        "days_of_rest": False,
        "doctolib_reminds": False,
        "sending": True,
        **details,
    }
    return create_practice(**given)


class UserFactory(factory.django.DjangoModelFactory[User]):
    class Meta:
        model = User

    email = factory.Sequence(lambda n: f"person{n}@praxis.example")
    name = "Petra Erdmuster"
    password = factory.django.Password("ein-langes-kennwort")


class TenantFactory(factory.django.DjangoModelFactory[Any]):
    class Meta:
        abstract = True

    practice_id = factory.LazyFunction(tenancy.current)


class MembershipFactory(TenantFactory):
    class Meta:
        model = Membership

    user = factory.SubFactory(UserFactory)
    role = Role.STAFF


class FeedFactory(TenantFactory):
    class Meta:
        model = Feed

    name = "CT 1"
    practitioner = "Dr. Fiktiv"
    next_poll_at = NOW
    url_ending = "7Qd"

    @classmethod
    def _create(
        cls, model_class: Any, *args: Any, url: str = "https://kalender.example/a.ics", **kw: Any
    ) -> Any:
        key = Practice.objects.get().key()
        kw["sealed_url"] = vault.seal(key=key, plaintext=url.encode(), context="feed-url")
        return super()._create(model_class, *args, **kw)


class PatientFactory(TenantFactory):
    class Meta:
        model = Patient

    name = "Otto Probefeld"
    birth_date = date(1947, 3, 14)
    phone = "+4915254599371"
    email = "o.probefeld@post.example"
    created_at = NOW

    @factory.lazy_attribute
    def wrapped_key(self) -> bytes:
        return vault.new_patient_key(practice=Practice.objects.get().key())


class AppointmentTypeFactory(TenantFactory):
    class Meta:
        model = AppointmentType

    name = factory.Sequence(lambda n: f"CT Abdomen mit KM {n}")
    keywords = factory.List(["ct abdomen"])


class AppointmentFactory(TenantFactory):
    class Meta:
        model = Appointment

    feed = factory.SubFactory(FeedFactory)
    patient = factory.SubFactory(PatientFactory)
    type = factory.SubFactory(AppointmentTypeFactory)
    uid = factory.LazyFunction(lambda: os.urandom(8).hex())
    summary = "Probefeld, Otto - CT Abdomen mit KM"
    practitioner = "Dr. Fiktiv"
    start = NOW + timedelta(days=10)
    end = factory.lazy_attribute(lambda row: row.start + timedelta(minutes=30))
    booked_at = NOW


class PlanFactory(TenantFactory):
    class Meta:
        model = Plan

    type = factory.SubFactory(AppointmentTypeFactory)
    name = "CT mit Kontrastmittel"
    state = PlanState.PUBLISHED
    published_at = NOW


class PrerequisiteFactory(TenantFactory):
    class Meta:
        model = Prerequisite

    plan = factory.SubFactory(PlanFactory)
    key = factory.Sequence(lambda n: f"item-{n}")
    position = factory.Sequence(int)
    kind = Kind.DOCUMENT
    title = factory.Dict({"de": "Überweisung", "en": "Referral"})
    text = factory.Dict(
        {"de": "Damit wir wissen, was untersucht werden soll.", "en": "So we know what to look for."}
    )


class CaseFactory(TenantFactory):
    class Meta:
        model = Case

    appointment = factory.SubFactory(AppointmentFactory, needs_planning=False)
    # A draft: what a published plan asks for can't be changed once it is committed.
    plan = factory.SubFactory(
        PlanFactory,
        type=factory.SelfAttribute("..appointment.type"),
        state=PlanState.DRAFT,
        published_at=None,
    )
    readiness = Readiness.WAITING
    readiness_since = NOW
    opened_at = NOW
    deadline = NOW + timedelta(days=7)


class RequirementFactory(TenantFactory):
    class Meta:
        model = Requirement

    case = factory.SubFactory(CaseFactory)
    prerequisite = factory.SubFactory(PrerequisiteFactory)
    deadline = NOW + timedelta(days=7)
    changed_at = NOW


class MessageFactory(TenantFactory):
    class Meta:
        model = Message

    case = factory.SubFactory(CaseFactory)
    patient = factory.LazyAttribute(lambda row: row.case.appointment.patient)
    occasion = "request"
    channel = "sms"
    address = "+4915254599371"
    language = "de"
    sealed_wording = b""
    wording_version = "1"
    dedupe_key = factory.Sequence(lambda n: f"message-{n}")
    due_at = NOW
    created_at = NOW


class PolicyFactory(TenantFactory):
    class Meta:
        model = Policy

    name = "Standard"
