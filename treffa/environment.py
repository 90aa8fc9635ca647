"""Reads the process environment once. A missing or malformed variable is named in one line, before anything runs.

Outside production every variable has a default, so that no `.env` is needed; in production the defaults that
would be unsafe are refused. `.env.example` lists them all.
"""

import re
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

T = TypeVar("T")

DEVELOPMENT = "development"
PRODUCTION = "production"
# A process works as one of these and needs its own login alone (practices/roles.py)
LOGINS = {
    "app": "DATABASE_URL",
    "owner": "DATABASE_OWNER_URL",
    "operator": "DATABASE_OPERATOR_URL",
    "backup": "DATABASE_BACKUP_URL",
}


class Environment:
    """Typed access to the variables. Problems are collected; `check` ends the process with one line each."""

    def __init__(self, *, env_file: Path | None = None) -> None:
        self._env = environ.Env()
        if env_file is not None and env_file.exists():
            environ.Env.read_env(env_file)
        self.problems: list[str] = []
        self.kind = self.text("TREFFA_ENV", DEVELOPMENT)
        if self.kind not in (DEVELOPMENT, PRODUCTION):
            self.problems.append(f"TREFFA_ENV is {self.kind!r}: it must be development or production")

    @property
    def production(self) -> bool:
        return self.kind == PRODUCTION

    def text(self, name: str, default: str) -> str:
        """A string; what is unset or empty is the default."""
        return str(self._env.str(name, default=default)) or default

    def secret(self, name: str, development: str) -> str:
        """A string that production must set itself: the development default is refused there."""
        value = self.text(name, development)
        if self.production and value == development:
            self.problems.append(f"{name} is not set: production needs a value of its own")
        return value

    def keys(self, name: str, development: str) -> list[str]:
        """A comma-separated list of base64url keys of 32 bytes each (practices/vault.py)."""
        given = self.secret(name, development).split(",")
        if not all(re.fullmatch(r"[\w+/-]{43}=?", key, re.ASCII) for key in given):
            self.problems.append(f"{name} is malformed: it must be keys of 32 bytes each, in base64")
        return given

    def address(self, name: str, development: str) -> str:
        """A base address without a slash at its end; production needs one of its own, over https."""
        value = self.secret(name, development).rstrip("/")
        schemes = ("https",) if self.production else ("http", "https")
        parts = urlsplit(value)
        if value != development and (parts.scheme not in schemes or not parts.hostname or parts.query):
            self.problems.append(f"{name} is malformed: it must be an {schemes[-1]}:// address")
        return value

    def flag(self, name: str, default: bool) -> bool:
        return self._read(name, lambda: bool(self._env.bool(name, default=default)), default, "true or false")

    def number(self, name: str, default: float) -> float:
        return self._read(name, lambda: float(self._env.float(name, default=default)), default, "a number")

    def words(self, name: str, default: list[str]) -> list[str]:
        """A comma-separated list without empty items."""
        return [str(word) for word in self._env.list(name, default=default) if word]

    def one_of(self, name: str, choices: tuple[str, ...]) -> str:
        """One of the choices; the first is the default."""
        value = self.text(name, choices[0])
        if value not in choices:
            self.problems.append(f"{name} is {value!r}: it must be one of {', '.join(choices)}")
            return choices[0]
        return value

    def database(self, role: str) -> dict[str, object]:
        """A Django database definition from the postgres:// URL of a role's login."""
        name, default = LOGINS[role], f"postgres://treffa_{role}:treffa@127.0.0.1:5432/treffa"
        url = self.secret(name, default)
        parts = urlsplit(url)
        if parts.scheme not in ("postgres", "postgresql") or not parts.hostname:
            self.problems.append(f"{name} is not a postgres:// URL")
            url = default
        return dict(environ.Env.db_url_config(url))

    def email(self, name: str, default: str) -> dict[str, object]:
        """Django's EMAIL_* settings from smtp://user:password@host:port (smtp+tls:// for STARTTLS)."""
        url = self.text(name, default)
        return self._read(name, lambda: dict(environ.Env.email_url_config(url)), {}, "an smtp:// URL")

    def _read(self, name: str, read: Callable[[], T], default: T, kind: str) -> T:
        try:
            return read()
        except (ValueError, KeyError, ImproperlyConfigured):
            self.problems.append(f"{name} is malformed: it must be {kind}")
            return default

    def check(self) -> None:
        """Ends the process with one line a problem; nothing has run by then."""
        if self.problems:
            raise SystemExit("\n".join(f"Configuration: {problem}." for problem in self.problems))
