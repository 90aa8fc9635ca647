"""Ways to look at the board that somebody keeps under a name."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from practices.schema import enforce_tenancy


class Migration(migrations.Migration):
    dependencies = [
        ("practices", "0019_what_patients_see"),
    ]

    operations = [
        migrations.CreateModel(
            name="SavedView",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=40, verbose_name="name")),
                ("query", models.CharField(max_length=300)),
                (
                    "practice",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="practices.practice",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "saved view",
                "verbose_name_plural": "saved views",
                "abstract": False,
                "constraints": [
                    models.UniqueConstraint(fields=("practice", "id"), name="savedview_of_practice"),
                    models.UniqueConstraint(
                        fields=("practice", "user", "name"), name="one_saved_view_a_name"
                    ),
                ],
            },
        ),
        enforce_tenancy("practices_savedview"),
    ]
