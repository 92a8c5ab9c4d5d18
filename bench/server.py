"""A PostgreSQL of the bench's own, with as many migrated databases as it asks for."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import make_url

from app.lib import dbadmin
from app.lib.embedded_pg import EmbeddedPg


@dataclass(frozen=True)
class Urls:
    """One database's addresses by role. admin: sees and may do everything, row-level security included."""

    admin: str
    owner: str
    app: str

    @property
    def env(self) -> dict[str, str]:
        """What a process of ours needs to find it."""
        return {"EMBEDDED_URL": self.app, "EMBEDDED_OWNER_URL": self.owner, "EMBEDDED_ADMIN_URL": self.admin}


@contextmanager
def folder() -> Iterator[Path]:
    """A folder that is gone afterwards."""
    path = Path(tempfile.mkdtemp(prefix="sl-bench-"))
    path.chmod(0o755)  # PostgreSQL runs as another user where we are root
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


@contextmanager
def postgres(*, durable: bool) -> Iterator[EmbeddedPg]:
    """The embedded server as Sightline runs it. durable=False where only reading is measured: filling is quicker."""
    with folder() as path, EmbeddedPg(path / "postgres", durable=durable) as server:
        yield server


async def database(server: EmbeddedPg, name: str) -> Urls:
    """A new, migrated, empty database."""

    def named(url: str) -> str:
        return make_url(url).set(database=name).render_as_string(hide_password=False)

    urls = Urls(named(server.admin_url), named(server.owner_url), named(server.app_url))
    await dbadmin.init(server.admin_url, owner_url=urls.owner, app_url=urls.app)
    await dbadmin.upgrade_async(urls.owner)
    return urls
