"""`sightline user`: people's access, looked after from the terminal."""

import argparse
import asyncio
import getpass
import os
import sys
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from app import settings as config
from app.cli.database import reachable, transaction

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession


def create(arguments: argparse.Namespace) -> None:
    from app.domain.identity import operator

    password = _password()

    async def work(session: "AsyncSession") -> None:
        await operator.create_person(
            session,
            email=arguments.email,
            name=arguments.name,
            password=password,
            superuser=arguments.superuser,
            workspace=arguments.owner_of,
        )

    _for_people(work)
    print(f"{arguments.email} may sign in.")


def reset(arguments: argparse.Namespace) -> None:
    from app.domain.identity import operator

    password = _password()

    async def work(session: "AsyncSession") -> None:
        await operator.reset_password(session, email=arguments.email, password=password)

    _for_people(work)
    print(f"{arguments.email} has a new password; earlier sign-ins have ended.")


def _for_people(work: "Callable[[AsyncSession], Awaitable[None]]") -> None:
    from app.domain.errors import DomainError, Invalid

    with reachable(config.load()) as settings:
        try:
            asyncio.run(transaction(settings, work))
        except Invalid as error:
            raise SystemExit(
                "\n".join(f"{name}: {text % params}" for name, (text, params) in error.fields.items())
            ) from None
        except DomainError as error:
            raise SystemExit(str(error)) from None


def _password() -> str:
    """From SIGHTLINE_PASSWORD, else asked for twice."""
    if given := os.environ.get("SIGHTLINE_PASSWORD"):
        return given
    if not sys.stdin.isatty():
        raise SystemExit("sightline: set SIGHTLINE_PASSWORD, or run this in a terminal")
    password = getpass.getpass("Password: ")
    if getpass.getpass("The same again: ") != password:
        raise SystemExit("sightline: these were two different passwords")
    return password
