"""Telegram: public channels through the preview on t.me, and through the API with a connected account."""

from app.domain.ports.errors import N_
from app.domain.ports.platform import Means, Platform
from app.domain.ports.values import Metric
from app.platforms.telegram.api import Api
from app.platforms.telegram.links import HOST, PLATFORM, profile_url, recognise
from app.platforms.telegram.preview import Preview
from app.platforms.telegram.sender import TelegramSignIn

__all__ = ["TelegramSignIn", "platform"]


def platform(means: Means) -> Platform:
    """Telegram as the application sees it.

    telegram_public_pages: whether the preview on t.me is read. telegram_api_id, telegram_api_hash: the instance's
    application at my.telegram.org, with which people's own accounts are connected. sandbox_telegram: the sandbox's
    public key (a PEM file), trusted beside Telegram's own.
    """
    return Platform(
        name=PLATFORM,
        label="Telegram",
        icon="brand-telegram",
        recognise=recognise,
        sources=(Preview(means),),
        connected=(Api(means),),
        sign_in=TelegramSignIn(means),
        account_metrics={Metric.FOLLOWERS: N_("Subscribers")},
        post_metrics={
            Metric.VIEWS: N_("Views"),
            Metric.LIKES: N_("Reactions"),
            Metric.COMMENTS: N_("Comments"),
            Metric.SHARES: N_("Forwards"),
        },
        engagement=(Metric.LIKES, Metric.COMMENTS, Metric.SHARES),
        hosts=(HOST,),
        profile_url=profile_url,
    )
