"""What became of an appointment: the yardstick of the whole product."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from practices.models import User
from practices.tenant_models import SameTenant, TenantModel


class OutcomeKind(models.TextChoices):
    PERFORMED = "performed", _("Performed")
    NOT_PERFORMABLE = "not_performable", _("Not performable")
    NO_SHOW = "no_show", _("Did not come")


class OutcomeReason(models.TextChoices):
    """Why it could not be performed: codes, as a free text would hold health facts in the clear."""

    DOCUMENT_MISSING = "document_missing", _("A document was missing")
    VALUES_MISSING = "values_missing", _("Values were missing or too old")
    NOT_PREPARED = "not_prepared", _("Not prepared (fasting, medicine)")
    NO_CONSENT = "no_consent", _("No consent")
    MEDICAL = "medical", _("For medical reasons")
    PRACTICE = "practice", _("Reason in the practice (device, staff)")
    OTHER = "other", _("Another reason")


class Outcome(TenantModel):
    """What became of an appointment, as staff marked it: one row an appointment, taken back by deleting it (the record
    keeps both). Only what was not performable has a reason."""

    appointment = models.OneToOneField(
        "appointments.Appointment", on_delete=models.CASCADE, db_constraint=False, related_name="outcome"
    )
    kind = models.CharField(_("outcome"), max_length=16, choices=OutcomeKind.choices)
    reason = models.CharField(_("reason"), max_length=20, choices=OutcomeReason.choices, blank=True)
    marked_at = models.DateTimeField(_("marked"))
    marked_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta(TenantModel.Meta):
        verbose_name = _("outcome")
        verbose_name_plural = _("outcomes")
        constraints = [
            *TenantModel.Meta.constraints,
            models.CheckConstraint(
                condition=models.Q(kind="not_performable") ^ models.Q(reason=""),
                name="reason_of_what_was_not_performable",
            ),
            SameTenant(
                field="appointment", to="appointments.Appointment", name="outcome_appointment_same_practice"
            ),
        ]

    def __str__(self) -> str:
        return str(self.get_kind_display())
