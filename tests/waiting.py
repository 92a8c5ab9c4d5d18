"""Waiting for a condition, never for a time."""

import time
from collections.abc import Callable


def until(condition: Callable[[], object], *, timeout: float = 15.0, what: str = "the condition") -> None:
    """Return when `condition` holds; fail after `timeout` seconds, saying what did not come."""
    deadline = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < deadline, f"waited {timeout} s in vain for {what}"
        time.sleep(0.01)
