"""How a requirement stood when it was withdrawn."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("prerequisites", "0008_conditions"),
    ]

    operations = [
        migrations.AddField(
            model_name="requirement",
            name="withdrawn_from",
            field=models.CharField(blank=True, db_default="", default="", editable=False, max_length=10),
        ),
    ]
