"""Secrets at rest: MultiFernet, with the row's identity inside the plaintext.

A sealed text opens only in the row it was sealed for, so that nobody who can write to the table can move a token from
one row to another. The newest key seals, all keys open.
"""

import os
from collections.abc import Sequence
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet


class CannotOpen(Exception):
    """None of our keys opens it, or it was sealed for another row."""


class Vault:
    """Seals and opens. keys: newest first; empty, and they are kept in `file`, which is made when missing.

    The file is read each time: `sightline keys rotate` puts a new key into it while others run.
    """

    def __init__(self, keys: Sequence[str] = (), *, file: Path | None = None) -> None:
        self._given = tuple(keys)
        self._file = file
        self._seen: list[str] = []
        self._fernets: list[Fernet] = [Fernet(key) for key in self._given]
        if not self._given and file is None:
            raise ValueError("a vault needs keys, or a file to keep them in")

    def seal(self, identity: str, plain: str) -> str:
        """Encrypt `plain` for one row; identity: "connection:ID"."""
        return self._all()[0].encrypt(f"{identity}\n{plain}".encode()).decode()

    def open(self, identity: str, sealed: str) -> str:
        """What was sealed for this row. Raises CannotOpen."""
        return self._opened(MultiFernet(self._all()), identity, sealed)

    def is_current(self, sealed: str) -> bool:
        """Whether the newest key alone opens it."""
        try:
            self._all()[0].decrypt(sealed.encode())
        except InvalidToken:
            return False
        return True

    def add_key(self) -> None:
        """Put a new key before the others. Only for keys kept in our own file."""
        self._write([Fernet.generate_key().decode(), *self._kept()])

    def forget_old_keys(self) -> None:
        """Keep only the newest key. Only once nothing is sealed with an older one."""
        self._write(self._kept()[:1])

    @property
    def keeps_its_keys(self) -> bool:
        """Whether the keys are in our file, not in the environment."""
        return not self._given

    def _all(self) -> list[Fernet]:
        if self._given or self._file is None:
            return self._fernets
        kept = self._kept()
        if kept != self._seen:
            self._fernets, self._seen = [Fernet(key) for key in kept], kept
        return self._fernets

    def _kept(self) -> list[str]:
        assert self._file is not None
        if not self._file.exists():
            self._write_first()
        return self._file.read_text().split()

    def _write_first(self) -> None:
        assert self._file is not None
        self._file.parent.mkdir(parents=True, exist_ok=True)
        draft = self._draft([Fernet.generate_key().decode()])
        try:
            os.link(draft, self._file)  # fails when another process was first: then its key is the one
        except FileExistsError:
            pass
        finally:
            draft.unlink()

    def _write(self, keys: Sequence[str]) -> None:
        assert self._file is not None, "keys of the environment are changed there"
        self._draft(keys).replace(self._file)

    def _draft(self, keys: Sequence[str]) -> Path:
        assert self._file is not None
        draft = self._file.with_name(f"{self._file.name}.{os.getpid()}")
        fd = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(fd, "w") as file:
            file.write("\n".join(keys) + "\n")
            file.flush()
            os.fsync(file.fileno())
        return draft

    @staticmethod
    def _opened(fernet: MultiFernet, identity: str, sealed: str) -> str:
        try:
            whose, newline, plain = fernet.decrypt(sealed.encode()).decode().partition("\n")
        except InvalidToken:
            raise CannotOpen(f"no key opens the secret of {identity}") from None
        if not newline or whose != identity:
            raise CannotOpen(f"the secret of {identity} was sealed for another row")
        return plain
