"""How a case stood when its appointment began; the database's default fills what is there."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("prerequisites", "0021_helper_lookups"),
    ]

    operations = [
        migrations.AddField(
            model_name="case",
            name="readiness_at_start",
            field=models.CharField(
                blank=True,
                choices=[
                    ("needs_contact", "Contact missing"),
                    ("waiting", "Waiting for answer"),
                    ("to_review", "To review"),
                    ("ready", "Ready"),
                    ("at_risk", "At risk"),
                    ("overdue", "Overdue"),
                    ("not_performable", "Not performable"),
                    ("waived", "Waived"),
                    ("closed", "Closed"),
                ],
                db_default="",
                default="",
                max_length=16,
                verbose_name="readiness at the appointment",
            ),
        ),
        migrations.AddField(
            model_name="case",
            name="assigned_to",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="cared for by",
            ),
        ),
    ]
