"""What is asked before a practice is known: a person's memberships, and which practices have something to seal."""

from django.db import migrations

from practices.schema import lookup_function


class Migration(migrations.Migration):
    dependencies = [("practices", "0002_tenancy")]

    operations = [
        lookup_function(
            "treffa_memberships_of(person bigint)",
            returns="TABLE (practice_id bigint, practice_name text, role text)",
            reads=("practices_membership", "practices_practice"),
            body="""
                SELECT m.practice_id, p.name::text, m.role::text
                FROM practices_membership m JOIN practices_practice p ON p.id = m.practice_id
                WHERE m.user_id = person AND m.active
                ORDER BY p.name, p.id
            """,
        ),
        lookup_function(
            "treffa_practices_to_seal()",
            returns="SETOF bigint",
            reads=("practices_unsealedentry",),
            body="SELECT DISTINCT practice_id FROM practices_unsealedentry",
        ),
    ]
