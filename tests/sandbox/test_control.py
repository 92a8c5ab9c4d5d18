"""The control server, asked over loopback as the demo's panel does."""

import ssl
from collections.abc import Iterator

import httpx
import pytest

from sandbox.control import Control
from sandbox.core import Sandbox
from sandbox.presences import LINKS

TOKEN = "t" * 20


@pytest.fixture(scope="module")
def controlled() -> Iterator[Sandbox]:
    sandbox = Sandbox()
    sandbox.serve(Control(sandbox, TOKEN), 0)
    with sandbox:
        yield sandbox


@pytest.fixture
def control(controlled: Sandbox) -> Iterator[httpx.Client]:
    controlled.reset()
    headers = {"authorization": f"Bearer {TOKEN}"}
    with httpx.Client(base_url=controlled.extra_urls[0], headers=headers, trust_env=False) as client:
        yield client


@pytest.fixture
def http(controlled: Sandbox) -> Iterator[httpx.Client]:
    context = ssl.create_default_context(cafile=controlled.certificates.ca)
    with httpx.Client(proxy=controlled.proxy_url, verify=context, trust_env=False) as client:
        yield client


def test_only_loopback_names_with_the_token(control: httpx.Client) -> None:
    assert control.get("/state").status_code == 200
    assert control.get("/state", headers={"host": "localhost:9"}).status_code == 200
    assert control.get("/state", headers={"host": "evil.example:9"}).status_code == 421
    assert control.get("/state", headers={"host": "127.0.0.1.evil.example"}).status_code == 421
    for wrong in ("", "Bearer", "Bearer wrong", f"Basic {TOKEN}", TOKEN):
        assert control.get("/state", headers={"authorization": wrong}).status_code == 401
    assert control.get("/state", headers={b"authorization": b"Bearer \xff\xfe"}).status_code == 401


def test_state_lists_the_world(control: httpx.Client) -> None:
    state = control.get("/state").json()
    assert (state["time"], state["rate"]) == ("2026-11-02T12:00:00+00:00", 0)
    assert {creator["platform"] for creator in state["creators"]} == set(LINKS)
    creators = {creator["handle"]: creator for creator in state["creators"] if creator["platform"] == "youtube"}
    assert len(creators) == 15
    assert creators["orbitnotes"]["title"] == "Orbit Notes"
    assert creators["seconddraft"]["subscribers"] is None
    assert creators["fastlanefacts"]["terminated"] is True
    assert state["counters"] == {"hits": 0, "refused": 0, "unhandled": 0, "errors": 0}


def test_the_clock_is_moved(control: httpx.Client) -> None:
    moved = control.post("/clock", json={"advance_seconds": 86_400}).json()
    assert moved == {"time": "2026-11-03T12:00:00+00:00", "rate": 0}
    assert control.post("/clock", json={"set": "2026-12-01T00:00:00Z"}).json()["time"] == "2026-12-01T00:00:00+00:00"
    assert control.post("/clock", json={"rate": 60}).json()["rate"] == 60
    for wrong in ({"advance_seconds": -1}, {"rate": -1}, {"set": "tomorrow"}, {"rate": "fast"}):
        assert control.post("/clock", json=wrong).status_code == 400


def test_presets_have_words_and_switch_on_and_off(control: httpx.Client, http: httpx.Client) -> None:
    presets = {preset["name"]: preset for preset in control.get("/faults").json()["presets"]}
    assert {"youtube-429", "youtube-bot-check", "youtube-quota-gone", "youtube-layout-change"} <= set(presets)
    assert {"youtube-api-html", "youtube-truncated"} <= set(presets)
    for preset in presets.values():
        assert preset["on"] is False
        assert set(preset["label"]) == {"en", "ru"}
        assert all(preset["label"].values())
    page = "https://www.youtube.com/@kettleandpine"
    changed = control.post("/faults", json={"preset": "youtube-429"}).json()
    assert [preset["name"] for preset in changed["presets"] if preset["on"]] == ["youtube-429"]
    assert [http.get(page).status_code for _ in range(3)] == [429, 429, 429]
    control.post("/faults", json={"preset": "youtube-429", "on": False})
    assert http.get(page).status_code == 200
    api = "https://youtube.googleapis.com/youtube/v3/channels?part=id&id=x&key=k"
    control.post("/faults", json={"preset": "youtube-api-html"})
    assert "text/html" in http.get(api).headers["content-type"]
    control.post("/faults", json={"preset": "youtube-quota-gone"})
    control.delete("/faults", params={"preset": "youtube-api-html"})
    assert http.get(api).json()["error"]["errors"][0]["reason"] == "quotaExceeded"
    control.delete("/faults")
    assert http.get(api).status_code == 200
    assert control.post("/faults", json={"preset": "no-such"}).status_code == 400


def test_scripted_faults(control: httpx.Client, http: httpx.Client) -> None:
    fault = {"host": "www.youtube.com", "path": "^/robots", "status": 503, "times": 2, "headers": {"retry-after": "5"}}
    listed = control.post("/faults", json=fault).json()["faults"]
    assert [(f["host"], f["status"], f["times"]) for f in listed] == [("www.youtube.com", 503, 2)]
    assert http.get("https://www.youtube.com/robots.txt").headers["retry-after"] == "5"
    left = control.get("/faults").json()["faults"]
    assert (left[0]["times"], left[0]["hits"]) == (1, 1)
    control.delete("/faults", params={"id": left[0]["id"]})
    assert http.get("https://www.youtube.com/robots.txt").status_code == 200
    for wrong in ({}, {"host": 5}, {"host": "a", "path": "("}, {"host": "a", "statsu": 500}):
        assert control.post("/faults", json=wrong).status_code == 400


def test_the_world_is_edited_and_reset(control: httpx.Client, http: httpx.Client) -> None:
    answer = control.post("/world", json={"op": "hide_subscribers", "channel": "@orbitnotes"})
    assert answer.json()["edits"] == [{"op": "hide_subscribers", "at": 1_793_620_800.0, "channel": "@orbitnotes"}]
    creators = control.get("/state").json()["creators"]
    assert next(c for c in creators if c["handle"] == "orbitnotes")["subscribers"] is None
    for wrong in (None, 5, ["@orbitnotes"]):
        unfit = control.post("/world", json={"op": "terminate", "channel": wrong})
        assert (unfit.status_code, unfit.json()) == (400, {"error": "terminate: channel must be of type str"})
    refused = control.post("/world", json={"op": "terminate", "channel": "@nobody"})
    assert (refused.status_code, refused.json()) == (400, {"error": "No channel '@nobody'"})
    assert control.post("/world", json=["op"]).status_code == 400
    assert control.post("/world", content=b"{").status_code == 400
    with pytest.raises(httpx.ProxyError):
        http.get("https://example.org/")
    state = control.get("/state").json()
    assert (state["counters"]["refused"], state["findings"]) == (1, ["refused host: CONNECT example.org:443"])
    state = control.post("/reset").json()
    assert next(c for c in state["creators"] if c["handle"] == "orbitnotes")["subscribers"] == 1_234_567
    assert state["findings"] == []
