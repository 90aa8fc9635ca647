from django.db import migrations, models


class Migration(migrations.Migration):
    """A person who has chosen no language sees the practice's. Whoever is there already keeps theirs."""

    dependencies = [("practices", "0015_invitations_lookup")]

    operations = [
        migrations.AlterField(
            model_name="user",
            name="language",
            field=models.CharField(blank=True, default="", max_length=8, verbose_name="language"),
        ),
    ]
