"""What jobs are given: the worker's parts, put into SAQ's context by `app.main`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from app.domain.collection.run import Collector
from app.domain.collection.service import Plan
from app.domain.ports.platform import Platform
from app.lib.db import Database
from app.lib.egress import Egress


@dataclass(frozen=True, slots=True)
class Parts:
    database: Database
    collector: Collector
    platforms: Mapping[str, Platform]
    defaults: Plan
    egress: Egress


def parts(context: dict[str, Any]) -> Parts:
    return cast(Parts, context["parts"])
