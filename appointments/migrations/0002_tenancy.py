"""Keys that carry the practice, and row-level security on every tenant table."""

from django.db import migrations

import practices.tenant_models
from practices.schema import enforce_tenancy


class Migration(migrations.Migration):
    dependencies = [("appointments", "0001_initial")]

    operations = [
        migrations.AddConstraint(
            model_name="appointment",
            constraint=practices.tenant_models.SameTenant(
                field="feed", name="appointment_feed_same_practice", to="appointments.Feed"
            ),
        ),
        migrations.AddConstraint(
            model_name="appointment",
            constraint=practices.tenant_models.SameTenant(
                field="patient", name="appointment_patient_same_practice", to="appointments.Patient"
            ),
        ),
        migrations.AddConstraint(
            model_name="appointment",
            constraint=practices.tenant_models.SameTenant(
                field="type", name="appointment_type_same_practice", to="appointments.AppointmentType"
            ),
        ),
        migrations.AddConstraint(
            model_name="quarantinedevent",
            constraint=practices.tenant_models.SameTenant(
                field="feed", name="quarantined_feed_same_practice", to="appointments.Feed"
            ),
        ),
        enforce_tenancy("appointments_appointmenttype"),
        enforce_tenancy("appointments_feed"),
        enforce_tenancy("appointments_patient"),
        enforce_tenancy("appointments_appointment"),
        enforce_tenancy("appointments_quarantinedevent"),
    ]
