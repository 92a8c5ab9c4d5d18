"""The platform YouTube over the real client libraries, through the egress proxy, against the sandbox."""

import pytest

from app.domain.ports.platform import Platform
from app.domain.ports.values import Ref, RefKind
from app.platforms.youtube import platform
from app.platforms.youtube.data_api import DataApi
from app.platforms.youtube.ytdlp import WebPages
from sandbox.core import Sandbox
from sandbox.platforms.google_oauth import CLIENT_ID, CLIENT_SECRET
from tests.platforms.conftest import MeansOf

ANY = Ref("youtube", RefKind.ID, "UC0000000000000000000000")  # whose posts they are makes no difference here


def by_id(channel: str) -> Ref:
    return Ref("youtube", RefKind.ID, channel)


KEY = "AIzaSyTestKeyOfTheSandbox-0123456789abc"


@pytest.fixture
def youtube(means: MeansOf) -> Platform:
    return platform(
        means(
            youtube_api_key=KEY,
            youtube_quota_user="instance-1",
            youtube_detail_concurrency="4",
            youtube_public_pages="true",
        )
    )


@pytest.fixture
def api(youtube: Platform) -> DataApi:
    return next(source for source in youtube.sources if isinstance(source, DataApi))


@pytest.fixture
def web(youtube: Platform) -> WebPages:
    return next(source for source in youtube.sources if isinstance(source, WebPages))


@pytest.fixture
def connectable(means: MeansOf, sandbox: Sandbox) -> Platform:
    """YouTube with a client at Google, and no key: what it reads, it reads with its owners' sign-ins."""
    return platform(
        means(
            google_client_id=CLIENT_ID,
            google_client_secret=CLIENT_SECRET,
            sandbox_consent=sandbox.consent_url,
        )
    )
