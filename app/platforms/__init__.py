"""THE list of platforms. Adding one is a folder beside these and a line here."""

from collections.abc import Callable

from app.domain.ports.platform import Means, Platform
from app.platforms import tiktok, youtube

PLATFORMS: tuple[Callable[[Means], Platform], ...] = (youtube.platform, tiktok.platform)  # in the order of the pages


def all_platforms(means: Means) -> dict[str, Platform]:
    """Every platform by name."""
    return {platform.name: platform for platform in (make(means) for make in PLATFORMS)}
