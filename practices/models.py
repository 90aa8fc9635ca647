"""Practices (the tenants), the people who work in them, and the record."""

import base64
from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.contrib.postgres.fields import ArrayField
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.db.models.fields.json import KT
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from practices import tenancy, vault
from practices.access import ApiToken as ApiToken
from practices.access import ApiWrite as ApiWrite
from practices.access import CalendarLink as CalendarLink
from practices.access import Delivery as Delivery
from practices.access import Scope as Scope
from practices.access import SupportGrant as SupportGrant
from practices.access import Webhook as Webhook
from practices.tenant_models import SameTenant, TenantForeignKey, TenantModel


class UserManager(BaseUserManager["User"]):
    """Users are known by their e-mail address, in lower case."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        user = self.model(email=email.lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """An operator: signs in to the admin's own process."""
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email=(username or "").lower())


class User(AbstractBaseUser, PermissionsMixin):
    """A person who signs in. What they may do in a practice is their membership's role; operators have is_staff.
    Sessions begun before `sessions_ended` was raised are over."""

    email = models.EmailField(_("e-mail address"), unique=True)
    name = models.CharField(_("name"), max_length=120)
    language = models.CharField(_("language"), max_length=8, blank=True, default="")
    is_staff = models.BooleanField(_("operator"), default=False)
    is_active = models.BooleanField(_("active"), default=True)
    date_joined = models.DateTimeField(_("joined"), auto_now_add=True)
    sessions_ended = models.PositiveIntegerField(default=0, db_default=0, editable=False)

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    objects: ClassVar[UserManager] = UserManager()

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")

    def __str__(self) -> str:
        return self.name or self.email

    @property
    def first_name(self) -> str:
        """What the board says good morning to."""
        return self.name.split(" ")[0] if self.name else ""

    @property
    def initials(self) -> str:
        words = self.name.split()
        return "".join(word[0] for word in words[:1] + words[1:][-1:]).upper()

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """What a session must know to go on: Django's own (the password), and how often sessions were ended."""
        known: str = super()._get_session_auth_hash(secret=secret)  # type: ignore[misc]  # not in the stubs
        if not self.sessions_ended:
            return known
        salt, ended = "practices.User.sessions_ended", f"{known}:{self.sessions_ended}"
        return salted_hmac(salt, ended, secret=secret, algorithm="sha256").hexdigest()


class OperatorSession(AbstractBaseSession):
    """A session in the operators' process. The product's login has no right on this table."""


class OperatorCache(models.Model):
    """The table of Django's DatabaseCache in the operators' process: it counts wrong passwords there."""

    cache_key = models.CharField(max_length=255, primary_key=True)
    value = models.TextField()
    expires = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return self.cache_key


class PracticeManager(models.Manager["Practice"]):
    """The practice in scope; all of them for the operator's role."""

    def get_queryset(self) -> models.QuerySet["Practice"]:
        if tenancy.current_or_none() is None and tenancy.sees_all():
            return super().get_queryset()
        return super().get_queryset().filter(pk=tenancy.current())


def usual_countries() -> list[str]:
    """Where texts may go unless the practice says otherwise."""
    return ["DE", "FR", "IT", "CH"]


