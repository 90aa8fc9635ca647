"""docker-compose.yml, Dockerfile and .env.example say what the product reads and runs, nothing else."""

import re
from collections.abc import Sequence
from importlib.metadata import entry_points
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import get_commands

from treffa.embedded import commands, environment
from treffa.environment import LOGINS

ROOT = Path(__file__).resolve().parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
PRODUCT = ("roles", "migrate", "web", "operator", "worker", "beat")
SERVERS = ("postgres", "redis")
READ_ELSEWHERE = {"REMAP_SIGTERM", "DATABASE_SUPERUSER_URL"}  # Celery's own; create_roles
EXPECTED = {
    "roles": commands.ROLES,
    "migrate": commands.MIGRATE,
    "web": commands.web(bind="0.0.0.0:8000"),
    "operator": commands.admin(bind="0.0.0.0:8001"),
    "worker": commands.WORKER,
    "beat": commands.beat(schedule="/var/lib/treffa/beat"),
}


def read_by_settings() -> set[str]:
    """Every name that settings.py and environment.py ask for."""
    sources = (ROOT / "treffa" / name for name in ("settings.py", "environment.py"))
    text = "\n".join(path.read_text() for path in sources)
    return set(re.findall(r'(?:ENV|self)\.\w+\(\s*"([A-Z_]+)"', text)) | set(LOGINS.values())


def named_in_example() -> list[str]:
    return re.findall(r"^([A-Z_]+)=", (ROOT / ".env.example").read_text(), flags=re.MULTILINE)


def test_the_services_are_the_ones_that_the_supervisor_runs() -> None:
    assert set(SERVICES) == {*PRODUCT, *SERVERS}


@pytest.mark.parametrize("service", PRODUCT)
def test_every_variable_that_a_service_is_given_is_read(service: str) -> None:
    assert set(SERVICES[service]["environment"]) <= read_by_settings() | READ_ELSEWHERE


@pytest.mark.parametrize("service", PRODUCT)
def test_a_service_runs_the_supervisors_command(service: str) -> None:
    assert tuple(SERVICES[service]["command"]) == tuple(EXPECTED[service])


@pytest.mark.parametrize("command", [pytest.param(command, id=name) for name, command in EXPECTED.items()])
def test_every_command_exists(command: Sequence[str]) -> None:
    program = command[0]
    if program == "python":
        assert command[1] == "manage.py"
        assert command[2] in get_commands()
    else:
        assert program in {script.name for script in entry_points(group="console_scripts")}


def test_worker_and_operator_have_the_supervisors_variables() -> None:
    assert commands.WORKER_ENVIRONMENT.items() <= SERVICES["worker"]["environment"].items()
    assert commands.ADMIN_ENVIRONMENT.items() <= SERVICES["operator"]["environment"].items()


@pytest.mark.parametrize(
    ("service", "role"),
    [("migrate", "owner"), ("web", "app"), ("operator", "operator"), ("worker", "app"), ("beat", "app")],
)
def test_a_service_knows_its_own_login_and_key_alone(service: str, role: str) -> None:
    given = set(SERVICES[service]["environment"]) & environment.GUARDED
    assert given == set(environment.OWN[role])


@pytest.mark.parametrize("service", ["web", "operator", "worker", "beat", *SERVERS])
def test_every_lasting_service_has_a_health_check(service: str) -> None:
    assert SERVICES[service]["healthcheck"]["test"][0] in ("CMD", "CMD-SHELL")


@pytest.mark.parametrize("service", PRODUCT)
def test_no_product_service_runs_as_root_or_knows_the_superuser_longer_than_needed(service: str) -> None:
    assert SERVICES[service]["user"] == "10001:10001"
    assert ("DATABASE_SUPERUSER_URL" in SERVICES[service]["environment"]) == (service == "roles")
    assert SERVICES[service]["environment"]["TREFFA_ENV"] == "production"


def test_every_variable_that_compose_takes_from_outside_is_in_the_example() -> None:
    taken = set(re.findall(r"(?<!\$)\$\{([A-Z_]+)", (ROOT / "docker-compose.yml").read_text()))
    assert taken <= set(named_in_example())


def test_the_example_lists_every_variable_once_with_a_line_on_each() -> None:
    names = named_in_example()
    assert len(names) == len(set(names))
    assert set(names) == read_by_settings() | {"DATABASE_SUPERUSER_URL", "POSTGRES_PASSWORD"}
    lines = (ROOT / ".env.example").read_text().splitlines()
    for before, line in pairwise(lines):
        assert not re.match(r"[A-Z_]+=", line) or before.startswith("# "), f"{line} has no line on it"


def test_the_image_holds_no_development_tools_and_does_not_run_as_root() -> None:
    text = (ROOT / "Dockerfile").read_text()
    assert "requirements/base.txt" in text
    assert "dev.txt" not in text
    assert re.findall(r"^USER (.*)$", text, flags=re.MULTILINE) == ["treffa"]
