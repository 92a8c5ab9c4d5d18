"""Telethon as it comes, led to the sandbox's Telegram."""

from typing import Any

from telethon import TelegramClient, errors
from telethon.crypto import rsa
from telethon.network import ConnectionTcpFull
from telethon.sessions import StringSession

from sandbox.core import Sandbox
from sandbox.telegram.content import CODE, STUDIO


def client(sandbox: Sandbox, session: str = "", *, base: Any = ConnectionTcpFull, **how: Any) -> Any:
    """A client that is not connected yet."""
    telegram = sandbox.telegram
    rsa.add_key(telegram.public_key.read_text(), old=False)

    class Here(base):  # type: ignore[misc]
        def __init__(self, ip: str, port: int, dc_id: int, **rest: Any) -> None:
            super().__init__("127.0.0.1", telegram.ports[dc_id], dc_id, **rest)

    return TelegramClient(StringSession(session), 1, "sandbox", connection=Here, **how)


async def signed_in(sandbox: Sandbox, phone: str = STUDIO, password: str = "", **how: Any) -> Any:
    """A connected client of the owner of this phone."""
    here = client(sandbox, **how)
    await here.connect()
    await here.send_code_request(f"+{phone}")
    try:
        await here.sign_in(f"+{phone}", CODE)
    except errors.SessionPasswordNeededError:
        await here.sign_in(password=password)
    return here
