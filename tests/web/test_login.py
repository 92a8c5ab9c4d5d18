"""Coming in through the pages: setup, sign-in, registration, invitations, language."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import text

from app.domain.identity import users
from app.domain.identity.models import Role
from tests.conftest import Urls
from tests.site import PASSWORD, Browser, Site, site


@pytest.fixture
async def place(urls: Urls) -> AsyncIterator[Site]:
    async with site(urls) as made:
        yield made


async def test_the_link_from_the_terminal_makes_the_first_owner_once(place: Site) -> None:
    async with place.database.transaction() as session:
        token = await users.new_setup_token(session)
    browser = place.browser()
    assert (await browser.get("/login")).headers["location"] == "/setup"
    assert "sightline setup" in (await browser.get("/setup")).text
    assert 'name="password"' in (await browser.get(f"/setup?token={token}")).text
    form = {
        "token": token,
        "email": "Owner@Example.com",
        "name": "Olga",
        "password": "12345678",
        "workspace": "Studio",
        "timezone": "Europe/Moscow",
        "locale": "en",
    }
    refused = await browser.post("/setup", form)
    assert refused.status_code == 422
    assert "first that are tried" in refused.text
    assert 'value="Olga"' in refused.text
    assert "12345678" not in refused.text
    made = await browser.post("/setup", form | {"password": "a long walk home"})
    assert (made.status_code, made.headers["location"]) == (303, "/creators")
    assert 'value="Olga"' in (await browser.get("/settings")).text
    assert 'value="Europe/Moscow" selected' in (await browser.get("/settings/workspace")).text
    other = place.browser()
    assert (await other.get("/login")).status_code == 200
    again = await other.post("/setup", form | {"password": "a long walk home", "email": "second@example.com"})
    assert again.status_code == 403


async def test_a_wrong_password_says_no_more_than_that(place: Site) -> None:
    await place.person("a@x.io")
    browser = place.browser()
    await browser.get("/login")
    answers = [
        await browser.post("/login", {"email": email, "password": "wrong"}) for email in ("a@x.io", "nobody@x.io")
    ]
    assert [a.status_code for a in answers] == [422, 422]
    assert all("do not go together" in a.text for a in answers)
    assert 'value="a@x.io"' in answers[0].text


async def test_guessing_is_told_how_long_to_wait(place: Site) -> None:
    await place.person("a@x.io")
    browser = place.browser()
    await browser.get("/login")
    answers = [await browser.post("/login", {"email": "a@x.io", "password": "wrong"}) for _ in range(5)]
    assert [a.status_code for a in answers] == [422] * 5
    async with place.database.transaction() as session:  # as if it had been just now: hashing may take a while
        await session.execute(text("update login_throttle set last_at = clock_timestamp()"))
    stopped = await browser.post("/login", {"email": "a@x.io", "password": "wrong"})
    assert (stopped.status_code, stopped.headers["retry-after"]) == (429, "1")
    assert "Try again in 1 s" in stopped.text


async def test_registration_is_closed_unless_it_is_switched_on(place: Site, urls: Urls) -> None:
    await place.person("a@x.io")
    browser = place.browser()
    assert "/register" not in (await browser.get("/login")).text
    assert (await browser.get("/register")).status_code == 404
    form = {"email": "new@x.io", "name": "New", "password": PASSWORD, "workspace": "Own", "timezone": "UTC"}
    assert (await browser.post("/register", form)).status_code == 404
    async with site(urls, registration=True) as opened:
        other = opened.browser()
        assert "/register" in (await other.get("/login")).text
        await other.get("/register")
        taken = await other.post("/register", form | {"email": "A@x.io"})
        assert taken.status_code == 422
        assert "here already" in taken.text
        assert (await other.post("/register", form)).headers["location"] == "/creators"
        assert "Own" in (await other.get("/settings/workspace")).text


async def invited(boss: Browser, email: str, role: str) -> str:
    page = await boss.post("/settings/members/invite", {"email": email, "role": role})
    assert page.status_code == 200
    return "/invitations/" + page.text.split("/invitations/")[1].split("<")[0].split('"')[0]


async def test_an_invitation_makes_a_new_person_a_member(place: Site) -> None:
    owner, room = await place.person("owner@x.io")
    link = await invited(await place.signed_in(owner, room), "new@x.io", "viewer")
    browser = place.browser()
    assert "new@x.io" in (await browser.get(link)).text
    refused = await browser.post(link, {"name": "New", "password": "short"})
    assert refused.status_code == 422
    assert (await browser.post(link, {"name": "New", "password": PASSWORD})).headers["location"] == "/"
    assert "new@x.io" in (await browser.get("/settings")).text
    assert (await browser.get("/settings/members")).status_code == 403
    assert (await place.browser().get(link)).status_code == 404


async def test_an_invitation_takes_somebody_who_is_here_to_the_workspace(place: Site) -> None:
    owner, room = await place.person("owner@x.io")
    guest, own = await place.person("guest@x.io")
    link = await invited(await place.signed_in(owner, room), "guest@x.io", "admin")
    visitor = place.browser()
    assert f"/login?next={link}" in (await visitor.get(link)).text
    assert (await visitor.post(link, {"name": "x", "password": PASSWORD})).headers["location"] == f"/login?next={link}"
    browser = await place.signed_in(guest, own)
    await browser.get(link)
    before = browser.cookie
    assert (await browser.post(link)).status_code == 303
    assert browser.cookie != before
    assert "Room of owner" in (await browser.get("/settings/workspace")).text


async def test_an_invitation_that_was_passed_on_lets_nobody_else_in(place: Site) -> None:
    owner, room = await place.person("owner@x.io")
    other, own = await place.person("other@x.io")
    link = await invited(await place.signed_in(owner, room), "new@x.io", "admin")
    browser = await place.signed_in(other, own)
    said = "This invitation is for new@x.io. Sign in with that address"
    assert said in (await browser.get(link)).text
    refused = await browser.post(link)
    assert refused.status_code == 403 and said in refused.text
    assert "Room of owner" not in (await browser.get("/settings/workspace")).text
    guest = place.browser()  # and it is still good for whom it was meant
    await guest.get(link)
    assert (await guest.post(link, {"name": "New", "password": PASSWORD})).headers["location"] == "/"


async def test_whoever_is_signed_out_in_the_middle_of_a_page_comes_back_to_it(place: Site) -> None:
    user, room = await place.person("a@x.io")
    browser = await place.signed_in(user, room)
    browser.cookie = "ended"
    base = place.settings.public_url
    fragment = {"HX-Request": "true", "X-Blocks": "posts"}
    for current, wanted in (
        (f"{base}/posts?q=a&page=2", "/login?next=%2Fposts%3Fq%3Da%26page%3D2"),
        (f"{base}/", "/login"),
        ("https://elsewhere.example/posts", "/login"),
        ("http://[", "/login"),
        ("", "/login"),
    ):
        for answer in (
            await browser.get("/accounts", headers=fragment | {"HX-Current-URL": current}),
            await browser.get("/posts?q=a", headers=fragment | {"HX-Current-URL": current}),
        ):
            assert (answer.status_code, answer.headers["hx-redirect"]) == (401, wanted)
    whole = await browser.get("/posts?q=a")
    assert whole.headers["location"] == "/login?next=%2Fposts%3Fq%3Da"


async def test_a_link_that_was_taken_back_opens_nothing(place: Site) -> None:
    owner, room = await place.person("owner@x.io")
    boss = await place.signed_in(owner, room)
    link = await invited(boss, "new@x.io", "viewer")
    async with place.database.transaction(workspace=room) as session:
        invitation = await session.scalar(text("select id from invitation"))
    assert (await boss.post(f"/settings/members/invitations/{invitation}/revoke")).status_code == 303
    assert (await place.browser().get(link)).status_code == 404


async def test_the_language_is_kept_for_visitors_and_for_people(place: Site) -> None:
    user, room = await place.person("a@x.io")
    visitor = place.browser()
    await visitor.get("/login")
    answer = await visitor.post("/locale", {"locale": "ru", "next": "/login"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/login")
    assert '<html lang="ru"' in (await visitor.get("/login")).text
    browser = await place.signed_in(user, room)
    await browser.post("/locale", {"locale": "ru", "next": "https://evil.example"})
    another = await place.signed_in(user, room)
    assert '<html lang="ru"' in (await another.get("/settings")).text
    assert (await browser.post("/locale", {"locale": "xx"})).status_code == 422


async def test_signed_in_people_have_nothing_to_do_at_the_sign_in_page(place: Site) -> None:
    user, room = await place.person("a@x.io", role=Role.OWNER)
    assert (await (await place.signed_in(user, room)).get("/login")).headers["location"] == "/"
