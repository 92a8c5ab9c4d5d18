"""What API handlers are given of the application."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from app.domain.collection.service import Plan
from app.domain.ports.platform import Platform
from app.lib.crypto import Vault


@dataclass(frozen=True, slots=True)
class Parts:
    """Platforms to recognise links, and the instance's collection defaults. Asked for as `api_parts`."""

    platforms: Mapping[str, Platform]
    defaults: Plan
    vault: Vault


@dataclass(frozen=True, slots=True)
class Probe:
    """What health tells. Asked for as `probe`.

    mode: the environment. database: "embedded" or "postgresql". queue: "postgresql" or "redis".
    checks: name -> a call that returns when that part answers, and raises when it does not.
    """

    mode: str
    database: str
    queue: str
    checks: Mapping[str, Callable[[], Awaitable[object]]]
