"""Messages, the attempts to send them, and who must not be written to."""

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from appointments.models import AppointmentType, Patient
from practices.models import User
from practices.tenant_models import SameTenant, TenantForeignKey, TenantModel
from prerequisites.models import Case


class Channel(models.TextChoices):
    SMS = "sms", _("SMS")
    WHATSAPP = "whatsapp", _("WhatsApp")
    EMAIL = "email", _("E-mail")


class Occasion(models.TextChoices):
    """Why something is said."""

    REQUEST = "request", _("Request")
    REMINDER = "reminder", _("Reminder")
    REJECTED = "rejected", _("Asked again")
    ADDED = "added", _("Something more is needed")
    MOVED = "moved", _("Appointment moved")
    CANCELLED = "cancelled", _("Appointment cancelled")
    LAST_CALL = "last_call", _("Last call")
    THANKS = "thanks", _("Thanks")
    STAFF = "staff", _("Notice to the practice")


class MessageState(models.TextChoices):
    """Forward only: queued -> sending -> accepted -> delivered -> opened; the others are ends, unknown waits to be
    resolved. Opened is the patient's first act on the page after the message went out, by whatever channel."""

    QUEUED = "queued", _("Queued")
    SENDING = "sending", _("Being sent")
    ACCEPTED = "accepted", _("Sent")
    DELIVERED = "delivered", _("Delivered")
    OPENED = "opened", _("Opened")
    FAILED = "failed", _("Not delivered")
    UNKNOWN = "unknown", _("Unknown")
    SUPPRESSED = "suppressed", _("Not allowed")
    CANCELLED = "cancelled", _("No longer needed")


class Message(TenantModel):
    """One thing that is said to one person over one channel; written down before it is sent. `sealed_wording` is JSON
    (subject, text) with `{link}` in place of the link, under the patient's key, or the practice's for its own people.
    `due_at` is when to try (or look) next; at `fallback_at` it goes another way if it was not delivered (or opened) till
    then, and since `given_up_at` nobody waits for it any more. `told_start` the appointment's start that the wording names, `told_deadline`
    the deadline (none: "as soon as possible"). One that speaks of several appointments (`shared`) has a mention for each of their
    cases; `case` is the one whose link it holds, `told_deadline` the earliest."""

    case = TenantForeignKey(Case, on_delete=models.CASCADE, null=True, related_name="messages")
    patient = TenantForeignKey(Patient, on_delete=models.PROTECT, null=True, related_name="messages")
    occasion = models.CharField(_("occasion"), max_length=12, choices=Occasion.choices)
    channel = models.CharField(_("channel"), max_length=10, choices=Channel.choices)
    address = models.CharField(_("to"), max_length=254)
    language = models.CharField(_("language"), max_length=8)
    sealed_wording = models.BinaryField(editable=False)
    wording_version = models.CharField(_("wording"), max_length=40)
    told_start = models.DateTimeField(_("for the appointment on"), null=True)
    told_deadline = models.DateTimeField(_("to be done by"), null=True)
    dedupe_key = models.CharField(max_length=120)
    state = models.CharField(
        _("state"), max_length=10, choices=MessageState.choices, default=MessageState.QUEUED
    )
    due_at = models.DateTimeField(_("due"), null=True)
    attempt_id = models.UUIDField(null=True)
    attempts = models.PositiveIntegerField(_("attempts"), default=0)
    provider_id = models.CharField(_("provider's id"), max_length=120, blank=True)
    problem = models.CharField(_("problem"), max_length=60, blank=True)
    created_at = models.DateTimeField(_("written"))
    accepted_at = models.DateTimeField(_("sent"), null=True)
    delivered_at = models.DateTimeField(_("delivered"), null=True)
    opened_at = models.DateTimeField(_("opened"), null=True)
    fallback_at = models.DateTimeField(_("another way at"), null=True)
    given_up_at = models.DateTimeField(_("given up"), null=True)
    shared = models.BooleanField(_("about several appointments"), default=False, db_default=False)

    class Meta(TenantModel.Meta):
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=("practice", "dedupe_key"), name="message_decided_once"),
            SameTenant(field="case", to="prerequisites.Case", name="message_case_same_practice"),
            SameTenant(field="patient", to="appointments.Patient", name="message_patient_same_practice"),
        ]
        indexes = [
            models.Index(fields=("due_at",), name="messages_due", condition=models.Q(due_at__isnull=False)),
            models.Index(
                fields=("practice", "due_at"),
                name="messages_due_of_practice",
                condition=models.Q(due_at__isnull=False),
            ),
            models.Index(fields=("practice", "case"), name="messages_of_case"),
        ]

    def __str__(self) -> str:
        return str(self.pk)


