"""The platform TikTok over its real client libraries, through the egress proxy, against the sandbox."""

import pytest

from app.domain.ports.platform import Platform
from app.platforms.tiktok import platform
from app.platforms.tiktok.auth import TikTokOAuth
from app.platforms.tiktok.display import DisplayApi
from app.platforms.tiktok.ensemble import Ensemble
from app.platforms.tiktok.ytdlp import PublicPages
from tests.platforms.conftest import MeansOf

TOKEN = "ed-token-of-the-sandbox"


@pytest.fixture
def tiktok(means: MeansOf) -> Platform:
    return platform(
        means(
            tiktok_public_pages="True",
            ensemble_api_token=TOKEN,
            ensemble_daily_units="1500",
            tiktok_client_key="sandbox-client",
            tiktok_client_secret="sandbox-secret",
        )
    )


@pytest.fixture
def web(tiktok: Platform) -> PublicPages:
    return next(source for source in tiktok.sources if isinstance(source, PublicPages))


@pytest.fixture
def ensemble(tiktok: Platform) -> Ensemble:
    return next(source for source in tiktok.sources if isinstance(source, Ensemble))


@pytest.fixture
def oauth(tiktok: Platform) -> TikTokOAuth:
    assert isinstance(tiktok.oauth, TikTokOAuth)
    return tiktok.oauth


@pytest.fixture
def display(tiktok: Platform) -> DisplayApi:
    return next(source for source in tiktok.connected if isinstance(source, DisplayApi))
