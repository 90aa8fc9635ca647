"""Row-level security on invitations."""

from django.db import migrations

from practices.schema import enforce_tenancy


class Migration(migrations.Migration):
    dependencies = [("practices", "0013_set_up")]

    operations = [enforce_tenancy("practices_invitation")]
