"""What became of an appointment, a row each."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import practices.tenant_models
from practices.schema import enforce_tenancy


class Migration(migrations.Migration):
    dependencies = [
        ("appointments", "0018_own_time"),
        ("practices", "0019_what_patients_see"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Outcome",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("performed", "Performed"),
                            ("not_performable", "Not performable"),
                            ("no_show", "Did not come"),
                        ],
                        max_length=16,
                        verbose_name="outcome",
                    ),
                ),
                (
                    "reason",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("document_missing", "A document was missing"),
                            ("values_missing", "Values were missing or too old"),
                            ("not_prepared", "Not prepared (fasting, medicine)"),
                            ("no_consent", "No consent"),
                            ("medical", "For medical reasons"),
                            ("practice", "Reason in the practice (device, staff)"),
                            ("other", "Another reason"),
                        ],
                        max_length=20,
                        verbose_name="reason",
                    ),
                ),
                ("marked_at", models.DateTimeField(verbose_name="marked")),
                (
                    "appointment",
                    models.OneToOneField(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="outcome",
                        to="appointments.appointment",
                    ),
                ),
                (
                    "marked_by",
                    models.ForeignKey(
                        null=True,
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
                "verbose_name": "outcome",
                "verbose_name_plural": "outcomes",
                "abstract": False,
                "constraints": [
                    models.UniqueConstraint(fields=("practice", "id"), name="outcome_of_practice"),
                    models.CheckConstraint(
                        condition=models.Q(("kind", "not_performable"), ("reason", ""), _connector="XOR"),
                        name="reason_of_what_was_not_performable",
                    ),
                    practices.tenant_models.SameTenant(
                        field="appointment",
                        name="outcome_appointment_same_practice",
                        to="appointments.Appointment",
                    ),
                ],
            },
        ),
        enforce_tenancy("appointments_outcome"),
    ]
