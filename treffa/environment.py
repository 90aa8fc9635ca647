"""Reads the process environment once. A missing or malformed variable is named in one line, before anything runs.

Outside production every variable has a default, so that no `.env` is needed; in production the defaults that
would be unsafe are refused. `.env.example` lists them all.
"""

import json
import math
import re
import secrets
from collections.abc import Callable, Container
from email.utils import parseaddr
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit
from zoneinfo import available_timezones

import environ
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.core.validators import validate_email

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
_TRUE, _FALSE = frozenset(environ.Env.BOOLEAN_TRUE_STRINGS), frozenset({"false", "off", "no", "n", "0"})


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
        if value != development and (not _is_base_address(value) or urlsplit(value).scheme not in schemes):
            kinds = " or ".join(f"{scheme}://" for scheme in schemes)
            self.problems.append(f"{name} is malformed: it must be an address that begins with {kinds}")
        return value

    def optional_address(self, name: str) -> str:
        """A base address without a slash at its end, or nothing."""
        return self.like(name, "", fits=_is_base_address, kind="an http:// or https:// address").rstrip("/")

    def redis(self, name: str, default: str) -> str:
        return self.like(name, default, fits=_is_redis, kind="a redis:// or rediss:// URL")

    def endpoint(self, name: str) -> str:
        """host:port, or nothing."""
        return self.like(name, "", fits=_is_endpoint, kind="host:port")

    def endpoints(self, name: str) -> list[str]:
        """A comma-separated list of host:port."""
        given = self.words(name, [])
        if not all(map(_is_endpoint, given)):
            self.problems.append(f"{name} is malformed: it must be a list of host:port")
        return given

    def mailbox(self, name: str, default: str) -> str:
        return self.like(name, default, fits=_is_mailbox, kind="an e-mail address")

    def zone(self, name: str, default: str) -> str:
        return self.like(name, default, fits=available_timezones().__contains__, kind="an IANA time zone")

    def folder(self, name: str, default: Path) -> Path:
        return Path(
            self.like(name, str(default), fits=lambda path: Path(path).is_absolute(), kind="a whole path")
        )

    def like(self, name: str, default: str, *, fits: Callable[[str], bool], kind: str) -> str:
        """A string of a certain form; the default is taken as it is."""
        value = self.text(name, default)
        if value != default and not fits(value):
            self.problems.append(f"{name} is malformed: it must be {kind}")
            return default
        return value

    def flag(self, name: str, default: bool) -> bool:
        return self.like(name, str(default), fits=_is_flag, kind="true or false").lower() in _TRUE

    def positive(self, name: str, default: float) -> float:
        """A number above zero."""
        value = self._read(name, lambda: float(self._env.float(name, default=default)), default, "a number")
        if not 0 < value < math.inf:
            self.problems.append(f"{name} is malformed: it must be a number above zero")
            return default
        return value

    def few(self, name: str) -> int:
        """A whole number from 0 (the default) to 9."""
        return int(self.like(name, "0", fits=lambda value: value in tuple("0123456789"), kind="0 to 9"))

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
        if not _is_url(url, schemes=("postgres", "postgresql")):
            self.problems.append(f"{name} is not a postgres:// URL")
            url = default
        return dict(environ.Env.db_url_config(url))

    def email(self, name: str, default: str) -> dict[str, object]:
        """Django's EMAIL_* settings from smtp://user:password@host:port (smtp+tls:// for STARTTLS)."""
        url = self.text(name, default)
        return self._read(name, lambda: dict(environ.Env.email_url_config(url)), {}, "an smtp:// URL")

    def anymail(self) -> tuple[str, dict[str, object]]:
        """Anymail's service (ANYMAIL_ESP, "" for SMTP) and its settings: ANYMAIL_SETTINGS as JSON, and the secret without
        which its webhooks let nobody in ("user:password", one of this process's own where none is set)."""
        esp = self.like(
            "ANYMAIL_ESP", "", fits=lambda value: re.fullmatch(r"[a-z_]*", value) is not None, kind="a name"
        )
        given: dict[str, object] = self._read(
            "ANYMAIL_SETTINGS",
            lambda: dict(json.loads(self.text("ANYMAIL_SETTINGS", "{}"))),
            {},
            "a JSON object",
        )
        secret = self.text("ANYMAIL_WEBHOOK_SECRET", "") or f"nobody:{secrets.token_urlsafe(32)}"
        return esp, {**given, "WEBHOOK_SECRET": secret}

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


def _is_url(value: str, *, schemes: Container[str]) -> bool:
    try:
        parts = urlsplit(value)
        return parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is none
        return False


def _is_base_address(value: str) -> bool:
    return _is_url(value, schemes=("http", "https")) and not urlsplit(value).query


def _is_redis(value: str) -> bool:
    return _is_url(value, schemes=("redis", "rediss"))


def _is_endpoint(value: str) -> bool:
    return _is_url(f"//{value}", schemes=("",)) and bool(re.search(r":\d+$", value, re.ASCII))


def _is_mailbox(value: str) -> bool:
    try:
        validate_email(parseaddr(value)[1])
    except ValidationError:
        return False
    return True


def _is_flag(value: str) -> bool:
    return value.lower() in _TRUE | _FALSE
