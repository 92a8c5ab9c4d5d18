"""Wibes: public pages, shown by a browser; there is no API."""

from app.domain.ports.errors import N_
from app.domain.ports.platform import Means, Platform
from app.domain.ports.values import Metric
from app.platforms.wibes.links import HOST, PLATFORM, profile_url, recognise
from app.platforms.wibes.pages import Pages

__all__ = ["platform"]


def platform(means: Means) -> Platform:
    """Wibes as the application sees it.

    wibes_public_pages: whether its pages are read. playwright_headless, playwright_timeout: of the browser. How far
    apart requests are is the pace's (dzen_request_delay).
    """
    return Platform(
        name=PLATFORM,
        label="Wibes",
        icon="",
        recognise=recognise,
        sources=(Pages(means),),
        account_metrics={Metric.FOLLOWERS: N_("Subscribers")},
        post_metrics={Metric.VIEWS: N_("Views"), Metric.LIKES: N_("Likes")},
        engagement=(Metric.LIKES,),
        hosts=(HOST,),
        profile_url=profile_url,
    )
