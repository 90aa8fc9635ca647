"""Plans and their prerequisites, cases and their requirements, what was handed in, and the patient's link."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from appointments.models import Appointment, AppointmentType
from practices.models import ActorKind, User
from practices.tenant_models import SameTenant, TenantForeignKey, TenantModel
from prerequisites.choices import Audience, Kind, Obstacle, PlanState, Readiness, RequirementState, ScanState
from prerequisites.patient_models import Enquiry, HelperLink, Upload, UploadState

__all__ = [
    "Audience",
    "Case",
    "Document",
    "Enquiry",
    "HelperLink",
    "Kind",
    "Obstacle",
    "PatientLink",
    "Plan",
    "PlanState",
    "Prerequisite",
    "Readiness",
    "Requirement",
    "RequirementState",
    "ScanState",
    "Submission",
    "Upload",
    "UploadState",
]

NOTHING = models.Value({}, output_field=models.JSONField())


class Plan(TenantModel):
    """The prerequisite template of an appointment type. A published version is never edited: a new one is published."""

    type = TenantForeignKey(AppointmentType, on_delete=models.PROTECT, related_name="plans")
    version = models.PositiveIntegerField(_("version"), default=1)
    state = models.CharField(_("state"), max_length=10, choices=PlanState.choices, default=PlanState.DRAFT)
    name = models.CharField(_("name"), max_length=120)
    pack = models.CharField(_("pack"), max_length=40, blank=True, default="", db_default="")
    published_at = models.DateTimeField(_("published"), null=True, blank=True)
    retired_at = models.DateTimeField(_("retired"), null=True, blank=True)
    signed_off_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    signed_off_at = models.DateTimeField(_("signed off"), null=True, blank=True)

    class Meta(TenantModel.Meta):
        verbose_name = _("plan")
        verbose_name_plural = _("plans")
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=("practice", "type", "version"), name="plan_version_once"),
            models.UniqueConstraint(
                fields=("practice", "type"), name="one_published_plan", condition=models.Q(state="published")
            ),
            SameTenant(field="type", to="appointments.AppointmentType", name="plan_type_same_practice"),
        ]

    def __str__(self) -> str:
        return f"{self.name}, {self.version}"


class Prerequisite(TenantModel):
    """One thing that must be in place. `title` and `text` are {language: text}; the deadline is `days_before` the
    appointment at `time_of_day` in the practice's zone; `questions` is a list of answers.Question as dicts. `code` says what
    it is wherever it is asked for: one that is still valid counts for the patient's next appointment. `condition` and
    `validity` are as the pure modules of those names read them; empty: always, for ever."""

    plan = TenantForeignKey(Plan, on_delete=models.CASCADE, related_name="prerequisites")
    key = models.SlugField(max_length=40)
    position = models.PositiveIntegerField(default=0)
    kind = models.CharField(_("kind"), max_length=16, choices=Kind.choices)
    code = models.SlugField(_("code"), max_length=40, blank=True, default="", db_default="", db_index=False)
    audience = models.CharField(
        _("for whom"),
        max_length=10,
        choices=Audience.choices,
        default=Audience.PATIENT,
        db_default=Audience.PATIENT.value,
    )
    title = models.JSONField(_("title"), default=dict)
    text = models.JSONField(_("text"), default=dict)
    icon = models.CharField(max_length=40, default="file-text")
    blocking = models.BooleanField(_("blocking"), default=True)
    days_before = models.PositiveIntegerField(_("days before"), default=3)
    working_days = models.BooleanField(_("in working days"), default=False, db_default=False)
    time_of_day = models.TimeField(_("time of day"), default="18:00")
    lead_days = models.PositiveIntegerField(_("takes days"), default=0)
    questions = models.JSONField(_("questions"), default=list)
    may_be_brought = models.BooleanField(_("may be brought along"), default=False)
    by_physician = models.BooleanField(_("by a physician only"), default=False, db_default=False)
    condition = models.JSONField(_("condition"), default=dict, db_default=NOTHING, blank=True)
    validity = models.JSONField(_("validity"), default=dict, db_default=NOTHING, blank=True)
    source = models.CharField(_("source"), max_length=300, blank=True, default="", db_default="")
    source_checked = models.DateField(_("source checked"), null=True, blank=True)

    class Meta(TenantModel.Meta):
        verbose_name = _("prerequisite")
        verbose_name_plural = _("prerequisites")
        ordering = ("position", "id")
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=("practice", "plan", "key"), name="prerequisite_key_once"),
            SameTenant(field="plan", to="prerequisites.Plan", name="prerequisite_plan_same_practice"),
        ]

    def __str__(self) -> str:
        return self.said("title", "de")

    def said(self, field: str, language: str) -> str:
        """The title or text in the language, else in German, else in any there is."""
        texts: dict[str, str] = getattr(self, field)
        return texts.get(language) or texts.get("de") or next(iter(texts.values()), "")

    @property
    def ours(self) -> bool:
        """Whether the practice sees to it (as rules.Item has it): its checks, and what it gets from others than the patient."""
        of_others = self.audience != Audience.PATIENT and self.kind != Kind.INFORMATION
        return self.kind == Kind.STAFF_CHECK or of_others


class Case(TenantModel):
    """The preparation of one appointment. `due_at` is the next moment at which time alone changes its readiness;
    `requests_due_at` tells messaging when to look; both are null when nothing is to come. `planned_start` is the
    appointment's start that the deadlines were made for. `doubtful_since`: since when the forecast says that it won't be
    ready in time; a later stage knows and says so (docs/decisions.md). `facts_missing` (conditions.PERSONAL) is what nobody
    knows of the patient though something that blocks hangs on it. `ready_at`: since when nothing that blocks is missing,
    kept once the case is closed: what is later than the appointment's start came too late. `readiness_at_start`: how it
    stood when the appointment began (or its outcome was marked, if before); empty until then. `assigned_to`: who of the
    practice cares for it, where that was said."""

    appointment = TenantForeignKey(Appointment, on_delete=models.PROTECT, related_name="cases")
    plan = TenantForeignKey(Plan, on_delete=models.PROTECT, related_name="cases")
    readiness = models.CharField(_("readiness"), max_length=16, choices=Readiness.choices)
    readiness_since = models.DateTimeField(_("since"))
    deadline = models.DateTimeField(_("next deadline"), null=True)
    due_at = models.DateTimeField(null=True)
    requests_due_at = models.DateTimeField(null=True)
    escalation_due_at = models.DateTimeField(null=True)
    opened_at = models.DateTimeField(_("opened"))
    closed_at = models.DateTimeField(_("closed"), null=True)
    planned_start = models.DateTimeField(_("planned for"), null=True)
    link_opened_at = models.DateTimeField(_("link first used"), null=True)
    link_renewed_at = models.DateTimeField(_("link replaced"), null=True)
    doubtful_since = models.DateTimeField(_("doubtful since"), null=True)
    facts_missing = ArrayField(
        models.CharField(max_length=12),
        verbose_name=_("not known"),
        db_default=[],
        default=list,
        editable=False,
    )
    ready_at = models.DateTimeField(_("ready since"), null=True)
    readiness_at_start = models.CharField(
        _("readiness at the appointment"),
        max_length=16,
        choices=Readiness.choices,
        blank=True,
        default="",
        db_default="",
    )
    assigned_to = models.ForeignKey(
        User,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        db_index=False,
        verbose_name=_("cared for by"),
    )

    class Meta(TenantModel.Meta):
        verbose_name = _("case")
        verbose_name_plural = _("cases")
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=("practice", "appointment"), name="one_case_an_appointment"),
            SameTenant(
                field="appointment", to="appointments.Appointment", name="case_appointment_same_practice"
            ),
            SameTenant(field="plan", to="prerequisites.Plan", name="case_plan_same_practice"),
        ]
        indexes = [
            models.Index(fields=("due_at",), name="cases_due", condition=models.Q(due_at__isnull=False)),
            models.Index(
                fields=("requests_due_at",),
                name="cases_requests_due",
                condition=models.Q(requests_due_at__isnull=False),
            ),
            models.Index(
                fields=("escalation_due_at",),
                name="cases_escalation_due",
                condition=models.Q(escalation_due_at__isnull=False),
            ),
            models.Index(fields=("practice", "readiness_since"), name="cases_by_news"),
        ]

    def __str__(self) -> str:
        return str(self.pk)

    @property
    def set_aside(self) -> bool:
        """Whether its plan is not the appointment's any more: that is of no type by now, or of another, or of one that
        never needs anything. Nothing is asked for then, and all that is there stays."""
        type_ = self.appointment.type
        return type_ is None or type_.pk != self.plan.type_id or type_.needs_nothing


class Requirement(TenantModel):
    """One prerequisite of one case. State changes are guarded UPDATEs (prerequisites/operations.py). `sealed_reason`
        is the last reason given (asked again, waived, can't get it), under the patient's key. `document_date` is the document's
        own; `reused_from` is the requirement of an earlier case whose submission counts here, `own_date` then the date of what
        was handed in here and is kept aside; `lapsed_at` is set where what was in place is not valid any more for the appointment's new date; `withdrawn_from` is how it stood when it was
        withdrawn or lapsed, and stands again once it is needed or counts after all; `asked_at` is since when the patient is to see
        to it. `held_by` did the check or held the conversation at `held_at`; `decided_by` is who noted it. `sealed_draft` are answers
    that are not sent yet, under the patient's key."""

    case = TenantForeignKey(Case, on_delete=models.CASCADE, related_name="requirements")
    prerequisite = TenantForeignKey(Prerequisite, on_delete=models.PROTECT, related_name="requirements")
    state = models.CharField(_("state"), max_length=10, choices=RequirementState.choices, default="open")
    withdrawn_from = models.CharField(max_length=10, blank=True, db_default="", default="", editable=False)
    deadline = models.DateTimeField(_("deadline"), null=True)
    bring_along = models.BooleanField(_("bring along"), default=False)
    promised_at = models.DateTimeField(_("patient will bring it"), null=True)
    obstacle = models.CharField(_("can't get it"), max_length=20, choices=Obstacle.choices, blank=True)
    document_date = models.DateField(_("date of the document"), null=True, blank=True)
    reused_from = TenantForeignKey("self", on_delete=models.PROTECT, null=True, related_name="reused_in")
    own_date = models.DateField(null=True, editable=False)
    lapsed_at = models.DateTimeField(_("lapsed"), null=True, blank=True)
    asked_at = models.DateTimeField(_("asked for since"), null=True, blank=True)
    sealed_reason = models.BinaryField(null=True, editable=False)
    sealed_draft = models.BinaryField(null=True, editable=False)
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(_("decided"), null=True)
    held_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, db_index=False, related_name="+"
    )
    held_at = models.DateTimeField(_("held"), null=True, blank=True)
    changed_at = models.DateTimeField(_("changed"))

    class Meta(TenantModel.Meta):
        verbose_name = _("requirement")
        verbose_name_plural = _("requirements")
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=("practice", "case", "prerequisite"), name="required_once_a_case"),
            SameTenant(field="case", to="prerequisites.Case", name="requirement_case_same_practice"),
            SameTenant(
                field="prerequisite", to="prerequisites.Prerequisite", name="requirement_prereq_same_practice"
            ),
            SameTenant(
                field="reused_from", to="prerequisites.Requirement", name="requirement_reused_same_practice"
            ),
        ]
        indexes = [
            models.Index(
                fields=("case",), name="requirements_to_review", condition=models.Q(state="submitted")
            )
        ]

    def __str__(self) -> str:
        return str(self.pk)

    def sealed_context(self, field: str) -> str:
        """What its sealed `answers` or `reason` belongs to: it opens in no other row and no other field."""
        return f"requirement:{self.practice_id}:{self.pk}:{field}"


