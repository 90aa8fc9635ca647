"""Time that a practice keeps for itself, as its calendars write it."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from practices.tenant_models import SameTenant, TenantForeignKey, TenantModel


class OwnTime(TenantModel):
    """What a calendar's entry, or a series of them, says that was taken for no appointment: shown, so that a patient who
    was taken for a lunch break is found. `starts` in order, at least one; `end` is that of the last. `uid` is a hash."""

    # Found by the UNIQUE that begins with it.
    feed = TenantForeignKey(
        "appointments.Feed", on_delete=models.CASCADE, related_name="own_time", db_index=False
    )
    uid = models.BinaryField(editable=False)
    text = models.CharField(_("text"), max_length=80)
    all_day = models.BooleanField(default=False)
    starts = ArrayField(models.DateTimeField(), verbose_name=_("starts"))
    end = models.DateTimeField(_("end"))

    class Meta(TenantModel.Meta):
        verbose_name = _("own time")
        verbose_name_plural = _("own times")
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=("practice", "feed", "uid", "text"), name="own_time_once"),
            SameTenant(field="feed", to="appointments.Feed", name="own_time_feed_same_practice"),
        ]

    def __str__(self) -> str:
        return self.text
