"""Which practices have messages that are due, and whose an attempt is: asked before a practice is known."""

from django.db import migrations

from practices.schema import lookup_function


class Migration(migrations.Migration):
    dependencies = [("messaging", "0002_tenancy")]

    operations = [
        lookup_function(
            "treffa_practices_with_due_messages(at timestamptz)",
            returns="SETOF bigint",
            reads=("messaging_message",),
            body="SELECT DISTINCT practice_id FROM messaging_message WHERE due_at <= at",
        ),
        lookup_function(
            "treffa_attempt(attempt uuid)",
            returns="TABLE (practice_id bigint, message_id bigint)",
            reads=("messaging_attempt",),
            body="SELECT practice_id, message_id FROM messaging_attempt WHERE id = attempt",
        ),
    ]
