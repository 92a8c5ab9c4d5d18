import socket
import time

import httpx
import pytest

from sandbox import testing
from sandbox.core import Sandbox
from sandbox.faults import Fault

HOME = "https://www.youtube.com/robots.txt"


def test_a_known_host_answers_over_its_real_name(sandbox: Sandbox, http: httpx.Client) -> None:
    answer = http.get(HOME)
    assert answer.status_code == 200
    assert [str(hit) for hit in sandbox.journal.hits] == ["GET www.youtube.com/robots.txt -> 200"]


def test_an_unknown_host_is_refused_and_reported(sandbox: Sandbox, http: httpx.Client) -> None:
    with pytest.raises(httpx.ProxyError, match="403"):
        http.get("https://example.org/")
    assert list(sandbox.journal.refused) == ["CONNECT example.org:443"]
    with pytest.raises(AssertionError, match=r"refused host: CONNECT example\.org:443"):
        testing.assert_clean()
    sandbox.journal.clear()


def test_another_port_or_plain_http_is_refused(sandbox: Sandbox, http: httpx.Client) -> None:
    with pytest.raises(httpx.ProxyError, match="403"):
        http.get("https://www.youtube.com:8443/")
    assert http.get("http://www.youtube.com/").status_code == 403
    assert list(sandbox.journal.refused) == ["CONNECT www.youtube.com:8443", "GET http://www.youtube.com/"]
    sandbox.journal.clear()


def test_a_route_nobody_wrote_is_reported(sandbox: Sandbox, http: httpx.Client) -> None:
    assert http.get("https://youtube.googleapis.com/youtube/v3/captions").status_code == 501
    assert http.get("https://www.youtube.com/playlist?list=UUx").status_code == 501
    assert http.delete("https://www.youtube.com/watch").status_code == 405
    assert [hit.path for hit in sandbox.journal.unhandled] == ["/youtube/v3/captions", "/playlist", "/watch"]
    sandbox.journal.clear()


def test_another_host_inside_a_tunnel_is_misdirected(sandbox: Sandbox, http: httpx.Client) -> None:
    assert http.get(HOME, headers={"host": "example.org"}).status_code == 421
    assert [hit.host for hit in sandbox.journal.unhandled] == ["example.org"]
    sandbox.journal.clear()


def test_a_crash_in_a_fake_is_reported(sandbox: Sandbox, http: httpx.Client) -> None:
    assert http.post("https://www.youtube.com/youtubei/v1/player", content=b"not json").status_code == 500
    assert "JSONDecodeError" in sandbox.journal.errors[0]
    sandbox.journal.clear()


def test_fault_status_with_headers_and_body_fires_as_often_as_told(sandbox: Sandbox, http: httpx.Client) -> None:
    sandbox.fault("www.youtube.com", "robots", status=429, headers={"Retry-After": "7"}, body="слишком часто", skip=1)
    answers = [http.get(HOME) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 429, 200]
    assert (answers[1].headers["retry-after"], answers[1].text) == ("7", "слишком часто")


def test_fault_matches_suffix_method_and_path() -> None:
    fault = Fault("*.youtube.com", r"^/watch$", method="POST")
    assert fault.matches("m.youtube.com", "POST", "/watch")
    assert not fault.matches("youtube.com.evil", "POST", "/watch")
    assert not fault.matches("m.youtube.com", "GET", "/watch")
    assert not fault.matches("m.youtube.com", "POST", "/watches")


def test_fault_delay_comes_before_the_real_answer(sandbox: Sandbox, http: httpx.Client) -> None:
    sandbox.fault("www.youtube.com", delay=0.2)
    started = time.monotonic()
    assert http.get(HOME).status_code == 200
    assert time.monotonic() - started >= 0.2


def test_fault_hang_ends_when_the_client_leaves(sandbox: Sandbox, http: httpx.Client) -> None:
    sandbox.fault("www.youtube.com", hang=True)
    with pytest.raises(httpx.ReadTimeout):
        http.get(HOME, timeout=0.2)
    assert http.get(HOME).status_code == 200


def test_fault_truncate_keeps_the_length_it_promised(sandbox: Sandbox, http: httpx.Client) -> None:
    sandbox.fault("www.youtube.com", truncate_after=10)
    with pytest.raises(httpx.RemoteProtocolError, match=r"received 10 bytes, expected \d+"):
        http.get(HOME)


def test_fault_dribble_gives_the_whole_answer_slowly(sandbox: Sandbox, http: httpx.Client) -> None:
    whole = http.get(HOME).content
    sandbox.fault("www.youtube.com", chunk_delay=0.05)
    started = time.monotonic()
    assert http.get(HOME).content == whole
    assert time.monotonic() - started >= 0.05 * (len(whole) // 64)


def test_fault_reset_breaks_the_connection(sandbox: Sandbox, http: httpx.Client) -> None:
    sandbox.fault("www.youtube.com", reset=True)
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        http.get(HOME)


def test_fault_reset_while_the_client_sends(sandbox: Sandbox, http: httpx.Client) -> None:
    sandbox.fault("www.youtube.com", method="POST", reset_request_after=100_000)
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError)):
        http.post("https://www.youtube.com/youtubei/v1/player", content=b" " * 4_000_000)
    assert 100_000 <= sandbox.journal.hits[0].body_bytes < 4_000_000


def test_replay_answers_before_the_fakes(sandbox: Sandbox, http: httpx.Client) -> None:
    url = "https://youtube.googleapis.com/youtube/v3/videos"
    sandbox.replay.add(
        "youtube.googleapis.com", "GET", "/youtube/v3/videos", {"id": "abc", "part": "id,snippet"},
        status=418, headers={"X-Was": "recorded", "Content-Encoding": "gzip"}, body=b'{"items": []}',
    )  # fmt: skip
    answer = http.get(url, params={"id": "abc", "part": ["id", "snippet"], "key": "k"})
    assert (answer.status_code, answer.headers["x-was"], answer.json()) == (418, "recorded", {"items": []})
    assert http.get(url, params={"id": "other", "part": "id,snippet", "key": "k"}).status_code == 200
    sandbox.reset()
    assert http.get(url, params={"id": "abc", "part": "id,snippet", "key": "k"}).status_code == 200


def test_a_connection_is_kept_and_answers_at_once(sandbox: Sandbox, http: httpx.Client) -> None:
    http.get(HOME)
    started = time.monotonic()
    for _ in range(20):
        http.get(HOME)
    assert time.monotonic() - started < 0.8  # 40 ms a request would mean that TCP waits for more


def test_two_sandboxes_live_beside_each_other(sandbox: Sandbox) -> None:
    with Sandbox(seed=8) as other:
        assert other.proxy_url != sandbox.proxy_url
        assert other.certificates.spki != sandbox.certificates.spki
        assert other.world.channels[0].id != sandbox.world.channels[0].id
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", int(other.proxy_url.rsplit(":", 1)[1]))) != 0


def test_production_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENVIRONMENT", "production")
    with pytest.raises(SystemExit, match="not the Internet"):
        Sandbox().start()
