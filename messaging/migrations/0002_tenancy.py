"""Keys that carry the practice, and row-level security on every tenant table."""

from django.db import migrations

import practices.tenant_models
from practices.schema import enforce_tenancy


class Migration(migrations.Migration):
    dependencies = [("messaging", "0001_initial")]

    operations = [
        migrations.AddConstraint(
            model_name="message",
            constraint=practices.tenant_models.SameTenant(
                field="case", name="message_case_same_practice", to="prerequisites.Case"
            ),
        ),
        migrations.AddConstraint(
            model_name="message",
            constraint=practices.tenant_models.SameTenant(
                field="patient", name="message_patient_same_practice", to="appointments.Patient"
            ),
        ),
        migrations.AddConstraint(
            model_name="attempt",
            constraint=practices.tenant_models.SameTenant(
                field="message", name="attempt_message_same_practice", to="messaging.Message"
            ),
        ),
        enforce_tenancy("messaging_message"),
        enforce_tenancy("messaging_attempt"),
        enforce_tenancy("messaging_suppression"),
    ]
