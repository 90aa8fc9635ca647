from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("practices", "0016_language_of_ones_own")]

    operations = [
        migrations.AddField(
            model_name="practice",
            name="text_price",
            field=models.DecimalField(
                blank=True, decimal_places=4, max_digits=6, null=True, verbose_name="price of a text"
            ),
        ),
    ]
