"""The operators' view of practices, people and the record. What happened is read-only."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin
from django.db.models import Model
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from practices import clock, invitation_mail, record, team, tenancy
from practices.models import (
    ActorKind,
    Brake,
    Membership,
    Practice,
    RecordEntry,
    Role,
    Seal,
    SupportGrant,
    UnsealedEntry,
    User,
)
from practices.operations import create_practice
from practices.operators import RecordedAdmin

admin.site.site_header = _("Treffa: operations")
admin.site.site_title = _("Treffa")
admin.site.index_title = _("Practices, calendars, messages, the record")
admin.site.site_url = None


class ReadOnlyAdmin(RecordedAdmin):
    """For what the product writes and nobody edits: a change here would leave the record untrue."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class KeptAdmin(RecordedAdmin):
    """For what may be edited but never deleted here."""

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(User)
class PersonAdmin(UserAdmin):  # type: ignore[type-arg]
    """People who sign in, by e-mail address."""

    list_display = ("email", "name", "is_staff", "is_active", "last_login")
    list_filter = ("is_staff", "is_active", "language")
    search_fields = ("email", "name")
    ordering = ("email",)
    fieldsets = (
        (None, {"fields": ("email", "password")}),
        (_("Person"), {"fields": ("name", "language")}),
        (_("Access"), {"fields": ("is_active", "is_staff", "is_superuser")}),
        (_("Dates"), {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = (
        (None, {"fields": ("email", "name", "language", "password1", "password2")}),
        (_("Access"), {"fields": ("is_staff", "is_superuser")}),
    )
    readonly_fields = ("last_login", "date_joined")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Who has worked in a practice never becomes an operator: their password was the product's to write."""
        fixed = super().get_readonly_fields(request, obj)
        return (*fixed, "is_staff", "is_superuser") if obj is not None and not obj.is_staff else fixed

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """People stand in the record by number: they are closed, not deleted."""
        return False


class NewPracticeForm(forms.ModelForm):  # type: ignore[type-arg]  # generic in the stubs only
    """What an operator says of a new practice; its manager says the rest in the set-up."""

    manager_name = forms.CharField(label=_("Practice manager"), max_length=120)
    manager_email = forms.EmailField(label=_("e-mail address"), help_text=_("Gets a link, valid for a week."))
    language = forms.ChoiceField(label=_("language"), choices=settings.LANGUAGES)

    class Meta:
        model = Practice
        fields = ("name", "country", "sms_sender")


@admin.register(Practice)
class PracticeAdmin(KeptAdmin):
    """Practices. A new one gets a key, a first entry in the record, and an invitation for its manager."""

    list_display = (
        "name",
        "sender_name",
        "country",
        "region",
        "time_zone",
        "sending",
        "stopped",
        "created_at",
    )
    list_filter = ("sending", "stopped", "country")
    search_fields = ("name", "sender_name")
    readonly_fields = ("created_at",)
    date_hierarchy = "created_at"

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        return NewPracticeForm if obj is None else super().get_form(request, obj, change, **kwargs)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        names = (*NewPracticeForm.Meta.fields, "language", "manager_name", "manager_email")
        return super().get_fieldsets(request, obj) if obj is not None else [(None, {"fields": names})]

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if change:
            super().save_model(request, obj, form, change)
            return
        given, now = form.cleaned_data, clock.now()
        practice = create_practice(
            name=given["name"],
            sender_name=given["name"][:60],
            country=given["country"],
            sms_sender=given["sms_sender"],
            languages=[given["language"]],
            channels=["sms", "email"] if given["sms_sender"] else ["email"],
            now=now,
        )
        obj.pk = practice.pk
        operator = record.Actor(kind=ActorKind.OPERATOR, user_id=request.user.pk)
        with tenancy.scope(practice.pk):
            invited = team.invite(
                email=given["manager_email"],
                name=given["manager_name"],
                role=Role.MANAGER,
                by=operator,
                now=now,
            )
            invitation_mail.send(invited, practice=practice)
        messages.success(request, gettext("An invitation goes to the practice manager."))


@admin.register(Brake)
class BrakeAdmin(KeptAdmin):
    """Stops and starts all messages to patients."""

    list_display = ("id", "pulled_at")


@admin.register(Membership)
class MembershipAdmin(KeptAdmin):
    """Who works where, as what."""

    by_grant = False
    list_display = ("user", "practice", "role", "active")
    list_filter = ("role", "active")
    list_select_related = ("user", "practice")
    search_fields = ("user__email", "user__name", "practice__name")
    autocomplete_fields = ("user", "practice")


@admin.register(RecordEntry)
class RecordEntryAdmin(ReadOnlyAdmin):
    """The record: ids and codes; personal parts are sealed and not shown."""

    list_display = ("id", "practice", "at", "event", "actor_kind", "actor_id", "case_id")
    list_filter = ("actor_kind", "event")
    list_select_related = ("practice",)
    search_fields = ("event", "=case_id", "=patient_id")
    date_hierarchy = "at"
    show_full_result_count = False


@admin.register(Seal)
class SealAdmin(ReadOnlyAdmin):
    """The chain over the record."""

    by_grant = False
    list_display = ("practice", "number", "at", "entries", "digest")
    list_select_related = ("practice",)
    search_fields = ("practice__name", "digest")
    date_hierarchy = "at"
    show_full_result_count = False

    @admin.display(description=_("entries"))
    def entries(self, seal: Seal) -> int:
        return len(seal.entry_ids)


@admin.register(UnsealedEntry)
class UnsealedEntryAdmin(ReadOnlyAdmin):
    """The sealer's queue."""

    by_grant = False
    list_display = ("id", "practice", "entry")
    list_select_related = ("practice", "entry")


@admin.register(SupportGrant)
class SupportGrantAdmin(ReadOnlyAdmin):
    """Which practices let us look, until when and why."""

    by_grant = False

    list_display = ("practice", "reason", "given_at", "until", "ended_at")
    list_select_related = ("practice",)
    search_fields = ("practice__name",)
