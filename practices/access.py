"""Who outside the staff's pages may look in, and who is told: calendar links, tokens of the API, webhooks, support."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from practices.tenant_models import SameTenant, TenantForeignKey, TenantModel


class CalendarLink(TenantModel):
    """A link under which a calendar app reads how ready the appointments are: of one practitioner as the calendars name
    them, or of all. The token is recomputed from id and generation; only its hash is stored. Revoked for good at
    `revoked_at`. `says_type`: whether the type of the appointment, which may tell about health, stands in it."""

    name = models.CharField(_("name"), max_length=80)
    practitioner = models.CharField(_("practitioner"), max_length=120, blank=True)
    says_type = models.BooleanField(_("names the examination"), default=False)
    generation = models.PositiveIntegerField(default=1)
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    made_by = models.ForeignKey("practices.User", on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField(_("made"))
    read_at = models.DateTimeField(_("last read"), null=True)
    revoked_at = models.DateTimeField(_("revoked"), null=True)

    class Meta(TenantModel.Meta):
        verbose_name = _("calendar link")
        verbose_name_plural = _("calendar links")

    def __str__(self) -> str:
        return self.name


class Scope(models.TextChoices):
    """What a token of the API may do."""

    READ = "read", _("Read cases and what they require")
    RECEIVE = "receive", _("Mark as received")
    CONTACT = "contact", _("Add contacts")


class ApiToken(TenantModel):
    """A key by which another system of the practice uses the API. Shown once; only its hash is stored, and its end, by which
    people know it again."""

    name = models.CharField(_("name"), max_length=80)
    scopes = ArrayField(models.CharField(max_length=10, choices=Scope.choices), verbose_name=_("may"))
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    ending = models.CharField(_("ends in"), max_length=4)
    made_by = models.ForeignKey("practices.User", on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField(_("made"))
    used_at = models.DateTimeField(_("last used"), null=True)
    revoked_at = models.DateTimeField(_("revoked"), null=True)

    class Meta(TenantModel.Meta):
        verbose_name = _("API token")
        verbose_name_plural = _("API tokens")

    def __str__(self) -> str:
        return f"{self.name} …{self.ending}"

    def get_scope_names(self) -> list[str]:
        """What it may, in words."""
        return [str(Scope(scope).label) for scope in self.scopes]


class ApiWrite(TenantModel):
    """What a write of the API answered, by the key that its caller gave it: the same once more does nothing and is answered
    alike. `digest` is of what was asked, so that the key of another write is seen; without a status it is under way."""

    token = TenantForeignKey(ApiToken, on_delete=models.CASCADE, related_name="+", db_index=False)
    key = models.CharField(max_length=80)
    digest = models.CharField(max_length=64)
    at = models.DateTimeField()
    status = models.PositiveSmallIntegerField(null=True)
    answer = models.JSONField(default=dict)

    class Meta(TenantModel.Meta):
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=("practice", "token", "key"), name="api_write_once"),
            SameTenant(field="token", to="practices.ApiToken", name="api_write_token_same_practice"),
        ]
        indexes = [models.Index(fields=("practice", "at"), name="api_writes_by_time")]

    def __str__(self) -> str:
        return self.key


class Webhook(TenantModel):
    """An address of another system that is told when the readiness of a case changes. Address and secret are sealed with the
    practice's key. It is told of what changes after `made_at`. `looked_at`: until when changes were looked for. `failing_since`: since when nothing was taken; after
    days of that it is `disabled_at`."""

    name = models.CharField(_("name"), max_length=80)
    host = models.CharField(_("host"), max_length=253)
    sealed_url = models.BinaryField(editable=False)
    sealed_secret = models.BinaryField(editable=False)
    made_by = models.ForeignKey("practices.User", on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField(_("since"))
    looked_at = models.DateTimeField()
    failing_since = models.DateTimeField(_("failing since"), null=True)
    disabled_at = models.DateTimeField(_("switched off"), null=True)
    removed_at = models.DateTimeField(_("removed"), null=True)

    class Meta(TenantModel.Meta):
        verbose_name = _("webhook")
        verbose_name_plural = _("webhooks")

    def __str__(self) -> str:
        return self.name

    @property
    def active(self) -> bool:
        return self.disabled_at is None and self.removed_at is None


class Delivery(TenantModel):
    """One event for one webhook: that the readiness of a case changed, at `since`, to `readiness`. Its id is the event's in
    all tries. `due_at` is when to try next; null once it was taken or given up."""

    webhook = TenantForeignKey(Webhook, on_delete=models.CASCADE, related_name="deliveries", db_index=False)
    case_id = models.BigIntegerField(_("case"))
    readiness = models.CharField(_("readiness"), max_length=16)
    since = models.DateTimeField(_("since"))
    made_at = models.DateTimeField(_("made"))
    due_at = models.DateTimeField(_("due"), null=True)
    tries = models.PositiveSmallIntegerField(_("tries"), default=0)
    tried_at = models.DateTimeField(_("last try"), null=True)
    taken_at = models.DateTimeField(_("taken"), null=True)
    status = models.PositiveSmallIntegerField(_("answer"), null=True)
    problem = models.CharField(_("problem"), max_length=40, blank=True)

    class Meta(TenantModel.Meta):
        verbose_name = _("delivery to a webhook")
        verbose_name_plural = _("deliveries to webhooks")
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=("practice", "webhook", "case_id", "since"), name="told_once"),
            SameTenant(field="webhook", to="practices.Webhook", name="delivery_webhook_same_practice"),
        ]
        indexes = [
            models.Index(fields=("due_at",), name="deliveries_due", condition=models.Q(due_at__isnull=False))
        ]

    def __str__(self) -> str:
        return str(self.pk)


class SupportGrant(TenantModel):
    """That the operators may look at the practice's data for a while, and why. Without one they see none of it."""

    reason = models.CharField(_("reason"), max_length=200)
    given_by = models.ForeignKey("practices.User", on_delete=models.PROTECT, related_name="+")
    given_at = models.DateTimeField(_("given"))
    until = models.DateTimeField(_("until"))
    ended_at = models.DateTimeField(_("ended"), null=True)

    class Meta(TenantModel.Meta):
        verbose_name = _("support access")
        verbose_name_plural = _("support accesses")
        constraints = [
            *TenantModel.Meta.constraints,
            models.CheckConstraint(
                condition=models.Q(until__gt=models.F("given_at")), name="support_grant_has_an_end"
            ),
        ]
        indexes = [models.Index(fields=("practice", "until"), name="support_grants_by_end")]

    def __str__(self) -> str:
        return self.reason
