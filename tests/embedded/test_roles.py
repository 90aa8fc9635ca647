"""create_roles says in one line what is wrong with the URLs."""

import pytest

from practices.roles import VARIABLES, RolesError, read_urls

GOOD = {variable: f"postgres://{role}:secret%2Fpart@db:5432/treffa" for variable, role in VARIABLES.items()}


def test_passwords_are_taken_from_the_urls() -> None:
    database, passwords = read_urls(GOOD)
    assert database == "treffa"
    assert set(passwords.values()) == {"secret/part"}
    assert set(passwords) == set(VARIABLES.values())


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"DATABASE_URL": ""}, "DATABASE_URL is not set"),
        (
            {"DATABASE_URL": "postgres://root:x@db/treffa"},
            "DATABASE_URL must sign in as treffa_app, not as root",
        ),
        (
            {"DATABASE_OWNER_URL": "postgres://treffa_owner@db/treffa"},
            "DATABASE_OWNER_URL has no password",
        ),
        (
            {"DATABASE_BACKUP_URL": "postgres://treffa_backup:x@db/other"},
            "must name one database, not other, treffa",
        ),
    ],
)
def test_a_wrong_url_is_named(change: dict[str, str], says: str) -> None:
    with pytest.raises(RolesError, match=says):
        read_urls({**GOOD, **change})
