"""THE list of platforms, in the order of the pages. Adding one is a folder beside these and a line here."""

from collections.abc import Callable

from app.domain.ports.platform import Means, Platform
from app.platforms import instagram, telegram, tiktok, vk, youtube

PLATFORMS: tuple[Callable[[Means], Platform], ...] = (
    youtube.platform,
    tiktok.platform,
    instagram.platform,
    telegram.platform,
    vk.platform,
)


def all_platforms(means: Means) -> dict[str, Platform]:
    """Every platform by name."""
    return {platform.name: platform for platform in (make(means) for make in PLATFORMS)}
