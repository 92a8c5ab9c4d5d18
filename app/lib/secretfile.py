"""Secrets that are made once and kept in a file only we can read."""

import os
import secrets
from pathlib import Path


def kept_secret(path: Path) -> str:
    """The secret in `path`, made at the first call. Two processes that ask at once get the same one.

    48 URL-safe characters (288 random bits), mode 0600, in a folder made when it is missing.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        draft = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
        fd = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(fd, "w") as file:
                file.write(secrets.token_urlsafe(36))
                file.flush()
                os.fsync(file.fileno())
            try:
                os.link(draft, path)  # fails when the other one was first: then its secret is the one
            except FileExistsError:
                pass
        finally:
            draft.unlink()
    return path.read_text().strip()
