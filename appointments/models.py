"""Feeds, patients, appointment types and appointments: what the calendar says."""

import hashlib
from datetime import datetime

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from appointments.looks import ContactImport as ContactImport
from appointments.looks import FeedTrial as FeedTrial
from appointments.looks import TrialPurpose as TrialPurpose
from appointments.matching.contacts import is_landline
from appointments.merges import PatientMerge as PatientMerge
from appointments.merges import PatientsApart as PatientsApart
from appointments.outcomes import Outcome as Outcome
from appointments.outcomes import OutcomeKind as OutcomeKind
from appointments.outcomes import OutcomeReason as OutcomeReason
from appointments.own_time import OwnTime as OwnTime
from practices import vault
from practices.models import User
from practices.tenant_models import SameTenant, TenantForeignKey, TenantModel


class FeedState(models.TextChoices):
    ACTIVE = "active", _("Active")
    FAILING = "failing", _("Failing")
    FROZEN = "frozen", _("Frozen: many appointments disappeared")
    PAUSED = "paused", _("Paused")


class Feed(TenantModel):
    """A Doctolib iCal link that is polled. The link is a secret: stored sealed with the practice's key."""

    name = models.CharField(_("name"), max_length=120)
    practitioner = models.CharField(_("practitioner"), max_length=120, blank=True)
    sealed_url = models.BinaryField(editable=False)
    url_ending = models.CharField(_("link ends in"), max_length=8, editable=False)
    rules = models.JSONField(
        _("rules"), default=dict, help_text=_("How names and types are read from events.")
    )
    state = models.CharField(_("state"), max_length=10, choices=FeedState.choices, default=FeedState.ACTIVE)
    next_poll_at = models.DateTimeField(_("next poll"))
    last_attempt_at = models.DateTimeField(_("last attempt"), null=True, blank=True)
    last_good_at = models.DateTimeField(_("last good sync"), null=True, blank=True)
    watched_from = models.DateTimeField(
        _("watched from"), null=True, blank=True, help_text=_("An outage counts from here at the earliest.")
    )
    alarmed_at = models.DateTimeField(_("alarm"), null=True, blank=True)
    removed_at = models.DateTimeField(_("removed"), null=True, blank=True)
    failures = models.PositiveIntegerField(_("failures in a row"), default=0)
    problem = models.CharField(
        _("problem"), max_length=40, blank=True, help_text=_("Reason code of the last failure.")
    )
    last_status = models.PositiveSmallIntegerField(
        _("last response"), null=True, blank=True, help_text=_("HTTP status; empty without an answer.")
    )
    last_duration_ms = models.PositiveIntegerField(_("duration of the last poll (ms)"), null=True, blank=True)
    last_bytes = models.PositiveBigIntegerField(_("size of the last response"), null=True, blank=True)
    missing_ids = ArrayField(models.BigIntegerField(), verbose_name=_("missing appointments"), default=list)
    kept_ids = ArrayField(
        models.BigIntegerField(),
        verbose_name=_("kept though missing"),
        default=list,
        db_default=[],
        help_text=_("Staff have said that it is an error of the calendar."),
    )
    events = models.PositiveIntegerField(_("events"), default=0)
    written = models.PositiveIntegerField(default=0, db_default=0, editable=False)
    steady = models.BooleanField(default=False, db_default=False, editable=False)
    etag = models.CharField(max_length=200, blank=True, editable=False)
    last_modified = models.CharField(max_length=80, blank=True, editable=False)
    unconditional_at = models.DateTimeField(null=True, editable=False)
    body_hash = models.CharField(max_length=64, blank=True, editable=False)
    head_hash = models.CharField(max_length=64, blank=True, editable=False)
    blocks = models.BinaryField(default=bytes, editable=False)

    class Meta(TenantModel.Meta):
        verbose_name = _("calendar")
        verbose_name_plural = _("calendars")
        constraints = [
            *TenantModel.Meta.constraints,
            models.CheckConstraint(
                condition=models.Q(removed_at=None) | models.Q(state=FeedState.PAUSED),
                name="removed_feed_is_not_polled",
            ),
        ]
        indexes = [models.Index(fields=("next_poll_at",), name="feeds_due")]

    def __str__(self) -> str:
        return self.name

    def url(self) -> str:
        """The link itself. Only the sync asks for it."""
        key = self.practice.key()
        return vault.unseal(key=key, sealed=bytes(self.sealed_url), context="feed-url").decode()

    @property
    def missing_code(self) -> str:
        """The same as long as the same appointments are missing."""
        return hashlib.sha256(repr(sorted(self.missing_ids)).encode()).hexdigest()[:16]

    @property
    def masked_url(self) -> str:
        return f"…{self.url_ending}"


