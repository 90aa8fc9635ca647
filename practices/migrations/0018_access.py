"""Who outside may look in, and who is told: calendar links, tokens of the API, webhooks, support."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import practices.tenant_models
from practices.schema import enforce_tenancy, lookup_function


class Migration(migrations.Migration):
    dependencies = [
        ("practices", "0017_text_price"),
    ]

    operations = [
        migrations.CreateModel(
            name="ApiToken",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=80, verbose_name="name")),
                (
                    "scopes",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(
                            choices=[
                                ("read", "Read cases and what they require"),
                                ("receive", "Mark as received"),
                                ("contact", "Add contacts"),
                            ],
                            max_length=10,
                        ),
                        size=None,
                        verbose_name="may",
                    ),
                ),
                ("token_hash", models.CharField(editable=False, max_length=64, unique=True)),
                ("ending", models.CharField(max_length=4, verbose_name="ends in")),
                ("made_at", models.DateTimeField(verbose_name="made")),
                ("used_at", models.DateTimeField(null=True, verbose_name="last used")),
                ("revoked_at", models.DateTimeField(null=True, verbose_name="revoked")),
                (
                    "made_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "practice",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="practices.practice",
                    ),
                ),
            ],
            options={
                "verbose_name": "API token",
                "verbose_name_plural": "API tokens",
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="ApiWrite",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("key", models.CharField(max_length=80)),
                ("digest", models.CharField(max_length=64)),
                ("at", models.DateTimeField()),
                ("status", models.PositiveSmallIntegerField(null=True)),
                ("answer", models.JSONField(default=dict)),
                (
                    "practice",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="practices.practice",
                    ),
                ),
                (
                    "token",
                    practices.tenant_models.TenantForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="practices.apitoken",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="CalendarLink",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=80, verbose_name="name")),
                ("practitioner", models.CharField(blank=True, max_length=120, verbose_name="practitioner")),
                ("says_type", models.BooleanField(default=False, verbose_name="names the examination")),
                ("generation", models.PositiveIntegerField(default=1)),
                ("token_hash", models.CharField(editable=False, max_length=64, unique=True)),
                ("made_at", models.DateTimeField(verbose_name="made")),
                ("read_at", models.DateTimeField(null=True, verbose_name="last read")),
                ("revoked_at", models.DateTimeField(null=True, verbose_name="revoked")),
                (
                    "made_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "practice",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="practices.practice",
                    ),
                ),
            ],
            options={
                "verbose_name": "calendar link",
                "verbose_name_plural": "calendar links",
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="SupportGrant",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("reason", models.CharField(max_length=200, verbose_name="reason")),
                ("given_at", models.DateTimeField(verbose_name="given")),
                ("until", models.DateTimeField(verbose_name="until")),
                ("ended_at", models.DateTimeField(null=True, verbose_name="ended")),
                (
                    "given_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "practice",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="practices.practice",
                    ),
                ),
            ],
            options={
                "verbose_name": "support access",
                "verbose_name_plural": "support accesses",
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Webhook",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=80, verbose_name="name")),
                ("host", models.CharField(max_length=253, verbose_name="host")),
                ("sealed_url", models.BinaryField()),
                ("sealed_secret", models.BinaryField()),
                ("made_at", models.DateTimeField(verbose_name="since")),
                ("looked_at", models.DateTimeField()),
                ("failing_since", models.DateTimeField(null=True, verbose_name="failing since")),
                ("disabled_at", models.DateTimeField(null=True, verbose_name="switched off")),
                ("removed_at", models.DateTimeField(null=True, verbose_name="removed")),
                (
                    "made_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "practice",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="practices.practice",
                    ),
                ),
            ],
            options={
                "verbose_name": "webhook",
                "verbose_name_plural": "webhooks",
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Delivery",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("case_id", models.BigIntegerField(verbose_name="case")),
                ("readiness", models.CharField(max_length=16, verbose_name="readiness")),
                ("since", models.DateTimeField(verbose_name="since")),
                ("made_at", models.DateTimeField(verbose_name="made")),
                ("due_at", models.DateTimeField(null=True, verbose_name="due")),
                ("tries", models.PositiveSmallIntegerField(default=0, verbose_name="tries")),
                ("tried_at", models.DateTimeField(null=True, verbose_name="last try")),
                ("taken_at", models.DateTimeField(null=True, verbose_name="taken")),
                ("status", models.PositiveSmallIntegerField(null=True, verbose_name="answer")),
                ("problem", models.CharField(blank=True, max_length=40, verbose_name="problem")),
                (
                    "practice",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="practices.practice",
                    ),
                ),
                (
                    "webhook",
                    practices.tenant_models.TenantForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="deliveries",
                        to="practices.webhook",
                    ),
                ),
            ],
            options={
                "verbose_name": "delivery to a webhook",
                "verbose_name_plural": "deliveries to webhooks",
                "abstract": False,
            },
        ),
        migrations.AddConstraint(
            model_name="apitoken",
            constraint=models.UniqueConstraint(fields=("practice", "id"), name="apitoken_of_practice"),
        ),
        migrations.AddIndex(
            model_name="apiwrite",
            index=models.Index(fields=["practice", "at"], name="api_writes_by_time"),
        ),
        migrations.AddConstraint(
            model_name="apiwrite",
            constraint=models.UniqueConstraint(fields=("practice", "id"), name="apiwrite_of_practice"),
        ),
        migrations.AddConstraint(
            model_name="apiwrite",
            constraint=models.UniqueConstraint(fields=("practice", "token", "key"), name="api_write_once"),
        ),
        migrations.AddConstraint(
            model_name="apiwrite",
            constraint=practices.tenant_models.SameTenant(
                field="token", name="api_write_token_same_practice", to="practices.ApiToken"
            ),
        ),
        migrations.AddConstraint(
            model_name="calendarlink",
            constraint=models.UniqueConstraint(fields=("practice", "id"), name="calendarlink_of_practice"),
        ),
        migrations.AddIndex(
            model_name="supportgrant",
            index=models.Index(fields=["practice", "until"], name="support_grants_by_end"),
        ),
        migrations.AddConstraint(
            model_name="supportgrant",
            constraint=models.UniqueConstraint(fields=("practice", "id"), name="supportgrant_of_practice"),
        ),
        migrations.AddConstraint(
            model_name="supportgrant",
            constraint=models.CheckConstraint(
                condition=models.Q(("until__gt", models.F("given_at"))), name="support_grant_has_an_end"
            ),
        ),
        migrations.AddConstraint(
            model_name="webhook",
            constraint=models.UniqueConstraint(fields=("practice", "id"), name="webhook_of_practice"),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                condition=models.Q(("due_at__isnull", False)), fields=["due_at"], name="deliveries_due"
            ),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.UniqueConstraint(fields=("practice", "id"), name="delivery_of_practice"),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.UniqueConstraint(
                fields=("practice", "webhook", "case_id", "since"), name="told_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=practices.tenant_models.SameTenant(
                field="webhook", name="delivery_webhook_same_practice", to="practices.Webhook"
            ),
        ),
        *(
            enforce_tenancy(f"practices_{table}")
            for table in ("calendarlink", "apitoken", "apiwrite", "webhook", "delivery", "supportgrant")
        ),
        lookup_function(
            "treffa_calendar_link(hash text)",
            returns="TABLE (practice_id bigint, link_id bigint)",
            reads=("practices_calendarlink",),
            body="""
                SELECT practice_id, id FROM practices_calendarlink WHERE token_hash = hash AND revoked_at IS NULL
            """,
        ),
        lookup_function(
            "treffa_api_token(hash text)",
            returns="TABLE (practice_id bigint, token_id bigint)",
            reads=("practices_apitoken",),
            body="SELECT practice_id, id FROM practices_apitoken WHERE token_hash = hash AND revoked_at IS NULL",
        ),
        lookup_function(
            "treffa_practices_with_deliveries_due(at timestamptz)",
            returns="SETOF bigint",
            reads=("practices_delivery",),
            body="SELECT DISTINCT practice_id FROM practices_delivery WHERE due_at <= at",
        ),
    ]