class Submission(TenantModel):
    """What was handed in for a requirement: files or answers. `sealed_answers` is JSON under the patient's key."""

    requirement = TenantForeignKey(Requirement, on_delete=models.CASCADE, related_name="submissions")
    by = models.CharField(_("by"), max_length=10, choices=ActorKind.choices)
    user = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(_("at"))
    how = models.CharField(_("how"), max_length=40, default="link")
    sealed_answers = models.BinaryField(null=True, editable=False)

    class Meta(TenantModel.Meta):
        verbose_name = _("submission")
        verbose_name_plural = _("submissions")
        constraints = [
            *TenantModel.Meta.constraints,
            SameTenant(
                field="requirement", to="prerequisites.Requirement", name="submission_req_same_practice"
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)


class Document(TenantModel):
    """A stored file of a submission: rebuilt, scanned, sealed with the practice's key. `content_type` is what it is,
    not what it was called; closed to staff until it is clean. `sources`: checksums of the files it was put together from."""

    submission = TenantForeignKey(Submission, on_delete=models.CASCADE, related_name="documents")
    stored_name = models.CharField(max_length=64)
    content_type = models.CharField(_("type"), max_length=40)
    size = models.PositiveIntegerField(_("bytes"))
    pages = models.PositiveIntegerField(_("pages"), default=1)
    sha256 = models.CharField(_("checksum"), max_length=64)
    sources = ArrayField(models.CharField(max_length=64), default=list, db_default=[])
    scan = models.CharField(
        _("virus check"), max_length=10, choices=ScanState.choices, default=ScanState.PENDING
    )
    scan_due_at = models.DateTimeField(null=True)

    class Meta(TenantModel.Meta):
        verbose_name = _("document")
        verbose_name_plural = _("documents")
        constraints = [
            *TenantModel.Meta.constraints,
            SameTenant(field="submission", to="prerequisites.Submission", name="document_sub_same_practice"),
        ]
        indexes = [
            models.Index(
                fields=("scan_due_at",),
                name="documents_to_scan",
                condition=models.Q(scan_due_at__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return str(self.pk)


class PatientLink(TenantModel):
    """The patient's link to a case. The token is recomputed from id and generation; only its hash is stored.
    `disowned_at`: since when it is locked because it reached somebody else."""

    case = TenantForeignKey(Case, on_delete=models.CASCADE, related_name="links")
    generation = models.PositiveIntegerField(default=1)
    token_hash = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField(_("expires"))
    revoked_at = models.DateTimeField(_("revoked"), null=True)
    tries_left = models.PositiveIntegerField(_("tries left"), default=5)
    claimed_birth_date = models.DateField(_("date of birth as told"), null=True)
    disowned_at = models.DateTimeField(_("reached somebody else"), null=True)

    class Meta(TenantModel.Meta):
        verbose_name = _("patient link")
        verbose_name_plural = _("patient links")
        constraints = [
            *TenantModel.Meta.constraints,
            models.UniqueConstraint(fields=("practice", "case"), name="one_link_a_case"),
            SameTenant(field="case", to="prerequisites.Case", name="link_case_same_practice"),
        ]

    def __str__(self) -> str:
        return str(self.pk)
