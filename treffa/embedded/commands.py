"""The product's processes as command lines, shared by the supervisor and docker-compose.yml (a test holds them equal)."""

from collections.abc import Sequence

WEB_THREADS = (
    "--worker-class",
    "gthread",
    "--threads",
    "4",
    "--preload",
    "--timeout",
    "60",
    "--graceful-timeout",
    "8",
)
QUIET = ("--log-level", "warning")

ROLES = ("python", "manage.py", "create_roles")
MIGRATE = ("python", "manage.py", "migrate", "--no-input")
SEED_OPERATOR = ("python", "manage.py", "seed_operator")
SEED_DEMO = ("python", "manage.py", "seed_demo")
WORKER = (
    *("celery", "--skip-checks", "-A", "treffa", "worker", "--concurrency", "2", "-Q", "celery"),
    *("--without-mingle", "--without-gossip", "-l", "INFO"),
)


def web(*, bind: str) -> Sequence[str]:
    """Staff and patients; `bind` is host:port."""
    return (
        "gunicorn",
        "treffa.wsgi",
        "--bind",
        bind,
        "--workers",
        "2",
        *WEB_THREADS,
        *QUIET,
    )


def admin(*, bind: str) -> Sequence[str]:
    """The operators' own process, on the operator's database role."""
    return (
        "gunicorn",
        "treffa.wsgi_operator",
        "--bind",
        bind,
        "--workers",
        "1",
        *WEB_THREADS,
        *QUIET,
    )


def beat(*, schedule: str) -> Sequence[str]:
    """The clock's tick; `schedule` is the file it keeps its state in."""
    return ("celery", "--skip-checks", "-A", "treffa", "beat", "--schedule", schedule, "--pidfile", "")


WORKER_ENVIRONMENT = {"REMAP_SIGTERM": "SIGQUIT"}  # SIGTERM alone loses a long task
ADMIN_ENVIRONMENT = {"DATABASE_ROLE": "operator"}
