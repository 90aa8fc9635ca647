"""Keys that carry the practice, and row-level security on every tenant table."""

from django.db import migrations

import practices.tenant_models
from practices.schema import enforce_tenancy


class Migration(migrations.Migration):
    dependencies = [("prerequisites", "0001_initial")]

    operations = [
        migrations.AddConstraint(
            model_name="plan",
            constraint=practices.tenant_models.SameTenant(
                field="type", name="plan_type_same_practice", to="appointments.AppointmentType"
            ),
        ),
        migrations.AddConstraint(
            model_name="case",
            constraint=practices.tenant_models.SameTenant(
                field="appointment", name="case_appointment_same_practice", to="appointments.Appointment"
            ),
        ),
        migrations.AddConstraint(
            model_name="case",
            constraint=practices.tenant_models.SameTenant(
                field="plan", name="case_plan_same_practice", to="prerequisites.Plan"
            ),
        ),
        migrations.AddConstraint(
            model_name="prerequisite",
            constraint=practices.tenant_models.SameTenant(
                field="plan", name="prerequisite_plan_same_practice", to="prerequisites.Plan"
            ),
        ),
        migrations.AddConstraint(
            model_name="requirement",
            constraint=practices.tenant_models.SameTenant(
                field="case", name="requirement_case_same_practice", to="prerequisites.Case"
            ),
        ),
        migrations.AddConstraint(
            model_name="requirement",
            constraint=practices.tenant_models.SameTenant(
                field="prerequisite", name="requirement_prereq_same_practice", to="prerequisites.Prerequisite"
            ),
        ),
        migrations.AddConstraint(
            model_name="submission",
            constraint=practices.tenant_models.SameTenant(
                field="requirement", name="submission_req_same_practice", to="prerequisites.Requirement"
            ),
        ),
        migrations.AddConstraint(
            model_name="document",
            constraint=practices.tenant_models.SameTenant(
                field="submission", name="document_sub_same_practice", to="prerequisites.Submission"
            ),
        ),
        enforce_tenancy("prerequisites_plan"),
        enforce_tenancy("prerequisites_case"),
        enforce_tenancy("prerequisites_prerequisite"),
        enforce_tenancy("prerequisites_requirement"),
        enforce_tenancy("prerequisites_submission"),
        enforce_tenancy("prerequisites_document"),
        enforce_tenancy("prerequisites_patientlink"),
    ]
