"""What jobs are given: the worker's parts, put into SAQ's context by `app.main`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from app.domain.collection.run import Collector
from app.domain.collection.service import Plan
from app.domain.insights.run import OwnReader
from app.domain.ports.connections import KeyProvider, OAuthProvider
from app.domain.ports.platform import Platform, keys_of, oauth_of, sign_ins_of
from app.domain.ports.senders import SignIn
from app.lib.crypto import Vault
from app.lib.db import Database
from app.lib.egress import Egress


@dataclass(frozen=True, slots=True)
class Parts:
    database: Database
    collector: Collector
    platforms: Mapping[str, Platform]
    defaults: Plan
    egress: Egress
    vault: Vault
    own_reader: OwnReader

    @property
    def providers(self) -> dict[str, OAuthProvider]:
        """Providers of OAuth grants, by name."""
        return oauth_of(self.platforms)

    @property
    def sign_ins(self) -> dict[str, SignIn]:
        """Services to which a person's own account is signed in, by name."""
        return sign_ins_of(self.platforms)

    @property
    def keys(self) -> dict[str, KeyProvider]:
        """Services that are connected by a typed key, by name."""
        return keys_of(self.platforms)


def parts(context: dict[str, Any]) -> Parts:
    return cast(Parts, context["parts"])
