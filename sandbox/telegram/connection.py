"""One client's connection: its sessions, salts, acknowledgements and calls."""

import asyncio
import contextlib
import struct
import time
from dataclasses import dataclass, field
from typing import Any

from telethon.errors import TypeNotFoundError
from telethon.extensions import BinaryReader
from telethon.tl import functions, types
from telethon.tl.core import GzipPacked, MessageContainer, RpcResult

from sandbox.telegram import inviting, login, people, reading, wire
from sandbox.telegram.calls import METHODS, Context, Refusal, name_of
from sandbox.telegram.service import Key, Telegram, key_id

_METHODS = (inviting, login, people, reading)  # importing them fills the table
_WRAPPERS = (
    functions.InvokeWithLayerRequest,
    functions.InitConnectionRequest,
    functions.InvokeWithoutUpdatesRequest,
    functions.InvokeAfterMsgRequest,
)
# World flags, and what every call of somebody who is signed in gets under them.
_FLAGS = {
    "telegram.flood": (420, "FLOOD_WAIT_1800"),
    "telegram.frozen": (420, "FROZEN_METHOD_INVALID"),
    "telegram.revoked": (401, "SESSION_REVOKED"),
}
_NEVER_DISTURBED = (functions.help.GetConfigRequest, functions.users.GetUsersRequest)


@dataclass(eq=False, slots=True)
class Session:
    """One session of a key: numbers its messages."""

    connection: "Connection"
    key: Key
    number: int
    sent: int = 0
    last: int = 0
    seen: set[int] = field(default_factory=set)
    silent: bool = False  # the client wants no updates

    async def send(self, *parts: tuple[bytes, bool, bool]) -> None:
        """(body, is an answer, counts as content) of each message; several go in one container."""
        if len(parts) > 1:
            inner = b"".join(self._message(*part) for part in parts)
            body = struct.pack("<Ii", MessageContainer.CONSTRUCTOR_ID, len(parts)) + inner
            parts = ((body, True, False),)
        raw = self._message(*parts[0])
        message, sequence, _ = struct.unpack_from("<qii", raw)
        packet = wire.sealed(self.key.material, self.key.salt, self.number, message, sequence, raw[16:])
        await self.connection.write(packet)

    def _message(self, body: bytes, answers: bool, content: bool) -> bytes:
        now = time.time()
        message = (int(now) << 32) | (int((now % 1) * (1 << 32)) & ~3)
        message = max(message, (self.last & ~3) + 4) | (1 if answers else 3)  # a server's ids are odd
        self.last = message
        sequence = self.sent * 2 + (1 if content else 0)
        self.sent += content
        return struct.pack("<qii", message, sequence, len(body)) + body


