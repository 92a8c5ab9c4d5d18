"""What goes wrong with the Data API: each a clear error that says what happens next, and never the key."""

import json
import logging
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.domain.ports.errors import Changed, Gone, NeedsAction, PlatformError, QuotaSpent, RetryAfter
from app.domain.ports.values import Metric, RefKind
from app.lib import clock
from app.lib.egress import Egress
from app.platforms.youtube.data_api import DataApi
from sandbox.core import Sandbox
from tests.platforms.conftest import Ledger
from tests.platforms.youtube.conftest import ANY, KEY
from tests.platforms.youtube.test_data_api import API, every, posts, ref


async def test_every_failure_says_what_happens_next(api: DataApi, sandbox: Sandbox) -> None:
    for preset, kind in (
        ("youtube-quota-gone", QuotaSpent),
        ("youtube-key-revoked", NeedsAction),
        ("youtube-api-disabled", NeedsAction),
        ("youtube-api-html", Changed),
        ("youtube-503", RetryAfter),
        ("youtube-reset", RetryAfter),
    ):
        sandbox.switch(preset, True)
        for reading in (
            api.read_account(ref(RefKind.HANDLE, "orbitnotes")),
            posts(api, "UC" + "x" * 22),
            every(api.read_posts(ANY, ["xxxxxxxxxxx"])),
        ):
            with pytest.raises(PlatformError) as error:
                await reading
            assert type(error.value) is kind, preset
            assert KEY not in str(error.value) + repr(error.value.params)
        sandbox.switch(preset, False)
        assert (await api.read_account(ref(RefKind.HANDLE, "orbitnotes"))).metrics[Metric.VIEWS]


async def test_a_spent_quota_comes_back_at_midnight_in_california(api: DataApi, sandbox: Sandbox) -> None:
    sandbox.switch("youtube-quota-gone", True)
    with pytest.raises(QuotaSpent) as error:
        await api.read_account(ref(RefKind.HANDLE, "orbitnotes"))
    # The world's clock stands at 2026-11-02 12:00 UTC, 04:00 in California (winter time).
    assert error.value.until == datetime(2026, 11, 3, 8, tzinfo=UTC)


async def test_our_own_ledger_stops_before_the_call(api: DataApi, sandbox: Sandbox, ledger: Ledger) -> None:
    ledger.left = 0
    with pytest.raises(QuotaSpent):
        await api.read_account(ref(RefKind.HANDLE, "orbitnotes"))
    assert not sandbox.journal.hits


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [({"retry-after": "120"}, 120), ({}, 300), ({"retry-after": "soon"}, 300), ({"retry-after": "999999"}, 86_400)],
)
async def test_retry_after_is_honoured(api: DataApi, sandbox: Sandbox, headers: dict[str, str], seconds: int) -> None:
    sandbox.fault(API, times=-1, status=429, headers=headers, body='{"error": {"code": 429}}')
    with pytest.raises(RetryAfter) as error:
        await api.read_account(ref(RefKind.HANDLE, "orbitnotes"))
    assert error.value.until - clock.now() == timedelta(seconds=seconds)


ERRORS: list[tuple[int, dict[str, Any], type[PlatformError]]] = [
    (403, {"errors": [{"reason": "dailyLimitExceeded"}]}, QuotaSpent),
    (403, {"errors": [{"reason": "rateLimitExceeded"}]}, RetryAfter),
    (403, {"errors": [{"reason": "userRateLimitExceeded"}]}, RetryAfter),
    (
        429,
        {
            "status": "RESOURCE_EXHAUSTED",
            "details": [{"reason": "RATE_LIMIT_EXCEEDED", "metadata": {"quota_limit": "defaultPerDayPerProject"}}],
        },
        QuotaSpent,
    ),
    (429, {"status": "RESOURCE_EXHAUSTED", "details": [{"metadata": {"quota_limit": "PerMinute"}}]}, RetryAfter),
    (400, {"errors": [{"reason": "keyInvalid"}]}, NeedsAction),
    (400, {"errors": [{"reason": "badRequest"}], "message": "API key expired. Please renew the API key."}, NeedsAction),
    (400, {"errors": [{"reason": "badRequest"}], "message": "Request contains an invalid argument."}, Changed),
    (401, {"errors": [{"reason": "authError"}], "status": "UNAUTHENTICATED"}, NeedsAction),
    (403, {"errors": [{"reason": "forbidden"}], "status": "PERMISSION_DENIED"}, NeedsAction),
    (403, {"errors": [{"reason": "ipRefererBlocked"}]}, NeedsAction),
    (403, {"details": [{"reason": "API_KEY_SERVICE_BLOCKED"}]}, NeedsAction),
    (404, {"errors": [{"reason": "channelNotFound"}]}, Gone),
    (404, {}, Changed),
    (500, {"errors": [{"reason": "backendError"}]}, RetryAfter),
    (503, {}, RetryAfter),
    (400, {"errors": [{"reason": "invalidParameter"}]}, Changed),
    (403, {}, Changed),
]


