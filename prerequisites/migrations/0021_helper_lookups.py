"""Whose a helper's link is, and which practices hold uploads that nobody handed in: asked before a practice is known."""

from django.db import migrations

from practices.schema import lookup_function


class Migration(migrations.Migration):
    dependencies = [("prerequisites", "0020_patient_page")]

    operations = [
        lookup_function(
            "treffa_helper_link(hash text, at timestamptz)",
            returns="TABLE (practice_id bigint, helper_id bigint)",
            reads=("prerequisites_helperlink",),
            body="""
                SELECT practice_id, id FROM prerequisites_helperlink
                WHERE token_hash = hash AND ended_at IS NULL AND expires_at > at
            """,
        ),
        lookup_function(
            "treffa_practices_with_old_uploads(at timestamptz)",
            returns="SETOF bigint",
            reads=("prerequisites_upload",),
            body="SELECT DISTINCT practice_id FROM prerequisites_upload WHERE expires_at <= at",
        ),
    ]
