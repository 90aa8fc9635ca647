"""The operators' view of feeds, patients and appointments. What the feed says is read here, not edited."""

from django.contrib import admin

from appointments.models import Appointment, AppointmentType, Feed, Patient, QuarantinedEvent
from practices.admin import ReadOnlyAdmin


@admin.register(Feed)
class FeedAdmin(ReadOnlyAdmin):
    by_grant = False
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
    by_grant = False
    list_display = ("name", "practice", "needs_nothing")
    list_filter = ("practice",)
    search_fields = ("name",)


@admin.register(Patient)
class PatientAdmin(ReadOnlyAdmin):
    """By number: a name that is searched for would stand in the address."""

    list_display = ("id", "practice", "created_at")
    list_filter = ("practice",)
    search_fields = ("=id",)


@admin.register(QuarantinedEvent)
class QuarantinedEventAdmin(ReadOnlyAdmin):
    list_display = ("seen_at", "practice", "feed", "reason")
    list_filter = ("reason", "practice")
