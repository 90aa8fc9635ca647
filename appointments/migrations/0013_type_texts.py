"""Texts of the calendar of which staff said what they mean, and types that are nothing but such an answer."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import practices.tenant_models
from practices.schema import enforce_tenancy


class Migration(migrations.Migration):
    dependencies = [
        ("appointments", "0012_feed_alarm_over"),
        ("practices", "0006_practice_index"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="appointmenttype",
            name="found_by_name",
            field=models.BooleanField(db_default=True, default=True, editable=False),
        ),
        migrations.CreateModel(
            name="TypeText",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("text", models.CharField(max_length=120, verbose_name="text")),
                ("wording", models.CharField(editable=False, max_length=240)),
                ("said_at", models.DateTimeField(verbose_name="said")),
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
                    "said_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "type",
                    practices.tenant_models.TenantForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="texts",
                        to="appointments.appointmenttype",
                    ),
                ),
            ],
            options={
                "verbose_name": "known text",
                "verbose_name_plural": "known texts",
                "abstract": False,
                "constraints": [
                    models.UniqueConstraint(fields=("practice", "id"), name="typetext_of_practice"),
                    models.UniqueConstraint(fields=("practice", "wording"), name="text_means_one_type"),
                    practices.tenant_models.SameTenant(
                        field="type", name="type_text_same_practice", to="appointments.AppointmentType"
                    ),
                ],
            },
        ),
        enforce_tenancy("appointments_typetext"),
    ]
