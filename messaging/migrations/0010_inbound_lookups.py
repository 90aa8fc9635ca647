"""Whose a number is, and whose mail a provider means: asked before a practice is known."""

from django.db import migrations

from practices.schema import lookup_function


class Migration(migrations.Migration):
    dependencies = [("messaging", "0009_inbound"), ("practices", "0009_sending")]

    operations = [
        lookup_function(
            "treffa_practices_of_sender(sender text)",
            returns="SETOF bigint",
            reads=("practices_practice",),
            body="""
                SELECT id FROM practices_practice
                WHERE sender <> '' AND sender IN (sms_sender, whatsapp_sender) ORDER BY id
            """,
        ),
        lookup_function(
            "treffa_attempts_of_provider(reference text)",
            returns="TABLE (id uuid, practice_id bigint)",
            reads=("messaging_attempt",),
            body="SELECT id, practice_id FROM messaging_attempt WHERE provider_id = reference AND reference <> '' LIMIT 5",
        ),
    ]
