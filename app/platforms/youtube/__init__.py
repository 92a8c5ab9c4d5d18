"""YouTube: the Data API with a key, else its public pages through yt-dlp; own channels by Google sign-in."""

from app.domain.ports.errors import N_
from app.domain.ports.platform import Means, Platform
from app.domain.ports.values import Metric
from app.platforms.youtube.auth import Google
from app.platforms.youtube.data_api import BATCH_STATS, GENERAL, SEARCH, UPLOAD, DataApi
from app.platforms.youtube.google_client import GoogleApi
from app.platforms.youtube.links import PLATFORM, profile_url, recognise
from app.platforms.youtube.own import ANALYTICS, OwnChannels
from app.platforms.youtube.ytdlp import WebPages, process_env

__all__ = ["BUCKETS", "HOSTS", "platform", "process_env"]

# Units a day that Google gives a project unasked, per bucket of its own. It publishes none for reports of YouTube
# Analytics: that one is our own caution.
BUCKETS = {GENERAL: 10_000, SEARCH: 100, UPLOAD: 100, BATCH_STATS: 10_000, ANALYTICS: 10_000}
HOSTS = ("youtube.googleapis.com", "www.youtube.com", "youtubeanalytics.googleapis.com", "oauth2.googleapis.com")


def platform(means: Means) -> Platform:
    """YouTube as the application sees it.

    youtube_api_key: unset, and only the public pages are read. youtube_quota_user: sent with every call of the API.
    youtube_detail_concurrency: how many of YouTube's pages this process reads at a time. youtube_public_pages: whether
    it reads them; YouTube's terms do not allow automated access to its pages without its permission, so that is the
    operator's choice. google_client_id, google_client_secret: unset, and no channel can be connected. A process that
    trusts `means.ca` also needs `process_env(ca)` from its start.
    """
    allowed = {**BUCKETS, GENERAL: int(means.setting("youtube_daily_units") or BUCKETS[GENERAL])}
    reserve = means.reserve(PLATFORM, allowed)
    api = DataApi(
        means.setting("youtube_api_key"),
        quota_user=means.setting("youtube_quota_user"),
        reserve=reserve,
        proxy=means.proxy,
        ca=means.ca,
    )
    pages = WebPages(
        enabled=means.switched_on("youtube_public_pages"),
        concurrency=int(means.setting("youtube_detail_concurrency", "5")),
        proxy=means.proxy,
        ca=means.ca,
    )
    signed_in = GoogleApi("youtube", "v3", proxy=means.proxy, ca=means.ca)
    analytics = GoogleApi("youtubeAnalytics", "v2", proxy=means.proxy, ca=means.ca)
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
        connected=(OwnChannels(signed_in, analytics, reserve),),
        oauth=Google(means, signed_in, reserve),
    )
