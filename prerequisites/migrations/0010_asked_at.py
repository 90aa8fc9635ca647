from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("prerequisites", "0009_withdrawn_from")]

    operations = [
        migrations.AddField(
            model_name="requirement",
            name="asked_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="asked for since"),
        ),
    ]
