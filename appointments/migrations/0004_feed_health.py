"""How a feed last answered, for its health on the board."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("appointments", "0003_lookups"),
    ]

    operations = [
        migrations.AddField(
            model_name="feed",
            name="last_bytes",
            field=models.PositiveBigIntegerField(
                blank=True, null=True, verbose_name="size of the last response"
            ),
        ),
        migrations.AddField(
            model_name="feed",
            name="last_duration_ms",
            field=models.PositiveIntegerField(
                blank=True, null=True, verbose_name="duration of the last poll (ms)"
            ),
        ),
        migrations.AddField(
            model_name="feed",
            name="last_status",
            field=models.PositiveSmallIntegerField(
                blank=True,
                help_text="HTTP status; empty without an answer.",
                null=True,
                verbose_name="last response",
            ),
        ),
    ]
