"""Passwords: argon2id, at least 8 characters, none of the common ones."""

import asyncio
import functools
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from app.domain.errors import N_, FieldError

MIN_LENGTH = 8
MAX_LENGTH = 256

_hasher = PasswordHasher()  # argon2id, 64 MiB, 3 passes (RFC 9106, second recommended option)
_gate = asyncio.Semaphore(4)  # each hash takes 64 MiB: a flood of sign-ins must not take them all at once
_COMMON = frozenset(Path(__file__).with_name("common_passwords.txt").read_text(encoding="utf-8").split())


def problem(password: str, *, email: str = "", name: str = "") -> FieldError | None:
    """Why this password will not do, or null."""
    if len(password) < MIN_LENGTH:
        return N_("Use at least %(least)s characters."), {"least": MIN_LENGTH}
    if len(password) > MAX_LENGTH:
        return N_("Use at most %(most)s characters."), {"most": MAX_LENGTH}
    plain = password.lower()
    if plain in _COMMON or plain.strip("0123456789!@#$%*._-") in _COMMON or len(set(plain)) < 4:
        return N_("This password is one of the first that are tried. Choose another.")
    own = {part for part in (email, email.partition("@")[0], name.lower().replace(" ", "")) if part}
    if plain in own:
        return N_("This password is your own name or address. Choose another.")
    return None


async def hashed(password: str) -> str:
    async with _gate:
        return await asyncio.to_thread(_hasher.hash, password)


async def matches(stored: str | None, password: str) -> bool:
    """Whether `password` is the one behind `stored`. Takes the same time when there is nobody (null)."""
    async with _gate:
        same = await asyncio.to_thread(_verify, stored, password[:MAX_LENGTH])
    return same and stored is not None


def outdated(stored: str) -> bool:
    """Whether the hash was made with weaker settings than today's."""
    return _hasher.check_needs_rehash(stored)


@functools.cache
def _nobody() -> str:
    """A hash to compare with where there is none; made when first needed: most processes never sign anybody in."""
    return _hasher.hash("nobody has this password")


def _verify(stored: str | None, password: str) -> bool:
    try:
        return _hasher.verify(_nobody() if stored is None else stored, password)
    except (VerificationError, InvalidHashError):
        return False
