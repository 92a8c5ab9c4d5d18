"""The keys that seal the secrets of connections."""

import argparse
import asyncio

from app import settings as config
from app.cli.database import reachable


def keys(arguments: argparse.Namespace) -> None:
    """new: print one. rotate: seal every secret anew with the newest key, while everything runs."""
    if arguments.action == "new":
        from cryptography.fernet import Fernet

        print(Fernet.generate_key().decode())
        return
    from app.domain.connections.connect import rotate
    from app.lib.db import Database
    from app.main import vault_of

    with reachable(config.load()) as settings:

        async def work() -> int:
            database = Database(settings.runtime_url, pool=2)
            try:
                return await rotate(database, vault_of(settings))
            finally:
                await database.close()

        print(f"Sealed {asyncio.run(work())} secrets anew. None needs an older key now.")
        if settings.token_encryption_keys[1:]:
            print("Take the older keys out of TOKEN_ENCRYPTION_KEYS at the next restart.")
