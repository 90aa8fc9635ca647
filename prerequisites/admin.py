"""The operators' view of plans and cases. Only drafts are edited; what happened is read-only, answers stay sealed."""

from typing import Any

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from practices.admin import KeptAdmin, ReadOnlyAdmin
from prerequisites.models import (
    Case,
    Document,
    PatientLink,
    Plan,
    PlanState,
    Prerequisite,
    Requirement,
    Submission,
)


class PrerequisiteInline(admin.TabularInline):  # type: ignore[type-arg]  # generic in the stubs only
    """A plan's prerequisites at a glance."""

    model = Prerequisite
    fields = ("position", "key", "kind", "title", "blocking", "days_before", "time_of_day", "lead_days")
    readonly_fields = fields
    extra = 0
    can_delete = False
    show_change_link = True

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(Plan)
class PlanAdmin(KeptAdmin):
    """Plans. A published version is never edited: a new one is published."""

    by_grant = False

    list_display = ("name", "practice", "type", "version", "state", "published_at", "signed_off_by")
    list_filter = ("state",)
    list_select_related = ("practice", "type", "signed_off_by")
    search_fields = ("name", "practice__name")
    inlines = (PrerequisiteInline,)
    readonly_fields = (
        "practice",
        "type",
        "version",
        "state",
        "published_at",
        "signed_off_by",
        "signed_off_at",
    )

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return (obj is None or obj.state == PlanState.DRAFT) and super().has_change_permission(request, obj)


@admin.register(Prerequisite)
class PrerequisiteAdmin(KeptAdmin):
    """Prerequisites of drafts can be edited, those of published plans read."""

    list_display = ("__str__", "plan", "practice", "kind", "blocking", "days_before")
    list_filter = ("kind", "blocking")
    list_select_related = ("plan", "practice")
    search_fields = ("key", "practice__name")
    readonly_fields = ("practice", "plan", "key")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        editable = obj is None or obj.plan.state == PlanState.DRAFT
        return editable and super().has_change_permission(request, obj)


@admin.register(Case)
class CaseAdmin(ReadOnlyAdmin):
    """Cases by number: whose they are is the practice's business."""

    list_display = ("id", "practice", "plan", "readiness", "readiness_since", "deadline", "due_at")
    list_filter = ("readiness",)
    list_select_related = ("practice", "plan")
    search_fields = ("=id", "practice__name")
    show_full_result_count = False


@admin.register(Requirement)
class RequirementAdmin(ReadOnlyAdmin):
    """What cases require."""

    list_display = ("id", "practice", "case", "prerequisite", "state", "deadline", "decided_by", "decided_at")
    list_filter = ("state",)
    list_select_related = ("practice", "case", "prerequisite", "decided_by")
    search_fields = ("=id", "=case__id")
    show_full_result_count = False


@admin.register(Submission)
class SubmissionAdmin(ReadOnlyAdmin):
    """That something was handed in, not what."""

    list_display = ("id", "practice", "requirement", "by", "user", "how", "at")
    list_filter = ("by", "how")
    list_select_related = ("practice", "requirement", "user")
    search_fields = ("=id", "=requirement__case__id")
    show_full_result_count = False


@admin.register(Document)
class DocumentAdmin(ReadOnlyAdmin):
    """Stored files by size and scan; the files themselves open in the practice only."""

    list_display = ("id", "practice", "content_type", "size", "pages", "scan", "scan_due_at")
    list_filter = ("scan", "content_type")
    list_select_related = ("practice",)
    search_fields = ("=id", "sha256")
    show_full_result_count = False


@admin.register(PatientLink)
class PatientLinkAdmin(ReadOnlyAdmin):
    """Links by state; the token is nowhere stored."""

    list_display = ("id", "practice", "case", "generation", "expires_at", "revoked_at", "tries_left")
    list_select_related = ("practice", "case")
    search_fields = ("=id", "=case__id")
    exclude = ("token_hash", "claimed_birth_date")
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[PatientLink]:
        return super().get_queryset(request).defer("token_hash")
