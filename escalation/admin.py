"""The operators' view of escalations and tasks. Policies can be edited; what runs keeps its snapshot."""

from django.contrib import admin

from escalation.models import Escalation, Policy, Task
from practices.admin import KeptAdmin, ReadOnlyAdmin


@admin.register(Policy)
class PolicyAdmin(KeptAdmin):
    """The steps of a practice."""

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
