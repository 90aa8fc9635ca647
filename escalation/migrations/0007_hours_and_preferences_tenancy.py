"""Row-level security on the tables that the migration before made."""

from django.db import migrations

from practices.schema import enforce_tenancy


class Migration(migrations.Migration):
    dependencies = [("escalation", "0006_policies_of_types")]

    operations = [
        enforce_tenancy("escalation_hours"),
        enforce_tenancy("escalation_preference"),
    ]
