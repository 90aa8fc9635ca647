"""What a calendar says that is no appointment, to be shown. All calendars are read anew once (remembering.VERSION)."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

import practices.tenant_models
from practices.schema import enforce_tenancy


class Migration(migrations.Migration):
    dependencies = [
        ("appointments", "0017_kept_and_steady"),
        ("practices", "0011_days_of_rest"),
    ]

    operations = [
        migrations.CreateModel(
            name="OwnTime",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("uid", models.BinaryField()),
                ("text", models.CharField(max_length=80, verbose_name="text")),
                ("all_day", models.BooleanField(default=False)),
                (
                    "starts",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.DateTimeField(), size=None, verbose_name="starts"
                    ),
                ),
                ("end", models.DateTimeField(verbose_name="end")),
                (
                    "feed",
                    practices.tenant_models.TenantForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="own_time",
                        to="appointments.feed",
                    ),
                ),
                (
                    "practice",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="practices.practice",
                    ),
                ),
            ],
            options={
                "verbose_name": "own time",
                "verbose_name_plural": "own times",
                "abstract": False,
                "constraints": [
                    models.UniqueConstraint(fields=("practice", "id"), name="owntime_of_practice"),
                    models.UniqueConstraint(fields=("practice", "feed", "uid", "text"), name="own_time_once"),
                    practices.tenant_models.SameTenant(
                        field="feed", name="own_time_feed_same_practice", to="appointments.Feed"
                    ),
                ],
            },
        ),
        enforce_tenancy("appointments_owntime"),
    ]
