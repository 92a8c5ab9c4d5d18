"""The document and the application say the same: schemathesis over everything that is in it."""

import asyncio
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any

import schemathesis
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import Status, events, from_schema

from tests.api.conftest import Api, failing, harbour, served

# 401 is not among what valid data may be answered with: the key must hold to the end.
CONFIG = """
seed = 20260310
headers = {{ Authorization = "Bearer {key}" }}
continue-on-failure = true
request-timeout = 30
[generation]
max-examples = 5
database = "none"
[checks.positive_data_acceptance]
expected-statuses = ["2xx", "403", "404", "409", "422"]
[phases.stateful]
enabled = false
"""
# What a key may not do, or what needs a secret that nobody can guess.
PERSONS = {f"POST /api/v1/auth/{what}" for what in ("login", "refresh", "register", "logout")}
OUR_KEY = "DELETE /api/v1/keys/{key_id}"  # might revoke the key that asks; tests of keys see to it


@dataclass
class Report:
    """statuses: per operation, how often it answered with which status. wrong: what schemathesis complains of."""

    statuses: defaultdict[str, Counter[int]] = field(default_factory=lambda: defaultdict(Counter))
    wrong: set[str] = field(default_factory=set)


def run(address: str, key: str) -> Report:
    config = SchemathesisConfig.from_str(CONFIG.format(key=key))
    whole = schemathesis.openapi.from_url(f"{address}/api/openapi.json", config=config)
    schema = whole.exclude(lambda c: c.operation.label in PERSONS | {OUR_KEY})
    report = Report()
    for event in from_schema(schema).execute():
        if isinstance(event, events.NonFatalError | events.FatalError):
            report.wrong.add(repr(event))
        if not isinstance(event, events.ScenarioFinished):
            continue
        label = str(event.label)
        for interaction in event.recorder.interactions.values():
            if interaction.response is not None and interaction.request.method == label.split()[0]:
                report.statuses[label][interaction.response.status_code] += 1
        for checks in event.recorder.checks.values():
            for check in checks:
                if check.status is Status.FAILURE and check.failure_info is not None:
                    info = check.failure_info
                    report.wrong.add(f"{label}: {check.name}: {info.failure}\n{info.code_sample}")
    return report


# Connections are made by a person in a browser: there is none here to be found.
CONNECTED = ("/oauth/{provider}/authorize", "/connections/{connection_id}", "/connections/{connection_id}/refresh")


async def test_schemathesis_finds_nothing(api: Api) -> None:
    account = (await api.follow())["accounts"][0]["id"]
    for name in ("north", "south", "east", "west"):
        await api.follow(f"@{name}", tags=[name])
    await api.read(account, harbour())
    await api.post("/collection/runs", {})
    await api.read(account, failing())
    async with served(api) as address:
        report = await asyncio.to_thread(run, address, api.key)
    assert report.wrong == set(), "\n\n".join(sorted(report.wrong))
    document: dict[str, Any] = (await api.client.get("/api/openapi.json")).json()
    operations = {f"{method.upper()} {path}" for path, item in document["paths"].items() for method in item}
    assert report.statuses.keys() == operations - PERSONS - {OUR_KEY}
    silent = [label for label, seen in report.statuses.items() if not any(200 <= status < 300 for status in seen)]
    silent = [label for label in silent if not label.endswith(CONNECTED)]
    assert silent == [], "never answered well: the run is hollow there"
    assert sum(seen.total() for seen in report.statuses.values()) > 500