@pytest.mark.parametrize(("status", "error", "kind"), ERRORS)
async def test_error_answers(
    api: DataApi, sandbox: Sandbox, status: int, error: dict[str, Any], kind: type[PlatformError]
) -> None:
    sandbox.fault(API, times=-1, status=status, body=json.dumps({"error": {"code": status, **error}}))
    with pytest.raises(PlatformError) as raised:
        await api.read_account(ref(RefKind.HANDLE, "orbitnotes"))
    assert type(raised.value) is kind


@pytest.mark.parametrize(
    "body",
    [
        "",
        "null",
        "[]",
        '"x"',
        "{}",
        '{"items": {}}',
        '{"items": [1]}',
        '{"items": null}',
        "<html>",
        '{"items": [{',
        "[",
    ],
)
async def test_answers_of_another_form(api: DataApi, sandbox: Sandbox, body: str) -> None:
    sandbox.fault(API, times=-1, status=200, body=body)
    for reading in (
        api.read_account(ref(RefKind.HANDLE, "orbitnotes")),
        posts(api, "UC" + "x" * 22),
        every(api.read_posts(ANY, ["xxxxxxxxxxx"])),
    ):
        with pytest.raises(Changed):
            await reading


async def test_deep_and_binary_answers(api: DataApi, sandbox: Sandbox) -> None:
    for body in (b"[" * 100_000, b"\xff\xfe\x00\x01"):
        sandbox.replay.add(API, "GET", "/youtube/v3/channels", body=body)
        with pytest.raises(Changed):
            await api.read_account(ref(RefKind.HANDLE, "orbitnotes"))


async def test_a_broken_connection_is_tried_again_later(api: DataApi, sandbox: Sandbox) -> None:
    for behaviour in ({"truncate_after": 100}, {"reset": True}):
        sandbox.faults.clear()
        sandbox.fault(API, times=-1, **behaviour)
        with pytest.raises(RetryAfter) as error:
            await api.read_account(ref(RefKind.HANDLE, "orbitnotes"))
        assert error.value.until > clock.now()


async def test_a_silent_api_is_given_up(api: DataApi, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.platforms.youtube.google_client._TIMEOUT", 0.3)
    sandbox.fault(API, times=-1, hang=True)
    with pytest.raises(RetryAfter):
        await api.read_account(ref(RefKind.HANDLE, "orbitnotes"))


async def test_all_of_it_goes_through_the_proxy(api: DataApi, sandbox: Sandbox, egress: Egress) -> None:
    await api.read_account(ref(RefKind.HANDLE, "orbitnotes"))
    assert egress.stats()[API].requests == len(sandbox.journal.hits) == 1
    assert "quotaUser=instance-1" in sandbox.journal.hits[0].query
    await egress.stop()
    with pytest.raises(RetryAfter):
        await api.read_account(ref(RefKind.HANDLE, "orbitnotes"))
    assert len(sandbox.journal.hits) == 1


async def test_the_key_is_in_no_log(api: DataApi, sandbox: Sandbox, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        await api.read_account(ref(RefKind.HANDLE, "orbitnotes"))
        sandbox.fault(API, times=-1, status=403, body='{"error": {"errors": [{"reason": "x"}]}}')
        with pytest.raises(PlatformError) as error:
            await api.read_account(ref(RefKind.HANDLE, "orbitnotes"))
    assert KEY not in caplog.text and "quotaUser" not in caplog.text
    assert error.value.__suppress_context__
