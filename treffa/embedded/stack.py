"""What is started, in which order: database and broker for a command (`run_with`), or the whole (`run_up`)."""

import asyncio
import hashlib
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from practices.roles import VARIABLES, create_roles
from treffa.embedded import commands, environment, postgres, redis
from treffa.embedded.folder import CHECKOUT, Folder
from treffa.embedded.part import Part
from treffa.embedded.ports import HOST, Ports, answers
from treffa.embedded.supervisor import Supervisor
from treffa.embedded.web import responds

TEST, DEMO = "test", "demo"
DENSITY = "0.2"  # of the sandbox's calendars: a board that one can take in


@dataclass(frozen=True, kw_only=True)
class Order:
    """What the caller asked for; `command` empty: run until stopped; `seeded`: with the demo; `at`: the time to begin at, else now."""

    name: str
    command: Sequence[str] = ()
    speed: float = 1
    tick: float = 5
    seeded: bool = False
    at: datetime | None = None


async def run_with(supervisor: Supervisor, order: Order) -> int:
    """Database and broker for one command."""
    env = environment.foundation(supervisor.folder) | await start_ground(supervisor, ports=Ports())
    return await supervisor.foreground(order.command, env=env)


async def run_up(supervisor: Supervisor, order: Order) -> int:
    """The whole: database and broker; schema, sandbox, web and admin side by side; the demo; worker and beat."""
    folder, ports = supervisor.folder, Ports()
    at = environment.addresses(ports=ports, prefer=not order.command)
    for note in ports.notes:
        supervisor.console.warn(note)
    environment.start_clock(folder.clock, speed=order.speed, at=order.at)
    env = environment.foundation(folder) | environment.outside_world(at=at, tick=order.tick)
    env["CLOCK_FILE"] = str(folder.clock)
    ground = await start_ground(supervisor, ports=ports)
    ground.pop("DATABASE_SUPERUSER_URL", None)
    env |= ground
    own = not os.environ.get("DATABASE_URL")
    await asyncio.gather(
        _migrate(supervisor, env=env, own=own),
        supervisor.start(sandbox_part(folder, at=at, env=env)),
        supervisor.start(*faces(at=at, env=env)),
    )
    banner = await _seed(supervisor, env=env) if order.seeded else []
    await supervisor.start(*engine(folder, env=env))
    if order.command:
        return await supervisor.foreground(order.command, env=env)
    supervisor.console.show(banner)
    await asyncio.Event().wait()
    return 0


async def _seed(supervisor: Supervisor, *, env: Mapping[str, str]) -> Sequence[str]:
    """Fills a new demo, refreshes a stale one; returns what it printed: where to look, and the sign-ins.

    Callbacks need the web process by then; worker and beat start later, as seeding turns the clock to the past.
    """
    operator = {**environment.seen_by("operator", env), **commands.ADMIN_ENVIRONMENT}
    _, printed = await asyncio.gather(
        supervisor.run(Part(name="operator", argv=_here(commands.SEED_OPERATOR), env=operator), shown=False),
        supervisor.run(
            Part(name="seed", argv=_here(commands.SEED_DEMO), env=environment.seen_by("app", env)),
            shown=False,
        ),
    )
    return printed


async def _migrate(supervisor: Supervisor, *, env: Mapping[str, str], own: bool) -> None:
    """Brings the schema up to date. Skipped where our `own` database saw these very migrations before."""
    note, state = supervisor.folder.migrated, schema_state()
    if own and note.exists() and note.read_text() == state:
        return
    owner = environment.seen_by("owner", env)
    await supervisor.run(Part(name="migrate", argv=_here(commands.MIGRATE), env=owner), shown=False)
    supervisor.console.say("the schema is up to date")
    if own:
        note.write_text(state)


def schema_state() -> str:
    """A hash over all migrations, ours and (by the lock file) the packages'."""
    files = [CHECKOUT / "requirements" / "base.txt", *sorted(CHECKOUT.glob("*/migrations/*.py"))]
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.name.encode() + file.read_bytes())
    return digest.hexdigest()


