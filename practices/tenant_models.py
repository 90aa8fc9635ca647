"""What every tenant table has: the practice, a manager that fails without a scope, and keys that carry the practice."""

from collections.abc import Sequence
from typing import Any, ClassVar, Self, TypeVar

from django.db import models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.backends.ddl_references import Statement, Table
from django.db.models.constraints import BaseConstraint

from practices import tenancy

M = TypeVar("M", bound=models.Model)


class TenantManager(models.Manager[M]):
    """Rows of the practice in scope. ScopeError without a scope, save for the operator's role."""

    def get_queryset(self) -> models.QuerySet[M]:
        if tenancy.current_or_none() is None and tenancy.sees_all():
            return super().get_queryset()
        return super().get_queryset().filter(practice_id=tenancy.current())


class TenantModel(models.Model):
    """Base of all tenant tables. `UNIQUE (practice, id)` is what composite foreign keys point at."""

    # No index of its own: the UNIQUE serves, and by it a row is found, where one over the practice alone finds all rows.
    practice = models.ForeignKey(
        "practices.Practice", on_delete=models.CASCADE, related_name="+", db_index=False
    )

    objects: ClassVar[TenantManager[Self]] = TenantManager()

    class Meta:
        abstract = True
        constraints = [models.UniqueConstraint(fields=("practice", "id"), name="%(class)s_of_practice")]


class TenantForeignKey(models.ForeignKey[Any, Any]):
    """A foreign key whose database constraint is composite: declare a `SameTenant` for it in Meta.constraints."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["db_constraint"] = False
        super().__init__(*args, **kwargs)


class SameTenant(BaseConstraint):
    """FOREIGN KEY (practice_id, field_id) REFERENCES target (practice_id, id): a plain key accepts another tenant's row."""

    def __init__(self, *, field: str, to: str, name: str) -> None:
        super().__init__(name=name)
        self.field = field
        self.to = to

    def constraint_sql(  # type: ignore[override]  # Django hands over statements, the stubs say str
        self, model: type[models.Model], schema_editor: BaseDatabaseSchemaEditor
    ) -> None:
        """With a new table: after all tables of the migration stand, and with them the UNIQUE they point at."""
        schema_editor.deferred_sql.append(self.create_sql(model, schema_editor))

    def create_sql(  # type: ignore[override]
        self, model: type[models.Model], schema_editor: BaseDatabaseSchemaEditor
    ) -> Statement:
        quote = schema_editor.quote_name
        field = model._meta.get_field(self.field)
        app, _, target = self.to.partition(".")
        return Statement(
            "ALTER TABLE %(table)s ADD CONSTRAINT %(name)s FOREIGN KEY (practice_id, %(column)s)"
            " REFERENCES %(to)s (practice_id, id) DEFERRABLE INITIALLY DEFERRED",
            table=Table(model._meta.db_table, quote),
            name=quote(self.name),
            column=quote(str(getattr(field, "column", ""))),
            to=quote(f"{app}_{target.lower()}"),
        )

    def remove_sql(  # type: ignore[override]
        self, model: type[models.Model], schema_editor: BaseDatabaseSchemaEditor
    ) -> Statement:
        return Statement(
            "ALTER TABLE %(table)s DROP CONSTRAINT %(name)s",
            table=Table(model._meta.db_table, schema_editor.quote_name),
            name=schema_editor.quote_name(self.name),
        )

    def validate(self, *args: Any, **kwargs: Any) -> None:
        """Nothing to check in Python: the database holds it."""

    def deconstruct(self) -> tuple[str, Sequence[Any], dict[str, Any]]:
        path, args, kwargs = super().deconstruct()
        return path, args, {**kwargs, "field": self.field, "to": self.to}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SameTenant) and self.deconstruct() == other.deconstruct()

    def __hash__(self) -> int:
        return hash((self.name, self.field, self.to))
