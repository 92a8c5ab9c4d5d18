"""What Google really answered to signed-in owners: tokens, their channels, reports; read where they lie."""

import functools
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import yaml

from app.domain.ports.connections import Credential, Tokens
from app.domain.ports.errors import Changed, PlatformError, Unauthorized
from app.domain.ports.platform import Platform
from app.domain.ports.values import Missing
from app.lib import clock
from app.platforms.youtube import parse_insights
from app.platforms.youtube.auth import Google
from app.platforms.youtube.own import OwnChannel
from sandbox.core import Sandbox
from tests.platforms.youtube.conftest import by_id
from tests.platforms.youtube.recordings import FOLDER, needed

pytestmark = [needed, pytest.mark.recordings]

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
API, ANALYTICS, OAUTH = "youtube.googleapis.com", "youtubeanalytics.googleapis.com", "oauth2.googleapis.com"


@dataclass(frozen=True, slots=True)
class Spoken:
    """One recorded request of an owner's and its answer. call: token, mine, report or groups."""

    name: str
    call: str
    query: dict[str, list[str]]
    status: int
    headers: dict[str, str]
    body: bytes

    def __str__(self) -> str:
        return self.name

    @property
    def answer(self) -> Any:
        return json.loads(self.body)


def spoken(*calls: str) -> list[Spoken]:
    return [one for one in _every() if one.call in calls] if FOLDER.is_dir() else []


@functools.cache
def _every() -> tuple[Spoken, ...]:
    return tuple(_all())


def _all() -> Iterator[Spoken]:
    for path in sorted(FOLDER.rglob("*.yml")):
        for at, one in enumerate(yaml.load(path.read_text("utf-8-sig"), _LOADER).get("http_interactions", [])):
            request, response = one["request"], one["response"]
            url = urlsplit(request["uri"])
            asked = parse_qs(url.query)
            call = {
                "/o/oauth2/token": "token",
                "/v2/reports": "report",
                "/v2/groups": "groups",
                "/youtube/v3/channels": "mine" if asked.get("mine") == ["true"] else "",
            }.get(url.path)
            if call:
                name = f"{path.relative_to(FOLDER).with_suffix('')}[{at}]"
                body = (response["body"].get("string") or "").encode()
                kept = {
                    header: values[0]
                    for header, values in response["headers"].items()
                    if header.lower() in ("content-type", "www-authenticate")
                }
                yield Spoken(name, call, asked, response["status"]["code"], kept, body)


def play(sandbox: Sandbox, host: str, method: str, path: str, one: Spoken) -> None:
    sandbox.replay.add(host, method, path, status=one.status, headers=one.headers, body=one.body)


@pytest.fixture
def google(connectable: Platform) -> Google:
    assert isinstance(connectable.oauth, Google)
    return connectable.oauth


def own(connectable: Platform) -> OwnChannel:
    (connected,) = connectable.connected
    bound = connected.with_credential(Credential("google", "UCx", "a-token"))
    assert isinstance(bound, OwnChannel)
    return bound


def test_there_are_some_of_each() -> None:
    assert {one.call for one in spoken("token", "mine", "report", "groups")} == {"token", "mine", "report", "groups"}


@pytest.mark.parametrize("one", spoken("token"), ids=str)
async def test_tokens(one: Spoken, google: Google, sandbox: Sandbox) -> None:
    play(sandbox, OAUTH, "POST", "/token", one)
    if one.status != 200:
        assert one.answer["error"] == "invalid_grant"
        with pytest.raises(Unauthorized) as error:
            await google.exchange(code="c", redirect_uri="https://x.example/", verifier="v" * 43)
        assert one.answer["error_description"] not in str(error.value)
        return
    tokens = await google.refresh(Tokens("old", "a-refresh-token"))
    assert tokens.access == one.answer["access_token"] and tokens.refresh is None
    assert tokens.expires_at == clock.now() + timedelta(seconds=one.answer["expires_in"])
    assert " ".join(tokens.scopes) == one.answer["scope"]


@pytest.mark.parametrize("one", spoken("mine"), ids=str)
async def test_whose_channel(one: Spoken, connectable: Platform, google: Google, sandbox: Sandbox) -> None:
    play(sandbox, API, "GET", "/youtube/v3/channels", one)
    if one.status == 401:
        for attempt in (google.subjects(Tokens("a-token")), own(connectable).read_account(by_id("UCx"))):
            with pytest.raises(Unauthorized):
                await attempt
        return
    (item,) = one.answer["items"]
    (subject,) = await google.subjects(Tokens("a-token"))
    assert (subject.id, subject.external_id, subject.title) == (item["id"], item["id"], item["snippet"]["title"])
    profile = await own(connectable).read_account(by_id(item["id"]))
    assert profile.title == item["snippet"]["title"] and profile.country == item["snippet"].get("country")
    assert set(profile.metrics.values()) == {None} and set(profile.missing.values()) == {Missing.NOT_GIVEN}
    with pytest.raises(Unauthorized, match="another channel"):
        await own(connectable).read_account(by_id("UC" + "x" * 22))


@pytest.mark.parametrize("one", spoken("report"), ids=str)
def test_reports(one: Spoken) -> None:
    dimension = one.query.get("dimensions", [None])[0]
    if dimension not in (None, "day", "video"):  # none that we ask for
        return
    names = [header["name"] for header in one.answer["columnHeaders"]]
    rows = one.answer.get("rows", [])
    found = parse_insights.table(one.answer, dimension)
    assert list(found) == [row[names.index(dimension)] if dimension else "" for row in rows]
    for row, told in zip(rows, found.values(), strict=True):
        for column, (value, missing) in told.items():
            if column in names:
                assert (value, missing) == (row[names.index(column)], None)
            else:
                assert (value, missing) == (None, Missing.NOT_GIVEN)


@pytest.mark.parametrize("one", spoken("report", "groups"), ids=str)
async def test_reports_through_the_client(one: Spoken, connectable: Platform, sandbox: Sandbox) -> None:
    """A report of another kind than was asked for is refused, naming the place."""
    play(sandbox, ANALYTICS, "GET", "/v2/reports", one)
    with pytest.raises(PlatformError) as error:
        await own(connectable).read_insights("UC" + "x" * 22, posts=[])
    assert isinstance(error.value, Changed)
    assert error.value.field == ("kind" if one.call == "groups" else "columnHeaders.day")


@pytest.mark.parametrize("one", [one for one in spoken("report") if "dimensions" not in one.query], ids=str)
async def test_a_total_through_the_client(one: Spoken, connectable: Platform, sandbox: Sandbox) -> None:
    day = parse_insights.window(clock.now().date())[20].isoformat()
    by_day = {"columnHeaders": [{"name": "day"}, {"name": "views"}], "rows": [[day, 3]]}
    play(sandbox, ANALYTICS, "GET", "/v2/reports", one)
    sandbox.replay.add(ANALYTICS, "GET", "/v2/reports", {"dimensions": "day"}, body=json.dumps(by_day).encode())
    told = await own(connectable).read_insights("UC" + "x" * 22, posts=[])
    whole = {insight.metric: insight for insight in told if insight.period == "days_28"}
    assert {insight.day for insight in whole.values()} == {day}
    for column, metric in parse_insights.METRICS.items():
        names = [header["name"] for header in one.answer["columnHeaders"]]
        value = one.answer["rows"][0][names.index(column)] if column in names else None
        assert whole[metric].value == value and (whole[metric].missing is None) == (value is not None)
