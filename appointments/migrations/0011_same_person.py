"""Patients that are one person: what staff said of it, and how the calendars are kept from undoing what a person said."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from practices.schema import enforce_tenancy
from practices.tenant_models import SameTenant, TenantForeignKey

# As matching/words.py folds names, but coarser: what has one key there has one here. Whoever changes the words there
# needs no migration: at worst two spellings are not asked about (as of names in other letters than Latin ones in a
# database of the plain C locale). Titles and salutations are left out.
NAME_KEY = r"""
CREATE FUNCTION treffa_name_key(name text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT coalesce(string_agg(word, ' ' ORDER BY word COLLATE "C"), '')
    FROM regexp_split_to_table(
           replace(regexp_replace(lower(regexp_replace(normalize(
             replace(replace(replace(replace(
               translate(name, 'ıłøđðæœŁØĐÐÆŒ', 'iloddaoloddao'), 'ß', 'ss'), 'ẞ', 'ss'), 'þ', 'th'), 'Þ', 'th'),
             NFKD), '[\u0300-\u036f]', '', 'g')), '([aou])e', '\1', 'g'), 'ph', 'f'),
           '[[:space:][:punct:]]+') AS word
   WHERE word <> '' AND word <> ALL (ARRAY[
         'frau','fr','herr','hr','herrn','mme','madame','mlle','m','mr','mrs','ms','monsieur','sig','signor','signora',
         'sra','kind','dr','prof','med','dipl','ing','phd','fd'])
$$;
"""


def patient(*, key: str = "+", null: bool = False) -> TenantForeignKey:
    return TenantForeignKey(
        db_constraint=False,
        null=null,
        on_delete=django.db.models.deletion.PROTECT if null else django.db.models.deletion.CASCADE,
        related_name=key,
        to="appointments.patient",
    )


def own_fields() -> list[tuple[str, models.Field]]:
    """What both new tables have: the row, its practice, who said it and when."""
    return [
        (
            "id",
            models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
        ),
        ("at", models.DateTimeField(verbose_name="at")),
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
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="person",
            ),
        ),
    ]


class Migration(migrations.Migration):
    dependencies = [
        ("appointments", "0010_insurance"),
        ("practices", "0006_practice_index"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RunSQL(NAME_KEY, "DROP FUNCTION treffa_name_key(text);"),
        migrations.AddField(
            model_name="patient",
            name="name_key",
            field=models.GeneratedField(
                db_persist=True,
                expression=models.Func(models.F("name"), function="treffa_name_key"),
                output_field=models.TextField(),
            ),
        ),
        migrations.AddField(model_name="patient", name="merged_into", field=patient(key="also", null=True)),
        migrations.AddField(
            model_name="patient",
            name="entered_at",
            field=models.DateTimeField(null=True, verbose_name="contact entered"),
        ),
        migrations.AddField(
            model_name="patient",
            name="calendar_phone",
            field=models.CharField(blank=True, db_default="", default="", editable=False, max_length=20),
        ),
        migrations.AddField(
            model_name="patient",
            name="calendar_email",
            field=models.EmailField(blank=True, db_default="", default="", editable=False, max_length=254),
        ),
        migrations.AddField(
            model_name="patient",
            name="calendar_said_at",
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AddField(model_name="appointment", name="sealed_for", field=patient(null=True)),
        migrations.AddIndex(
            model_name="patient",
            index=models.Index(fields=["practice", "name_key"], name="patients_by_name_key"),
        ),
        migrations.AddConstraint(
            model_name="patient",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("merged_into", None),
                    models.Q(("merged_into", models.F("id")), _negated=True),
                    _connector="OR",
                ),
                name="patient_not_merged_into_itself",
            ),
        ),
        migrations.AddConstraint(
            model_name="patient",
            constraint=SameTenant(
                field="merged_into", name="patient_merged_same_practice", to="appointments.Patient"
            ),
        ),
        migrations.AddConstraint(
            model_name="appointment",
            constraint=SameTenant(
                field="sealed_for", name="sealed_for_same_practice", to="appointments.Patient"
            ),
        ),
        migrations.CreateModel(
            name="PatientMerge",
            fields=[
                *own_fields(),
                ("kept", patient()),
                ("merged", patient()),
                ("undone_at", models.DateTimeField(null=True, verbose_name="taken back")),
                (
                    "appointment_ids",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(), default=list, size=None
                    ),
                ),
                (
                    "row_ids",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(), default=list, size=None
                    ),
                ),
                ("sealed_before", models.BinaryField()),
            ],
            options={
                "verbose_name": "merge of patients",
                "verbose_name_plural": "merges of patients",
                "abstract": False,
                "constraints": [
                    models.UniqueConstraint(fields=("practice", "id"), name="patientmerge_of_practice"),
                    models.UniqueConstraint(
                        condition=models.Q(("undone_at", None)),
                        fields=("practice", "merged"),
                        name="merged_once",
                    ),
                    SameTenant(field="kept", name="merge_kept_same_practice", to="appointments.Patient"),
                    SameTenant(field="merged", name="merge_merged_same_practice", to="appointments.Patient"),
                ],
                "indexes": [models.Index(fields=["practice", "at"], name="merges_in_time")],
            },
        ),
        migrations.CreateModel(
            name="PatientsApart",
            fields=[
                *own_fields(),
                ("first", patient()),
                ("second", patient()),
            ],
            options={
                "verbose_name": "two people",
                "verbose_name_plural": "two people",
                "abstract": False,
                "constraints": [
                    models.UniqueConstraint(fields=("practice", "id"), name="patientsapart_of_practice"),
                    models.UniqueConstraint(fields=("practice", "first", "second"), name="apart_said_once"),
                    models.CheckConstraint(
                        condition=models.Q(("first__lt", models.F("second"))), name="apart_in_order"
                    ),
                    SameTenant(field="first", name="apart_first_same_practice", to="appointments.Patient"),
                    SameTenant(field="second", name="apart_second_same_practice", to="appointments.Patient"),
                ],
            },
        ),
        enforce_tenancy("appointments_patientmerge"),
        enforce_tenancy("appointments_patientsapart"),
    ]
