"""The vendor's documented examples through our parsers, and through the sources over the sandbox.

They are put together from examples of single properties: ids, names and times of pins are left out of some.
"""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from app.domain.ports.connections import Tokens
from app.domain.ports.errors import Changed, Gone, PlatformError, RetryAfter, Unauthorized
from app.domain.ports.values import Format, Metric, Missing, PostReading
from app.platforms.kit import Node
from app.platforms.pinterest import parse_api
from app.platforms.pinterest.api import HOST, OwnAccount
from app.platforms.pinterest.auth import PinterestOAuth
from sandbox.core import Sandbox
from tests.platforms.pinterest.conftest import channel_of, known

FOLDER = Path(os.environ.get("SIGHTLINE_RECORDINGS", "../shared/fixtures")) / "pinterest"
pytestmark = [
    pytest.mark.skipif(not FOLDER.is_dir(), reason="no recordings here (SIGHTLINE_RECORDINGS)"),
    pytest.mark.recordings,
]

PIN = "664281013778109217"


def body(call: str, status: int = 200) -> bytes:
    return next(FOLDER.rglob(f"{call}.{status}.json")).read_bytes()


def answer(call: str, status: int = 200) -> Any:
    return json.loads(body(call, status).decode("utf-8-sig"))


def test_the_account() -> None:
    profile = parse_api.profile(Node(answer("user_account_get"), "Pinterest"))
    assert profile.metrics == {
        Metric.FOLLOWERS: 10,
        Metric.FOLLOWING: 347,
        Metric.POSTS: 339,
        Metric.MONTHLY_VIEWS: 163,
    }
    assert profile.external_id == "2783136121146311751" and profile.handle is None and not profile.missing
    assert parse_api.personal(Node(answer("user_account_get"), "Pinterest"))


def test_pins_without_ids_are_refused_with_their_place() -> None:
    with pytest.raises(Changed) as error:
        parse_api.pins(Node(answer("pins_list"), "Pinterest"))
    assert error.value.field == "items[].id"
    with pytest.raises(Changed) as error:
        parse_api.pin(Node(answer("pins_get"), "Pinterest"))
    assert error.value.field == "id"


@pytest.mark.parametrize("call", ["pins_get", "pins_list"])
def test_pins_with_ids(call: str) -> None:
    whole = answer(call)
    reading = parse_api.pin(Node((whole["items"][0] if "items" in whole else whole) | {"id": PIN}, "Pinterest"))
    assert isinstance(reading, PostReading) and reading.format is Format.PHOTO and reading.thumbnail_url
    assert reading.metrics == {Metric.VIEWS: 2, Metric.SAVES: None, Metric.COMMENTS: 2, Metric.LIKES: 10}
    assert reading.missing == {Metric.SAVES: Missing.NOT_GIVEN} and reading.published_at is None


def test_analytics_of_the_account() -> None:
    told = {one.metric: one for one in parse_api.account_analytics(Node(answer("user_account_analytics"), "Pinterest"))}
    assert {name: (one.value, one.day) for name, one in told.items()} == {
        "impression": (240, "2019-12-01"),
        "outbound_click": (20, "2019-12-01"),
        "pin_click": (37, "2019-12-01"),
        "save": (20, "2019-12-01"),
        "engagement": (1, "2019-12-01"),
    }


def test_analytics_of_pins() -> None:
    (reports,) = answer("multi_pins_analytics").values()
    told = parse_api.pin_analytics(Node({PIN: reports}, "Pinterest"))
    assert {one.metric: (one.value, one.period) for one in told} == {
        "impression": (240, "days_90"),
        "outbound_click": (20, "days_90"),
        "pin_click": (37, "days_90"),
        "save": (20, "days_90"),
        "total_comments": (10, "lifetime"),
        "total_reactions": (12, "lifetime"),
    }
    assert {one.post_id for one in told} == {PIN}
    with pytest.raises(Changed) as error:  # "<key>" where the pin's id stands
        parse_api.pin_analytics(Node(answer("multi_pins_analytics"), "Pinterest"))
    assert "<key>" in error.value.field


def test_answers_of_other_calls_are_refused_with_their_place() -> None:
    """pins/{id}/analytics, top pins, boards, followers: no calls of ours."""
    for call in ("pins_analytics", "user_account_analytics_top_pins", "boards_list", "followers_list"):
        with pytest.raises(Changed) as error:
            parse_api.pin_analytics(Node(answer(call), "Pinterest"))
        assert error.value.field
    for call in ("boards_list", "followers_list"):
        # A board has an id as a pin has one.
        with pytest.raises(Changed) as error:
            parse_api.pins(Node(answer(call), "Pinterest"))
        assert error.value.field in ("items[].pin_metrics", "items[].id")


CALLS: dict[str, tuple[str, dict[int, type[PlatformError]]]] = {
    "user_account_get": ("/v5/user_account", {403: Unauthorized}),
    "user_account_analytics": ("/v5/user_account/analytics", {400: Changed, 403: Unauthorized}),
    "multi_pins_analytics": (
        "/v5/pins/analytics",
        {400: Changed, 401: Unauthorized, 404: Gone, 429: RetryAfter},
    ),
}


@pytest.mark.parametrize(
    ("call", "status", "kind"),
    [(call, status, kind) for call, (_, kinds) in CALLS.items() for status, kind in kinds.items()],
)
async def test_refusals_through_the_source(
    own: OwnAccount, sandbox: Sandbox, call: str, status: int, kind: type[PlatformError]
) -> None:
    sandbox.replay.add(HOST, "GET", CALLS[call][0], status=status, body=body(call, status))
    channel = channel_of(sandbox)
    account = call == "user_account_get"
    reading = own.read_account(known(channel)) if account else own.read_insights(channel.id, posts=[PIN])
    with pytest.raises(PlatformError) as error:
        await reading
    assert type(error.value) is kind
    assert answer(call, status)["message"] not in str(error.value)


async def test_a_pin_that_is_not_there(own: OwnAccount, sandbox: Sandbox) -> None:
    """The body of pins_analytics.404; pins_get has no recorded refusal."""
    sandbox.replay.add(HOST, "GET", f"/v5/pins/{PIN}", status=404, body=body("pins_analytics", 404))
    batches = [batch async for batch in own.read_posts(known(channel_of(sandbox)), [PIN])]
    assert [result.external_id for batch in batches for result in batch] == [PIN]
    assert not any(isinstance(result, PostReading) for batch in batches for result in batch)


async def test_the_account_through_the_source(own: OwnAccount, sandbox: Sandbox) -> None:
    sandbox.replay.add(HOST, "GET", "/v5/user_account", body=body("user_account_get"))
    assert (await own.user())["monthly_views"].value == 163


async def test_a_token_answer_without_a_token(auth: PinterestOAuth, sandbox: Sandbox) -> None:
    sandbox.replay.add(HOST, "POST", "/v5/oauth/token", body=body("oauth_token"))
    with pytest.raises(Changed) as error:
        await auth.refresh(Tokens("a", "b"))
    assert error.value.field == "access_token"
