"""The platform as the application is given it."""

import subprocess
import sys

import pytest

from app.domain.ports.connections import ConnectedSource, OAuthProvider
from app.domain.ports.platform import ListsPosts, Platform, ReadsAccount, ReadsPosts, Source
from app.domain.ports.values import ACCOUNT_METRICS, POST_METRICS, Metric, Ref, RefKind
from app.platforms.tiktok import HOSTS, platform
from tests.platforms.conftest import no_means


def test_what_it_shows(tiktok: Platform) -> None:
    assert [source.name for source in tiktok.sources] == ["ensemble", "ytdlp"]
    assert [source.name for source in tiktok.connected] == ["display"]
    assert set(tiktok.account_metrics) <= set(ACCOUNT_METRICS) and set(tiktok.post_metrics) <= set(POST_METRICS)
    assert tiktok.engagement == (Metric.LIKES, Metric.COMMENTS, Metric.SHARES)
    sources: tuple[Source | ConnectedSource, ...] = (*tiktok.sources, *tiktok.connected)
    for source in sources:
        assert len(source.name) <= 32 and len(source.version) <= 32 and source.evidence
        assert source.account_numbers == set(tiktok.account_metrics)
        assert source.post_numbers <= set(tiktok.post_metrics)
    for source in tiktok.sources:
        assert isinstance(source, ReadsAccount) and isinstance(source, ListsPosts) and isinstance(source, ReadsPosts)
    assert isinstance(tiktok.oauth, OAuthProvider) and tiktok.oauth.name == tiktok.connected[0].provider
    assert {"www.tiktok.com", "open.tiktokapis.com", "ensembledata.com"} <= set(HOSTS)


def test_sources_say_what_they_lack() -> None:
    bare = platform(no_means())
    assert [source.configured for source in bare.sources] == [False, False]
    assert "ENSEMBLE_API_TOKEN" in bare.sources[0].unconfigured_reason
    assert "TIKTOK_PUBLIC_PAGES" in bare.sources[1].unconfigured_reason
    assert [s.configured for s in platform(no_means(tiktok_public_pages="True")).sources] == [False, True]


async def test_a_process_without_a_way_out_reads_nothing() -> None:
    """An empty proxy means "go directly" to the libraries: it must never reach them."""
    bare = platform(no_means(ensemble_api_token="t", tiktok_public_pages="True"))
    for source in bare.sources:
        assert isinstance(source, ReadsAccount)
        with pytest.raises(RuntimeError, match="way out"):
            await source.read_account(Ref("tiktok", RefKind.HANDLE, "kettleandpine"))
    assert bare.recognise("https://vm.tiktok.com/ZMabcDEF1") == Ref("tiktok", RefKind.POST, "vm/ZMabcDEF1")


def test_recognising_links_loads_no_client_library() -> None:
    code = (
        "import sys, app.platforms.tiktok as t;"
        "t.recognise('tiktok.com/@name');"
        "print([m for m in ('yt_dlp', 'authlib', 'requests', 'curl_cffi') if m in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"
