"""Whoever gets hold of the product's login does not become an operator: rows, sessions and tries of operators are apart."""

from django.db import migrations, models

from practices.roles import APP, OPERATOR
from practices.schema import hide_operators, shut, shut_database

NO_OPERATOR = "NOT is_staff AND NOT is_superuser"
OF_NO_OPERATOR = "EXISTS (SELECT FROM practices_user person WHERE person.id = user_id)"  # as far as it sees


class Migration(migrations.Migration):
    dependencies = [
        ("practices", "0003_lookups"),
        ("account", "0009_emailaddress_unique_primary_email"),
        ("admin", "0003_logentry_add_action_flag_choices"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("axes", "0010_accessattemptexpiration"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("mfa", "0003_authenticator_type_uniq"),
        ("sessions", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="OperatorSession",
            fields=[
                (
                    "session_key",
                    models.CharField(
                        max_length=40, primary_key=True, serialize=False, verbose_name="session key"
                    ),
                ),
                ("session_data", models.TextField(verbose_name="session data")),
                ("expire_date", models.DateTimeField(db_index=True, verbose_name="expire date")),
            ],
            options={"verbose_name": "session", "verbose_name_plural": "sessions", "abstract": False},
        ),
        migrations.CreateModel(
            name="OperatorCache",
            fields=[
                ("cache_key", models.CharField(max_length=255, primary_key=True, serialize=False)),
                ("value", models.TextField()),
                ("expires", models.DateTimeField(db_index=True)),
            ],
        ),
        hide_operators("practices_user", unless=NO_OPERATOR),
        hide_operators("account_emailaddress", unless=OF_NO_OPERATOR),
        hide_operators("mfa_authenticator", unless=OF_NO_OPERATOR),
        shut("practices_operatorsession", "practices_operatorcache"),
        shut("django_admin_log", "django_content_type", "account_emailconfirmation"),
        shut("auth_group", "auth_group_permissions", "auth_permission"),
        shut("practices_user_groups", "practices_user_user_permissions"),
        shut("django_session", to=OPERATOR),
        migrations.RunSQL(
            f"REVOKE INSERT, UPDATE, DELETE ON django_migrations FROM {APP}, {OPERATOR};",
            migrations.RunSQL.noop,
        ),
        shut_database(),
    ]
