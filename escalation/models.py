"""Policies, escalations and tasks: what happens to a case that is not ready in time, and who has to act."""

from datetime import time

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from appointments.models import AppointmentType
from practices.models import Role, User
from practices.tenant_models import SameTenant, TenantForeignKey, TenantModel
from prerequisites.models import Case


class Policy(TenantModel):
    """The steps for the appointments of a type, whatever version their plan is of; without a type those of the practice. A
    list of policy.Step as dicts; it is laid out and kept when an escalation starts."""

    name = models.CharField(_("name"), max_length=120)
    type = TenantForeignKey(
        AppointmentType, on_delete=models.CASCADE, null=True, blank=True, related_name="policies"
    )
    steps = models.JSONField(_("steps"), default=list)

    class Meta(TenantModel.Meta):
        verbose_name = _("policy")
        verbose_name_plural = _("policies")
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=("practice", "name"), name="policy_named_once"),
            models.UniqueConstraint(
                fields=("practice", "type"),
                name="one_policy_a_type",
                condition=models.Q(type__isnull=False),
            ),
            models.UniqueConstraint(
                fields=("practice",), name="one_policy_for_all_types", condition=models.Q(type=None)
            ),
            SameTenant(field="type", to="appointments.AppointmentType", name="policy_type_same_practice"),
        ]

    def __str__(self) -> str:
        return self.name


def office_days() -> list[int]:
    """Monday to Friday."""
    return [0, 1, 2, 3, 4]


class Hours(TenantModel):
    """When somebody is at the practice; without a row the defaults hold. `days`: 0 is Monday."""

    opens = models.TimeField(_("from"), default=time(8))
    closes = models.TimeField(_("until"), default=time(17))
    days = ArrayField(models.PositiveSmallIntegerField(), verbose_name=_("days"), default=office_days)

    class Meta(TenantModel.Meta):
        verbose_name = _("office hours")
        verbose_name_plural = _("office hours")
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=("practice",), name="one_hours_a_practice"),
            models.CheckConstraint(
                condition=models.Q(opens__lt=models.F("closes")), name="hours_open_before_they_close"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.opens:%H:%M}-{self.closes:%H:%M}"


class Preference(TenantModel):
    """How a person of a practice wants to be told: a mobile number for urgent notices (E.164), and the daily digest at an
    hour of the practice's zone (none: no digest). `digest_day` is the last day that was told or had nothing to tell."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    phone = models.CharField(_("mobile number"), max_length=20, blank=True)
    digest_at = models.TimeField(_("daily overview at"), null=True)
    silent_when_ready = models.BooleanField(_("none when all is ready"), default=True)
    digest_day = models.DateField(null=True, editable=False)

    class Meta(TenantModel.Meta):
        verbose_name = _("preference")
        verbose_name_plural = _("preferences")
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=("practice", "user"), name="one_preference_a_person"),
        ]

    def __str__(self) -> str:
        return str(self.user_id)


class EscalationState(models.TextChoices):
    ACTIVE = "active", _("Running")
    ACKNOWLEDGED = "acknowledged", _("Taken over")
    ENDED = "ended", _("Ended")


class Escalation(TenantModel):
    """What happens to one case that stalls: the policy as it was laid out (policy.Planned as dicts), the next step and when
    it is due. `about` is the case's deadline that it is about, or the appointment's start where nothing is missing from
    the patient; `start` the appointment's. With another of either it is over."""

    case = TenantForeignKey(Case, on_delete=models.CASCADE, related_name="escalations")
    steps = models.JSONField(_("steps"), default=list)
    deadline = models.DateTimeField(_("deadline"))
    about = models.DateTimeField(null=True)
    start = models.DateTimeField(null=True)
    next_step = models.PositiveIntegerField(_("next step"), default=0)
    next_at = models.DateTimeField(_("due"), null=True)
    state = models.CharField(_("state"), max_length=14, choices=EscalationState.choices, default="active")
    started_at = models.DateTimeField(_("started"))
    ended_at = models.DateTimeField(_("ended"), null=True)

    class Meta(TenantModel.Meta):
        verbose_name = _("escalation")
        verbose_name_plural = _("escalations")
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(
                fields=("practice", "case"), name="one_running_escalation", condition=~models.Q(state="ended")
            ),
            SameTenant(field="case", to="prerequisites.Case", name="escalation_case_same_practice"),
        ]
        indexes = [
            models.Index(
                fields=("next_at",), name="escalations_due", condition=models.Q(next_at__isnull=False)
            )
        ]

    def __str__(self) -> str:
        return str(self.pk)


class TaskState(models.TextChoices):
    OPEN = "open", _("Open")
    DONE = "done", _("Done")
    CLOSED = "closed", _("Cause is gone")


