"""The operators' view of escalations and tasks. Policies can be edited; what runs keeps its snapshot."""

from django.contrib import admin
from django.db.models import F, Model
from django.http import HttpRequest

from escalation.models import Escalation, Finding, Hours, Policy, Preference, Pulse, Task
from practices.admin import KeptAdmin, ReadOnlyAdmin


@admin.register(Policy)
class PolicyAdmin(KeptAdmin):
    """The steps of a practice."""

    by_grant = False

    list_display = ("name", "practice")
    list_select_related = ("practice",)
    search_fields = ("name", "practice__name")
    autocomplete_fields = ("practice",)


@admin.register(Escalation)
class EscalationAdmin(ReadOnlyAdmin):
    """Escalations that ran or run."""

    list_display = ("id", "practice", "case", "state", "next_step", "next_at", "started_at", "ended_at")
    list_filter = ("state",)
    list_select_related = ("practice", "case")
    search_fields = ("=id", "=case__id")
    show_full_result_count = False


@admin.register(Task)
class TaskAdmin(ReadOnlyAdmin):
    """What people had or have to do."""

    list_display = (
        "id",
        "practice",
        "kind",
        "role",
        "state",
        "due_at",
        "created_at",
        "closed_at",
        "closed_by",
    )
    list_filter = ("state", "kind", "role")
    list_select_related = ("practice", "closed_by")
    search_fields = ("=id", "=case__id", "practice__name")
    show_full_result_count = False


@admin.register(Hours)
class HoursAdmin(KeptAdmin):
    """When somebody is at a practice."""

    by_grant = False

    list_display = ("practice", "opens", "closes", "days")
    list_select_related = ("practice",)
    search_fields = ("practice__name",)
    autocomplete_fields = ("practice",)


@admin.register(Preference)
class PreferenceAdmin(ReadOnlyAdmin):
    """Who gets a daily digest, when."""

    list_display = ("user", "practice", "digest_at", "digest_day")
    list_select_related = ("user", "practice")
    search_fields = ("user__email", "practice__name")
    exclude = ("phone",)


class HouseAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # generic in the stubs only
    """For what belongs to no practice and is written by the house itself."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(Finding)
class FindingAdmin(HouseAdmin):
    """What the auditor found: open first."""

    list_display = ("kind", "practice_number", "subject", "found_at", "seen_at", "mended_at", "gone_at")
    list_filter = ("kind", ("gone_at", admin.EmptyFieldListFilter))
    search_fields = ("=practice_number", "=subject")
    ordering = (F("gone_at").desc(nulls_first=True), "-found_at")


@admin.register(Pulse)
class PulseAdmin(HouseAdmin):
    """Whether the tick and the auditor live."""

    list_display = ("name", "at")
    ordering = ("name",)
