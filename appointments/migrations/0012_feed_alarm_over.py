"""Which practices wait to be told that a feed is read again."""

from django.db import migrations

from practices.schema import lookup_function


class Migration(migrations.Migration):
    dependencies = [
        ("appointments", "0011_same_person"),
    ]

    operations = [
        lookup_function(
            "treffa_practices_with_outages_over(until timestamptz)",
            returns="SETOF bigint",
            reads=("appointments_feed",),
            body="SELECT DISTINCT practice_id FROM appointments_feed WHERE last_good_at > alarmed_at"
            " AND last_good_at <= until AND removed_at IS NULL",
        ),
    ]
