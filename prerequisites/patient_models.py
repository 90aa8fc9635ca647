"""What the patient's page keeps beside the case: files on their way, links of helpers, what the practice is told."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from practices.models import ActorKind, User
from practices.tenant_models import SameTenant, TenantForeignKey, TenantModel


class HelperLink(TenantModel):
    """A link for somebody who helps: without a requirement for a relative, who sees what the patient sees; with one for the
    practice that refers, good for that item only. The token is recomputed from the id; only its hash is stored."""

    case = TenantForeignKey("prerequisites.Case", on_delete=models.CASCADE, related_name="helper_links")
    requirement = TenantForeignKey(
        "prerequisites.Requirement", on_delete=models.CASCADE, null=True, related_name="helper_links"
    )
    token_hash = models.CharField(max_length=64, unique=True)
    by = models.CharField(_("by"), max_length=10, choices=ActorKind.choices)
    user = models.ForeignKey(User, on_delete=models.PROTECT, null=True, db_index=False, related_name="+")
    made_at = models.DateTimeField(_("made"))
    expires_at = models.DateTimeField(_("expires"))
    used_at = models.DateTimeField(_("first used"), null=True)
    ended_at = models.DateTimeField(_("ended"), null=True)

    class Meta(TenantModel.Meta):
        verbose_name = _("link of a helper")
        verbose_name_plural = _("links of helpers")
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(
                fields=("practice", "case", "requirement"),
                name="one_open_helper_link",
                condition=models.Q(ended_at=None),
                nulls_distinct=False,
            ),
            SameTenant(field="case", to="prerequisites.Case", name="helper_case_same_practice"),
            SameTenant(field="requirement", to="prerequisites.Requirement", name="helper_req_same_practice"),
        ]

    def __str__(self) -> str:
        return str(self.pk)


class UploadState(models.TextChoices):
    ARRIVING = "arriving", _("On its way")
    READY = "ready", _("Arrived")


class Upload(TenantModel):
    """A file from a phone that is not handed in yet. It comes in pieces, each sealed with the practice's key; once whole it
    is rebuilt, and the rebuilt file takes the pieces' place. `key` is the phone's own name for it, so that a piece sent
    twice counts once and an upload goes on where it stopped; `findings` say what is hard to read, `turn` is clockwise."""

    requirement = TenantForeignKey(
        "prerequisites.Requirement", on_delete=models.CASCADE, related_name="uploads"
    )
    key = models.CharField(max_length=32)
    position = models.PositiveIntegerField(default=0)
    state = models.CharField(max_length=8, choices=UploadState.choices, default=UploadState.ARRIVING)
    size = models.PositiveIntegerField(_("bytes"))
    received = models.PositiveIntegerField(default=0)
    pieces = models.PositiveSmallIntegerField(default=0)
    stored_name = models.CharField(max_length=64)
    content_type = models.CharField(_("type"), max_length=40, blank=True)
    pages = models.PositiveIntegerField(_("pages"), default=1)
    sha256 = models.CharField(_("checksum"), max_length=64, blank=True)
    findings = ArrayField(models.CharField(max_length=10), default=list)
    turn = models.PositiveSmallIntegerField(default=0)
    expires_at = models.DateTimeField(_("expires"))

    class Meta(TenantModel.Meta):
        verbose_name = _("upload")
        verbose_name_plural = _("uploads")
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=("practice", "requirement", "key"), name="upload_key_once"),
            models.CheckConstraint(
                condition=models.Q(received__lte=models.F("size")), name="upload_within_size"
            ),
            models.CheckConstraint(condition=models.Q(turn__in=(0, 90, 180, 270)), name="upload_turn_right"),
            SameTenant(field="requirement", to="prerequisites.Requirement", name="upload_req_same_practice"),
        ]
        indexes = [models.Index(fields=("expires_at",), name="uploads_expire")]

    def __str__(self) -> str:
        return str(self.pk)


class Enquiry(TenantModel):
    """What the patient asked the practice, under the key of what is handed in for the appointment."""

    case = TenantForeignKey("prerequisites.Case", on_delete=models.CASCADE, related_name="enquiries")
    sealed_text = models.BinaryField(editable=False)
    at = models.DateTimeField(_("at"))

    class Meta(TenantModel.Meta):
        verbose_name = _("question to the practice")
        verbose_name_plural = _("questions to the practice")
        constraints = [
            *TenantModel.Meta.constraints,
            SameTenant(field="case", to="prerequisites.Case", name="enquiry_case_same_practice"),
        ]
        indexes = [models.Index(fields=("practice", "case"), name="enquiries_of_case")]

    def __str__(self) -> str:
        return str(self.pk)