class Practice(models.Model):
    """The tenant. Times of day are in `time_zone`; `region` (ISO 3166-2) chooses the holidays.

    A new practice runs in the shadow: all is computed and shown, nothing goes out until its manager switches `sending` on.
    `stopped` is the operators' own switch. `sealed_twilio` is a provider account of its own (messaging/accounts.py).
    `accent` (#rrggbb) and `logo` (a PNG that we drew) are what patients see; `setup_passed` names the steps of the set-up,
    with spaces between them, that were gone through without leaving a fact.
    """

    name = models.CharField(_("name"), max_length=160)
    sender_name = models.CharField(
        _("name in messages"),
        max_length=60,
        help_text=_("Short and neutral: it must not name the speciality."),
    )
    address = models.CharField(_("address"), max_length=200, blank=True)
    phone = models.CharField(_("phone"), max_length=20, blank=True)
    fax = models.CharField(_("fax"), max_length=20, blank=True, default="", db_default="")
    email = models.EmailField(_("e-mail for documents"), blank=True, default="", db_default="")
    imprint = models.TextField(_("imprint"), max_length=4000, blank=True, default="", db_default="")
    privacy = models.TextField(_("privacy notice"), max_length=10_000, blank=True, default="", db_default="")
    country = models.CharField(_("country"), max_length=2, default="DE")
    region = models.CharField(_("region"), max_length=6, blank=True)
    time_zone = models.CharField(_("time zone"), max_length=64, default="Europe/Berlin")
    languages = ArrayField(models.CharField(max_length=8), verbose_name=_("languages"), default=list)
    channels = ArrayField(models.CharField(max_length=10), verbose_name=_("channels in order"), default=list)
    sms_sender = models.CharField(_("SMS sender"), max_length=20, blank=True)
    whatsapp_sender = models.CharField(
        _("WhatsApp sender"), max_length=20, blank=True, default="", db_default=""
    )
    sealed_twilio = models.BinaryField(null=True, editable=False)
    quiet_from = models.TimeField(_("quiet from"), default="20:00")
    quiet_until = models.TimeField(_("quiet until"), default="08:00")
    fallback_hours = models.PositiveSmallIntegerField(
        _("hours until another channel is tried (0: never)"), default=24, db_default=24
    )
    days_of_rest = models.BooleanField(
        _("no messages on Sundays and public holidays"), default=True, db_default=True
    )
    doctolib_reminds = models.BooleanField(
        _("Doctolib reminds patients of appointments"), default=True, db_default=True
    )
    says_thanks = models.BooleanField(_("thanks when all is there"), default=False, db_default=False)
    weekly_cap = models.PositiveSmallIntegerField(_("messages a patient and week"), default=3, db_default=3)
    number_cap = models.PositiveSmallIntegerField(_("texts a number and day"), default=3, db_default=3)
    daily_cap = models.PositiveIntegerField(_("texts a day"), default=500, db_default=500)
    sms_countries = ArrayField(
        models.CharField(max_length=2), verbose_name=_("countries that get texts"), default=usual_countries
    )
    sending = models.BooleanField(_("sends messages"), default=False)
    stopped = models.BooleanField(_("stopped by the operators"), default=False, db_default=False)
    accent = models.CharField(_("colour"), max_length=7, blank=True, default="", db_default="")
    logo = models.BinaryField(null=True, editable=False)
    setup_passed = models.CharField(max_length=200, blank=True, default="", db_default="", editable=False)
    text_price = models.DecimalField(
        _("price of a text"), max_digits=6, decimal_places=4, null=True, blank=True
    )
    wrapped_key = models.BinaryField(editable=False, default=vault.new_practice_key)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    objects: ClassVar[PracticeManager] = PracticeManager()

    class Meta:
        verbose_name = _("practice")
        verbose_name_plural = _("practices")

    def __str__(self) -> str:
        return self.name

    @property
    def language(self) -> str:
        """The practice's first language: what patients get whose own is not known."""
        return self.languages[0] if self.languages else "de"

    def language_for(self, user: User) -> str:
        """The one a person has chosen, else the practice's."""
        return user.language or self.language

    @property
    def logo_address(self) -> str:
        """The logo as an address that holds it; empty without one."""
        return f"data:image/png;base64,{base64.b64encode(self.logo).decode()}" if self.logo else ""

    def key(self) -> bytes:
        """The practice's encryption key, unwrapped."""
        return vault.practice_key(bytes(self.wrapped_key))


class Brake(models.Model):
    """The operators' switch for everybody: while it is pulled nothing goes out to any patient. One row."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    pulled_at = models.DateTimeField(_("pulled"), null=True, blank=True)

    class Meta:
        verbose_name = _("brake")
        verbose_name_plural = _("brake")
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="one_brake")]

    def __str__(self) -> str:
        return str(self.pulled_at or "")


class Role(models.TextChoices):
    """What a member may do. A physician may also sign off plans and waive blocking items; a viewer reads."""

    MANAGER = "manager", _("Practice manager")
    STAFF = "staff", _("Reception")
    PHYSICIAN = "physician", _("Physician")
    VIEWER = "viewer", _("Viewer")


class Membership(TenantModel):
    """A person's role in a practice. One person may belong to several."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+", verbose_name=_("person"))
    role = models.CharField(_("role"), max_length=10, choices=Role.choices)
    active = models.BooleanField(_("active"), default=True)

    class Meta(TenantModel.Meta):
        verbose_name = _("membership")
        verbose_name_plural = _("memberships")
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=("practice", "user"), name="one_membership_a_person"),
        ]

    def __str__(self) -> str:
        return f"{self.user}, {self.get_role_display()}"


class Invitation(TenantModel):
    """Somebody may become a member by a link that was mailed: once, until it expires. Only the token's hash is kept."""

    email = models.EmailField(_("e-mail address"))
    name = models.CharField(_("name"), max_length=120, blank=True)
    role = models.CharField(_("role"), max_length=10, choices=Role.choices)
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    sent_at = models.DateTimeField(_("sent"))
    expires_at = models.DateTimeField(_("expires"))
    accepted_at = models.DateTimeField(_("accepted"), null=True)
    withdrawn_at = models.DateTimeField(_("withdrawn"), null=True)

    class Meta(TenantModel.Meta):
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(
                fields=("practice", "email"),
                name="one_open_invitation_an_address",
                condition=models.Q(accepted_at=None, withdrawn_at=None),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.pk}"


