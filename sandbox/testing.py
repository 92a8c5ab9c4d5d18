"""The sandbox for a test process: one of it, its own ports and CA, started on first use.

In a conftest, before any client library is imported:

    os.environ.update(sandbox.testing.env())

and between tests `reset()`, after them `assert_clean()`.
"""

import functools

from sandbox.core import Sandbox


@functools.cache
def shared() -> Sandbox:
    """This process's sandbox, running; strict, with a clock that stands still until it is moved."""
    return Sandbox().start()


def env() -> dict[str, str]:
    """The environment with which client libraries go to the sandbox."""
    return shared().env()


def reset() -> Sandbox:
    """A fresh world, no faults, an empty journal."""
    shared().reset()
    return shared()


def assert_clean() -> None:
    """Fail on a refused host, a route nobody wrote, a crash of a fake, or a break of a vendor's schema."""
    findings = shared().journal.findings()
    assert not findings, "\n".join(findings)