class Mention(TenantModel):
    """A case of which a message about several appointments speaks, with the start and the deadline that it names for it or that
    held when it was written down."""

    message = TenantForeignKey(Message, on_delete=models.CASCADE, related_name="mentions")
    case = TenantForeignKey(Case, on_delete=models.CASCADE, related_name="mentions")
    told_start = models.DateTimeField(_("for the appointment on"))
    told_deadline = models.DateTimeField(_("to be done by"), null=True)

    class Meta(TenantModel.Meta):
        verbose_name = _("appointment in a message")
        verbose_name_plural = _("appointments in messages")
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=("practice", "message", "case"), name="mentioned_once"),
            SameTenant(field="message", to="messaging.Message", name="mention_message_same_practice"),
            SameTenant(field="case", to="prerequisites.Case", name="mention_case_same_practice"),
        ]
        indexes = [models.Index(fields=("practice", "case"), name="mentions_of_case")]

    def __str__(self) -> str:
        return str(self.pk)


class Attempt(TenantModel):
    """One try to hand a message to a provider. Its id stands in the callback address."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    message = TenantForeignKey(Message, on_delete=models.CASCADE, related_name="tries")
    started_at = models.DateTimeField(_("started"))
    finished_at = models.DateTimeField(_("finished"), null=True)
    outcome = models.CharField(_("outcome"), max_length=12, blank=True)
    code = models.CharField(_("code"), max_length=60, blank=True)
    provider_id = models.CharField(max_length=120, blank=True)

    class Meta(TenantModel.Meta):
        indexes = [
            models.Index(
                fields=("provider_id",), name="attempts_by_provider_id", condition=~models.Q(provider_id="")
            ),
            models.Index(fields=("practice", "started_at"), name="attempts_of_day"),
        ]
        verbose_name = _("attempt")
        verbose_name_plural = _("attempts")
        constraints = [
            *TenantModel.Meta.constraints,
            SameTenant(field="message", to="messaging.Message", name="attempt_message_same_practice"),
        ]

    def __str__(self) -> str:
        return str(self.pk)


class ChannelPause(TenantModel):
    """A channel of a practice that rests: its provider asked to go slower, or refuses the account. At `until` one message
    tries; the channel goes on once one was taken. `failures` in a row make the pauses longer."""

    channel = models.CharField(_("channel"), max_length=10, choices=Channel.choices)
    cause = models.CharField(_("cause"), max_length=10)
    code = models.CharField(_("code"), max_length=60)
    failures = models.PositiveIntegerField(_("failures in a row"), default=1)
    since = models.DateTimeField(_("since"))
    until = models.DateTimeField(_("until"))

    class Meta(TenantModel.Meta):
        verbose_name = _("pause of a channel")
        verbose_name_plural = _("pauses of channels")
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=("practice", "channel"), name="one_pause_a_channel"),
        ]

    def __str__(self) -> str:
        return f"{self.channel} {self.code}"


class OwnText(TenantModel):
    """What a practice says in its own words: for one type of appointment or all, by occasion and language. Only ever added:
    the highest number counts, one without a text brings Treffa's own back. `short` is for SMS and WhatsApp, `subject` and
    `letter` for mail (empty: made from the short one). The variables are those of messaging/texts.py."""

    type = TenantForeignKey(AppointmentType, on_delete=models.CASCADE, null=True, related_name="+")
    occasion = models.CharField(_("occasion"), max_length=12, choices=Occasion.choices)
    language = models.CharField(_("language"), max_length=8)
    number = models.PositiveIntegerField(_("version"))
    short = models.TextField(_("short text"), blank=True)
    subject = models.CharField(_("subject"), max_length=150, blank=True)
    letter = models.TextField(_("e-mail"), blank=True)
    by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(_("since"))

    class Meta(TenantModel.Meta):
        verbose_name = _("text of a practice")
        verbose_name_plural = _("texts of practices")
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(
                fields=("practice", "type", "occasion", "language", "number"),
                name="own_text_numbered_once",
                nulls_distinct=False,
            ),
            SameTenant(field="type", to="appointments.AppointmentType", name="own_text_type_same_practice"),
        ]

    def __str__(self) -> str:
        return f"{self.occasion} {self.language} {self.number}"


class WhatsAppTemplate(TenantModel):
    """A text that WhatsApp has approved for the practice's sender, by its ContentSid at Twilio. `body` is the approved text
    with {{1}}, {{2}} ... in place of `variables` (of messaging/texts.py, in this order)."""

    occasion = models.CharField(_("occasion"), max_length=12, choices=Occasion.choices)
    language = models.CharField(_("language"), max_length=8)
    content_sid = models.CharField(_("content SID"), max_length=34)
    body = models.TextField(_("approved text"))
    variables = ArrayField(models.CharField(max_length=20), verbose_name=_("variables"))

    class Meta(TenantModel.Meta):
        verbose_name = _("WhatsApp template")
        verbose_name_plural = _("WhatsApp templates")
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(
                fields=("practice", "occasion", "language"), name="one_whatsapp_template_an_occasion"
            ),
        ]

    def __str__(self) -> str:
        return self.content_sid


class WhatsAppOptIn(TenantModel):
    """A number whose owner wants WhatsApp messages of the practice: said on the patient's page, or to staff."""

    address = models.CharField(_("number"), max_length=20)
    at = models.DateTimeField(_("since"))

    class Meta(TenantModel.Meta):
        verbose_name = _("wish for WhatsApp")
        verbose_name_plural = _("wishes for WhatsApp")
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=("practice", "address"), name="opted_in_once"),
        ]

    def __str__(self) -> str:
        return str(self.pk)


