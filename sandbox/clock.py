"""The world's clock: a moment, and how fast it goes. The application follows the same file."""

import struct
import time
from datetime import UTC, datetime
from pathlib import Path

from app.lib import clock as shared


class WorldClock:
    """Owns the clock file at `path`. Times are seconds since the epoch in the world."""

    def __init__(self, path: Path, start: float | None, rate: float) -> None:
        """A clock at `start`; None goes on from the file of an earlier run, else from the wall clock."""
        self.path = path
        self._wall, self._world, self._rate = time.time(), start or time.time(), rate
        if start is None and path.exists():
            self._wall, self._world, self._rate = struct.unpack("<ddd", path.read_bytes())
            rate = self._rate
        self.rate = rate

    @property
    def now(self) -> float:
        return self._world + (time.time() - self._wall) * self._rate

    @property
    def moment(self) -> datetime:
        return datetime.fromtimestamp(self.now, UTC)

    @property
    def rate(self) -> float:
        """World seconds per wall second; 0 stands still."""
        return self._rate

    @rate.setter
    def rate(self, value: float) -> None:
        if not 0 <= value <= 86_400:
            raise ValueError("The rate must be between 0 and 86400 world seconds a second")
        self._write(self.now, value)

    def set(self, world: float) -> None:
        self._write(world, self._rate)

    def advance(self, seconds: float) -> None:
        if seconds < 0:
            raise ValueError("Time goes forward only; use set() to jump elsewhere")
        self._write(self.now + seconds, self._rate)

    def _write(self, world: float, rate: float) -> None:
        shared.write(self.path, world, rate)
        # Read back, so that both sides count from the same wall moment.
        self._wall, self._world, self._rate = struct.unpack("<ddd", self.path.read_bytes())
