"""Keys that carry the practice, and row-level security on every tenant table."""

from django.db import migrations

from practices.schema import enforce_tenancy


class Migration(migrations.Migration):
    dependencies = [("escalation", "0001_initial")]

    operations = [
        enforce_tenancy("escalation_escalation"),
        enforce_tenancy("escalation_policy"),
        enforce_tenancy("escalation_task"),
    ]