class InboundKind(models.TextChoices):
    STOP = "stop", _("Wants no more messages")
    START = "start", _("Wants messages again")
    REPLY = "reply", _("Reply")


class Inbound(TenantModel):
    """What somebody wrote to a sender of the practice, once by the provider's id. `sealed_text` is under the patient's key,
    or the practice's where nobody has that number; the case is that of the last message to it."""

    channel = models.CharField(_("channel"), max_length=10, choices=Channel.choices)
    kind = models.CharField(_("kind"), max_length=6, choices=InboundKind.choices)
    address = models.CharField(_("from"), max_length=254)
    provider_id = models.CharField(_("provider's id"), max_length=120)
    patient = TenantForeignKey(Patient, on_delete=models.PROTECT, null=True, related_name="wrote")
    case = TenantForeignKey(Case, on_delete=models.CASCADE, null=True, related_name="inbound")
    sealed_text = models.BinaryField(editable=False)
    received_at = models.DateTimeField(_("received"))

    class Meta(TenantModel.Meta):
        verbose_name = _("reply")
        verbose_name_plural = _("replies")
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=("practice", "provider_id"), name="received_once"),
            SameTenant(field="case", to="prerequisites.Case", name="inbound_case_same_practice"),
            SameTenant(field="patient", to="appointments.Patient", name="inbound_patient_same_practice"),
        ]
        indexes = [models.Index(fields=("practice", "case"), name="inbound_of_case")]

    def __str__(self) -> str:
        return str(self.pk)


class Suppression(TenantModel):
    """An address of a practice that must not be written to over a channel: its owner does not want it, or it is none."""

    channel = models.CharField(_("channel"), max_length=10, choices=Channel.choices)
    address = models.CharField(_("address"), max_length=254)
    reason = models.CharField(_("reason"), max_length=60)
    at = models.DateTimeField(_("since"))

    class Meta(TenantModel.Meta):
        verbose_name = _("suppression")
        verbose_name_plural = _("suppressions")
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=("practice", "channel", "address"), name="suppressed_once"),
        ]

    def __str__(self) -> str:
        return f"{self.channel}"
