"""What a site's robots.txt asks of us (RFC 9309)."""

import asyncio
from datetime import datetime, timedelta
from urllib.parse import urlsplit
from urllib.robotparser import RobotFileParser

from app.domain.ports.errors import Blocked
from app.lib import clock
from app.platforms.kit import words
from app.platforms.kit.http import Http

_FRESH = timedelta(days=1)
AGENT = "Sightline"


class Robots:
    """The wishes of the hosts that a page reader asks; each host's are read once a day."""

    def __init__(self, http: Http) -> None:
        self._http = http
        self._known: dict[str, tuple[datetime, RobotFileParser]] = {}
        self._reading = asyncio.Lock()

    async def respect(self, url: str) -> None:
        """Raises Blocked when robots.txt asks us not to read `url`, and PlatformError when it cannot be read."""
        if not (await self._wishes(urlsplit(url).netloc)).can_fetch(AGENT, url):
            raise Blocked(words.ROBOTS, platform=self._http.platform)

    async def _wishes(self, host: str) -> RobotFileParser:
        async with self._reading:
            known = self._known.get(host)
            if known is not None and abs(clock.now() - known[0]) < _FRESH:
                return known[1]
            answer = await self._http.get(f"https://{host}/robots.txt", follow=True)
            rules = RobotFileParser()
            # Only a file that is there forbids; a fault of the server was raised by `get`.
            rules.parse(answer.text.splitlines() if answer.status == 200 else [])
            self._known[host] = clock.now(), rules
            return rules
