"""What a process refuses to start with: one line that names the variable, before anything runs."""

import os
import subprocess
import sys

import pytest

GOOD = {
    "TREFFA_ENV": "production",
    "SECRET_KEY": "s" * 50,
    "LINK_KEY": "l" * 43,
    "MASTER_KEYS": "m" * 43,
    "ALLOWED_HOSTS": "treffa.example",
    "PUBLIC_URL": "https://treffa.example",
    "OPERATOR_URL": "https://admin.treffa.example",
    "DATABASE_URL": "postgres://treffa_app:x@db/treffa",
}


def start(**variables: str) -> list[str]:
    """What the settings complain of; empty if they are taken."""
    environment = {"PATH": os.environ["PATH"], **GOOD, **variables}
    done = subprocess.run(
        [sys.executable, "-c", "import treffa.settings"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stderr.splitlines()


def test_production_starts_with_all_that_it_needs() -> None:
    assert start() == []


@pytest.mark.parametrize(
    ("role", "login"),
    [
        ("owner", "DATABASE_OWNER_URL"),
        ("operator", "DATABASE_OPERATOR_URL"),
        ("backup", "DATABASE_BACKUP_URL"),
    ],
)
def test_a_process_needs_the_login_of_its_own_role_and_no_other(role: str, login: str) -> None:
    other = {"DATABASE_ROLE": role, "DATABASE_URL": ""}
    if role == "operator":
        other |= {"SECRET_KEY": "", "OPERATOR_SECRET_KEY": "o" * 50}
    assert start(**other, **{login: f"postgres://treffa_{role}:x@db/treffa"}) == []
    (line,) = start(**other)
    assert login in line


def test_operators_process_does_not_take_the_products_key() -> None:
    (line,) = start(DATABASE_ROLE="operator", DATABASE_OPERATOR_URL="postgres://treffa_operator:x@db/treffa")
    assert "OPERATOR_SECRET_KEY" in line


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SECRET_KEY", ""),
        ("LINK_KEY", ""),
        ("MASTER_KEYS", ""),
        ("MASTER_KEYS", "abc"),
        ("MASTER_KEYS", "m" * 43 + ","),
        ("ALLOWED_HOSTS", "*"),
        ("PUBLIC_URL", ""),
        ("PUBLIC_URL", "http://treffa.example"),
        ("OPERATOR_URL", "admin.treffa.example"),
        ("DATABASE_URL", "postgres://"),
        ("DATABASE_URL", "postgres://u:p@h:abc/x"),
        ("DATABASE_POOL", "maybe"),
        ("REDIS_URL", "notaurl"),
        ("REDIS_URL", "http://x"),
        ("CLAMD_ADDRESS", "clamd"),
        ("CLAMD_ADDRESS", "clamd:abc"),
        ("PUBLIC_URL", "https://h:99999"),
        ("TWILIO_BASE_URL", "foo"),
        ("DEFAULT_FROM_EMAIL", "notmail"),
        ("EMAIL_URL", "nowhere"),
        ("DOCUMENT_ROOT", "documents"),
        ("TICK_SECONDS", "often"),
        ("TICK_SECONDS", "0"),
        ("TICK_SECONDS", "-5"),
        ("LOG_LEVEL", "loud"),
        ("CLOCK_FILE", "clock.json"),
        ("SANDBOX_URL", "http://127.0.0.1:1"),
        ("FEED_ALLOWED_ADDRESSES", "127.0.0.1:1"),
    ],
)
def test_what_is_missing_malformed_or_unsafe_is_named_in_one_line(name: str, value: str) -> None:
    (line,) = start(**{name: value})
    assert line.startswith("Configuration: ") and name in line


def test_development_may_be_asked_over_http_and_is_told_so() -> None:
    (line,) = start(TREFFA_ENV="development", PUBLIC_URL="treffa.example")
    assert "http:// or https://" in line


def test_a_list_of_addresses_is_of_hosts_with_their_ports() -> None:
    (line,) = start(TREFFA_ENV="development", FEED_ALLOWED_ADDRESSES="abc")
    assert "FEED_ALLOWED_ADDRESSES" in line
