"""Keys that carry the practice, and row-level security on every tenant table."""

from django.db import migrations

import practices.tenant_models
from practices.schema import enforce_tenancy, insert_only


class Migration(migrations.Migration):
    dependencies = [("practices", "0001_initial")]

    operations = [
        migrations.AddConstraint(
            model_name="unsealedentry",
            constraint=practices.tenant_models.SameTenant(
                field="entry", name="unsealed_entry_same_practice", to="practices.RecordEntry"
            ),
        ),
        enforce_tenancy("practices_practice", column="id"),
        enforce_tenancy("practices_recordentry"),
        enforce_tenancy("practices_seal"),
        enforce_tenancy("practices_unsealedentry"),
        enforce_tenancy("practices_membership"),
        insert_only("practices_recordentry"),
        insert_only("practices_seal"),
    ]
