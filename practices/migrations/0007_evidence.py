"""What an evidence record needs: provable personal parts, seals over trees, the daily heads that go outside."""

import django.db.models.deletion
from django.db import migrations, models

from practices.schema import enforce_tenancy, insert_only, lookup_function


class Migration(migrations.Migration):
    dependencies = [
        ("practices", "0006_practice_index"),
    ]

    operations = [
        migrations.CreateModel(
            name="DailyHead",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("day", models.DateField(verbose_name="day")),
                ("number", models.BigIntegerField(verbose_name="seal")),
                ("digest", models.CharField(max_length=64, verbose_name="digest")),
                ("at", models.DateTimeField(verbose_name="at")),
                ("mailed", models.BooleanField(default=True, verbose_name="mailed")),
            ],
            options={
                "verbose_name": "daily head of the record",
                "verbose_name_plural": "daily heads of the record",
                "abstract": False,
            },
        ),
        migrations.AddField(
            model_name="recordentry",
            name="commitment",
            field=models.CharField(blank=True, db_default="", default="", editable=False, max_length=64),
        ),
        migrations.AddField(
            model_name="seal",
            name="root",
            field=models.CharField(blank=True, db_default="", default="", max_length=64),
        ),
        migrations.AddField(
            model_name="seal",
            name="version",
            field=models.PositiveSmallIntegerField(db_default=1, default=1),
        ),
        migrations.AddField(
            model_name="dailyhead",
            name="practice",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="practices.practice",
            ),
        ),
        migrations.AddConstraint(
            model_name="dailyhead",
            constraint=models.UniqueConstraint(fields=("practice", "id"), name="dailyhead_of_practice"),
        ),
        migrations.AddConstraint(
            model_name="dailyhead",
            constraint=models.UniqueConstraint(fields=("practice", "day"), name="one_head_a_day"),
        ),
        enforce_tenancy("practices_dailyhead"),
        insert_only("practices_dailyhead"),
        lookup_function(
            "treffa_practices_to_witness()",
            returns="TABLE (practice_id bigint, time_zone text, last_day date)",
            reads=("practices_practice", "practices_seal", "practices_dailyhead"),
            body="""
                SELECT p.id, p.time_zone::text, head.day
                FROM practices_practice p
                LEFT JOIN LATERAL (
                    SELECT max(d.day) AS day, max(d.number) AS number
                    FROM practices_dailyhead d WHERE d.practice_id = p.id
                ) head ON true
                WHERE EXISTS (
                    SELECT FROM practices_seal s
                    WHERE s.practice_id = p.id AND s.number > COALESCE(head.number, 0)
                )
            """,
        ),
    ]
