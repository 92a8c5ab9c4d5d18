"""`python -m sandbox --data DIR`: the sandbox as a process of its own.

Prints one line of JSON when it answers, and stops on SIGTERM, SIGINT, or when its parent is gone.
"""

import argparse
import ctypes
import json
import os
import secrets
import signal
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path

from sandbox.control import Control
from sandbox.core import Sandbox
from sandbox.keys import SETTINGS

_PR_SET_PDEATHSIG = 1


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m sandbox", description="The platforms on this machine.")
    parser.add_argument("--data", type=Path, required=True, help="directory for the certificates, clock and world")
    parser.add_argument("--port", type=int, default=0, help="port of the proxy; 0 takes a free one")
    parser.add_argument("--control-port", type=int, default=0, help="port of the control server; 0 takes a free one")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--start", type=_moment, help="the world's first moment, ISO 8601; else as last time, else now")
    parser.add_argument("--rate", type=float, default=1.0, help="world seconds per second")
    parser.add_argument("--strict", action="store_true", help="check every answer against the vendor's schema")
    parser.add_argument("--parent-pipe", type=int, metavar="FD", help="stop when this descriptor reaches its end")
    options = parser.parse_args()

    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    _follow_parent(options.parent_pipe, stop)

    sandbox = Sandbox(options.data, seed=options.seed, start=options.start, rate=options.rate, strict=options.strict)
    control = Control(sandbox, os.environ.get("SANDBOX_TOKEN") or secrets.token_urlsafe(32))
    sandbox.serve(control, options.control_port)
    sandbox.start(options.port)
    ready = {
        "proxy": sandbox.proxy_url,
        "ca": str(sandbox.certificates.ca),
        "spki": sandbox.certificates.spki,
        "control": sandbox.extra_urls[0],
        "consent": sandbox.consent_url,
        "telegram": str(sandbox.telegram.public_key),
        "token": control.token,
        "settings": SETTINGS,
        "clock": str(sandbox.clock.path),
    }
    sys.stdout.write(json.dumps(ready) + "\n")
    sys.stdout.flush()
    stop.wait()
    sandbox.stop()


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _follow_parent(descriptor: int | None, stop: threading.Event) -> None:
    """Set `stop` when the parent goes: by the kernel's word on Linux, by the pipe's end anywhere."""
    parent = os.getppid()
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:  # it went before the kernel was asked
            stop.set()
    if descriptor is not None:
        threading.Thread(target=_read_to_end, args=(descriptor, stop), daemon=True).start()


def _read_to_end(descriptor: int, stop: threading.Event) -> None:
    while os.read(descriptor, 1024):
        pass
    stop.set()


if __name__ == "__main__":
    main()
