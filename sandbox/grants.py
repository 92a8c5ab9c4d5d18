"""OAuth grants of any provider: codes, tokens, refreshes, revocation, on the world's clock.

A token carries what it is good for under a signature of the world's seed, so that a sandbox that was started anew still
knows the tokens it once gave. Used codes, rotated refresh tokens and single revocations are remembered while it runs.
"""

import base64
import binascii
import hashlib
import hmac
import itertools
import json
from collections.abc import Set
from dataclasses import dataclass
from typing import Any

CODE_SECONDS = 600.0


@dataclass(frozen=True, slots=True)
class Grant:
    """What a token is good for. subject: the id of who agreed. turn: how often it was refreshed."""

    provider: str
    id: str
    subject: str
    scopes: tuple[str, ...]
    kind: str  # access, refresh
    issued: float
    expires: float | None
    turn: int = 0


@dataclass(frozen=True, slots=True)
class Issued:
    """A token endpoint's answer. Lives are in seconds; None does not end by itself."""

    grant: Grant
    access: str
    access_seconds: float | None
    refresh: str | None
    refresh_seconds: float | None


@dataclass(frozen=True, slots=True)
class _Code:
    provider: str
    client: str
    redirect_uri: str
    challenge: str
    subject: str
    scopes: tuple[str, ...]
    at: float


@dataclass(slots=True)
class _Terms:
    access_seconds: float | None
    refresh_seconds: float | None
    rotates: bool


