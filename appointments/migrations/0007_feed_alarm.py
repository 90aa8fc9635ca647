"""When the managers were told that a feed can't be read, and which practices wait for that."""

from django.db import migrations, models

from practices.schema import lookup_function


class Migration(migrations.Migration):
    dependencies = [
        ("appointments", "0006_feed_trials"),
    ]

    operations = [
        migrations.AddField(
            model_name="feed",
            name="alarmed_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="alarm"),
        ),
        lookup_function(
            "treffa_practices_with_silent_feeds(until timestamptz)",
            returns="SETOF bigint",
            reads=("appointments_feed",),
            body="SELECT DISTINCT practice_id FROM appointments_feed WHERE state <> 'paused'"
            " AND greatest(last_good_at, watched_from) <= until"
            " AND (alarmed_at IS NULL OR alarmed_at < greatest(last_good_at, watched_from))",
        ),
    ]
