"""The wheel's PostgreSQL: reachable in every way we reach it, alone on its data, gone with its parent."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import psycopg
import pytest
from sqlalchemy import text

from app.lib import dbadmin, embedded_pg
from app.lib.db import Database
from app.lib.embedded_pg import EmbeddedPg, InUse, running
from app.lib.processes import ChildError
from tests.lib.test_processes import alive
from tests.waiting import until

REPOSITORY = Path(__file__).parents[2]
PARENT = """
import sys, time
from pathlib import Path
from app.lib import embedded_pg
embedded_pg._LINUX = embedded_pg._LINUX and "watcher" not in sys.argv
server = embedded_pg.EmbeddedPg(Path(sys.argv[1]), durable=False)
server.start()
print(server.process.pid, flush=True)
time.sleep(600)
"""


@pytest.fixture
def root() -> Iterator[Path]:
    """A folder that anyone may reach; pytest's own are closed to other users."""
    folder = Path(tempfile.mkdtemp(prefix="sl-"))
    folder.chmod(0o755)
    yield folder / "pg"
    shutil.rmtree(folder)


async def test_every_client_of_ours_gets_in_with_its_role(tmp_path: Path) -> None:
    with EmbeddedPg(tmp_path / "pg", durable=False) as server:
        await dbadmin.init(server.admin_url, owner_url=server.owner_url, app_url=server.app_url)

        with psycopg.connect(server.owner_url) as connection:
            assert connection.execute("select current_user::text").fetchone() == ("sightline_owner",)
        raw = await asyncpg.connect(server.app_url)
        assert await raw.fetchval("select current_database()::text") == "sightline"
        await raw.close()
        database = Database(server.app_url, pool=2)
        async with database.transaction() as session:
            assert await session.scalar(text("select current_user::text")) == "sightline_app"
        await database.close()

        with pytest.raises(asyncpg.InvalidPasswordError):
            await asyncpg.connect(server.app_url, password="guessed")


async def test_rows_and_passwords_survive_a_stop_and_a_crash(root: Path) -> None:
    server = EmbeddedPg(root)
    server.start()
    try:
        url = server.admin_url
        await execute(url, "create table kept (n int)")
        await execute(url, "insert into kept values (1)")
        server.stop()
        server.start()
        assert server.admin_url == url
        await execute(url, "insert into kept values (2)")

        assert server.process
        server.process.send_signal(signal.SIGKILL)
        server.process.wait()
        until(lambda: started(server), what="the recovery")

        connection = await asyncpg.connect(url)
        assert await connection.fetchval("select count(*) from kept") == 2
        await connection.close()
    finally:
        server.stop()


def test_a_second_one_on_the_same_data_is_refused_with_the_reason(tmp_path: Path) -> None:
    with EmbeddedPg(tmp_path / "pg", durable=False):
        with pytest.raises(InUse, match=f"in use by process {os.getpid()}: stop that one first"):
            EmbeddedPg(tmp_path / "pg").start()
        with running(tmp_path / "pg") as same:
            assert not same.running
            with psycopg.connect(same.admin_url) as connection:
                assert connection.execute("select 1").fetchone() == (1,)
    with running(tmp_path / "pg") as own:
        assert own.running
    assert not own.running


@pytest.mark.parametrize("how", ["kernel", "watcher"])
def test_it_ends_with_a_killed_parent_and_the_next_may_start_at_once(root: Path, how: str) -> None:
    if how == "kernel" and sys.platform != "linux":
        pytest.skip("only Linux tells children of their parent's death")
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(root), how], cwd=REPOSITORY, stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout
    pid = int(parent.stdout.readline())
    assert alive(pid)

    parent.kill()
    parent.communicate()
    with EmbeddedPg(root, durable=False):
        assert not alive(pid)


def test_data_of_another_major_version_are_left_alone(tmp_path: Path) -> None:
    data = tmp_path / "pg" / "data"
    data.mkdir(parents=True)
    (data / "PG_VERSION").write_text("14\n")
    server = EmbeddedPg(tmp_path / "pg")
    with pytest.raises(ChildError, match=r"made by PostgreSQL 14; this Sightline brings 18.*restore"):
        server.start()
    assert [path.name for path in data.iterdir()] == ["PG_VERSION"]


def test_a_path_no_socket_can_have_gets_a_short_one_that_stays(tmp_path: Path) -> None:
    root = tmp_path / ("long, odd: " + "x" * 120)
    sockets = []
    for _ in range(2):
        with EmbeddedPg(root, durable=False) as server:
            sockets.append(server.socket_dir)
            with psycopg.connect(server.admin_url) as connection:
                assert connection.execute("select 1").fetchone() == (1,)
    assert sockets[0] == sockets[1]
    shutil.rmtree(sockets[0])


def test_an_interrupted_first_start_is_begun_anew(tmp_path: Path) -> None:
    half = tmp_path / "pg" / "data.new" / "base"
    half.mkdir(parents=True)
    (half / "scrap").touch()
    with EmbeddedPg(tmp_path / "pg", durable=False) as server:
        assert server.running
    assert not half.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to become somebody else")
@pytest.mark.parametrize("open_to_others", [True, False])
def test_root_runs_it_as_nobody_with_no_more_than_it_needs(root: Path, open_to_others: bool) -> None:
    if not open_to_others:
        root.parent.chmod(0o700)
    with EmbeddedPg(root, durable=False) as server:
        assert server.process
        status = dict(
            line.split(":\t", 1)
            for line in Path(f"/proc/{server.process.pid}/status").read_text().splitlines()
            if ":\t" in line
        )
        assert "0" not in status["Uid"].split()
        assert int(status["CapEff"], 16) == (0 if reachable(root) else 1 << embedded_pg._CAP_DAC_READ_SEARCH)


def reachable(root: Path) -> bool:
    return all(folder.stat().st_mode & 1 for place in (root, embedded_pg._bin("postgres")) for folder in place.parents)


def started(server: EmbeddedPg) -> bool:
    """Right after a crash the old one's backends may still hold its memory; the supervisor tries again, as here."""
    try:
        server.start()
    except ChildError:
        return False
    return True


async def execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute(statement)
    await connection.close()
