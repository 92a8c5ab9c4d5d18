"""Pinterest: an account's owner through API v5, else the public pages."""

from app.domain.ports.errors import N_
from app.domain.ports.platform import Means, Platform
from app.domain.ports.values import Metric
from app.platforms.pinterest import api, pages
from app.platforms.pinterest.api import OwnPins
from app.platforms.pinterest.auth import PinterestOAuth
from app.platforms.pinterest.links import PLATFORM, profile_url, recognise
from app.platforms.pinterest.pages import PublicPages

__all__ = ["HOSTS", "platform"]

HOSTS = (pages.HOST, api.HOST)


def platform(means: Means) -> Platform:
    """Pinterest as the application sees it.

    pinterest_public_pages: whether its pages are read; Pinterest's terms do not allow automated access without its
    permission, so that is the operator's choice. pinterest_app_id, pinterest_app_secret: the app for connections.
    """
    own = OwnPins(means)
    return Platform(
        name=PLATFORM,
        label="Pinterest",
        icon="brand-pinterest",
        recognise=recognise,
        sources=(PublicPages(means),),
        account_metrics={
            Metric.FOLLOWERS: N_("Followers"),
            Metric.MONTHLY_VIEWS: N_("Monthly views"),
            Metric.FOLLOWING: N_("Following"),
            Metric.POSTS: N_("Pins"),
        },
        post_metrics={
            Metric.SAVES: N_("Saves"),
            Metric.COMMENTS: N_("Comments"),
            Metric.LIKES: N_("Reactions"),
            Metric.VIEWS: N_("Impressions"),
        },
        engagement=(Metric.SAVES, Metric.COMMENTS),
        hosts=HOSTS,
        profile_url=profile_url,
        connected=(own,),
        oauth=PinterestOAuth(means, own),
    )
