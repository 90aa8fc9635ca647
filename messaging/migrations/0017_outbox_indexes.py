"""What is due and what was tried today, of one practice: asked with every claim. Written to all the time: indexed meanwhile."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("messaging", "0016_shared_messages")]

    operations = [
        AddIndexConcurrently(
            model_name="attempt",
            index=models.Index(fields=["practice", "started_at"], name="attempts_of_day"),
        ),
        AddIndexConcurrently(
            model_name="message",
            index=models.Index(
                condition=models.Q(("due_at__isnull", False)),
                fields=["practice", "due_at"],
                name="messages_due_of_practice",
            ),
        ),
    ]
