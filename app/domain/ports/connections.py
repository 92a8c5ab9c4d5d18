"""What a workspace connects: grants by OAuth, keys, sessions; and what is read with them, for that workspace alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from app.domain.ports.values import Metric, Missing

if TYPE_CHECKING:
    from app.domain.ports.platform import Source


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a provider's token endpoint gave. refresh is None when the answer held none: keep the one that is stored."""

    access: str
    refresh: str | None = None
    expires_at: datetime | None = None
    refresh_expires_at: datetime | None = None
    scopes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Subject:
    """Who granted it, and the account that it opens.

    id: the provider's permanent id of the identity (issuer and id are the connection's identity). platform,
    external_id: the account that can be read with it, if any. access: the account's own token where the provider
    gives each account one (Meta's pages); empty, and the grant's is used.
    """

    id: str
    title: str
    platform: str
    external_id: str = ""
    handle: str | None = None
    access: str = ""


@runtime_checkable
class OAuthProvider(Protocol):
    """One provider of OAuth grants: the authorization code flow with PKCE (S256)."""

    name: str  # "google", stored with every connection
    label: str  # "Google"
    scopes: tuple[str, ...]
    feeds: tuple[str, ...]  # platforms whose numbers it brings

    @property
    def configured(self) -> bool:
        """Whether the instance has a client at this provider."""
        ...

    @property
    def unconfigured_reason(self) -> str:
        """A msgid: what is missing, and where to put it."""
        ...

    def authorize_url(self, *, state: str, redirect_uri: str, challenge: str) -> str:
        """Where the person's browser goes to agree."""
        ...

    async def exchange(self, *, code: str, redirect_uri: str, verifier: str) -> Tokens:
        """The tokens for a code. Raises Unauthorized when the code is not accepted, and PlatformError."""
        ...

    async def refresh(self, tokens: Tokens) -> Tokens:
        """Fresh tokens. Raises Unauthorized when the grant is dead, and PlatformError."""
        ...

    async def revoke(self, tokens: Tokens) -> None:
        """Give the grant back. Where a provider has no way to, nothing happens."""
        ...

    async def subjects(self, tokens: Tokens) -> Sequence[Subject]:
        """Whom the grant speaks for; at least one. Raises PlatformError."""
        ...


@runtime_checkable
class KeyProvider(Protocol):
    """A service that a workspace connects by typing a key of its own."""

    name: str  # "ensemble"
    label: str  # "EnsembleData"
    feeds: tuple[str, ...]
    hint: str  # a msgid: where one finds the key

    async def check(self, secret: str) -> Subject:
        """Whose key it is. Raises Unauthorized when it is not accepted, and PlatformError."""
        ...


@dataclass(frozen=True, slots=True)
class Credential:
    """A workspace's way into a platform, good for one reading. secret: an access token, key or session."""

    provider: str
    subject: str
    secret: str
    external_id: str = ""
    scopes: tuple[str, ...] = ()


class ConnectedSource(Protocol):
    """A source that reads with a workspace's own credential; what it reads belongs to that workspace.

    `with_credential` gives a Source (ReadsAccount, ListsPosts, ReadsPosts, ReadsInsights, ReadsStories as declared by
    the returned object's methods) bound to the credential. Its calls raise Unauthorized when that is not accepted.
    """

    name: str
    label: str
    version: str
    evidence: str
    account_numbers: frozenset[Metric]
    post_numbers: frozenset[Metric]
    provider: str  # the OAuthProvider or kind of key whose connections it reads with

    def with_credential(self, credential: Credential) -> "Source":
        """The source for this credential."""
        ...


@dataclass(frozen=True, slots=True)
class Insight:
    """One private number: of the account, or of a post (then post_id is its external id).

    metric: the platform's word in snake case ("reach", "impressions", "average_view_duration"). period: "day",
    "days_28", "lifetime"; day: the platform's day that it is for, where it has one (ISO date).
    """

    metric: str
    value: float | None
    period: str
    day: str | None = None
    post_id: str | None = None
    missing: Missing | None = None


@dataclass(frozen=True, slots=True)
class Story:
    """A story while it can be seen, with its numbers."""

    external_id: str
    url: str
    published_at: datetime
    expires_at: datetime
    format: str  # photo, video
    metrics: dict[str, int | None]
    missing: dict[str, Missing]
    thumbnail_url: str | None = None


@runtime_checkable
class ReadsInsights(Protocol):
    async def read_insights(self, external_id: str, *, posts: Sequence[str]) -> Sequence[Insight]:
        """The account's private numbers and those of these posts. Raises PlatformError."""
        ...


@runtime_checkable
class ReadsStories(Protocol):
    async def read_stories(self, external_id: str) -> Sequence[Story]:
        """The stories that can be seen now, with their numbers. Raises PlatformError."""
        ...


__all__ = [
    "ConnectedSource",
    "Credential",
    "Insight",
    "KeyProvider",
    "OAuthProvider",
    "ReadsInsights",
    "ReadsStories",
    "Story",
    "Subject",
    "Tokens",
]
