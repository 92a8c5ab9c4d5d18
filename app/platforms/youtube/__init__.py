"""YouTube: the Data API with a key, else its public pages through yt-dlp."""

from dataclasses import dataclass
from pathlib import Path

from app.domain.ports.errors import N_
from app.domain.ports.platform import Platform, Reserve
from app.domain.ports.values import Metric
from app.platforms.youtube.data_api import BATCH_STATS, GENERAL, SEARCH, UPLOAD, DataApi
from app.platforms.youtube.links import PLATFORM, profile_url, recognise
from app.platforms.youtube.ytdlp import WebPages, process_env

__all__ = ["BUCKETS", "HOSTS", "YoutubeConfig", "platform", "process_env"]

# Units a day that Google gives a project unasked, per bucket of its own.
BUCKETS = {GENERAL: 10_000, SEARCH: 100, UPLOAD: 100, BATCH_STATS: 10_000}
HOSTS = ("youtube.googleapis.com", "www.youtube.com")


@dataclass(frozen=True, slots=True)
class YoutubeConfig:
    """api_key: none, and the public pages are read. quota_user: sent with every call of the API when set.

    detail_concurrency: how many of YouTube's pages this process reads at a time. public_pages: whether it reads them;
    YouTube's terms do not allow automated access to its pages without its permission, so that is the operator's choice.
    """

    api_key: str | None = None
    quota_user: str = ""
    detail_concurrency: int = 5
    public_pages: bool = True


def platform(settings: YoutubeConfig, *, reserve: Reserve, egress_proxy: str, ca: Path | None) -> Platform:
    """YouTube as the application sees it.

    egress_proxy: "http://USER:PASSWORD@127.0.0.1:PORT"; empty in a process that only recognises links. ca: the PEM
    file to trust instead of the public authorities; such a process also needs `process_env(ca)` from its start.
    """
    api = DataApi(settings.api_key, quota_user=settings.quota_user, reserve=reserve, proxy=egress_proxy, ca=ca)
    pages = WebPages(enabled=settings.public_pages, concurrency=settings.detail_concurrency, proxy=egress_proxy, ca=ca)
    return Platform(
        name=PLATFORM,
        label="YouTube",
        icon="brand-youtube",
        recognise=recognise,
        sources=(api, pages),
        account_metrics={
            Metric.FOLLOWERS: N_("Subscribers"),
            Metric.VIEWS: N_("Views"),
            Metric.POSTS: N_("Videos"),
        },
        post_metrics={
            Metric.VIEWS: N_("Views"),
            Metric.LIKES: N_("Likes"),
            Metric.COMMENTS: N_("Comments"),
        },
        engagement=(Metric.LIKES, Metric.COMMENTS),
        hosts=HOSTS,
        profile_url=profile_url,
    )
