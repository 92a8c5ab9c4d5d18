"""The sandbox's world, where there is one: demo and tests move its clock and switch its faults."""

from datetime import datetime
from typing import Protocol, runtime_checkable

import msgspec


class FaultSwitch(msgspec.Struct, frozen=True):
    """A prepared misbehaviour of a platform, and whether it is on."""

    name: str
    en: str
    ru: str
    on: bool


class WorldCreator(msgspec.Struct, frozen=True):
    """Somebody who lives in the world: what to paste to follow them, and what is special about them."""

    handle: str
    title: str
    note: str
    platform: str
    link: str


@runtime_checkable
class World(Protocol):
    async def advance(self, seconds: float) -> None:
        """Let this much time pass in the world at once."""
        ...

    async def set_time(self, moment: datetime) -> None:
        """Go to a moment."""
        ...

    async def faults(self) -> list[FaultSwitch]:
        """The prepared faults."""
        ...

    async def switch(self, fault: str, on: bool) -> None:
        """Switch one on or off."""
        ...

    async def agree(self, url: str, name: str) -> str:
        """Let an application in at a provider's consent page, as the account called `name` or the first. Returns where
        the browser is sent back to."""
        ...

    async def creators(self) -> list[WorldCreator]:
        """Who lives there."""
        ...
