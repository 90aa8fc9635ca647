"""Whose daily digest may be due: asked before a practice is known."""

from django.db import migrations

from practices.schema import lookup_function


class Migration(migrations.Migration):
    dependencies = [("escalation", "0007_hours_and_preferences_tenancy")]

    operations = [
        lookup_function(
            "treffa_digests()",
            returns="TABLE (practice_id bigint, time_zone text, digest_at time, digest_day date)",
            reads=("practices_practice", "escalation_preference"),
            body="""
                SELECT DISTINCT one.practice_id, p.time_zone::text, one.digest_at, one.digest_day
                FROM escalation_preference one JOIN practices_practice p ON p.id = one.practice_id
                WHERE one.digest_at IS NOT NULL
            """,
        ),
    ]
