from django.db import migrations

from practices.schema import analyze_function


class Migration(migrations.Migration):
    dependencies = [("appointments", "0014_merged_index"), ("practices", "0008_evidence_indexes")]

    operations = [
        analyze_function(
            "treffa_analyze_appointments", tables=("appointments_appointment", "appointments_patient")
        )
    ]
