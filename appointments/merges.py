"""What staff said of two patients: that they are one person, or that they are two. (Part of `models`.)"""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from practices.models import User
from practices.tenant_models import SameTenant, TenantForeignKey, TenantModel


class PatientMerge(TenantModel):
    """Staff said that two patients are one person: `merged` became `kept`. What is needed to take it back: whose
    appointments and rows they were, and, sealed with the key of `kept`, what was known of that one before and after."""

    kept = TenantForeignKey("appointments.Patient", on_delete=models.CASCADE, related_name="+")
    merged = TenantForeignKey("appointments.Patient", on_delete=models.CASCADE, related_name="+")
    user = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, related_name="+", verbose_name=_("person")
    )
    at = models.DateTimeField(_("at"))
    undone_at = models.DateTimeField(_("taken back"), null=True)
    appointment_ids = ArrayField(models.BigIntegerField(), default=list)
    row_ids = ArrayField(models.BigIntegerField(), default=list)
    sealed_before = models.BinaryField(editable=False)

    class Meta(TenantModel.Meta):
        verbose_name = _("merge of patients")
        verbose_name_plural = _("merges of patients")
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(
                fields=("practice", "merged"), condition=models.Q(undone_at=None), name="merged_once"
            ),
            SameTenant(field="kept", to="appointments.Patient", name="merge_kept_same_practice"),
            SameTenant(field="merged", to="appointments.Patient", name="merge_merged_same_practice"),
        ]
        indexes = [models.Index(fields=("practice", "at"), name="merges_in_time")]

    def __str__(self) -> str:
        return str(self.pk)


class PatientsApart(TenantModel):
    """Staff said that two patients are two people: nobody is asked again. `first` has the lower id."""

    first = TenantForeignKey("appointments.Patient", on_delete=models.CASCADE, related_name="+")
    second = TenantForeignKey("appointments.Patient", on_delete=models.CASCADE, related_name="+")
    user = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, related_name="+", verbose_name=_("person")
    )
    at = models.DateTimeField(_("at"))

    class Meta(TenantModel.Meta):
        verbose_name = _("two people")
        verbose_name_plural = _("two people")
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=("practice", "first", "second"), name="apart_said_once"),
            models.CheckConstraint(condition=models.Q(first__lt=models.F("second")), name="apart_in_order"),
            SameTenant(field="first", to="appointments.Patient", name="apart_first_same_practice"),
            SameTenant(field="second", to="appointments.Patient", name="apart_second_same_practice"),
        ]

    def __str__(self) -> str:
        return str(self.pk)
