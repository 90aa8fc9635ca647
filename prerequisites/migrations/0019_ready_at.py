"""Since when a case is ready, for the reports; what is ready now is so since it says so. And which cases' readiness changed
lately, for who follows along."""

from django.db import migrations, models

# The owner sees no row of a forced table without a scope.
READY_NOW = """
ALTER TABLE prerequisites_case NO FORCE ROW LEVEL SECURITY;
UPDATE prerequisites_case SET ready_at = readiness_since WHERE readiness IN ('ready', 'waived');
ALTER TABLE prerequisites_case FORCE ROW LEVEL SECURITY;
"""


class Migration(migrations.Migration):
    dependencies = [("prerequisites", "0015_own_date")]

    operations = [
        migrations.AddField(
            model_name="case",
            name="ready_at",
            field=models.DateTimeField(null=True, verbose_name="ready since"),
        ),
        migrations.RunSQL(READY_NOW, migrations.RunSQL.noop),
        migrations.AddIndex(
            model_name="case",
            index=models.Index(fields=["practice", "readiness_since"], name="cases_by_news"),
        ),
    ]
