"""The deadline that a wording names: what waits says nothing that is over."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("messaging", "0003_lookups"),
    ]

    operations = [
        migrations.AddField(
            model_name="message",
            name="told_deadline",
            field=models.DateTimeField(null=True, verbose_name="to be done by"),
        ),
    ]
