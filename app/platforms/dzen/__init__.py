"""Dzen: public pages; there is no API for others' numbers."""

from app.domain.ports.errors import N_
from app.domain.ports.platform import Means, Platform
from app.domain.ports.values import Metric
from app.platforms.dzen.links import HOST, PLATFORM, profile_url, recognise
from app.platforms.dzen.pages import Pages

__all__ = ["platform"]


def platform(means: Means) -> Platform:
    """Dzen as the application sees it.

    dzen_public_pages: whether its pages are read. playwright_headless, playwright_timeout: of the browser, where a page
    needs one. How far apart requests are is the pace's (dzen_request_delay).
    """
    return Platform(
        name=PLATFORM,
        label="Dzen",
        icon="",
        recognise=recognise,
        sources=(Pages(means),),
        account_metrics={Metric.FOLLOWERS: N_("Subscribers")},
        post_metrics={Metric.VIEWS: N_("Views"), Metric.LIKES: N_("Likes"), Metric.COMMENTS: N_("Comments")},
        engagement=(Metric.LIKES, Metric.COMMENTS),
        hosts=(HOST,),
        profile_url=profile_url,
    )
