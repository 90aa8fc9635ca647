"""`python -m treffa.embedded with`: a database with its roles and a broker, for one command."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from treffa.embedded.folder import CHECKOUT

ASK = """
import json, os, sys
import psycopg, redis
from practices.roles import create_roles

def rows(url, text):
    with psycopg.connect(url) as connection:
        return connection.execute(text).fetchall()

create_roles(superuser_url=os.environ["DATABASE_SUPERUSER_URL"], environment=os.environ)
names = ("DATABASE_URL", "DATABASE_OWNER_URL", "DATABASE_OPERATOR_URL", "DATABASE_BACKUP_URL")
roles = "SELECT rolname, rolsuper, rolbypassrls, rolcreatedb, rolcanlogin FROM pg_roles WHERE rolname LIKE 'treffa%'"
members = "SELECT member::regrole::text, roleid::regrole::text, inherit_option, set_option FROM pg_auth_members"
members += " WHERE member::regrole::text LIKE 'treffa%'"
json.dump({
    "users": [rows(os.environ[name], "SELECT current_user, current_database()")[0] for name in names],
    "roles": {row[0]: row[1:] for row in rows(os.environ["DATABASE_URL"], roles)},
    "members": rows(os.environ["DATABASE_URL"], members),
    "owner": rows(os.environ["DATABASE_URL"], "SELECT datdba::regrole::text FROM pg_database WHERE datname = 'treffa'"),
    "policy": redis.Redis.from_url(os.environ["REDIS_URL"]).config_get("maxmemory-policy"),
}, sys.stdout)
sys.exit(9)
"""
DATABASE_VARIABLES = ("DATABASE_URL", "DATABASE_SUPERUSER_URL", "REDIS_URL")
Answer = dict[str, object]


def run(*argv: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """The supervisor's command line, without what the tests' own stack has exported."""
    clean = {name: value for name, value in os.environ.items() if name not in DATABASE_VARIABLES}
    return subprocess.run(
        [sys.executable, "-m", "treffa.embedded", *argv],
        cwd=CHECKOUT,
        env={**clean, **variables},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


@pytest.fixture
def name() -> Iterator[str]:
    name = f"trial_{os.getpid()}"
    yield name
    shutil.rmtree(CHECKOUT / "var" / name, ignore_errors=True)


def test_a_command_gets_a_database_with_its_roles_and_a_broker(name: str) -> None:
    done = run("with", "--name", name, "--", sys.executable, "-c", ASK)
    assert done.returncode == 9, done.stderr
    answer: Answer = json.loads(done.stdout)
    logins = ["treffa_app", "treffa_owner", "treffa_operator", "treffa_backup"]
    assert answer["users"] == [[login, "treffa"] for login in logins]
    assert answer["roles"] == {  # superuser, bypasses row-level security, may create databases, may sign in
        "treffa_owner": [False, False, True, True],
        "treffa_app": [False, False, False, True],
        "treffa_operator": [False, True, False, True],
        "treffa_backup": [False, True, False, True],
        "treffa_lookup": [False, True, False, False],
    }
    assert answer["members"] == [["treffa_owner", "treffa_lookup", False, True]]
    assert answer["owner"] == [["treffa_owner"]]
    assert answer["policy"] == {"maxmemory-policy": "noeviction"}
    assert not [path for path in Path(CHECKOUT, "var", name).glob("secrets*") if path.stat().st_mode & 0o077]


def test_servers_that_the_caller_names_are_used_and_none_is_started(name: str) -> None:
    show = "import os; print(os.environ['DATABASE_URL'], os.environ['REDIS_URL'])"
    given = {
        "DATABASE_URL": "postgres://treffa_app:x@db/treffa",
        "REDIS_URL": "redis://broker/0",
    }
    done = run("with", "--name", name, "--", sys.executable, "-c", show, **given)
    assert done.stdout.split() == list(given.values())
    assert not (CHECKOUT / "var" / name / "postgres").exists()
