"""What a platform is to the rest of Sightline: a label, an icon, and sources with capabilities."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, runtime_checkable

from app.domain.ports.connections import ConnectedSource, KeyProvider, OAuthProvider
from app.domain.ports.senders import SignIn
from app.domain.ports.values import Metric, PostResult, Profile, Ref

# Reserve `units` of a quota bucket before a call. Raises QuotaSpent when there are not enough left.
Reserve = Callable[[str, int], Awaitable[None]]


async def unmetered(bucket: str, units: int) -> None:
    """A Reserve that always has enough."""


class Turns(Protocol):
    """How quickly hosts may be asked."""

    def turn(self, host: str) -> AbstractAsyncContextManager[None]:
        """Waits for this host's turn; the block is one request."""
        ...


@dataclass(frozen=True, slots=True)
class Means:
    """What a platform is given.

    proxy: the way out, "http://USER:PASSWORD@127.0.0.1:PORT"; empty in a process that recognises links but reads
    nothing. ca: the PEM file to trust instead of the public authorities. settings: the instance's own for platforms, by
    the names of `.env.example` in lower case ("vk_access_token"); unset ones are not there. reserve: the keeper of a
    platform's quota, given its name and the units a day of each bucket. pace: turns at hosts.
    """

    proxy: str
    ca: Path | None
    pace: Turns
    settings: Mapping[str, str] = field(default_factory=dict)
    reserve: Callable[[str, Mapping[str, int]], Reserve] = lambda _platform, _allowed: unmetered

    def setting(self, name: str, default: str = "") -> str:
        """One of the instance's settings as text."""
        return self.settings.get(name, default)

    def consent_url(self, url: str) -> str:
        """Where the person's browser is sent to agree: the address itself, or in the sandbox its stand-in."""
        here = self.setting("sandbox_consent")
        return f"{here}/{url.removeprefix('https://')}" if here else url

    def switched_on(self, name: str) -> bool:
        """Whether a yes-or-no setting says yes."""
        return self.setting(name).lower() == "true"


class Source(Protocol):
    """One way of reading a platform. The first configured and healthy one answers."""

    name: str  # "data_api", stored with every number
    label: str  # "YouTube Data API v3", shown to people
    version: str  # collector version, stored with every number: bump when parsing changes
    evidence: str  # a msgid: N_("recorded 2022-11"), N_("the vendor's schema"), N_("our reading, unproven")
    # What it can give; everything else it answers with null and Missing.NOT_GIVEN or NOT_PUBLISHED.
    account_numbers: frozenset[Metric]
    post_numbers: frozenset[Metric]

    @property
    def configured(self) -> bool:
        """Whether the keys it needs are there."""
        ...

    @property
    def unconfigured_reason(self) -> str:
        """A msgid: what is missing, and where to put it."""
        ...


@runtime_checkable
class ReadsAccount(Protocol):
    async def read_account(self, ref: Ref) -> Profile:
        """The account's facts and numbers now. Raises PlatformError; Gone when it is not there."""
        ...


@runtime_checkable
class ListsPosts(Protocol):
    def list_posts(self, ref: Ref, *, limit: int, known: frozenset[str]) -> AsyncIterator[Sequence[PostResult]]:
        """The newest `limit` posts with their numbers, newest first, in batches as they are read.

        ref: of kind ID, with the handle. known: ids of posts whose format is already known, so that a source may skip
        working it out.
        """
        ...


@runtime_checkable
class ReadsPosts(Protocol):
    def read_posts(self, ref: Ref, external_ids: Sequence[str]) -> AsyncIterator[Sequence[PostResult]]:
        """The numbers of these posts of the account now, in batches; each id is answered exactly once.

        ref: of kind ID, with the handle.
        """
        ...


@dataclass(frozen=True, slots=True)
class Platform:
    """A platform as the application sees it.

    recognise: pure; the Ref a pasted text names on this platform, or None when it is not ours.
    metrics: what its account and post pages show, in order, with the words the platform itself uses
    (msgids): {"account": {Metric.FOLLOWERS: "Subscribers"}, "post": {...}}.
    """

    name: str
    label: str
    icon: str
    recognise: Callable[[str], Ref | None]
    sources: tuple[Source, ...]
    account_metrics: Mapping[Metric, str]
    post_metrics: Mapping[Metric, str]
    engagement: tuple[Metric, ...]  # what its engagement E adds up; 1-product.md, Standard terms
    hosts: tuple[str, ...]  # what its sources may ask, for the egress proxy's counters
    profile_url: Callable[[Ref], str]
    connected: tuple[ConnectedSource, ...] = ()  # sources that read with a workspace's own credential
    oauth: OAuthProvider | None = None  # how such a credential is granted
    keys: tuple[KeyProvider, ...] = ()  # or typed
    sign_in: SignIn | None = None  # or made step by step with a person's own account


def oauth_of(platforms: Mapping[str, Platform]) -> dict[str, OAuthProvider]:
    """Providers of OAuth grants, by name."""
    return {p.oauth.name: p.oauth for p in platforms.values() if p.oauth is not None}


def keys_of(platforms: Mapping[str, Platform]) -> dict[str, KeyProvider]:
    """Services that are connected by a typed key, by name."""
    return {key.name: key for p in platforms.values() for key in p.keys}


def sign_ins_of(platforms: Mapping[str, Platform]) -> dict[str, SignIn]:
    """Services to which a person's own account is signed in, by name."""
    return {p.sign_in.name: p.sign_in for p in platforms.values() if p.sign_in is not None}
