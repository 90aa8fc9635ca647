"""The operators' view of feeds, patients and appointments. What the feed says is read here, not edited."""

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest

from appointments.models import Appointment, AppointmentType, Feed, Patient, QuarantinedEvent


class ReadOnlyAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Shown, never changed: editing would pass the record by."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(Feed)
class FeedAdmin(ReadOnlyAdmin):
    list_display = (
        "name",
        "practice",
        "masked_url",
        "state",
        "problem",
        "last_status",
        "last_duration_ms",
        "last_good_at",
        "next_poll_at",
        "events",
    )
    list_filter = ("state", "practice")
    search_fields = ("name", "practitioner")


@admin.register(Appointment)
class AppointmentAdmin(ReadOnlyAdmin):
    list_display = ("start", "practice", "feed", "type", "status", "revision", "needs_planning")
    list_filter = ("status", "practice")
    date_hierarchy = "start"
    list_select_related = ("practice", "feed", "type")


@admin.register(AppointmentType)
class AppointmentTypeAdmin(ReadOnlyAdmin):
    list_display = ("name", "practice", "needs_nothing")
    list_filter = ("practice",)
    search_fields = ("name",)


@admin.register(Patient)
class PatientAdmin(ReadOnlyAdmin):
    list_display = ("id", "name", "practice", "created_at")
    list_filter = ("practice",)
    search_fields = ("name",)


@admin.register(QuarantinedEvent)
class QuarantinedEventAdmin(ReadOnlyAdmin):
    list_display = ("seen_at", "practice", "feed", "reason")
    list_filter = ("reason", "practice")
