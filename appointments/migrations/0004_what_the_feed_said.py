"""What the feed last said of an appointment, to tell changes and moves from."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("appointments", "0003_lookups")]

    operations = [
        migrations.AddField(
            model_name="appointment",
            name=name,
            field=models.CharField(blank=True, db_default="", default="", editable=False, max_length=length),
        )
        for name, length in (("type_text", 120), ("person", 240), ("content", 32))
    ]
