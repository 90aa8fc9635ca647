"""What waits for review, for each page's navigation counts it. Requirements are many: indexed while they are written."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("prerequisites", "0012_held")]

    operations = [
        AddIndexConcurrently(
            model_name="requirement",
            index=models.Index(
                condition=models.Q(("state", "submitted")), fields=["case"], name="requirements_to_review"
            ),
        ),
    ]
