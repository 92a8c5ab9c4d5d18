"""Random tokens, what we keep of them, and keys derived from the one secret."""

import hashlib
import hmac
import secrets


def new_token(prefix: str = "") -> str:
    """256 random bits, URL-safe, after `prefix`."""
    return prefix + secrets.token_urlsafe(32)


def digest(token: str) -> bytes:
    """What the database keeps of a token (32 bytes). Fast on purpose: the token itself cannot be guessed."""
    return hashlib.sha256(token.encode()).digest()


def derive(secret: str, purpose: str) -> bytes:
    """A 32-byte key for one purpose, so that no two uses of SECRET_KEY share a key."""
    return hmac.new(secret.encode(), f"sightline:{purpose}".encode(), "sha256").digest()


def sign(key: bytes, message: str) -> str:
    """Hex HMAC-SHA256 of `message`."""
    return hmac.new(key, message.encode(), "sha256").hexdigest()


def signed(key: bytes, message: str, signature: str) -> bool:
    """Whether `signature` is ours over `message`; constant time."""
    return hmac.compare_digest(sign(key, message).encode(), signature.encode())