class Grants:
    """All grants of one world. issued: every token ever given, for tests that look for leaks."""

    def __init__(self, seed: int) -> None:
        self._key = f"grants:{seed}".encode()
        self._numbers = itertools.count(1)
        self.issued: list[str] = []
        self._codes: dict[str, _Code] = {}
        self._turns: dict[str, int] = {}  # the newest refresh token of a grant, where they rotate
        self._revoked: set[str] = set()
        self._expired_until: dict[str, float] = {}  # by provider: access tokens of until then are over
        self._revoked_until: dict[str, float] = {}
        self._heeded: set[str] = set()

    def reset(self) -> None:
        for forgotten in (self.issued, self._codes, self._turns, self._expired_until, self._revoked_until):
            forgotten.clear()
        self._revoked.clear()
        self._heeded.clear()

    def code(
        self,
        provider: str,
        *,
        subject: str,
        scopes: tuple[str, ...],
        client: str,
        redirect_uri: str,
        challenge: str,
        moment: float,
    ) -> str:
        """A code for what somebody agreed to. challenge: PKCE's, S256; empty without."""
        code = hashlib.sha256(f"{moment}:{next(self._numbers)}:{subject}".encode()).hexdigest()[:40]
        self._codes[code] = _Code(provider, client, redirect_uri, challenge, subject, scopes, moment)
        return code

    def exchange(
        self,
        provider: str,
        code: str,
        *,
        client: str,
        redirect_uri: str,
        verifier: str,
        moment: float,
        access_seconds: float | None,
        refresh_seconds: float | None,
        rotates: bool = False,
        refreshable: bool = True,
    ) -> Issued | None:
        """The tokens for a code; None when it is unknown, used, too old, another client's, for another address, or its
        verifier does not fit."""
        found = self._codes.pop(code, None)  # single use, whatever comes of it
        if found is None or (found.provider, found.client, found.redirect_uri) != (provider, client, redirect_uri):
            return None
        if moment - found.at > CODE_SECONDS or (found.challenge and found.challenge != challenge_of(verifier)):
            return None
        grant = hashlib.sha256(f"grant:{code}".encode()).hexdigest()[:16]
        terms = _Terms(access_seconds, refresh_seconds, rotates)
        return self._issue(
            Grant(provider, grant, found.subject, found.scopes, "access", moment, None), terms, refreshable, moment
        )

    def refresh(
        self,
        provider: str,
        token: str,
        *,
        moment: float,
        access_seconds: float | None,
        refresh_seconds: float | None,
        rotates: bool = False,
        kind: str = "refresh",
    ) -> Issued | None:
        """Fresh tokens for a refresh token (or, with kind "access", for a token that prolongs itself); None when it is
        over. rotates: the token that was given dies, and a new one comes."""
        held = self.read(provider, token, moment)
        if held is None or held.kind != kind or (rotates and held.turn != self._turns.get(held.id, held.turn)):
            return None
        turned = Grant(
            provider, held.id, held.subject, held.scopes, "access", moment, None, held.turn + (1 if rotates else 0)
        )
        terms = _Terms(access_seconds, refresh_seconds, rotates)
        return self._issue(turned, terms, rotates, moment)

    def give(
        self,
        provider: str,
        *,
        subject: str,
        scopes: tuple[str, ...],
        moment: float,
        access_seconds: float | None,
        refresh_seconds: float | None = None,
    ) -> Issued:
        """A grant as if somebody had agreed: for tests, and for the demo's first day."""
        grant = hashlib.sha256(f"given:{next(self._numbers)}:{subject}".encode()).hexdigest()[:16]
        terms = _Terms(access_seconds, refresh_seconds, rotates=False)
        return self._issue(Grant(provider, grant, subject, scopes, "access", moment, None), terms, True, moment)

    def holder(self, provider: str, access: str, moment: float) -> Grant | None:
        """What an access token that is still good may do; None for every other text."""
        held = self.read(provider, access, moment)
        return held if held is not None and held.kind == "access" else None

    def read(self, provider: str, token: str, moment: float) -> Grant | None:
        """The grant of a token that is still good, of either kind."""
        held = self.opened(token)
        if held is None or held.provider != provider or held.id in self._revoked:
            return None
        if held.issued <= self._revoked_until.get(provider, float("-inf")):
            return None
        if held.kind == "access" and held.issued <= self._expired_until.get(provider, float("-inf")):
            return None
        return None if held.expires is not None and moment >= held.expires else held

    def revoke(self, provider: str, token: str) -> bool:
        """The grant of this token is over, all its tokens with it. False for a text that is no token."""
        held = self.opened(token)
        if held is None or held.provider != provider:
            return False
        self._revoked.add(held.id)
        return True

    def expire_all(self, provider: str, moment: float) -> None:
        """Every access token given until now is over; refresh tokens are not."""
        self._expired_until[provider] = self._tick(moment)

    def revoke_all(self, provider: str, moment: float) -> None:
        """Every grant given until now is over, as if all its people had withdrawn it."""
        self._revoked_until[provider] = self._tick(moment)

    def heed(self, provider: str, flags: Set[str], moment: float) -> None:
        """A panel's switches: the flags PROVIDER.token_expired and PROVIDER.grant_revoked end what was given until they
        were first seen. What is given while they are up is good."""
        for flag, end in (("token_expired", self.expire_all), ("grant_revoked", self.revoke_all)):
            name = f"{provider}.{flag}"
            if name not in flags:
                self._heeded.discard(name)
            elif name not in self._heeded:
                self._heeded.add(name)
                end(provider, moment)

    def opened(self, token: str) -> Grant | None:
        """What stands in a token of ours, good or not."""
        text, _, mac = token.rpartition(".")
        text = text.rpartition(".")[2]
        if not text or not hmac.compare_digest(mac, self._mac(text)):
            return None
        try:
            held: dict[str, Any] = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        except (binascii.Error, ValueError):
            return None
        return Grant(**held | {"scopes": tuple(held["scopes"])})

    def _issue(self, grant: Grant, terms: _Terms, refreshable: bool, moment: float) -> Issued:
        access = self._token(grant, "access", terms.access_seconds, moment)
        refresh = self._token(grant, "refresh", terms.refresh_seconds, moment) if refreshable else None
        if terms.rotates:
            self._turns[grant.id] = grant.turn
        return Issued(grant, access, terms.access_seconds, refresh, terms.refresh_seconds if refresh else None)

    def _token(self, grant: Grant, kind: str, seconds: float | None, moment: float) -> str:
        held = {
            "provider": grant.provider,
            "id": grant.id,
            "subject": grant.subject,
            "scopes": grant.scopes,
            "kind": kind,
            "issued": self._tick(moment),
            "expires": None if seconds is None else moment + seconds,
            "turn": grant.turn,
        }
        text = base64.urlsafe_b64encode(json.dumps(held).encode()).decode().rstrip("=")
        token = f"{kind[:3]}.{text}.{self._mac(text)}"
        self.issued.append(token)
        return token

    def _tick(self, moment: float) -> float:
        """The moment, later than every one before it while the clock stands still: two tokens of it are two tokens."""
        return moment + next(self._numbers) * 1e-6

    def _mac(self, text: str) -> str:
        return hmac.new(self._key, text.encode(), hashlib.sha256).hexdigest()[:32]


def challenge_of(verifier: str) -> str:
    """PKCE's S256 challenge."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
