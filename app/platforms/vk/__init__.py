"""VK: communities and people through its API; statistics of one's own communities with their keys."""

from app.domain.ports.errors import N_
from app.domain.ports.platform import Means, Platform
from app.domain.ports.values import Metric
from app.platforms.vk.api import HOST, VkApi
from app.platforms.vk.community import CommunityKey, CommunityStatistics
from app.platforms.vk.links import PLATFORM, profile_url, recognise

__all__ = ["HOSTS", "platform"]

HOSTS = (HOST,)


def platform(means: Means) -> Platform:
    """VK as the application sees it. vk_access_token: a service token; without it nothing is read."""
    return Platform(
        name=PLATFORM,
        label="VK",
        icon="brand-vk",
        recognise=recognise,
        sources=(VkApi(means),),
        account_metrics={Metric.FOLLOWERS: N_("Followers")},
        post_metrics={
            Metric.VIEWS: N_("Views"),
            Metric.LIKES: N_("Likes"),
            Metric.COMMENTS: N_("Comments"),
            Metric.SHARES: N_("Reposts"),
        },
        engagement=(Metric.LIKES, Metric.COMMENTS, Metric.SHARES),
        hosts=HOSTS,
        profile_url=profile_url,
        connected=(CommunityStatistics(means),),
        keys=(CommunityKey(means),),
    )
