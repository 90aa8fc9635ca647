"""Work as the operators' own process does: on their database role."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import environ
from django.db import connection

from practices.models import User

EMAIL, PASSWORD = "operator@treffa.example", "ein-langes-kennwort"


@contextmanager
def operators_role() -> Iterator[None]:
    """The connection signs in as the operators' role. Needs a test with real transactions."""
    login = environ.Env.db_url_config(os.environ["DATABASE_OPERATOR_URL"])
    as_app = {key: connection.settings_dict[key] for key in ("USER", "PASSWORD")}
    connection.close()
    connection.settings_dict.update(USER=login["USER"], PASSWORD=login["PASSWORD"])
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict.update(as_app)


def make_operator(email: str = EMAIL) -> User:
    """An operator, made as the command does that makes them."""
    with operators_role():
        return User.objects.create_superuser(email, PASSWORD, name="Olga Betrieb")