class Sex(models.TextChoices):
    FEMALE = "female", _("female")
    MALE = "male", _("male")
    OTHER = "other", _("other")
    UNKNOWN = "unknown", _("unknown")


class Insurance(models.TextChoices):
    """Who pays, as far as what is needed depends on it."""

    UNKNOWN = "unknown", _("unknown")
    STATUTORY = "statutory", _("statutory")
    PRIVATE = "private", _("private")
    SELF_PAY = "self_pay", _("self-payer")
    ACCIDENT = "accident", _("accident insurance")


class Patient(TenantModel):
    """A person with appointments in a practice. Never merged on the name alone. Phone in E.164.

    One that staff found to be the same as another stays as a row that points to it (`merged_into`, never in a chain): by it
    the calendars' spelling is known again, and under its key is what was handed in before.
    `entered_at`: when a person last said how to write to them; `calendar_...`: what calendars say otherwise (entering.py).
    """

    name = models.CharField(_("name"), max_length=160)
    name_key = models.GeneratedField(
        expression=models.Func(models.F("name"), function="treffa_name_key"),
        output_field=models.TextField(),
        db_persist=True,
        editable=False,
    )
    birth_date = models.DateField(_("date of birth"), null=True, blank=True)
    sex = models.CharField(_("sex"), max_length=8, choices=Sex.choices, default=Sex.UNKNOWN)
    insurance = models.CharField(
        _("insurance"),
        max_length=10,
        choices=Insurance.choices,
        default=Insurance.UNKNOWN,
        db_default=Insurance.UNKNOWN.value,
    )
    phone = models.CharField(_("phone"), max_length=20, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    language = models.CharField(_("language"), max_length=8, blank=True)
    wrapped_key = models.BinaryField(null=True, editable=False)
    created_at = models.DateTimeField(_("first seen"))
    merged_into = TenantForeignKey(
        "self", on_delete=models.PROTECT, null=True, related_name="also", db_index=False
    )
    entered_at = models.DateTimeField(_("contact entered"), null=True)
    calendar_phone = models.CharField(max_length=20, blank=True, default="", db_default="", editable=False)
    calendar_email = models.EmailField(blank=True, default="", db_default="", editable=False)
    calendar_said_at = models.DateTimeField(null=True, editable=False)

    class Meta(TenantModel.Meta):
        verbose_name = _("patient")
        verbose_name_plural = _("patients")
        constraints = [
            *TenantModel.Meta.constraints,
            models.CheckConstraint(
                condition=models.Q(merged_into=None) | ~models.Q(merged_into=models.F("id")),
                name="patient_not_merged_into_itself",
            ),
            SameTenant(field="merged_into", to="appointments.Patient", name="patient_merged_same_practice"),
        ]
        indexes = [
            models.Index(fields=("practice", "name"), name="patients_by_name"),
            models.Index(fields=("practice", "name_key"), name="patients_by_name_key"),
            models.Index(fields=("practice", "birth_date"), name="patients_by_birth_date"),
            models.Index(
                fields=("practice", "merged_into"),
                name="merged_patients",
                condition=models.Q(merged_into__isnull=False),
            ),
            models.Index(
                fields=("practice", "phone"), name="patients_by_phone", condition=~models.Q(phone="")
            ),
            models.Index(
                fields=("practice", "email"), name="patients_by_email", condition=~models.Q(email="")
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def texted(self) -> str:
        """The number to which a text message can go: none to a landline."""
        return "" if is_landline(self.phone) else self.phone

    @property
    def reachable(self) -> bool:
        return bool(self.texted or self.email)

    def key(self) -> bytes:
        """The patient's encryption key, unwrapped. LookupError once the patient was erased."""
        if self.wrapped_key is None:
            raise LookupError("this patient's key is destroyed")
        return vault.patient_key(practice=self.practice.key(), wrapped=bytes(self.wrapped_key))


class AppointmentType(TenantModel):
    """What is booked. Recognised in events by its name (but for one that an answer made: it is its text's, not a keyword),
    its keywords and its `texts`; `needs_nothing` types never open a case."""

    name = models.CharField(_("name"), max_length=120)
    keywords = ArrayField(models.CharField(max_length=120), verbose_name=_("keywords"), default=list)
    needs_nothing = models.BooleanField(_("never needs anything"), default=False)
    found_by_name = models.BooleanField(default=True, db_default=True, editable=False)

    class Meta(TenantModel.Meta):
        verbose_name = _("appointment type")
        verbose_name_plural = _("appointment types")
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=("practice", "name"), name="appointment_type_named_once"),
        ]

    def __str__(self) -> str:
        return self.name


class TypeText(TenantModel):
    """A text of the calendar of which somebody said what it means, as long as nobody takes it back. It holds for the whole
    text, however it is written (`wording`, matching.types), and means one type. Never changed: another id, another answer."""

    type = TenantForeignKey(AppointmentType, on_delete=models.CASCADE, related_name="texts")
    text = models.CharField(_("text"), max_length=120)
    wording = models.CharField(max_length=240, editable=False)
    said_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    said_at = models.DateTimeField(_("said"))

    class Meta(TenantModel.Meta):
        verbose_name = _("known text")
        verbose_name_plural = _("known texts")
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=("practice", "wording"), name="text_means_one_type"),
            SameTenant(field="type", to="appointments.AppointmentType", name="type_text_same_practice"),
        ]

    def __str__(self) -> str:
        return self.text


