"""The application over a test's database and a sandbox, in the shape that SHAPE names."""

from pathlib import Path
from typing import Any

from app.settings import Settings
from sandbox.core import Sandbox
from tests.conftest import REDIS_URL, SHAPE, Urls

PASSWORD = "a long enough password"


def settings_for(urls: Urls, folder: Path, sandbox: Sandbox | None = None, **more: Any) -> Settings:
    """Settings of this test's shape: embedded, or PostgreSQL and Redis."""
    shape: dict[str, Any] = {"embedded_url": urls.app, "embedded_owner_url": urls.owner}
    if SHAPE == "services":
        shape = {"database_url": urls.app, "database_owner_url": urls.owner, "redis_url": REDIS_URL}
    world: dict[str, Any] = {}
    if sandbox is not None:
        world = {
            "sandbox_proxy": sandbox.proxy_url,
            "sandbox_ca": sandbox.certificates.ca,
            "sandbox_clock": sandbox.clock.path,
            "youtube_api_key": "test-key",
        }
    return Settings(
        environment="test",
        data_dir=folder,
        public_url="http://testserver.local",
        max_requests_per_minute=6000,
        **{**shape, **world, **more},
    )


def csrf_of(page: str) -> str:
    """The CSRF token in a page's forms."""
    marker = 'name="_csrf_token" value="'
    start = page.index(marker) + len(marker)
    return page[start : page.index('"', start)]
