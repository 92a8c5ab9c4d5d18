"""What a client may send by mistake or on purpose gets an answer of ours, never the database's."""

from tests.api.conftest import LINK, Api


async def test_bodies(api: Api) -> None:
    for body, status in (
        (b'{"link": "@a\\u0000b"}', 422),
        (b'{"link": "@a", "name": "\\u0000"}', 422),
        (b'{"link": "@a", "name": "a\\\\u0000"}', 201),  # a backslash, then letters
        (b'{"link": "@a", "name": "\\ud800"}', 400),
        (b'{"link": "@a", "name": "\xed\xa0\x80"}', 400),
        (b'{"link": "\xff"}', 400),
        (b'{"link": "@a", "name": "' + "𝓗🏴‍☠️ עברית".encode() + b'"}', 201),
        (b'{"link": "' + b"@" * 3000 + b'"}', 422),
        (b'{"link": "@' + b"a" * 1000 + b'"}', 422),
        (b'{"link": 5}', 422),
        (b'{"link": "@a", "own": "true"}', 422),
        (b'{"link": "@a", "own": 1}', 422),
        (b'{"link": "@a", "tags": "one two"}', 422),
        (b'{"link": "@a", "more": 1}', 422),
        (b'{"link": "@a", "link": "@b"}', 201),
        (b"[]", 422),
        (b"null", 422),
        (b"", 422),
        (b'{"link": "@a"', 400),
        (b"[" * 100_000, 422),
        (b'{"link": ' + b"[" * 100_000, 422),
        (b"link=@a", 400),
    ):
        answer = await api.post("/creators", content=body, headers={"content-type": "application/json"})
        assert answer.status_code == status, (body[:80], answer.text)
        if status >= 400:
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.json()["status"] == status
            continue
        assert (await api.send("DELETE", answer.headers["location"].removeprefix("/api/v1"))).status_code == 204


async def test_numbers_beyond_what_is_stored(api: Api) -> None:
    account = (await api.follow())["accounts"][0]["id"]
    for value in ("1e400", "-1", "168.5", "1" * 400, '"6"', "true"):
        answer = await api.send(
            "PATCH",
            f"/accounts/{account}",
            content=b'{"cadence_hours": ' + value.encode() + b"}",
            headers={"content-type": "application/json"},
        )
        assert answer.status_code == 422, value
        assert answer.json()["errors"][0]["field"] == "cadence_hours"


async def test_a_body_says_what_it_is(api: Api) -> None:
    content = f'{{"link": "{LINK}"}}'
    for kind, status in (("text/plain", 415), ("application/x-www-form-urlencoded", 415), ("Application/JSON", 201)):
        assert (await api.post("/creators", content=content, headers={"content-type": kind})).status_code == status


async def test_queries(api: Api) -> None:
    for query, status in (
        ("q=%00", 422),
        ("q=a%00b&limit=5", 422),
        ("tag=%00", 422),
        ("q=%ff%fe", 200),
        ("q=%ed%a0%80", 200),
        ("q=%25%5C_%27%3B--", 200),
        ("limit=" + "9" * 400, 422),
        ("offset=9223372036854775808", 422),
        ("limit=ten", 422),
        ("limit=", 422),
        ("sort=-", 422),
        ("unknown=1", 200),
    ):
        answer = await api.client.get(f"/api/v1/creators?{query}")
        assert answer.status_code == status, query


async def test_what_is_not_there_is_a_problem_not_a_page(api: Api) -> None:
    for method, path, status in (
        ("GET", "/api/v1/nothing", 404),
        ("GET", "/api/v1/creators/5", 404),
        ("GET", "/api/nothing", 404),
        ("DELETE", "/api/v1/creators", 405),
        ("POST", "/api/v1/stats", 405),
    ):
        answer = await api.client.request(method, path, headers={"accept": "text/html"})
        assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json"), path


async def test_a_body_that_is_too_large_is_refused(api: Api) -> None:
    answer = await api.post("/creators/bulk", content=b"@a\n" * 4_000_000, headers={"content-type": "text/plain"})
    assert answer.status_code == 413
