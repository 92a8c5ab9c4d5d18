"""The time for observations, due times and charts.

In production this is the wall clock. In the demo and the tests it follows the sandbox's clock: a
24-byte file (three little-endian doubles: wall, world, rate) that the sandbox writes and every
process reads, so that "next day" is the same moment for all of them. Leases, sessions and one-time
codes must use the wall clock (`time.time`, PostgreSQL's `clock_timestamp()`), never this one.
"""

import os
import struct
import time
from datetime import UTC, datetime
from pathlib import Path

_FORMAT = "<ddd"
_SIZE = struct.calcsize(_FORMAT)
_fd: int | None = None


def follow(path: Path | None) -> None:
    """From now on read the time from the sandbox's clock file; None returns to the wall clock."""
    global _fd
    if _fd is not None:
        os.close(_fd)
    _fd = None if path is None else os.open(path, os.O_RDONLY)


def now() -> datetime:
    """The present moment in UTC, in the world that is being watched."""
    return datetime.fromtimestamp(timestamp(), UTC)


def timestamp() -> float:
    """Seconds since the epoch, in the world that is being watched."""
    wall = time.time()
    if _fd is None:
        return wall
    base_wall, base_world, rate = struct.unpack(_FORMAT, os.pread(_fd, _SIZE, 0))
    return float(base_world + (wall - base_wall) * rate)


def write(path: Path, world: float, rate: float = 1.0) -> None:
    """Set a clock file so that the world's time is `world` (epoch seconds) now, going at `rate`.

    One small pwrite over a file of constant size: a reader sees the old moment or the new one.
    """
    fd = os.open(path, os.O_WRONLY | os.O_CREAT, 0o644)
    try:
        os.pwrite(fd, struct.pack(_FORMAT, time.time(), world, rate), 0)
    finally:
        os.close(fd)