class TaskKind(models.TextChoices):
    """Why a person has to act. The wording comes from here and the case."""

    CALL_PATIENT = "call_patient", _("Call the patient")
    ADD_CONTACT = "add_contact", _("Add a contact")
    CHECK_MESSAGE = "check_message", _("Find out whether the message arrived")
    LINK_LOCKED = "link_locked", _("Wrong date of birth, link locked")
    CONFIRM_BIRTH_DATE = "confirm_birth_date", _("Confirm the date of birth")
    CANNOT_GET = "cannot_get", _("Patient can't get it")
    INFECTED_FILE = "infected_file", _("File refused by the virus scanner")
    REPLY = "reply", _("Patient wrote back")
    QUESTION = "question", _("Patient asks something")
    NOT_ME = "not_me", _("Link reached somebody else")
    TOO_LATE = "too_late", _("Can no longer be had in time")
    REVIEW = "review", _("Review before the appointment")
    RELEASE_SLOT = "release_slot", _("Save the slot")
    NOTIFY_MANAGER = "notify_manager", _("Not ready in time")


class TaskOutcome(models.TextChoices):
    """What came of a task. That a slot was released or kept is said of those that ask for it."""

    REACHED = "reached", _("Reached, it is settled")
    WILL_COME = "will_come", _("Reached, it will come")
    VOICEMAIL = "voicemail", _("Left a message")
    NOT_REACHED = "not_reached", _("Not reached")
    OTHERWISE = "otherwise", _("Settled otherwise")
    RELEASED = "released", _("Released in Doctolib")
    KEPT_IN_TIME = "kept_in_time", _("Kept: it will come in time")
    KEPT_BROUGHT = "kept_brought", _("Kept: the patient brings it along")
    KEPT_PHYSICIAN = "kept_physician", _("Kept: a physician decided so")
    KEPT_OTHERWISE = "kept_otherwise", _("Kept: another reason")


class Task(TenantModel):
    """Something a person of the practice has to do. `cause` makes it unique while open; it closes when its cause is gone.
    One that was done keeps quiet until `cause_gone_at`: after that the same cause is a new one."""

    case = TenantForeignKey(Case, on_delete=models.CASCADE, null=True, related_name="tasks")
    kind = models.CharField(_("kind"), max_length=20, choices=TaskKind.choices)
    cause = models.CharField(max_length=120)
    role = models.CharField(_("for"), max_length=10, choices=Role.choices, default=Role.STAFF)
    state = models.CharField(_("state"), max_length=8, choices=TaskState.choices, default=TaskState.OPEN)
    due_at = models.DateTimeField(_("by"), null=True)
    created_at = models.DateTimeField(_("since"))
    closed_at = models.DateTimeField(_("closed"), null=True)
    cause_gone_at = models.DateTimeField(_("reason gone"), null=True)
    closed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    outcome = models.CharField(
        _("outcome"), max_length=16, choices=TaskOutcome.choices, blank=True, default="", db_default=""
    )
    taken_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    taken_at = models.DateTimeField(_("taken over"), null=True)
    snoozed_until = models.DateTimeField(_("put off until"), null=True)

    class Meta(TenantModel.Meta):
        verbose_name = _("task")
        verbose_name_plural = _("tasks")
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(
                fields=("practice", "cause"), name="one_open_task_a_cause", condition=models.Q(state="open")
            ),
            SameTenant(field="case", to="prerequisites.Case", name="task_case_same_practice"),
        ]
        indexes = [models.Index(fields=("practice", "case"), name="tasks_of_case")]

    def __str__(self) -> str:
        return self.get_kind_display()


class FindingKind(models.TextChoices):
    """What the auditor finds wrong."""

    CASE_WITHOUT_STEP = "case_without_step", _("Open case without a next step")
    CASE_LEFT_BEHIND = "case_left_behind", _("Case whose next step is long due")
    MESSAGE_HANGS = "message_hangs", _("Message that hangs")
    FEED_OVERDUE = "feed_overdue", _("Calendar that is not polled")
    BEAT_SILENT = "beat_silent", _("No tick for a while")


class Finding(models.Model):
    """Something that the auditor found, over all practices: numbers and codes only. It is open until it is gone; `mended` says
    that it was queued anew."""

    kind = models.CharField(_("what"), max_length=20, choices=FindingKind.choices)
    practice_number = models.BigIntegerField(_("practice"), default=0)
    subject = models.BigIntegerField(_("which"), default=0)
    found_at = models.DateTimeField(_("found"))
    seen_at = models.DateTimeField(_("last seen"))
    mended_at = models.DateTimeField(_("queued anew"), null=True)
    gone_at = models.DateTimeField(_("gone"), null=True)

    class Meta:
        verbose_name = _("finding")
        verbose_name_plural = _("findings of the auditor")
        constraints = [
            models.UniqueConstraint(
                fields=("kind", "practice_number", "subject"),
                name="found_once_while_there",
                condition=models.Q(gone_at=None),
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.subject}"


class Pulse(models.Model):
    """When something that runs by itself last ran: the tick, the auditor, its word to the outside."""

    name = models.CharField(_("what"), max_length=20, unique=True)
    at = models.DateTimeField(_("last"))

    class Meta:
        verbose_name = _("sign of life")
        verbose_name_plural = _("signs of life")

    def __str__(self) -> str:
        return self.name
