"""TikTok: EnsembleData with a token, else its public pages through yt-dlp; one's own account by the Display API."""

from app.domain.ports.errors import N_, NeedsAction, PlatformError
from app.domain.ports.platform import Means, Platform
from app.domain.ports.values import Metric, Profile, Ref
from app.platforms.tiktok.auth import TikTokOAuth
from app.platforms.tiktok.display import DisplayApi
from app.platforms.tiktok.ensemble import BUCKET, Ensemble
from app.platforms.tiktok.links import PLATFORM, profile_url, recognise
from app.platforms.tiktok.ytdlp import PublicPages

__all__ = ["HOSTS", "platform"]

HOSTS = ("open.tiktokapis.com", "ensembledata.com", "www.tiktok.com", "vm.tiktok.com", "vt.tiktok.com")


def platform(means: Means) -> Platform:
    """TikTok as the application sees it.

    ensemble_api_token: unset, and only the public pages are read. ensemble_daily_units: what may be spent of it a day.
    tiktok_client_key, tiktok_client_secret: of an app at developers.tiktok.com; unset, and no account can be connected.
    tiktok_public_pages: whether this instance reads TikTok's public pages; TikTok's terms do not allow automated access
    without its permission, so that is the operator's choice. A process that trusts `means.ca` also needs SSL_CERT_FILE
    from its start.
    """
    units = int(means.setting("ensemble_daily_units") or 0)
    ensemble = Ensemble(
        means, token=means.setting("ensemble_api_token"), reserve=means.reserve(PLATFORM, {BUCKET: units})
    )
    pages = PublicPages(means, enabled=means.switched_on("tiktok_public_pages"))
    display = DisplayApi(means)

    async def look_up(ref: Ref) -> Profile:
        last: PlatformError = NeedsAction(pages.unconfigured_reason)
        for source in (ensemble, pages):
            if source.configured:
                try:
                    return await source.read_account(ref)
                except PlatformError as error:
                    last = error
        raise last

    return Platform(
        name=PLATFORM,
        label="TikTok",
        icon="brand-tiktok",
        recognise=recognise,
        sources=(ensemble, pages),
        account_metrics={
            Metric.FOLLOWERS: N_("Followers"),
            Metric.FOLLOWING: N_("Following"),
            Metric.LIKES: N_("Likes"),
            Metric.POSTS: N_("Videos"),
        },
        post_metrics={
            Metric.VIEWS: N_("Views"),
            Metric.LIKES: N_("Likes"),
            Metric.COMMENTS: N_("Comments"),
            Metric.SHARES: N_("Shares"),
            Metric.SAVES: N_("Saves"),
        },
        engagement=(Metric.LIKES, Metric.COMMENTS, Metric.SHARES),
        hosts=HOSTS,
        profile_url=profile_url,
        connected=(display,),
        oauth=TikTokOAuth(means, display=display, look_up=look_up),
    )
