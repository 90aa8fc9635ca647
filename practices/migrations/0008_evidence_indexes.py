"""What an evidence record gathers beside its case's entries. The record is the largest table: indexed while it is written."""

import django.db.models.fields.json
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("practices", "0007_evidence")]

    operations = [
        AddIndexConcurrently(
            model_name="recordentry",
            index=models.Index(
                models.F("practice"),
                django.db.models.fields.json.KeyTextTransform("appointment", "data"),
                condition=models.Q(("case_id", None)),
                name="record_of_appointment",
            ),
        ),
        AddIndexConcurrently(
            model_name="recordentry",
            index=models.Index(
                condition=models.Q(("case_id", None)),
                fields=["practice", "patient_id"],
                name="record_of_patient",
            ),
        ),
    ]
