"""Tables of contacts that wait to be taken over."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from practices.schema import enforce_tenancy, lookup_function


class Migration(migrations.Migration):
    dependencies = [
        ("appointments", "0007_feed_alarm"),
        ("practices", "0005_operators_in_the_record"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ContactImport",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("sealed_table", models.BinaryField(null=True)),
                ("columns", models.JSONField(default=dict)),
                ("overwrite", models.BooleanField(default=False)),
                ("result", models.JSONField(null=True)),
                ("expires_at", models.DateTimeField(verbose_name="expires")),
                (
                    "practice",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="practices.practice"
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="person",
                    ),
                ),
            ],
            options={
                "verbose_name": "import of contacts",
                "verbose_name_plural": "imports of contacts",
                "abstract": False,
                "constraints": [
                    models.UniqueConstraint(fields=("practice", "id"), name="contactimport_of_practice")
                ],
            },
        ),
        enforce_tenancy("appointments_contactimport"),
        lookup_function(
            "treffa_practices_with_imports(at timestamptz)",
            returns="SETOF bigint",
            reads=("appointments_contactimport",),
            body="SELECT DISTINCT practice_id FROM appointments_contactimport WHERE expires_at <= at",
        ),
    ]
