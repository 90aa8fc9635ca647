"""Since when a case is ready, for the reports; what is ready now is so since it says so. And which cases' readiness changed
lately, for who follows along."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models

from practices.schema import lookup_function

# The owner sees no row of a forced table without a scope. Sent at once, these are one transaction.
READY_NOW = """
ALTER TABLE prerequisites_case NO FORCE ROW LEVEL SECURITY;
UPDATE prerequisites_case SET ready_at = readiness_since WHERE readiness IN ('ready', 'waived');
ALTER TABLE prerequisites_case FORCE ROW LEVEL SECURITY;
"""


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("prerequisites", "0016_facts_missing"), ("practices", "0018_access")]

    operations = [
        migrations.AddField(
            model_name="case",
            name="ready_at",
            field=models.DateTimeField(null=True, verbose_name="ready since"),
        ),
        migrations.RunSQL(READY_NOW, migrations.RunSQL.noop),
        AddIndexConcurrently(
            model_name="case",
            index=models.Index(fields=["practice", "readiness_since"], name="cases_by_news"),
        ),
        # A change may be committed after a later one was seen: an hour is looked at once more.
        lookup_function(
            "treffa_practices_with_news_for_webhooks()",
            returns="SETOF bigint",
            reads=("prerequisites_case", "practices_webhook", "practices_delivery"),
            body="""
                SELECT DISTINCT w.practice_id FROM practices_webhook w
                 WHERE w.disabled_at IS NULL AND w.removed_at IS NULL AND EXISTS (
                    SELECT FROM prerequisites_case c
                     WHERE c.practice_id = w.practice_id AND c.readiness_since > w.looked_at - interval '1 hour'
                       AND c.readiness_since > w.made_at AND NOT EXISTS (
                        SELECT FROM practices_delivery d WHERE d.practice_id = w.practice_id
                           AND d.webhook_id = w.id AND d.case_id = c.id AND d.since = c.readiness_since))
            """,
        ),
    ]
