"""Which practices have cases or scans that are due, and whose a link is: asked before a practice is known."""

from django.db import migrations

from practices.schema import lookup_function


class Migration(migrations.Migration):
    dependencies = [("prerequisites", "0002_tenancy")]

    operations = [
        lookup_function(
            "treffa_practices_with_due_cases(at timestamptz)",
            returns="SETOF bigint",
            reads=("prerequisites_case", "prerequisites_document"),
            body="""
                SELECT DISTINCT practice_id FROM prerequisites_case WHERE due_at <= at
                UNION SELECT DISTINCT practice_id FROM prerequisites_document WHERE scan_due_at <= at
            """,
        ),
        lookup_function(
            "treffa_practices_with_due_requests(at timestamptz)",
            returns="SETOF bigint",
            reads=("prerequisites_case",),
            body="SELECT DISTINCT practice_id FROM prerequisites_case WHERE requests_due_at <= at",
        ),
        lookup_function(
            "treffa_practices_with_due_escalations(at timestamptz)",
            returns="SETOF bigint",
            reads=("prerequisites_case",),
            body="SELECT DISTINCT practice_id FROM prerequisites_case WHERE escalation_due_at <= at",
        ),
        lookup_function(
            "treffa_link(hash text, at timestamptz)",
            returns="TABLE (practice_id bigint, link_id bigint)",
            reads=("prerequisites_patientlink",),
            body="""
                SELECT practice_id, id FROM prerequisites_patientlink
                WHERE token_hash = hash AND revoked_at IS NULL AND expires_at > at
            """,
        ),
    ]
