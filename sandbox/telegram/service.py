"""The listening side of Telegram: what it remembers between connections, and the levers of tests and of the demo.

Telethon, whose codecs the rest of this package uses, is imported when the first client comes: a sandbox that nobody
asks for Telegram starts without it.
"""

import asyncio
import base64
import hashlib
import ipaddress
import json
import os
import struct
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from sandbox.journal import Journal
from sandbox.world import World

if TYPE_CHECKING:
    from sandbox.telegram.connection import Connection
    from sandbox.telegram.content import Content

# Telegram's data centers that are played here, by the addresses that its clients know them by.
CENTERS = {2: "149.154.167.51", 3: "149.154.175.100"}
_KEPT_CALLS = 5_000


@dataclass(slots=True)
class Key:
    """What is remembered of one authorization key: a device in a person's list of sessions.

    revoked: empty, or the error every call gets. half: who has passed the first factor and owes the password.
    token: of the login code that was shown last. grant: what the person agreed to, in the world's bookkeeping.
    """

    material: bytes
    center: int
    salt: int = field(default_factory=lambda: int.from_bytes(os.urandom(8), "little", signed=True))
    user_id: int = 0
    revoked: str = ""
    half: int = 0
    token: str = ""
    grant: str = ""
    exchange: Any = None  # of the password check that has begun


@dataclass(slots=True)
class Disturbance:
    """What happens to matching calls. kind: error | drop_before | drop_after | delay | ignore.

    times: how often, -1 for ever. skip: how many pass first. when: called with the call's context and request.
    """

    method: str
    kind: str = "error"
    code: int = 0
    message: str = ""
    times: int = 1
    delay: float = 0.0
    skip: int = 0
    when: Callable[[Any, Any], bool] | None = None


