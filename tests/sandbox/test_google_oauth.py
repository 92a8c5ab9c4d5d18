"""Google's sign-in and YouTube Analytics in the sandbox, as a client without our adapter meets them."""

import base64
import json
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest

from sandbox import discovery, testing
from sandbox.core import Sandbox
from sandbox.grants import challenge_of
from sandbox.platforms import youtube_analytics
from sandbox.platforms.google_oauth import CLIENT_ID, CLIENT_SECRET

AUTH, TOKEN = "https://accounts.google.com/o/oauth2/v2/auth", "https://oauth2.googleapis.com/token"
REVOKE, REPORTS = "https://oauth2.googleapis.com/revoke", "https://youtubeanalytics.googleapis.com/v2/reports"
READ, ANALYTICS = (f"https://www.googleapis.com/auth/{name}" for name in ("youtube.readonly", "yt-analytics.readonly"))
BACK = "https://app.example/back"
VERIFIER = "v" * 64
ASKED = {
    "client_id": CLIENT_ID,
    "redirect_uri": BACK,
    "response_type": "code",
    "scope": f"openid {READ} {ANALYTICS}",
    "access_type": "offline",
    "prompt": "consent",
    "state": "s",
    "code_challenge": challenge_of(VERIFIER),
    "code_challenge_method": "S256",
}


def channel_id(sandbox: Sandbox, name: str = "boltbench") -> str:
    channel = sandbox.world.channel(name)
    assert channel is not None
    return channel.id


def agreed(http: httpx.Client, account: str, **changes: str) -> dict[str, str]:
    answer = http.post(
        AUTH,
        params={**ASKED, **changes},
        data={"account": account, "scope": changes.get("scope", ASKED["scope"]).split(), "decision": "allow"},
    )
    assert answer.status_code == 303
    return {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["location"]).query).items()}


def exchange(http: httpx.Client, code: str, **changes: str) -> httpx.Response:
    known = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, "grant_type": "authorization_code"}
    return http.post(TOKEN, data={**known, "code": code, "redirect_uri": BACK, "code_verifier": VERIFIER, **changes})


def refresh(http: httpx.Client, token: str) -> httpx.Response:
    known = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, "grant_type": "refresh_token"}
    return http.post(TOKEN, data={**known, "refresh_token": token})


def signed_in(sandbox: Sandbox, http: httpx.Client, name: str = "boltbench", **changes: str) -> dict[str, Any]:
    given: dict[str, Any] = exchange(http, agreed(http, channel_id(sandbox, name), **changes)["code"]).json()
    return given


def query(sandbox: Sandbox, **changes: str) -> dict[str, str]:
    days = {"startDate": "2026-10-05", "endDate": "2026-11-01"}
    return {"ids": f"channel=={channel_id(sandbox)}", **days, "metrics": "views,likes", **changes}


def report(http: httpx.Client, token: str, asked: dict[str, str]) -> httpx.Response:
    return http.get(REPORTS, params=asked, headers={"authorization": f"Bearer {token}"})


def test_the_consent_page_at_a_persons_own_browser(sandbox: Sandbox) -> None:
    """Over plain HTTP on loopback, not through the proxy."""
    with httpx.Client(trust_env=False, timeout=5) as browser:
        page = browser.get(f"{sandbox.consent_url}/accounts.google.com/o/oauth2/v2/auth?{urlencode(ASKED)}")
    assert page.status_code == 200 and page.headers["content-type"].startswith("text/html")
    assert 'method="post" action=""' in page.text and "Bolt Bench (@boltbench)" in page.text
    assert "fastlanefacts" not in page.text  # its channel was terminated
    assert page.text.count('type="checkbox"') == 3 and "https://accounts" not in page.text


@pytest.mark.parametrize(
    "wrong",
    [
        {"client_id": "another"},
        {"redirect_uri": "http://evil.example/"},
        {"redirect_uri": ""},
        {"response_type": "token"},
        {"scope": ""},
        {"code_challenge_method": "plain"},
    ],
    ids=str,
)
def test_what_no_consent_page_is_shown_for(sandbox: Sandbox, http: httpx.Client, wrong: dict[str, str]) -> None:
    assert http.get(AUTH, params={**ASKED, **wrong}).status_code == 400
    assert http.post(AUTH, params={**ASKED, **wrong}, data={"account": "x", "decision": "allow"}).status_code == 400