class Connection:
    """A TCP connection, from its first byte to its last."""

    def __init__(
        self, telegram: Telegram, center: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._telegram, self._center, self._reader, self._writer = telegram, center, reader, writer
        self.peer = writer.get_extra_info("peername")[0]
        self.keys: set[int] = set()
        self._sessions: dict[int, Session] = {}
        self._calls: set[asyncio.Task[None]] = set()
        self._codec: Any = None

    async def run(self) -> None:
        try:
            self._codec, source = await wire.transport(self._reader)
            handshake = wire.Handshake(self._telegram.rsa)
            while True:
                packet = await self._codec.read_packet(source)
                if packet[:8] == bytes(8):
                    await self._plain(handshake, packet)
                else:
                    await self._encrypted(packet)
        except (asyncio.IncompleteReadError, OSError):
            pass
        except Exception as error:
            self._telegram.journal.errors.append(f"telegram: {type(error).__name__}: {error}")
        finally:
            for call in self._calls:
                call.cancel()
            self._telegram.connections.discard(self)
            self._writer.close()

    def drop(self) -> None:
        """Break it off."""
        self._writer.transport.abort()

    async def write(self, packet: bytes) -> None:
        self._writer.write(self._codec.encode_packet(packet))
        await self._writer.drain()

    async def tell_of_login(self, key: Key) -> None:
        """Push to this key's sessions that a phone has scanned its login code."""
        update = bytes(types.UpdateShort(types.UpdateLoginToken(), int(time.time())))
        for session in self._sessions.values():
            if session.key is key and not session.silent:
                with contextlib.suppress(OSError):
                    await session.send((update, False, True))

    async def _plain(self, handshake: wire.Handshake, packet: bytes) -> None:
        with BinaryReader(packet[20:]) as reader:
            reply, material = handshake.answer(reader.tgread_object())
        if material is not None:
            self._telegram.keys[key_id(material)] = Key(material, self._center)
            self._telegram.handshakes += 1
        body = bytes(reply)
        await self.write(struct.pack("<qqi", 0, (int(time.time()) << 32) | 1, len(body)) + body)

    async def _encrypted(self, packet: bytes) -> None:
        number = struct.unpack_from("<Q", packet)[0]
        key = self._telegram.keys.get(number)
        if key is None:  # the real service answers so, too
            await self.write(struct.pack("<i", -404))
            return
        if self._telegram.one_address and key.user_id and not key.revoked:
            others = {one.peer for one in self._telegram.connections if one is not self and number in one.keys}
            if others - {self.peer}:
                key.revoked = "AUTH_KEY_DUPLICATED"
        self.keys.add(number)
        salt, session_number, message, body = wire.opened(key.material, packet)
        session = self._sessions.setdefault(session_number, Session(self, key, session_number))
        if salt != key.salt:
            bad = types.BadServerSalt(bad_msg_id=message, bad_msg_seqno=0, error_code=48, new_server_salt=key.salt)
            await session.send((bytes(bad), True, False))
            return
        if message in session.seen:
            return
        if not session.seen:
            made = types.NewSessionCreated(first_msg_id=message, unique_id=session_number, server_salt=key.salt)
            await session.send((bytes(made), False, True))
        session.seen.add(message)
        with BinaryReader(body) as reader:
            try:
                request = reader.tgread_object()
            except TypeNotFoundError:
                await self._refuse(session, message, Refusal(400, "INPUT_METHOD_INVALID"))
                return
        await self._dispatch(session, message, request)

    async def _dispatch(self, session: Session, message: int, request: Any) -> None:
        match request:
            case MessageContainer():
                for inner in request.messages:
                    await self._dispatch(session, inner.msg_id, inner.obj)
            case GzipPacked():
                with BinaryReader(request.data) as reader:
                    await self._dispatch(session, message, reader.tgread_object())
            case types.MsgsAck():
                self._telegram.acknowledged += len(request.msg_ids)
            case functions.PingRequest() | functions.PingDelayDisconnectRequest():
                await session.send((bytes(types.Pong(msg_id=message, ping_id=request.ping_id)), True, False))
            case types.MsgsStateReq():
                known = "\x04" * len(request.msg_ids)
                await session.send((bytes(types.MsgsStateInfo(message, known)), True, False))
            case functions.DestroySessionRequest():
                await session.send((bytes(types.DestroySessionOk(request.session_id)), True, False))
            case _:
                call = asyncio.ensure_future(self._call(session, message, request))
                self._calls.add(call)
                call.add_done_callback(self._calls.discard)

    async def _call(self, session: Session, message: int, request: Any) -> None:
        while isinstance(request, _WRAPPERS):
            if isinstance(request, functions.InvokeWithoutUpdatesRequest):
                session.silent = True
            request = request.query
        name = name_of(request)
        self._telegram.calls.append((session.key.user_id, name, request))
        context = Context(self._telegram, session, session.key, self._center)
        try:
            self._may(context, request)
            disturbance = self._telegram.disturbed(context, name, request)
            if disturbance is not None:
                await asyncio.sleep(disturbance.delay)
                if disturbance.kind == "drop_before":
                    self.drop()
                    return
                if disturbance.kind == "ignore":
                    return
                if disturbance.kind == "error":
                    raise Refusal(disturbance.code, disturbance.message)
            body = wire.serialized(self._answered(context, name, request))
            if disturbance is not None and disturbance.kind == "drop_after":
                self.drop()
                return
            if len(body) > 1024:
                body = bytes(GzipPacked(body))
            received = bytes(types.MsgsAck([message]))
            answer = struct.pack("<Iq", RpcResult.CONSTRUCTOR_ID, message) + body
            await session.send((received, True, False), (answer, True, True))
        except Refusal as refusal:
            await self._refuse(session, message, refusal)
        except OSError:
            pass
        except Exception as error:
            self._telegram.journal.errors.append(f"telegram {name}: {type(error).__name__}: {error}")
            await self._refuse(session, message, Refusal(500, "SANDBOX_CRASHED"))

    def _may(self, context: Context, request: Any) -> None:
        """Raises Refusal for who is not, or no longer, signed in."""
        key = context.key
        if key.revoked:
            raise Refusal(406 if key.revoked == "AUTH_KEY_DUPLICATED" else 401, key.revoked)
        world = self._telegram.world
        if key.grant and world.grants.holder("telegram", key.grant, world.now) is None:
            raise Refusal(401, "SESSION_REVOKED")
        if key.user_id and not isinstance(request, _NEVER_DISTURBED):
            for flag, error in _FLAGS.items():
                if flag in world.flags:
                    raise Refusal(*error)
        if not key.user_id and not isinstance(request, login.OPEN):
            raise Refusal(401, "AUTH_KEY_UNREGISTERED")

    def _answered(self, context: Context, name: str, request: Any) -> Any:
        found = METHODS.get(type(request))
        if found is None:
            self._telegram.journal.errors.append(f"telegram: nobody wrote {name}")
            raise Refusal(400, "METHOD_NOT_WRITTEN")
        return found(context, request)

    async def _refuse(self, session: Session, message: int, refusal: Refusal) -> None:
        error = bytes(types.RpcError(refusal.code, refusal.message))
        with contextlib.suppress(OSError):
            await session.send((struct.pack("<Iq", RpcResult.CONSTRUCTOR_ID, message) + error, True, True))
