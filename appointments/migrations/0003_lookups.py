"""Which practices have a feed to poll, and which have appointments to plan: asked before a practice is known."""

from django.db import migrations

from practices.schema import lookup_function


class Migration(migrations.Migration):
    dependencies = [("appointments", "0002_tenancy")]

    operations = [
        lookup_function(
            "treffa_practices_to_sync(at timestamptz)",
            returns="SETOF bigint",
            reads=("appointments_feed",),
            body="SELECT DISTINCT practice_id FROM appointments_feed WHERE next_poll_at <= at AND state <> 'paused'",
        ),
        lookup_function(
            "treffa_practices_to_plan()",
            returns="SETOF bigint",
            reads=("appointments_appointment",),
            body="SELECT DISTINCT practice_id FROM appointments_appointment WHERE needs_planning",
        ),
    ]
