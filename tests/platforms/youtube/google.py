"""What a person does at Google's consent page in the sandbox, and a connection made that way."""

import base64
import hashlib
from html.parser import HTMLParser
from urllib.parse import parse_qs, urlsplit

import httpx

from app.domain.ports.connections import Credential, Tokens
from app.domain.ports.platform import Platform
from app.platforms.youtube.auth import Google
from app.platforms.youtube.own import OwnChannel, OwnChannels
from sandbox.core import Sandbox
from sandbox.world import Channel

WAY_BACK = "http://127.0.0.1:8000/connections/google/callback"
VERIFIER = "v" * 43
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")


class _Form(HTMLParser):
    """The consent page's form: what it offers."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.offers: dict[str, list[str]] = {}
        self.action: str | None = None
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "form":
            self.action = given.get("action")
        if tag in ("input", "button") and given.get("name"):
            self.offers.setdefault(given["name"] or "", []).append(given.get("value") or "")


async def agree(
    url: str, account: str, *, leave_out: tuple[str, ...] = (), decision: str = "allow", challenge: str = CHALLENGE
) -> dict[str, str]:
    """Go through the consent page behind an address; gives the query of the way back."""
    async with httpx.AsyncClient(trust_env=False) as browser:
        page = await browser.get(url)
        assert page.status_code == 200, page.text
        form = _Form(page.text)
        assert form.action == "" and account in form.offers["account"] and form.offers["decision"] == ["allow", "deny"]
        ticked = [scope for scope in form.offers["scope"] if not scope.endswith(leave_out or ("\0",))]
        answer = await browser.post(url, data={"account": account, "scope": ticked, "decision": decision})
    assert answer.status_code == 303
    there = answer.headers["location"]
    assert there.startswith(f"{WAY_BACK}?")
    return {name: values[0] for name, values in parse_qs(urlsplit(there).query).items()}


def authorize_url(google: Google, state: str = "s-1") -> str:
    return google.authorize_url(state=state, redirect_uri=WAY_BACK, challenge=CHALLENGE)


async def sign_in(google: Google, channel: Channel, *, leave_out: tuple[str, ...] = ()) -> Tokens:
    """The tokens of somebody who agreed."""
    back = await agree(authorize_url(google), channel.id, leave_out=leave_out)
    return await google.exchange(code=back["code"], redirect_uri=WAY_BACK, verifier=VERIFIER)


def own_channel(platform: Platform, channel: Channel, tokens: Tokens) -> OwnChannel:
    """The source that reads the channel with these tokens."""
    (connected,) = platform.connected
    assert isinstance(connected, OwnChannels)
    return connected.with_credential(Credential("google", channel.id, tokens.access, channel.id, tokens.scopes))


def named(sandbox: Sandbox, handle: str) -> Channel:
    channel = sandbox.world.channel(handle)
    assert channel is not None
    return channel