async def start_ground(supervisor: Supervisor, *, ports: Ports) -> dict[str, str]:
    """Starts what the caller's environment does not name, side by side; returns all addresses."""
    wanted = [
        start
        for name, start in (
            ("DATABASE_URL", _start_postgres),
            ("REDIS_URL", _start_redis),
        )
        if not os.environ.get(name)
    ]
    taken = {start: ports.take(part=start.__name__) for start in wanted}
    ports.release()
    named = (*VARIABLES, "DATABASE_SUPERUSER_URL")
    found = {name: os.environ[name] for name in named if os.environ.get(name)}
    for env in await asyncio.gather(*(start(supervisor, port=taken[start]) for start in wanted)):
        found |= env
    if os.environ.get("DATABASE_URL") and os.environ.get("DATABASE_SUPERUSER_URL"):
        await asyncio.to_thread(
            create_roles,
            superuser_url=os.environ["DATABASE_SUPERUSER_URL"],
            environment=os.environ,
        )
    return found


async def _start_postgres(supervisor: Supervisor, *, port: int) -> dict[str, str]:
    folder, made = supervisor.folder, supervisor.folder.secrets()
    place = await asyncio.to_thread(postgres.find_place, folder, package=postgres.wheel())
    await asyncio.to_thread(postgres.make_cluster, place, password=made["postgres"])
    safe = folder.name != TEST
    await supervisor.start(postgres.postgres_part(place, port=port, password=made["postgres"], safe=safe))
    urls = {
        variable: postgres.role_url(role=role, port=port, password=made[role])
        for variable, role in VARIABLES.items()
    }
    superuser = postgres.superuser_url(port=port, password=made["postgres"], database="postgres")
    await asyncio.to_thread(create_roles, superuser_url=superuser, environment=urls)
    return {**urls, "DATABASE_SUPERUSER_URL": superuser}


async def _start_redis(supervisor: Supervisor, *, port: int) -> dict[str, str]:
    password = supervisor.folder.secrets()["redis"]
    await supervisor.start(redis.redis_part(folder=supervisor.folder.path, port=port, password=password))
    return {"REDIS_URL": redis.redis_url(port=port, password=password)}


def sandbox_part(folder: Folder, *, at: Mapping[str, int], env: Mapping[str, str]) -> Part:
    """The outside world to try and test against."""
    listen = [
        word
        for name, port in (
            ("http", at["sandbox"]),
            ("smtp", at["smtp"]),
            ("clamd", at["clamd"]),
        )
        for word in (f"--{name}", f"{HOST}:{port}")
    ]
    state = (
        "--public-url",
        env["PUBLIC_URL"],
        "--state",
        str(folder.path / "sandbox.sqlite3"),
        "--density",
        DENSITY,
    )
    return Part(
        name="sandbox",
        argv=(sys.executable, "-m", "treffa.sandbox", *listen, *state),
        env=environment.seen_by("", env),
        answers=lambda: answers(at["sandbox"]) and answers(at["smtp"]) and answers(at["clamd"]),
    )


def faces(*, at: Mapping[str, int], env: Mapping[str, str]) -> Sequence[Part]:
    """web and admin, by the commands that docker-compose.yml runs too."""
    return (
        Part(
            name="web",
            argv=_here(commands.web(bind=f"{HOST}:{at['web']}")),
            env=environment.seen_by("app", env),
            answers=lambda: responds(f"http://{HOST}:{at['web']}/healthz"),
        ),
        Part(
            name="admin",
            argv=_here(commands.admin(bind=f"{HOST}:{at['admin']}")),
            env={**environment.seen_by("operator", env), **commands.ADMIN_ENVIRONMENT},
            answers=lambda: responds(f"http://{HOST}:{at['admin']}/login/"),
        ),
    )


def engine(folder: Folder, *, env: Mapping[str, str]) -> Sequence[Part]:
    """worker and beat, by the commands that docker-compose.yml runs too."""
    app = environment.seen_by("app", env)
    worker = {**app, **commands.WORKER_ENVIRONMENT}
    schedule = str(folder.path / "beat")
    return (
        Part(name="worker", argv=_here(commands.WORKER), env=worker, says=" ready.", grace=10),
        Part(name="beat", argv=_here(commands.beat(schedule=schedule)), env=app, says="is starting."),
    )


def _here(argv: Sequence[str]) -> Sequence[str]:
    """The command out of this Python's environment."""
    return (str(environment.scripts() / argv[0]), *argv[1:])
