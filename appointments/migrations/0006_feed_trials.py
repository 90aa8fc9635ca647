"""Looks at calendars before they are added, and which practices wait for one."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import practices.tenant_models
from practices.schema import enforce_tenancy, lookup_function


class Migration(migrations.Migration):
    dependencies = [
        ("appointments", "0005_calendars_page"),
        ("practices", "0004_operators_apart"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="FeedTrial",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "purpose",
                    models.CharField(
                        choices=[("add", "New calendar"), ("rules", "Other rules"), ("link", "Another link")],
                        max_length=8,
                    ),
                ),
                ("sealed_url", models.BinaryField()),
                ("name", models.CharField(blank=True, max_length=120, verbose_name="name")),
                ("practitioner", models.CharField(blank=True, max_length=120, verbose_name="practitioner")),
                ("rules", models.JSONField(default=dict, verbose_name="rules")),
                ("due_at", models.DateTimeField(null=True)),
                ("tries", models.PositiveSmallIntegerField(default=0)),
                ("reason", models.CharField(blank=True, max_length=40, verbose_name="reason")),
                ("sealed_found", models.BinaryField(null=True)),
                ("accepted_at", models.DateTimeField(null=True, verbose_name="accepted")),
                ("expires_at", models.DateTimeField(verbose_name="expires")),
                (
                    "feed",
                    practices.tenant_models.TenantForeignKey(
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="appointments.feed",
                    ),
                ),
                (
                    "practice",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="practices.practice"
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="person",
                    ),
                ),
            ],
            options={
                "verbose_name": "look at a calendar",
                "verbose_name_plural": "looks at calendars",
                "abstract": False,
                "indexes": [models.Index(fields=["due_at"], name="trials_due")],
                "constraints": [
                    models.UniqueConstraint(fields=("practice", "id"), name="feedtrial_of_practice"),
                    practices.tenant_models.SameTenant(
                        field="feed", name="trial_feed_same_practice", to="appointments.Feed"
                    ),
                ],
            },
        ),
        enforce_tenancy("appointments_feedtrial"),
        lookup_function(
            "treffa_practices_with_trials(at timestamptz)",
            returns="SETOF bigint",
            reads=("appointments_feedtrial",),
            body="SELECT DISTINCT practice_id FROM appointments_feedtrial WHERE due_at <= at OR expires_at <= at",
        ),
    ]
