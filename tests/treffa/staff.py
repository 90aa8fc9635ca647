"""People who sign in, for the tests of the staff's pages."""

from typing import Any

from django.test import Client

from practices import tenancy
from practices.models import Practice, Role
from tests import factories


def sign_in(client: Client, practice: Practice, role: Role = Role.STAFF, **person: Any) -> Client:
    """The client, signed in as a member of the practice; pages in English."""
    user = factories.UserFactory(**{"language": "en", **person})
    with tenancy.scope(practice.pk):
        factories.MembershipFactory(user=user, role=role)
    client.force_login(user)
    client.defaults["HTTP_X_SHOWN_PRACTICE"] = str(practice.pk)  # as all forms of the pages say it
    return client
