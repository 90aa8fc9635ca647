"""What somebody looks at before anything is written: a calendar, a table of contacts. (Part of `models`.)"""

from django.db import models
from django.utils.translation import gettext_lazy as _

from practices import vault
from practices.models import User
from practices.tenant_models import SameTenant, TenantForeignKey, TenantModel


class TrialPurpose(models.TextChoices):
    """What becomes of a calendar that somebody looks at."""

    ADD = "add", _("New calendar")
    RULES = "rules", _("Other rules")
    LINK = "link", _("Another link")


class FeedTrial(TenantModel):
    """A look at a calendar before anything is written: a person's link and rules, and for an hour what was read with
    them, sealed with the practice's key. `due_at` is set until it was looked at, `reason` if it can't be read;
    once accepted, link and entries are gone and `feed` is what became of it."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+", verbose_name=_("person"))
    purpose = models.CharField(max_length=8, choices=TrialPurpose.choices)
    feed = TenantForeignKey("appointments.Feed", on_delete=models.CASCADE, null=True, related_name="+")
    sealed_url = models.BinaryField(editable=False)
    name = models.CharField(_("name"), max_length=120, blank=True)
    practitioner = models.CharField(_("practitioner"), max_length=120, blank=True)
    rules = models.JSONField(_("rules"), default=dict)
    due_at = models.DateTimeField(null=True)
    tries = models.PositiveSmallIntegerField(default=0)
    reason = models.CharField(_("reason"), max_length=40, blank=True)
    sealed_found = models.BinaryField(null=True, editable=False)
    accepted_at = models.DateTimeField(_("accepted"), null=True)
    expires_at = models.DateTimeField(_("expires"))

    class Meta(TenantModel.Meta):
        verbose_name = _("look at a calendar")
        verbose_name_plural = _("looks at calendars")
        constraints = [
            *TenantModel.Meta.constraints,
            SameTenant(field="feed", to="appointments.Feed", name="trial_feed_same_practice"),
        ]
        indexes = [models.Index(fields=("due_at",), name="trials_due")]

    def __str__(self) -> str:
        return f"{self.purpose} {self.pk}"

    def url(self) -> str:
        """The link itself, for the look at it and for the person who typed it."""
        key = self.practice.key()
        return vault.unseal(key=key, sealed=bytes(self.sealed_url), context="feed-url").decode()


class ContactImport(TenantModel):
    """A table of contacts that somebody is about to take over: its cells for an hour, sealed with the practice's key; what
    its columns mean; and, once taken over, how many rows were what. Nothing of it is written before."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+", verbose_name=_("person"))
    sealed_table = models.BinaryField(null=True, editable=False)
    columns = models.JSONField(default=dict)
    overwrite = models.BooleanField(default=False)
    result = models.JSONField(null=True)
    expires_at = models.DateTimeField(_("expires"))

    class Meta(TenantModel.Meta):
        verbose_name = _("import of contacts")
        verbose_name_plural = _("imports of contacts")

    def __str__(self) -> str:
        return str(self.pk)
