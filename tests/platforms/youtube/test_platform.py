"""The platform as the application is given it."""

import subprocess
import sys
from pathlib import Path

import pytest

from app.domain.ports.platform import ListsPosts, Platform, ReadsAccount, ReadsPosts
from app.domain.ports.values import ACCOUNT_METRICS, POST_METRICS, Ref, RefKind
from app.platforms.youtube import BUCKETS, HOSTS, platform, process_env
from tests.platforms.conftest import no_means


def test_what_it_shows(youtube: Platform) -> None:
    assert [source.name for source in youtube.sources] == ["data_api", "ytdlp"]
    assert set(youtube.account_metrics) <= set(ACCOUNT_METRICS) and set(youtube.post_metrics) <= set(POST_METRICS)
    assert set(youtube.engagement) < set(youtube.post_metrics)
    for source in youtube.sources:
        assert isinstance(source, ReadsAccount) and isinstance(source, ListsPosts) and isinstance(source, ReadsPosts)
        assert len(source.name) <= 32 and len(source.version) <= 32 and source.evidence
    assert BUCKETS == {"general": 10_000, "search": 100, "upload": 100, "batch_stats": 10_000, "analytics": 10_000}
    assert "www.youtube.com" in HOSTS


def test_sources_say_what_they_lack() -> None:
    bare = platform(no_means())
    assert [source.configured for source in bare.sources] == [False, False]
    assert all("YOUTUBE_API_KEY" in source.unconfigured_reason for source in bare.sources)
    keyless = platform(no_means(youtube_public_pages="True"))
    assert [source.configured for source in keyless.sources] == [False, True]


async def test_a_process_without_a_way_out_reads_nothing() -> None:
    """An empty proxy means "go directly" to both libraries: it must never reach them."""
    bare = platform(no_means(youtube_api_key="k", youtube_public_pages="True"))
    for source in bare.sources:
        assert isinstance(source, ReadsAccount)
        with pytest.raises(RuntimeError, match="way out"):
            await source.read_account(Ref("youtube", RefKind.HANDLE, "orbitnotes"))
    assert bare.recognise("https://youtu.be/D-lhorsDlUQ") == Ref("youtube", RefKind.POST, "D-lhorsDlUQ")


def test_recognising_links_loads_no_client_library() -> None:
    code = (
        "import sys, app.platforms.youtube as y;"
        "y.recognise('@name');"
        "print([m for m in ('yt_dlp', 'googleapiclient', 'httplib2', 'requests', 'authlib') if m in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


def test_the_environment_a_reading_process_needs() -> None:
    assert process_env(None) == {"YTDLP_NO_PLUGINS": "1"}
    assert process_env(Path("/x/ca.pem"))["SSL_CERT_FILE"] == "/x/ca.pem"
