"""Policies of appointment types, office hours, how people are told, and what people do about tasks."""

import datetime

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import escalation.models
import practices.tenant_models


class Migration(migrations.Migration):
    dependencies = [
        ("appointments", "0014_merged_index"),
        ("escalation", "0005_practice_index"),
        ("practices", "0008_evidence_indexes"),
        ("prerequisites", "0014_doubtful"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Hours",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("opens", models.TimeField(default=datetime.time(8, 0), verbose_name="from")),
                ("closes", models.TimeField(default=datetime.time(17, 0), verbose_name="until")),
                (
                    "days",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.PositiveSmallIntegerField(),
                        default=escalation.models.office_days,
                        size=None,
                        verbose_name="days",
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
                "verbose_name": "office hours",
                "verbose_name_plural": "office hours",
                "abstract": False,
                "constraints": [
                    models.UniqueConstraint(fields=("practice", "id"), name="hours_of_practice"),
                    models.UniqueConstraint(fields=("practice",), name="one_hours_a_practice"),
                    models.CheckConstraint(
                        condition=models.Q(("opens__lt", models.F("closes"))),
                        name="hours_open_before_they_close",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Preference",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("phone", models.CharField(blank=True, max_length=20, verbose_name="mobile number")),
                ("digest_at", models.TimeField(null=True, verbose_name="daily overview at")),
                (
                    "silent_when_ready",
                    models.BooleanField(default=True, verbose_name="none when all is ready"),
                ),
                ("digest_day", models.DateField(editable=False, null=True)),
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
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "preference",
                "verbose_name_plural": "preferences",
                "abstract": False,
                "constraints": [
                    models.UniqueConstraint(fields=("practice", "id"), name="preference_of_practice"),
                    models.UniqueConstraint(fields=("practice", "user"), name="one_preference_a_person"),
                ],
            },
        ),
        migrations.AddField(
            model_name="escalation",
            name="about",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="escalation",
            name="start",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="policy",
            name="type",
            field=practices.tenant_models.TenantForeignKey(
                blank=True,
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="policies",
                to="appointments.appointmenttype",
            ),
        ),
        migrations.AddField(
            model_name="task",
            name="outcome",
            field=models.CharField(
                blank=True,
                choices=[
                    ("reached", "Reached, it is settled"),
                    ("will_come", "Reached, it will come"),
                    ("voicemail", "Left a message"),
                    ("not_reached", "Not reached"),
                    ("otherwise", "Settled otherwise"),
                    ("released", "Released in Doctolib"),
                    ("kept_in_time", "Kept: it will come in time"),
                    ("kept_brought", "Kept: the patient brings it along"),
                    ("kept_physician", "Kept: a physician decided so"),
                    ("kept_otherwise", "Kept: another reason"),
                ],
                db_default="",
                default="",
                max_length=16,
                verbose_name="outcome",
            ),
        ),
        migrations.AddField(
            model_name="task",
            name="snoozed_until",
            field=models.DateTimeField(null=True, verbose_name="put off until"),
        ),
        migrations.AddField(
            model_name="task",
            name="taken_at",
            field=models.DateTimeField(null=True, verbose_name="taken over"),
        ),
        migrations.AddField(
            model_name="task",
            name="taken_by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AlterField(
            model_name="task",
            name="kind",
            field=models.CharField(
                choices=[
                    ("call_patient", "Call the patient"),
                    ("add_contact", "Add a contact"),
                    ("check_message", "Find out whether the message arrived"),
                    ("link_locked", "Wrong date of birth, link locked"),
                    ("confirm_birth_date", "Confirm the date of birth"),
                    ("cannot_get", "Patient can't get it"),
                    ("infected_file", "File refused by the virus scanner"),
                    ("too_late", "Can no longer be had in time"),
                    ("review", "Review before the appointment"),
                    ("release_slot", "Save the slot"),
                    ("notify_manager", "Not ready in time"),
                ],
                max_length=20,
                verbose_name="kind",
            ),
        ),
        migrations.AddIndex(
            model_name="task",
            index=models.Index(fields=["practice", "case"], name="tasks_of_case"),
        ),
        # A handful of rows, all of them without a type so far: nobody waits, and the first index can't fail. The second
        # does where operators made a practice two policies, of which the later was never used: one is to be deleted then.
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(
                    """
                    CREATE UNIQUE INDEX one_policy_a_type ON escalation_policy (practice_id, type_id)
                        WHERE type_id IS NOT NULL;
                    CREATE UNIQUE INDEX one_policy_for_all_types ON escalation_policy (practice_id) WHERE type_id IS NULL;
                    """,
                    "DROP INDEX one_policy_a_type; DROP INDEX one_policy_for_all_types;",
                )
            ],
            state_operations=[
                migrations.AddConstraint(
                    model_name="policy",
                    constraint=models.UniqueConstraint(
                        condition=models.Q(("type__isnull", False)),
                        fields=("practice", "type"),
                        name="one_policy_a_type",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="policy",
                    constraint=models.UniqueConstraint(
                        condition=models.Q(("type", None)),
                        fields=("practice",),
                        name="one_policy_for_all_types",
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="policy",
            constraint=practices.tenant_models.SameTenant(
                field="type", name="policy_type_same_practice", to="appointments.AppointmentType"
            ),
        ),
    ]
