"""Framing, key exchange and the MTProto 2.0 envelope, as the server sees them.

Cryptography, codecs and types are Telethon's own: here is only the order of things. Nothing is hardened.
"""

import asyncio
import os
import struct
import time
from hashlib import sha1, sha256
from typing import Any, Protocol

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from telethon import helpers
from telethon.crypto import AES, AuthKey
from telethon.crypto import rsa as registry
from telethon.extensions import BinaryReader
from telethon.network.connection.tcpabridged import AbridgedPacketCodec
from telethon.network.connection.tcpfull import FullPacketCodec
from telethon.network.connection.tcpintermediate import IntermediatePacketCodec
from telethon.network.mtprotostate import MTProtoState
from telethon.tl import functions, types

# The 2048-bit safe prime that Telegram uses. Telethon takes only this one without a long check of its own.
DH_PRIME = bytes.fromhex(
    "C71CAEB9C6B1C9048E6C522F70F13F73980D40238E3E21C14934D037563D930F"
    "48198A0AA7C14058229493D22530F4DBFA336F6E0AC925139543AED44CCE7C37"
    "20FD51F69458705AC68CD4FE6B6B13ABDC9746512969328454F18FAF8C595F64"
    "2477FE96BB2A941D5BCD1D4AC8CC49880708FA9B378E3C4F3A9060BEE67CF9A4"
    "A4A695811051907E162753B56B0F6B410DBA74D8A84B2A14B3144E0EF1284754"
    "FD17ED950D5965B4B9DD46582DB1178D169C6BC465B0D6FF9CA3928FEF5B9AE4"
    "E418FC15E83EBEA0F87FA9FF5EED70050DED2849F47BF959D956850CE929851F"
    "0D8115F635B105EE2E4E15D04B2454BF6F4FADF034B10403119CD8E3B92FCC5B"
)
PRIME = int.from_bytes(DH_PRIME, "big")
GENERATOR = 3
_FACTORS = (500009, 1000003)  # small, for the client has to find them; the product's top bit must be 0


class Reader(Protocol):
    async def readexactly(self, count: int, /) -> bytes: ...


class _PushedBack:
    """A reader that first gives what was read to learn the transport."""

    def __init__(self, reader: asyncio.StreamReader, head: bytes) -> None:
        self._reader, self._head = reader, head

    async def readexactly(self, count: int) -> bytes:
        taken, self._head = self._head[:count], self._head[count:]
        rest = count - len(taken)
        return taken + (await self._reader.readexactly(rest) if rest else b"")


async def transport(reader: asyncio.StreamReader) -> tuple[Any, Reader]:
    """The codec of a fresh connection, told by its first bytes, and what to go on reading from."""
    head = await reader.readexactly(1)
    if head == b"\xef":
        return AbridgedPacketCodec(None), reader
    head += await reader.readexactly(3)
    if head == b"\xee" * 4:
        return IntermediatePacketCodec(None), reader
    return FullPacketCodec(None), _PushedBack(reader, head)


class Handshake:
    """The exchange that makes an authorization key, on one connection."""

    def __init__(self, private: RSAPrivateKey) -> None:
        numbers = private.private_numbers()
        self._exponent, self._modulus = numbers.d, numbers.public_numbers.n
        public = registry.rsa.PublicKey(numbers.public_numbers.n, numbers.public_numbers.e)
        self._fingerprint = registry._compute_fingerprint(public)

    def answer(self, request: Any) -> tuple[Any, bytes | None]:
        """The answer to a plain message, and the key's material when this was the last one."""
        if isinstance(request, functions.ReqPqMultiRequest | functions.ReqPqRequest):
            self._nonce = request.nonce
            self._server_nonce = int.from_bytes(os.urandom(16), "little", signed=True)
            product = registry.get_byte_array(_FACTORS[0] * _FACTORS[1])
            return types.ResPQ(self._nonce, self._server_nonce, product, [self._fingerprint]), None
        if isinstance(request, functions.ReqDHParamsRequest):
            return self._parameters(request), None
        if isinstance(request, functions.SetClientDHParamsRequest):
            with BinaryReader(AES.decrypt_ige(request.encrypted_data, *self._aes)) as reader:
                reader.read(20)
                inner = reader.tgread_object()
            material = pow(int.from_bytes(inner.g_b, "big"), self._secret, PRIME).to_bytes(256, "big")
            proof = AuthKey(material).calc_new_nonce_hash(self._new_nonce, 1)
            return types.DhGenOk(self._nonce, self._server_nonce, proof), material
        raise ConnectionError(f"unexpected plain message {type(request).__name__}")

    def _parameters(self, request: Any) -> Any:
        cipher = int.from_bytes(request.encrypted_data, "big")
        plain = pow(cipher, self._exponent, self._modulus).to_bytes(256, "big")[-255:]
        with BinaryReader(plain) as reader:
            digest = reader.read(20)
            inner = reader.tgread_object()
            if sha1(plain[20 : reader.tell_position()], usedforsecurity=False).digest() != digest:
                raise ConnectionError("the RSA payload is damaged")
        self._new_nonce = inner.new_nonce
        self._aes = helpers.generate_key_data_from_nonce(self._server_nonce, self._new_nonce)
        self._secret = int.from_bytes(os.urandom(256), "big")
        half = pow(GENERATOR, self._secret, PRIME).to_bytes(256, "big")
        inner = bytes(
            types.ServerDHInnerData(self._nonce, self._server_nonce, GENERATOR, DH_PRIME, half, int(time.time()))
        )
        sealed = AES.encrypt_ige(sha1(inner, usedforsecurity=False).digest() + inner, *self._aes)
        return types.ServerDHParamsOk(self._nonce, self._server_nonce, sealed)


def opened(material: bytes, packet: bytes) -> tuple[int, int, int, bytes]:
    """Salt, session, message id and body of an encrypted packet. Raises ConnectionError when it is not ours."""
    proof = packet[8:24]
    plain = AES.decrypt_ige(packet[24:], *MTProtoState._calc_key(material, proof, True))
    if sha256(material[88:120] + plain).digest()[8:24] != proof:
        raise ConnectionError("the packet's key does not fit")
    salt, session, message, _sequence, length = struct.unpack_from("<qqqii", plain)
    return salt, session, message, plain[32 : 32 + length]


def sealed(material: bytes, salt: int, session: int, message: int, sequence: int, body: bytes) -> bytes:
    """An encrypted packet for the client."""
    plain = struct.pack("<qqqii", salt, session, message, sequence, len(body)) + body
    plain += os.urandom(-(len(plain) + 12) % 16 + 12)
    proof = sha256(material[96:128] + plain).digest()[8:24]
    aes = MTProtoState._calc_key(material, proof, False)
    return struct.pack("<Q", AuthKey(material).key_id) + proof + bytes(AES.encrypt_ige(plain, *aes))


def serialized(value: Any) -> bytes:
    """Whatever a method may return: an object, a truth value, a list of objects or of numbers."""
    if isinstance(value, bool):
        return struct.pack("<I", 0x997275B5 if value else 0xBC799737)
    if isinstance(value, list | tuple):
        items = b"".join(struct.pack("<q", item) if isinstance(item, int) else bytes(item) for item in value)
        return struct.pack("<Ii", 0x1CB5C415, len(value)) + items
    return bytes(value)
