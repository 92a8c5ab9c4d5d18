"""Instagram's and Meta's fakes, as somebody meets them without our adapter."""

import hashlib
import hmac
import json
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from sandbox.core import Sandbox
from sandbox.grants import challenge_of
from sandbox.platforms.instagram_web import media_pk
from sandbox.platforms.meta_login import APP_ID, APP_SECRET, LONG_SECONDS, PROVIDER, people
from sandbox.platforms.meta_numbers import graph_id, media_id, stories_of
from sandbox.world import Channel

GRAPH = "https://graph.facebook.com/v24.0"


def of(sandbox: Sandbox, name: str = "kettleandpine") -> Channel:
    channel = sandbox.world.channel(name, "instagram")
    assert channel is not None
    return channel


def ask(http: httpx.Client, sandbox: Sandbox, path: str, token: str = "", **params: str) -> httpx.Response:
    if not token:
        issued = sandbox.world.grants.give(
            PROVIDER, subject=people(sandbox.world)[0].id, scopes=("instagram_basic",), moment=sandbox.world.now,
            access_seconds=LONG_SECONDS,
        )  # fmt: skip
        token = issued.access
    proof = hmac.new(APP_SECRET.encode(), token.encode(), hashlib.sha256).hexdigest()
    headers = {"authorization": f"Bearer {token}"}
    return http.get(f"{GRAPH}/{path}", params={"appsecret_proof": proof, **params}, headers=headers)


def test_pages_and_pictures(sandbox: Sandbox, http: httpx.Client) -> None:
    channel = of(sandbox)
    page = http.get("https://www.instagram.com/KettleAndPine/")
    assert page.status_code == 200 and f'"follower_count": {channel.subscribers(sandbox.world.now)}' in page.text
    assert http.get("https://www.instagram.com/nobody.has.this/").status_code == 404
    picture = http.get(f"https://scontent.cdninstagram.com/v/{channel.listed(sandbox.world.now)[0].id}.jpg")
    assert picture.headers["content-type"] == "image/jpeg" and picture.content[:2] == b"\xff\xd8"
    sandbox.edit("terminate", channel="instagram:kettleandpine")
    assert http.get("https://www.instagram.com/kettleandpine/").status_code == 404


def test_a_shortcode_is_a_number(sandbox: Sandbox) -> None:
    assert media_pk("BAA") == "4096" and media_pk("CAnqPB-Jzcj") == "2317006284167526179"


def test_numbers_rise_and_never_fall(sandbox: Sandbox, http: httpx.Client) -> None:
    post = of(sandbox).listed(sandbox.world.now, "video")[0]

    def plays() -> int:
        wanted = {"doc_id": "27128499623469141", "variables": json.dumps({"shortcode": post.id})}
        answer = http.post("https://www.instagram.com/api/graphql", data=wanted).json()
        return int(answer["data"]["xdt_api__v1__media__shortcode__web_info"]["items"][0]["play_count"])

    before = plays()
    sandbox.clock.advance(86_400)
    assert plays() > before > 0


def test_stories_come_and_go(sandbox: Sandbox) -> None:
    channel, now = of(sandbox), sandbox.world.now
    seen = stories_of(channel, now)
    assert 2 <= len(seen) <= 3 and all(at <= now < at + 86_400 for _, at in seen)
    assert [at for _, at in seen] == sorted((at for _, at in seen), reverse=True)


def test_graph_wants_a_token_a_proof_and_names_it_knows(sandbox: Sandbox, http: httpx.Client) -> None:
    account = graph_id(of(sandbox))
    assert ask(http, sandbox, account, fields="id,username").json() == {"id": account, "username": "kettleandpine"}
    for answer, code in (
        (ask(http, sandbox, account, token="nonsense"), 190),
        (ask(http, sandbox, account, appsecret_proof="0"), 100),
        (ask(http, sandbox, account, fields="id,followers"), 100),
        (ask(http, sandbox, graph_id(of(sandbox, "seconddraft.studio")), fields="id"), 100),  # another person's
        (ask(http, sandbox, f"{account}/insights", metric="impressions", metric_type="total_value", period="day"), 100),
    ):
        assert answer.status_code >= 400 and answer.json()["error"]["code"] == code


def test_a_post_from_before_the_business_account_has_no_insights(sandbox: Sandbox, http: httpx.Client) -> None:
    posts = of(sandbox).listed(sandbox.world.now)
    fresh, old = media_id(posts[0]), media_id(posts[-1])
    assert ask(http, sandbox, f"{fresh}/insights", metric="reach").json()["data"][0]["name"] == "reach"
    assert ask(http, sandbox, f"{old}/insights", metric="reach").json()["error"]["error_subcode"] == 2108006


@pytest.mark.parametrize("wrong", [{"client_id": "1"}, {"redirect_uri": "ftp://x"}, {"code_challenge_method": "plain"}])
def test_the_dialog_refuses_what_meta_would(sandbox: Sandbox, http: httpx.Client, wrong: dict[str, str]) -> None:
    asked = {
        "client_id": APP_ID, "redirect_uri": "http://127.0.0.1:8000/back", "response_type": "code", "state": "s",
        "scope": "instagram_basic", "code_challenge": challenge_of("v"), "code_challenge_method": "S256",
    }  # fmt: skip
    dialog = "https://www.facebook.com/v24.0/dialog/oauth"
    assert http.get(dialog, params=asked).status_code == 200
    assert http.get(dialog, params=asked | wrong).status_code == 400


def test_the_dialog_leads_back_with_a_code(sandbox: Sandbox, http: httpx.Client) -> None:
    asked = {
        "client_id": APP_ID, "redirect_uri": "http://127.0.0.1:8000/back", "response_type": "code", "state": "s",
        "scope": "instagram_basic", "code_challenge": challenge_of("v"), "code_challenge_method": "S256",
    }  # fmt: skip
    form = {"account": people(sandbox.world)[1].id, "decision": "allow"}
    answer = http.post("https://www.facebook.com/v24.0/dialog/oauth", params=asked, data=form)
    code = parse_qs(urlsplit(answer.headers["location"]).query)["code"][0]
    wanted = {"client_id": APP_ID, "client_secret": APP_SECRET, "redirect_uri": asked["redirect_uri"], "code": code}
    assert http.post(f"{GRAPH}/oauth/access_token", data=wanted).status_code == 400  # no verifier
    form["account"] = people(sandbox.world)[0].id
    answer = http.post("https://www.facebook.com/v24.0/dialog/oauth", params=asked, data=form)
    wanted["code"] = parse_qs(urlsplit(answer.headers["location"]).query)["code"][0]
    given = http.post(f"{GRAPH}/oauth/access_token", data=wanted | {"code_verifier": "v"}).json()
    assert given["expires_in"] < LONG_SECONDS
    pages = ask(http, sandbox, "me/accounts", token=given["access_token"], fields="id,name").json()["data"]
    assert len(pages) == 2
