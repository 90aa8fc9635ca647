"""The operator's view of messages: to look at only, for editing would break the record."""

from django.contrib import admin

from messaging.models import Attempt, ChannelPause, Message, Suppression, WhatsAppTemplate
from practices.admin import KeptAdmin, ReadOnlyAdmin


@admin.register(Message)
class MessageAdmin(ReadOnlyAdmin):
    list_display = ("id", "practice", "occasion", "channel", "state", "due_at", "attempts", "problem")
    list_filter = ("state", "channel", "occasion")
    list_select_related = ("practice",)
    date_hierarchy = "created_at"


@admin.register(Attempt)
class AttemptAdmin(ReadOnlyAdmin):
    list_display = ("id", "practice", "message", "started_at", "finished_at", "outcome", "code")
    list_filter = ("outcome",)
    list_select_related = ("practice", "message")


@admin.register(Suppression)
class SuppressionAdmin(ReadOnlyAdmin):
    list_display = ("id", "practice", "channel", "reason", "at")
    list_filter = ("channel", "reason")
    list_select_related = ("practice",)


@admin.register(ChannelPause)
class ChannelPauseAdmin(ReadOnlyAdmin):
    """Channels that rest; those of an account need somebody."""

    by_grant = False

    list_display = ("practice", "channel", "cause", "code", "failures", "since", "until")
    list_filter = ("cause", "channel", "code")
    list_select_related = ("practice",)


@admin.register(WhatsAppTemplate)
class WhatsAppTemplateAdmin(KeptAdmin):
    """What WhatsApp has approved; the operators enter it."""

    by_grant = False

    list_display = ("practice", "occasion", "language", "content_sid")
    list_filter = ("occasion", "language")
    list_select_related = ("practice",)
