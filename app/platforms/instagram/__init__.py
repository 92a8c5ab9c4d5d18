"""Instagram: an account's owner through Meta's Graph API, else the public pages through instaloader, or of one reel."""

from app.domain.ports.errors import N_
from app.domain.ports.platform import Means, Platform
from app.domain.ports.values import Metric
from app.platforms.instagram.auth import MetaLogin
from app.platforms.instagram.graph import BusinessDiscovery, GraphApi
from app.platforms.instagram.links import PLATFORM, profile_url, recognise
from app.platforms.instagram.pages import PublicPages, SessionPages
from app.platforms.instagram.reels import ReelPages

__all__ = ["HOSTS", "platform"]

HOSTS = ("www.instagram.com", "graph.facebook.com")


def platform(means: Means) -> Platform:
    """Instagram as the application sees it.

    instagram_public_pages: whether its pages are read; Instagram's terms do not allow automated access to them without
    its permission, so that is the operator's choice. instagram_username, instagram_password: an account of the
    instance to read them with. facebook_app_id, facebook_app_secret: the instance's app at Meta, through which people
    connect their business accounts. instagram_stories_collection_enabled: whether those accounts' stories are read.
    """
    return Platform(
        name=PLATFORM,
        label="Instagram",
        icon="brand-instagram",
        recognise=recognise,
        sources=(SessionPages(means), PublicPages(means), ReelPages(means)),
        account_metrics={
            Metric.FOLLOWERS: N_("Followers"),
            Metric.FOLLOWING: N_("Following"),
            Metric.POSTS: N_("Posts"),
        },
        post_metrics={
            Metric.VIEWS: N_("Views"),
            Metric.LIKES: N_("Likes"),
            Metric.COMMENTS: N_("Comments"),
            Metric.SHARES: N_("Shares"),
            Metric.SAVES: N_("Saves"),
        },
        engagement=(Metric.LIKES, Metric.COMMENTS),  # and saves, where the owner reads them
        hosts=HOSTS,
        profile_url=profile_url,
        connected=(GraphApi(means), BusinessDiscovery(means)),
        oauth=MetaLogin(means),
    )
