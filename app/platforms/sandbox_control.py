"""The sandbox's control server, as the demo's ribbon uses it. Only there: production refuses its settings."""

import re
from datetime import datetime
from html import unescape
from typing import Any

import httpx
import msgspec

from app.domain.ports.world import FaultSwitch, WorldCreator


class _Preset(msgspec.Struct):
    name: str
    label: dict[str, str]
    on: bool


class _Faults(msgspec.Struct):
    presets: list[_Preset]


class _Creator(msgspec.Struct):
    title: str
    handle: str
    platform: str
    link: str
    terminated: bool
    posts: int
    subscribers: int | None


class _State(msgspec.Struct):
    creators: list[_Creator]


class SandboxControl:
    """Talks to `url` with `token`. Implements `app.domain.ports.world.World`."""

    def __init__(self, url: str, token: str) -> None:
        # trust_env off: this is loopback, whatever proxies the environment names
        self._http = httpx.AsyncClient(
            base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=10, trust_env=False
        )

    async def aclose(self) -> None:
        await self._http.aclose()

    async def _ask(self, method: str, path: str, **body: Any) -> bytes:
        answer = await self._http.request(method, path, **body)
        answer.raise_for_status()
        return answer.content

    async def advance(self, seconds: float) -> None:
        await self._ask("POST", "/clock", json={"advance_seconds": seconds})

    async def set_time(self, moment: datetime) -> None:
        await self._ask("POST", "/clock", json={"set": moment.isoformat()})

    async def faults(self) -> list[FaultSwitch]:
        found = msgspec.json.decode(await self._ask("GET", "/faults"), type=_Faults)
        return [FaultSwitch(p.name, p.label["en"], p.label["ru"], p.on) for p in found.presets]

    async def switch(self, fault: str, on: bool) -> None:
        await self._ask("POST", "/faults", json={"preset": fault, "on": on})

    async def agree(self, url: str, name: str) -> str:
        page = (await self._http.get(url)).raise_for_status().text
        accounts = re.findall(r'name="account" value="([^"]*)"[^>]*> ([^<]*)<', page)
        chosen = next((key for key, label in accounts if name in unescape(label)), accounts[0][0])
        scopes = [unescape(scope) for scope in re.findall(r'name="scope" value="([^"]*)"', page)]
        form = {"account": unescape(chosen), "decision": "allow", "scope": scopes}
        answer = await self._http.post(url, data=form)
        return answer.headers["location"]

    async def creators(self) -> list[WorldCreator]:
        state = msgspec.json.decode(await self._ask("GET", "/state"), type=_State)
        return [WorldCreator(c.handle, c.title, _note(c), c.platform, c.link) for c in state.creators]


def _note(creator: _Creator) -> str:
    if creator.terminated:
        return "terminated"
    if creator.subscribers is None:
        return "hidden"
    return "" if creator.posts else "empty"