class SavedView(TenantModel):
    """A way to look at the board that somebody keeps under a name. `query` is the board's address, without a search."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+", db_index=False)
    name = models.CharField(_("name"), max_length=40)
    query = models.CharField(max_length=300)

    class Meta(TenantModel.Meta):
        verbose_name = _("saved view")
        verbose_name_plural = _("saved views")
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=("practice", "user", "name"), name="one_saved_view_a_name"),
        ]

    def __str__(self) -> str:
        return self.name


class ActorKind(models.TextChoices):
    SYSTEM = "system", _("Treffa")
    STAFF = "staff", _("Practice")
    PATIENT = "patient", _("Patient")
    PROVIDER = "provider", _("Provider")
    OPERATOR = "operator", _("Operator of Treffa")


class RecordEntry(TenantModel):
    """One thing that happened: who, when, what. Only ever inserted. `data` holds ids and codes;
    `personal` (wording, answers, reasons, names) is a salt and JSON, sealed with the patient's key, so that erasure
    destroys the key and the chain still verifies; `commitment` is the SHA-256 of salt and JSON, by which who holds both
    can prove the text without the key (empty in entries from before)."""

    at = models.DateTimeField(_("at"))
    event = models.CharField(_("event"), max_length=60)
    actor_kind = models.CharField(_("by"), max_length=10, choices=ActorKind.choices)
    actor_id = models.BigIntegerField(_("person"), null=True)
    case_id = models.BigIntegerField(_("case"), null=True)
    patient_id = models.BigIntegerField(_("patient"), null=True)
    data = models.JSONField(_("data"), default=dict)
    personal = models.BinaryField(null=True, editable=False)
    commitment = models.CharField(max_length=64, blank=True, default="", db_default="", editable=False)

    class Meta(TenantModel.Meta):
        verbose_name = _("record entry")
        verbose_name_plural = _("record entries")
        indexes = [
            models.Index(fields=("practice", "case_id", "at"), name="record_of_case"),
            models.Index(fields=("practice", "at"), name="record_in_time"),
            # What an evidence record gathers beside the entries of its case.
            models.Index(
                "practice",
                KT("data__appointment"),
                name="record_of_appointment",
                condition=models.Q(case_id=None),
            ),
            models.Index(
                fields=("practice", "patient_id"),
                name="record_of_patient",
                condition=models.Q(case_id=None),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.event}"


class UnsealedEntry(TenantModel):
    """The sealer's queue: entries that no seal covers yet."""

    entry = TenantForeignKey(RecordEntry, on_delete=models.CASCADE, related_name="+")

    class Meta(TenantModel.Meta):
        constraints = [
            *TenantModel.Meta.constraints,
            SameTenant(field="entry", to="practices.RecordEntry", name="unsealed_entry_same_practice"),
        ]

    def __str__(self) -> str:
        return str(self.entry_id)


class Seal(TenantModel):
    """A link of the practice's chain: the digest over the previous digest and the listed entries, in order of id, as
    `version` says (practices/chain.py); `root` is that of the tree over them."""

    number = models.BigIntegerField(_("number"))
    at = models.DateTimeField(_("at"))
    previous = models.CharField(_("previous digest"), max_length=64)
    digest = models.CharField(_("digest"), max_length=64)
    entry_ids = ArrayField(models.BigIntegerField(), verbose_name=_("entries"))
    version = models.PositiveSmallIntegerField(default=1, db_default=1)
    root = models.CharField(max_length=64, blank=True, default="", db_default="")

    class Meta(TenantModel.Meta):
        verbose_name = _("seal")
        verbose_name_plural = _("seals")
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=("practice", "number"), name="seals_form_one_chain"),
        ]

    def __str__(self) -> str:
        return f"{self.number}"


class DailyHead(TenantModel):
    """The last link of the chain at the end of a day, mailed to the practice as a witness outside. Not `mailed` where
    nothing but such mails had happened since the one before."""

    day = models.DateField(_("day"))
    number = models.BigIntegerField(_("seal"))
    digest = models.CharField(_("digest"), max_length=64)
    at = models.DateTimeField(_("at"))
    mailed = models.BooleanField(_("mailed"), default=True)

    class Meta(TenantModel.Meta):
        verbose_name = _("daily head of the record")
        verbose_name_plural = _("daily heads of the record")
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=("practice", "day"), name="one_head_a_day"),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.number}"