class AppointmentStatus(models.TextChoices):
    """RFC 5545 STATUS, as far as a calendar says it."""

    CONFIRMED = "confirmed", _("Booked")
    CANCELLED = "cancelled", _("Cancelled")


class Appointment(TenantModel):
    """One event of a feed that is a patient's appointment. `revision` rises with every change; `needs_planning` tells
    the next stage to look. `absent_since` is set while the event is missing from complete fetches.
    What the feed last said: `type_text` (what was booked), `person` (folded name and date of birth), `content` (a hash).
    `remembered` is the revision that the feed's blocks stand for (`remembering`), null if none of them does.
    `sealed_for`: whose key seals what is handed in for it, where it came to the patient by a merge.
    `same_as`: the appointment of another calendar that this is as well (`sharing`), never in a chain: that one is prepared,
    this one is not. `to_settle`: whether it is, or still is, has to be looked at once its calendar was read again."""

    # Found by the UNIQUE that begins with it.
    feed = TenantForeignKey(Feed, on_delete=models.PROTECT, related_name="appointments", db_index=False)
    uid = models.CharField(max_length=255)
    recurrence_id = models.CharField(max_length=40, blank=True)
    sequence = models.IntegerField(default=0)
    patient = TenantForeignKey(Patient, on_delete=models.PROTECT, null=True, related_name="appointments")
    type = TenantForeignKey(AppointmentType, on_delete=models.PROTECT, null=True, related_name="appointments")
    summary = models.CharField(_("summary"), max_length=255, blank=True)
    practitioner = models.CharField(_("practitioner"), max_length=120, blank=True)
    start = models.DateTimeField(_("start"))
    end = models.DateTimeField(_("end"))
    all_day = models.BooleanField(default=False)
    status = models.CharField(
        _("status"), max_length=10, choices=AppointmentStatus.choices, default="confirmed"
    )
    booked_at = models.DateTimeField(_("first seen"))
    moved_from = models.DateTimeField(_("moved from"), null=True, blank=True)
    absent_since = models.DateTimeField(null=True, blank=True)
    type_text = models.CharField(max_length=120, blank=True, db_default="", default="", editable=False)
    person = models.CharField(max_length=240, blank=True, db_default="", default="", editable=False)
    content = models.CharField(max_length=32, blank=True, db_default="", default="", editable=False)
    revision = models.PositiveIntegerField(default=1)
    remembered = models.PositiveIntegerField(null=True, editable=False)
    needs_planning = models.BooleanField(default=True)
    sealed_for = TenantForeignKey(Patient, on_delete=models.PROTECT, null=True, related_name="+")
    same_as = TenantForeignKey(
        "self", on_delete=models.PROTECT, null=True, related_name="also", db_index=False, editable=False
    )
    to_settle = models.BooleanField(default=False, db_default=False, editable=False)

    class Meta(TenantModel.Meta):
        verbose_name = _("appointment")
        verbose_name_plural = _("appointments")
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(
                fields=("practice", "feed", "uid", "recurrence_id"), name="event_of_a_feed_once"
            ),
            SameTenant(field="feed", to="appointments.Feed", name="appointment_feed_same_practice"),
            SameTenant(field="patient", to="appointments.Patient", name="appointment_patient_same_practice"),
            SameTenant(
                field="type", to="appointments.AppointmentType", name="appointment_type_same_practice"
            ),
            SameTenant(field="sealed_for", to="appointments.Patient", name="sealed_for_same_practice"),
            models.CheckConstraint(
                condition=models.Q(same_as=None) | ~models.Q(same_as=models.F("id")),
                name="appointment_not_same_as_itself",
            ),
            SameTenant(field="same_as", to="appointments.Appointment", name="same_as_same_practice"),
        ]
        indexes = [
            models.Index(fields=("practice", "start"), name="appointments_by_start"),
            models.Index(
                fields=("practice",), name="appointments_to_plan", condition=models.Q(needs_planning=True)
            ),
            models.Index(
                fields=("practice", "feed"),
                name="absent_appointments",
                condition=models.Q(absent_since__isnull=False),
            ),
            models.Index(
                fields=("practice", "same_as"),
                name="shared_appointments",
                condition=models.Q(same_as__isnull=False),
            ),
            models.Index(
                fields=("practice", "feed"),
                name="appointments_to_settle",
                condition=models.Q(to_settle=True),
            ),
            # What every poll looks at of a feed: few rows where nothing else happened.
            models.Index(
                fields=("practice", "feed"),
                name="appointments_to_compare",
                condition=models.Q(remembered=None) | models.Q(remembered__lt=models.F("revision")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.summary} {self.start:%Y-%m-%d %H:%M}"

    @property
    def cancelled(self) -> bool:
        return self.status == AppointmentStatus.CANCELLED

    def is_over(self, *, now: datetime) -> bool:
        return self.end <= now

    @property
    def marked(self) -> "Outcome | None":
        """What became of it, where staff said so."""
        return getattr(self, "outcome", None)

    @property
    def key_holder(self) -> Patient | None:
        """The patient whose key seals what belongs to this appointment: a merge does not change it, nor does its undoing."""
        holder: Patient | None = self.sealed_for if self.sealed_for_id is not None else self.patient
        return holder


class QuarantinedEvent(TenantModel):
    """An event that could not be read, shown on the board until it can be or is gone."""

    feed = TenantForeignKey(Feed, on_delete=models.CASCADE, related_name="quarantined")
    fingerprint = models.CharField(max_length=64)
    reason = models.CharField(_("reason"), max_length=60)
    excerpt = models.CharField(_("excerpt"), max_length=200, blank=True)
    seen_at = models.DateTimeField(_("seen"))

    class Meta(TenantModel.Meta):
        verbose_name = _("unreadable event")
        verbose_name_plural = _("unreadable events")
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=("practice", "feed", "fingerprint"), name="quarantined_once"),
            SameTenant(field="feed", to="appointments.Feed", name="quarantined_feed_same_practice"),
        ]

    def __str__(self) -> str:
        return self.reason
