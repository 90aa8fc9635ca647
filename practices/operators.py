"""What operators look at and change in a practice goes into that practice's record: who, when, which; ids only."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse

from practices import clock, record, support, tenancy
from practices.models import ActorKind, Practice
from practices.tenant_models import TenantModel


class RecordedAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # generic in the stubs only
    """Base of all admins of a practice's objects. An entry is written with the page or not at all. What may tell of patients
    or people is there only while the practice lets the operators look (practices/support.py); `by_grant` is False for what
    says how the service stands: calendars, channels, plans, settings."""

    by_grant = True

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Every page of the admin begins here."""
        found: QuerySet[Any] = super().get_queryset(request)
        if not self.by_grant or not issubclass(self.model, TenantModel):
            return found
        return found.filter(practice__in=support.holding(now=clock.now()).values("practice"))

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """Every page of one object begins here: its form, its history."""
        found = super().get_object(request, object_id, from_field)
        if found is not None:
            _write("operator.viewed", found, request)
        return found

    def save_model(self, request: HttpRequest, obj: Model, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        _write("operator.changed", obj, request, fields=sorted(form.changed_data))

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        response = super().changelist_view(request, extra_context)
        shown = (getattr(response, "context_data", None) or {}).get("cl")
        if shown is not None:
            _write_list(self.model, shown.result_list, request)
        return response


def _write(event: str, obj: Model, request: HttpRequest, **more: object) -> None:
    kind = obj._meta.model_name
    with tenancy.scope(_practice_of(obj)):
        record.write(
            record.Entry(
                event=event,
                at=clock.now(),
                actor=_actor(request),
                case_id=obj.pk if kind == "case" else getattr(obj, "case_id", None),
                patient_id=obj.pk if kind == "patient" else getattr(obj, "patient_id", None),
                data={"model": obj._meta.label_lower, "id": str(obj.pk), **more},
            )
        )


def _write_list(model: type[Model], rows: Iterable[Model], request: HttpRequest) -> None:
    """One entry a practice: how many of its rows the page shows."""
    shown = Counter(_practice_of(row) for row in rows)
    for practice_id, count in sorted(shown.items()):
        data = {"model": model._meta.label_lower, "count": count}
        entry = record.Entry(event="operator.listed", at=clock.now(), actor=_actor(request), data=data)
        with tenancy.scope(practice_id):
            record.write(entry)


def _practice_of(obj: Model) -> int:
    if isinstance(obj, TenantModel):
        return int(obj.practice_id)
    assert isinstance(obj, Practice)
    return obj.pk


def _actor(request: HttpRequest) -> record.Actor:
    return record.Actor(kind=ActorKind.OPERATOR, user_id=request.user.pk)
