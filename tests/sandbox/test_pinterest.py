"""Pinterest's pages, its API and its consent page, as plain clients meet them."""

import json
import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from sandbox.core import Sandbox
from sandbox.platforms.pinterest_api import APP_ID, APP_SECRET
from sandbox.world import Channel

SITE, API = "https://www.pinterest.com", "https://api.pinterest.com/v5"
WAY_BACK = "https://sightline.example/back"


def of(sandbox: Sandbox, name: str = "kettleandpine") -> Channel:
    channel = sandbox.world.channel(name, "pinterest")
    assert channel is not None
    return channel


def state(answer: httpx.Response) -> Any:
    found = re.search(r'id="__PWS_INITIAL_PROPS__" type="application/json">(.*?)</script>', answer.text)
    assert answer.status_code == 200 and found is not None
    return json.loads(found[1])["initialReduxState"]


def asked(decision: str, sandbox: Sandbox) -> dict[str, list[str]]:
    """What a browser brings back from the consent page, which it reaches over plain HTTP."""
    address = f"{sandbox.consent_url}/www.pinterest.com/oauth/"
    query = {"client_id": APP_ID, "redirect_uri": WAY_BACK, "response_type": "code", "scope": "pins:read", "state": "s"}
    with httpx.Client(trust_env=False) as browser:
        assert "@kettleandpine" in browser.get(address, params=query).text
        answer = browser.post(address, params=query, data={"account": of(sandbox).id, "decision": decision})
    return parse_qs(urlsplit(answer.headers["location"]).query)


def token(http: httpx.Client, **form: str) -> httpx.Response:
    return http.post(f"{API}/oauth/token", data=form, auth=(APP_ID, APP_SECRET))


def granted(http: httpx.Client, sandbox: Sandbox) -> dict[str, Any]:
    code = asked("allow", sandbox)["code"][0]
    answer: dict[str, Any] = token(http, grant_type="authorization_code", code=code, redirect_uri=WAY_BACK).json()
    return answer


def test_pages_and_api_tell_the_same(http: httpx.Client, sandbox: Sandbox) -> None:
    carried = state(http.get(f"{SITE}/kettleandpine/_created/"))
    own = [pin for pin in carried["pins"].values() if pin["pinner"]["id"] == of(sandbox).id]
    headers = {"authorization": f"Bearer {granted(http, sandbox)['access_token']}"}
    listed = http.get(f"{API}/pins", params={"pin_metrics": "true"}, headers=headers).json()
    assert [pin["id"] for pin in own] == [pin["id"] for pin in listed["items"]]
    for page, api in zip(own, listed["items"], strict=True):
        assert page["repin_count"] == api["pin_metrics"]["lifetime_metrics"]["save"]
        assert state(http.get(f"{SITE}/pin/{api['id']}/"))["pins"][api["id"]] == page


def test_nobody(http: httpx.Client) -> None:
    assert http.get(f"{SITE}/nobody_has_this/").headers["location"] == "/?show_error=true"
    assert http.get(f"{SITE}/pin/123456789012345678/").status_code == 404


def test_consent(http: httpx.Client, sandbox: Sandbox) -> None:
    assert asked("deny", sandbox) == {"error": ["access_denied"], "state": ["s"]}
    given = granted(http, sandbox)
    assert given["scope"] == "pins:read" and given["expires_in"] == 30 * 86_400 and given["refresh_token"]
    headers = {"authorization": f"Bearer {given['access_token']}"}
    assert http.get(f"{API}/user_account", headers=headers).status_code == 403  # a scope that was not asked for


@pytest.mark.parametrize(
    "change", [{"client_id": "x"}, {"scope": "everything"}, {"response_type": "token"}, {"redirect_uri": ""}]
)
def test_addresses_that_are_not_taken(http: httpx.Client, change: dict[str, str]) -> None:
    query = {"client_id": APP_ID, "redirect_uri": WAY_BACK, "response_type": "code", "scope": "pins:read"}
    assert http.get(f"{SITE}/oauth/", params={**query, **change}).status_code == 400


def test_codes_are_good_once(http: httpx.Client, sandbox: Sandbox) -> None:
    form = {"grant_type": "authorization_code", "redirect_uri": WAY_BACK, "code": asked("allow", sandbox)["code"][0]}
    assert token(http, **form).status_code == 200
    assert token(http, **form).json()["code"] == 283
    wrong = http.post(f"{API}/oauth/token", data=form, auth=(APP_ID, "wrong"))
    assert wrong.status_code == 401


def test_tokens_end(http: httpx.Client, sandbox: Sandbox) -> None:
    given = granted(http, sandbox)
    headers = {"authorization": f"Bearer {given['access_token']}"}
    sandbox.clock.advance(31 * 86_400)
    assert http.get(f"{API}/pins", headers=headers).json() == {"code": 2, "message": "Authentication failed."}
    fresh = token(http, grant_type="refresh_token", refresh_token=given["refresh_token"]).json()
    assert "refresh_token" not in fresh
    headers = {"authorization": f"Bearer {fresh['access_token']}"}
    assert http.get(f"{API}/pins", headers=headers).status_code == 200
    sandbox.edit("revoke_grants", provider="pinterest")
    assert http.get(f"{API}/pins", headers=headers).status_code == 401
    assert token(http, grant_type="refresh_token", refresh_token=given["refresh_token"]).status_code == 400


def test_presets(http: httpx.Client, sandbox: Sandbox) -> None:
    headers = {"authorization": f"Bearer {granted(http, sandbox)['access_token']}"}
    sandbox.switch("pinterest-api-429", True)
    limited = http.get(f"{API}/pins", headers=headers)
    assert limited.status_code == 429 and limited.json()["code"] == 8
    sandbox.switch("pinterest-api-429", False)
    sandbox.switch("pinterest-token-expired", True)
    assert http.get(f"{API}/pins", headers=headers).status_code == 401
    sandbox.switch("pinterest-layout-change", True)
    assert "__PWS_INITIAL_PROPS__" not in http.get(f"{SITE}/kettleandpine/").text


def test_pictures(http: httpx.Client, sandbox: Sandbox) -> None:
    user = state(http.get(f"{SITE}/kettleandpine/"))["users"][of(sandbox).id]
    answer = http.get(user["image_xlarge_url"])
    assert answer.status_code == 200 and answer.headers["content-type"] == "image/jpeg"
