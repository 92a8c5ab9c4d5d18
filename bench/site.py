"""The application as the benches meet it: somebody signed in, and processes of their own with a clean environment."""

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

from app.domain.identity import operator, sessions
from app.domain.identity.models import SessionKind
from app.http.cookies import Cookies
from app.lib.db import Database
from app.settings import Settings

ROOT = Path(__file__).parents[1]
PATIENCE = 120.0  # seconds until a process must answer


class Visitor(NamedTuple):
    """A person with a workspace, signed in: the cookie of a site without TLS."""

    workspace: UUID
    cookie: str
    token: str

    @property
    def cookies(self) -> dict[str, str]:
        return {self.cookie: self.token}


async def visitor(database: Database) -> Visitor:
    """Make a person, their workspace and their sign-in."""
    async with database.transaction() as session:
        user = await operator.create_person(
            session,
            email="owner@example.com",
            name="Owner",
            password="a long enough password",
            superuser=True,
            workspace="Studio",
        )
        workspace: UUID = session.info["workspace"]
        _, token = await sessions.open_session(
            session, user, kind=SessionKind.WEB, address="127.0.0.1", user_agent="", workspace_id=workspace
        )
    return Visitor(workspace, Cookies(secure=False).session, token)


def clean_env(folder: Path, **settings: str) -> dict[str, str]:
    """An environment in which nothing of ours is set but `settings`; what is written goes below `folder`."""
    ours = {name.upper() for name in Settings.model_fields}
    kept = {name: value for name, value in os.environ.items() if name.upper() not in ours}
    return kept | {"ENV_FILE": "", "ENVIRONMENT": "test", "DATA_DIR": str(folder), "TMPDIR": str(folder), **settings}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def process(*argv: str, env: dict[str, str], cwd: Path = ROOT) -> Iterator[subprocess.Popen[bytes]]:
    """A Python process, told to stop at the end and killed with its group when it does not."""
    log = Path(env["DATA_DIR"]) / "bench.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        child = subprocess.Popen(
            [sys.executable, *argv],
            cwd=cwd,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        yield child
        if child.poll() is not None:
            raise RuntimeError(f"{' '.join(argv)} ended early:\n{log.read_text()[-3000:]}")
    finally:
        child.terminate()
        try:
            child.wait(40)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, 9)
            child.wait()


def until(ready: Callable[[], bool], child: subprocess.Popen[bytes]) -> None:
    """Return as soon as `ready`; an ended child or PATIENCE ends the wait with an error."""
    deadline = time.monotonic() + PATIENCE
    while not ready():
        if child.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"{child.args!r} does not answer")
        time.sleep(0.01)


def answers(url: str) -> bool:
    """Whether a request to `url` is answered with 200."""
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False
