"""The platform as the application is given it."""

import subprocess
import sys
from pathlib import Path

import pytest

from app.domain.ports.connections import ConnectedSource
from app.domain.ports.platform import Platform, Source
from app.domain.ports.values import ACCOUNT_METRICS, POST_METRICS
from app.platforms.telegram import platform
from app.settings import Settings, SettingsError, load
from tests.platforms.conftest import no_means
from tests.platforms.telegram.conftest import handle


def test_what_it_shows(telegram: Platform) -> None:
    assert [source.name for source in telegram.sources] == ["preview"]
    assert [source.name for source in telegram.connected] == ["api"]
    assert set(telegram.account_metrics) <= set(ACCOUNT_METRICS) and set(telegram.post_metrics) <= set(POST_METRICS)
    sources: list[Source | ConnectedSource] = [*telegram.sources, *telegram.connected]
    for source in sources:
        assert len(source.name) <= 32 and len(source.version) <= 32 and source.evidence
        assert source.account_numbers <= set(telegram.account_metrics)
        assert source.post_numbers <= set(telegram.post_metrics)


async def test_sources_say_what_they_lack() -> None:
    (bare,) = platform(no_means()).sources
    assert not bare.configured and "TELEGRAM_PUBLIC_PAGES" in bare.unconfigured_reason
    (preview,) = platform(no_means(telegram_public_pages="True")).sources
    assert preview.configured
    with pytest.raises(RuntimeError, match="way out"):
        await preview.read_account(handle("gorodpeshkom"))  # type: ignore[attr-defined]


def test_recognising_links_loads_no_client_library() -> None:
    code = (
        "import sys, app.platforms.telegram as t;"
        "t.recognise('https://t.me/durov');"
        "print([m for m in ('telethon', 'playwright', 'yt_dlp') if m in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


def test_the_sandboxs_key_is_refused_in_production(tmp_path: Path) -> None:
    key = tmp_path / "telegram-public.pem"
    given = {"environment": "production", "secret_key": "x" * 64, "public_url": "https://sightline.example"}
    with pytest.raises(SettingsError, match="sandbox is not the Internet"):
        load(**given, sandbox_telegram=key, _env_file=None)
    played = Settings(environment="test", sandbox_telegram=key, telegram_api_id=7, _env_file=None)  # type: ignore[call-arg]
    assert played.of_platforms()["sandbox_telegram"] == str(key) and played.of_platforms()["telegram_api_id"] == "7"
