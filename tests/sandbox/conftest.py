import socket
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from sandbox import testing
from sandbox.core import Sandbox


@pytest.fixture(name="sandbox")
def fixture_sandbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """The process's sandbox, fresh, with this test's client libraries led to it; nothing may leave loopback."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        assert self.family == socket.AF_UNIX or address[0] in ("127.0.0.1", "::1"), f"left loopback: {address}"
        connect(self, address)

    for name, value in testing.env().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(socket.socket, "connect", guarded)
    yield testing.reset()
    testing.assert_clean()


@pytest.fixture
def http(sandbox: Sandbox) -> Iterator[httpx.Client]:
    with httpx.Client(timeout=5) as client:
        yield client