def test_a_parameter_that_google_does_not_have(sandbox: Sandbox, http: httpx.Client) -> None:
    assert http.get(AUTH, params={**ASKED, "challenge": "x"}).status_code == 500
    with pytest.raises(AssertionError, match="challenge"):
        testing.assert_clean()
    sandbox.journal.clear()


def test_no_and_somebody_unknown(sandbox: Sandbox, http: httpx.Client) -> None:
    for form in ({"account": channel_id(sandbox), "decision": "deny"}, {"account": "nobody", "decision": "allow"}, {}):
        answer = http.post(AUTH, params=ASKED, data=form)
        assert answer.headers["location"] == f"{BACK}?error=access_denied&state=s"


def test_an_exchange_as_google_answers_it(sandbox: Sandbox, http: httpx.Client) -> None:
    back = agreed(http, channel_id(sandbox))
    assert (back["state"], back["scope"].split()) == ("s", ["openid", READ, ANALYTICS])
    answer = exchange(http, back["code"]).json()
    assert set(answer) == {"access_token", "expires_in", "refresh_token", "scope", "token_type", "id_token"}
    assert (answer["expires_in"], answer["token_type"]) == (3599, "Bearer")
    claims = answer["id_token"].split(".")[1]
    assert json.loads(base64.urlsafe_b64decode(claims + "=="))["sub"] == channel_id(sandbox)
    assert exchange(http, back["code"]).json()["error"] == "invalid_grant"  # once


