"""What the sandbox saw, and what went wrong in it."""

from collections import deque
from dataclasses import dataclass, field

_KEPT = 5_000

# Chromium's own background calls: never asked for by the application, so never a finding.
BROWSER_NOISE = ("accounts.google.com/ListAccounts", "update.googleapis.com", "clients2.google.com")


@dataclass(slots=True)
class Hit:
    """One request that reached a fake. body_bytes counts what the client sent."""

    host: str
    method: str
    path: str
    query: str
    headers: dict[str, str]
    status: int = 0
    body_bytes: int = 0

    def __str__(self) -> str:
        return f"{self.method} {self.host}{self.path}{'?' if self.query else ''}{self.query} -> {self.status}"


@dataclass(slots=True)
class Journal:
    """hits: every request, newest last. refused: CONNECT targets that are not ours.

    unhandled: requests to a known host on a route nobody wrote. errors: crashes of a fake, and
    requests or answers that break the platform's own schema. Each list keeps the newest 5,000.
    """

    hits: deque[Hit] = field(default_factory=lambda: deque(maxlen=_KEPT))
    refused: deque[str] = field(default_factory=lambda: deque(maxlen=_KEPT))
    unhandled: deque[Hit] = field(default_factory=lambda: deque(maxlen=_KEPT))
    errors: deque[str] = field(default_factory=lambda: deque(maxlen=_KEPT))

    def clear(self) -> None:
        for seen in (self.hits, self.refused, self.unhandled, self.errors):
            seen.clear()

    def refuse(self, target: str) -> None:
        if not any(noise in target for noise in BROWSER_NOISE):
            self.refused.append(target)

    def unmapped(self, hit: Hit) -> None:
        if not any(noise in hit.host + hit.path for noise in BROWSER_NOISE):
            self.unhandled.append(hit)

    def findings(self) -> list[str]:
        """Everything a clean run must not have, in words; empty when there is none."""
        return [
            *(f"refused host: {target}" for target in self.refused),
            *(f"no such route: {hit}" for hit in self.unhandled),
            *(f"error in a fake: {error}" for error in self.errors),
        ]
