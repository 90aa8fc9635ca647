"""Which practice a link invites to: asked before anybody is signed in."""

from django.db import migrations

from practices.schema import lookup_function


class Migration(migrations.Migration):
    dependencies = [("practices", "0014_invitations_tenancy")]

    operations = [
        lookup_function(
            "treffa_practice_of_invitation(hash text)",
            returns="SETOF bigint",
            reads=("practices_invitation",),
            body="SELECT practice_id FROM practices_invitation WHERE token_hash = hash",
        ),
    ]