@pytest.mark.parametrize(
    ("changes", "status", "error"),
    [
        ({"code_verifier": "w" * 64}, 400, "invalid_grant"),
        ({"code_verifier": ""}, 400, "invalid_grant"),
        ({"redirect_uri": f"{BACK}/"}, 400, "invalid_grant"),
        ({"code": "none"}, 400, "invalid_grant"),
        ({"client_secret": "wrong"}, 401, "invalid_client"),
        ({"client_id": "wrong"}, 401, "invalid_client"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
    ],
)
def test_exchanges_that_are_refused(
    sandbox: Sandbox, http: httpx.Client, changes: dict[str, str], status: int, error: str
) -> None:
    code = agreed(http, channel_id(sandbox))["code"]
    answer = exchange(http, **{"code": code, **changes})
    assert (answer.status_code, answer.json()["error"]) == (status, error)


def test_when_a_refresh_token_comes(sandbox: Sandbox, http: httpx.Client) -> None:
    assert "refresh_token" not in signed_in(sandbox, http, "orbitnotes", access_type="online")
    assert "refresh_token" in signed_in(sandbox, http, "pixelferry", prompt="select_account")  # the first time
    assert "refresh_token" not in signed_in(sandbox, http, "pixelferry", prompt="select_account")
    assert "refresh_token" in signed_in(sandbox, http, "pixelferry")
    first = signed_in(sandbox, http)
    again = refresh(http, first["refresh_token"]).json()
    assert "refresh_token" not in again and again["access_token"] != first["access_token"]
    assert refresh(http, first["refresh_token"]).status_code == 200  # it does not rotate
    assert refresh(http, first["access_token"]).json()["error"] == "invalid_grant"


def test_expiry_and_revocation(sandbox: Sandbox, http: httpx.Client) -> None:
    tokens = signed_in(sandbox, http)
    assert report(http, tokens["access_token"], query(sandbox)).status_code == 200
    sandbox.clock.advance(3600)
    late = report(http, tokens["access_token"], query(sandbox))
    assert late.status_code == 401 and late.json()["error"]["errors"][0]["reason"] == "authError"
    fresh = refresh(http, tokens["refresh_token"]).json()
    assert report(http, fresh["access_token"], query(sandbox)).status_code == 200
    assert http.post(REVOKE, data={"token": fresh["access_token"]}).json() == {}
    assert report(http, fresh["access_token"], query(sandbox)).status_code == 401
    assert refresh(http, tokens["refresh_token"]).json() == {
        "error": "invalid_grant",
        "error_description": "Token has been expired or revoked.",
    }
    assert http.post(REVOKE, data={"token": tokens["refresh_token"]}).json()["error"] == "invalid_token"


@pytest.mark.parametrize("preset", ["google-token-expired", "google-grant-revoked"])
def test_switches_end_what_was_there_and_not_what_comes(sandbox: Sandbox, http: httpx.Client, preset: str) -> None:
    before = signed_in(sandbox, http)
    sandbox.switch(preset, True)
    assert report(http, before["access_token"], query(sandbox)).status_code == 401
    renewed = refresh(http, before["refresh_token"])
    assert renewed.status_code == (200 if preset == "google-token-expired" else 400)
    after = renewed.json() if renewed.status_code == 200 else signed_in(sandbox, http)
    assert report(http, after["access_token"], query(sandbox)).status_code == 200
    sandbox.switch(preset, False)
    assert report(http, after["access_token"], query(sandbox)).status_code == 200


def test_reports_fit_the_discovery_document(sandbox: Sandbox, http: httpx.Client) -> None:
    token = signed_in(sandbox, http)["access_token"]
    by_day = report(http, token, query(sandbox, dimensions="day")).json()
    discovery.check(youtube_analytics.DOCUMENT, "QueryResponse", by_day)
    assert [header["name"] for header in by_day["columnHeaders"]] == ["day", "views", "likes"]
    assert by_day["rows"][0][0] == "2026-10-05" and by_day["rows"][-1][0] == "2026-10-30"  # two days are not there yet
    whole = report(http, token, query(sandbox)).json()["rows"]
    assert whole == [[sum(row[n] for row in by_day["rows"]) for n in (1, 2)]]
    by_video = report(http, token, query(sandbox, dimensions="video", sort="-views", maxResults="200")).json()["rows"]
    assert [row[1] for row in by_video] == sorted((row[1] for row in by_video), reverse=True)
    few = ",".join(row[0] for row in by_video[:2])
    filtered = query(sandbox, dimensions="video", sort="-views", maxResults="10", filters=f"video=={few}")
    assert report(http, token, filtered).json()["rows"] == by_video[:2]
    early = report(http, token, query(sandbox, startDate="2026-10-31", dimensions="day")).json()
    assert "rows" not in early


def test_reports_that_are_refused(sandbox: Sandbox, http: httpx.Client) -> None:
    token = signed_in(sandbox, http)["access_token"]
    assert report(http, "none", query(sandbox)).status_code == 401
    other = report(http, token, query(sandbox, ids=f"channel=={channel_id(sandbox, 'orbitnotes')}"))
    assert (other.status_code, other.json()["error"]["errors"][0]["reason"]) == (403, "forbidden")
    assert report(http, token, query(sandbox, ids="channel==MINE")).status_code == 200
    for wrong in (
        {"metrics": "clicks"},
        {"dimensions": "hour"},
        {"dimensions": "video"},  # needs sort and maxResults
        {"endDate": "2026-10-01"},
        {"startDate": "last week"},
        {"filters": "country==US"},
        {"sort": "-shares"},
    ):
        assert report(http, token, query(sandbox, **wrong)).status_code == 400, wrong
    data_only = signed_in(sandbox, http, scope=f"openid {READ}")["access_token"]
    refused = report(http, data_only, query(sandbox)).json()["error"]
    assert refused["details"][0]["reason"] == "ACCESS_TOKEN_SCOPE_INSUFFICIENT"
    url = "https://youtube.googleapis.com/youtube/v3/channels?part=id&mine=true"
    analytics_only = signed_in(sandbox, http, scope=f"openid {ANALYTICS}")["access_token"]
    for access, status in ((data_only, 200), (analytics_only, 403)):
        assert http.get(url, headers={"authorization": f"Bearer {access}"}).status_code == status
    assert report(http, token, query(sandbox, metrix="views")).status_code == 500
    with pytest.raises(AssertionError, match="metrix"):
        testing.assert_clean()
    sandbox.journal.clear()


def test_an_owner_sees_private_posts_and_nobody_else_does(sandbox: Sandbox, http: httpx.Client) -> None:
    owner, other = (signed_in(sandbox, http, name)["access_token"] for name in ("boltbench", "orbitnotes"))
    channel = sandbox.world.channel("boltbench")
    assert channel is not None
    video = channel.listed(sandbox.world.now)[0].id
    sandbox.edit("make_private", video=video)
    url = "https://youtube.googleapis.com/youtube/v3"
    asked = f"{url}/videos?part=status,statistics&id={video}"
    uploads = f"{url}/playlistItems?part=contentDetails,status&maxResults=1&playlistId=UU{channel.id[2:]}"
    for token, seen in ((owner, True), (other, False)):
        headers = {"authorization": f"Bearer {token}"}
        items = http.get(asked, headers=headers).json()["items"]
        assert [item["status"]["privacyStatus"] for item in items] == (["private"] if seen else [])
        first = http.get(uploads, headers=headers).json()["items"][0]
        assert (first["contentDetails"]["videoId"] == video) is seen
        assert (first["status"]["privacyStatus"] == "private") is seen
