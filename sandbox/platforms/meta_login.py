"""www.facebook.com's dialog in which a person lets an application read their pages' Instagram accounts."""

from dataclasses import dataclass

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.consent_page import back, consent_page, problem_page
from sandbox.posts import digits
from sandbox.world import Channel, World

PROVIDER = "meta"
APP_ID, APP_SECRET = "1045200761733", "sandbox-meta-app-secret"
SHORT_SECONDS, LONG_SECONDS = 5_400.0, 5_184_000.0
# Whose pages have which accounts; the last one's page has none: its account is a personal one.
_PAGES = (("instagram:kettle", "instagram:loom"), ("instagram:draft",), ("instagram:balkon",))
_PERSONAL = {"instagram:balkon"}


@dataclass(frozen=True, slots=True)
class Person:
    """Who logs in. accounts: the Instagram business accounts of their pages."""

    id: str
    name: str
    accounts: tuple[Channel, ...]


def people(world: World) -> list[Person]:
    """Everybody who can let an application in."""
    by_key = {channel.creator.key: channel for channel in world.on("instagram")}
    return [
        Person(
            digits(f"{world.seed}:meta:{keys[0]}", 16),
            ", ".join(by_key[key].title for key in keys),
            tuple(by_key[key] for key in keys if key not in _PERSONAL),
        )
        for keys in _PAGES
    ]


def build(world: World) -> Starlette:
    """The dialog as an ASGI app over the world."""

    async def dialog(request: Request) -> Response:
        asked = request.query_params
        address = asked.get("redirect_uri", "")
        if asked.get("client_id") != APP_ID:
            return problem_page("Meta", "Invalid App ID")
        if not address.startswith(("https://", "http://127.0.0.1", "http://localhost")):
            return problem_page("Meta", "URL blocked: this redirect is not allowed")
        if asked.get("response_type") != "code" or asked.get("code_challenge_method") != "S256":
            return problem_page("Meta", "Invalid request")
        scopes = tuple(asked.get("scope", "").split(","))
        there = people(world)
        if request.method == "GET":
            return consent_page("Meta", [(person.id, person.name) for person in there], scopes)
        form = await request.form()
        state = asked.get("state", "")
        if form.get("decision") != "allow":
            answer = {"error": "access_denied", "error_reason": "user_denied", "error_code": "200", "state": state}
            return back(address, **answer)
        person = next((each for each in there if each.id == form.get("account")), None)
        if person is None:
            return problem_page("Meta", "Unknown account")
        code = world.grants.code(
            PROVIDER,
            subject=person.id,
            scopes=scopes,
            client=APP_ID,
            redirect_uri=address,
            challenge=asked.get("code_challenge", ""),
            moment=world.now,
        )
        return back(address, code=code, state=state)

    return Starlette(routes=[Route("/{version}/dialog/oauth", dialog, methods=["GET", "POST"])])