class Telegram:
    """directory: where the server's RSA key and the sessions that were signed in are kept.

    calls: (user id, method, request), newest last. ports: by data center, once it listens. code_seconds: how long a
    login code is good for. one_address: a key used from two addresses at once is killed, as at the real service.
    """

    def __init__(self, world: World, journal: Journal, directory: Path) -> None:
        self.world = world
        self.journal = journal
        self.ports: dict[int, int] = {}
        self.code_seconds = 30.0
        self.one_address = True
        self.keys: dict[int, Key] = {}
        self.connections: set[Connection] = set()
        self.calls: deque[tuple[int, str, Any]] = deque(maxlen=_KEPT_CALLS)
        self.tokens: dict[str, Key] = {}  # login codes that were shown
        self.handshakes = 0
        self.acknowledged = 0
        self._disturbances: list[Disturbance] = []
        self._content: Content | None = None
        self._pushed: set[str] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._servers: list[asyncio.Server] = []
        self._saved = directory / "telegram-sessions.json"
        self.rsa = _key(directory / "telegram.pem")
        self.public_key = directory / "telegram-public.pem"
        self.public_key.write_bytes(self.rsa.public_key().public_bytes(Encoding.PEM, PublicFormat.PKCS1))
        self._recall()

    @property
    def content(self) -> "Content":
        """People, channels and groups."""
        if self._content is None:
            from sandbox.telegram.content import Content

            self._content = Content(self.world)
        return self._content

    @property
    def routes(self) -> dict[str, int]:
        """The local port behind each data center's address."""
        return {address: self.ports[center] for center, address in CENTERS.items() if center in self.ports}

    async def start(self) -> None:
        self._loop = asyncio.get_running_loop()
        for center in CENTERS:
            server = await asyncio.start_server(self._accept(center), "127.0.0.1", 0)
            self._servers.append(server)
            self.ports[center] = server.sockets[0].getsockname()[1]

    def stop(self) -> None:
        for server in self._servers:
            server.close()
        for connection in list(self.connections):
            connection.drop()

    def reset(self) -> None:
        """Nobody is signed in, nothing was called, nothing is disturbed."""
        for forgotten in (self.keys, self.calls, self.tokens, self._disturbances, self._pushed):
            forgotten.clear()
        self._content = None
        self.code_seconds, self.one_address = 30.0, True
        self.handshakes = self.acknowledged = 0
        self.remember()
        self._drop_all()

    def disturb(self, method: str, code: int = 0, message: str = "", **how: Any) -> Disturbance:
        """Script a disturbance of a method ("channels.getFullChannel"); see `Disturbance`."""
        disturbance = Disturbance(method, code=code, message=message, **how)
        self._disturbances.append(disturbance)
        return disturbance

    def disturbed(self, context: Any, method: str, request: Any) -> Disturbance | None:
        """The disturbance that this call meets, counted."""
        for one in self._disturbances:
            if one.method == method and one.times and (one.when is None or one.when(context, request)):
                if one.skip:
                    one.skip -= 1
                    continue
                one.times = max(one.times - 1, -1)
                return one
        return None

    def revoke(self, user_id: int, error: str = "SESSION_REVOKED") -> None:
        """End every session of a person."""
        for key in self.keys.values():
            if key.user_id == user_id:
                key.revoked = error
        self.remember()

    def session_of(self, phone: str) -> str:
        """A session as Telethon writes them, as if this phone's owner had signed in: for tests, and for the demo."""
        user = self.content.person(phone)
        key = Key(os.urandom(256), user.center)
        self.let_in(key, user.id)
        self.keys[key_id(key.material)] = key
        address = ipaddress.ip_address(CENTERS[user.center]).packed
        packed = struct.pack(">B4sH256s", user.center, address, 443, key.material)
        return "1" + base64.urlsafe_b64encode(packed).decode()

    def let_in(self, key: Key, user_id: int) -> None:
        """This person has signed in with this key."""
        key.user_id, key.half = user_id, 0
        key.grant = self.world.grants.give(
            "telegram", subject=str(user_id), scopes=(), moment=self.world.now, access_seconds=None
        ).access
        self.remember()

    def edited(self) -> None:
        """The world was edited: tell the clients whose login code a phone has scanned since."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(lambda: asyncio.ensure_future(self._tell_scanned()))

    def scanned_by(self, token: str) -> int:
        """The id of the person whose phone has accepted this login code; 0 for nobody."""
        who = self.world.scanned.get(token)
        return self.content.person(who).id if who is not None else 0

    def remember(self) -> None:
        """Write down who is signed in: sessions outlive a restart."""
        kept = [
            {
                "material": key.material.hex(),
                "center": key.center,
                "salt": key.salt,
                "user": key.user_id,
                "grant": key.grant,
            }
            for key in self.keys.values()
            if key.user_id and not key.revoked
        ]
        fresh = self._saved.with_suffix(".new")
        fresh.touch(0o600)
        fresh.write_text(json.dumps(kept))
        fresh.replace(self._saved)

    def _recall(self) -> None:
        if not self._saved.exists():
            return
        for known in json.loads(self._saved.read_text()):
            key = Key(bytes.fromhex(known["material"]), known["center"], known["salt"], known["user"])
            key.grant = known["grant"]
            self.keys[key_id(key.material)] = key

    def _drop_all(self) -> None:
        if self._loop is not None and self.connections:
            for connection in list(self.connections):
                self._loop.call_soon_threadsafe(connection.drop)

    async def _tell_scanned(self) -> None:
        for token in self.world.scanned.keys() - self._pushed:
            key = self.tokens.get(token)
            if key is not None:
                self._pushed.add(token)
                for connection in list(self.connections):
                    await connection.tell_of_login(key)

    def _accept(self, center: int) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Any]:
        async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            from sandbox.telegram.connection import Connection

            connection = Connection(self, center, reader, writer)
            self.connections.add(connection)
            await connection.run()

        return accept


def key_id(material: bytes) -> int:
    """How packets name an authorization key."""
    return int.from_bytes(hashlib.sha1(material, usedforsecurity=False).digest()[12:20], "little")


def _key(path: Path) -> rsa.RSAPrivateKey:
    """The server's key pair, kept in a file: for tests and the demo only."""
    if path.exists():
        kept = load_pem_private_key(path.read_bytes(), None)
        assert isinstance(kept, rsa.RSAPrivateKey)
        return kept
    fresh = rsa.generate_private_key(65537, 2048)
    path.touch(0o600)
    path.write_bytes(fresh.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()))
    return fresh
