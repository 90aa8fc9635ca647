"""Policies, escalations and tasks: what happens to a case that is not ready in time, and who has to act."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from practices.models import Role, User
from practices.tenant_models import SameTenant, TenantForeignKey, TenantModel
from prerequisites.models import Case


class Policy(TenantModel):
    """The steps of a practice: a list of policy.Step as dicts. It is snapshotted when an escalation starts."""

    name = models.CharField(_("name"), max_length=120)
    steps = models.JSONField(_("steps"), default=list)

    class Meta(TenantModel.Meta):
        verbose_name = _("policy")
        verbose_name_plural = _("policies")
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=("practice", "name"), name="policy_named_once"),
        ]

    def __str__(self) -> str:
        return self.name


class EscalationState(models.TextChoices):
    ACTIVE = "active", _("Running")
    ACKNOWLEDGED = "acknowledged", _("Taken over")
    ENDED = "ended", _("Ended")


class Escalation(TenantModel):
    """What happens to one case that stalls: the snapshot of the policy, the next step and when it is due."""

    case = TenantForeignKey(Case, on_delete=models.CASCADE, related_name="escalations")
    steps = models.JSONField(_("steps"), default=list)
    deadline = models.DateTimeField(_("deadline"))
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
    TOO_LATE = "too_late", _("Can no longer be had in time")
    NOTIFY_MANAGER = "notify_manager", _("Not ready in time")


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

    def __str__(self) -> str:
        return self.get_kind_display()
