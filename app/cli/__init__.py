"""The command `sightline`: starts the processes, makes the database, looks after people's access."""

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path

from app import settings as config
from app.cli import browser, database, keys, people, running
from app.lib.processes import ChildError

# Commands import what they need when they run: the supervisor stays small, `--help` quick.


def main(argv: list[str] | None = None) -> None:
    """Entry point. Exits with a sentence for the person when something cannot be done."""
    arguments = _parser().parse_args(argv)
    # Whatever is written, by us and by what we start, is for our eyes. As root, folders may be passed through: the
    # database within runs as somebody else.
    os.umask(0o077 if os.geteuid() else 0o066)
    try:
        arguments.command(arguments)
    except ChildError as error:
        raise SystemExit(f"sightline: {error}") from None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="sightline", description="Self-hosted analytics for social channels.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, run: Callable[[argparse.Namespace], None], words: str) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=words, description=words)
        command.set_defaults(command=run)
        return command

    add("run", running.run, "Start everything on this machine: database (unless DATABASE_URL is set), web, worker.")
    demo = add("demo", running.demo, "Try it: the same with a small Internet of its own and 90 days of history.")
    demo.add_argument("--json", action="store_true", help="print one line of JSON when it is ready")
    demo.add_argument("--port", type=int, default=8000, help="0 takes a free one (default: %(default)s)")
    demo.add_argument("--data", type=Path, default=Path("var/demo"), help="all it writes (default: %(default)s)")
    add("web", lambda _: _serve("web"), "Answer browsers and the API (any number of these).")
    add("worker", lambda _: _serve("worker"), "Do the background work (any number of these).")
    add("setup", database.setup, "Print a new one-time link that makes the first owner.")
    sandbox = commands.add_parser("sandbox", help="The platforms on this machine.", add_help=False)
    sandbox.set_defaults(command=_sandbox)
    sandbox.add_argument("rest", nargs=argparse.REMAINDER)

    tables = add("db", database.database, "Make the database or bring its tables up to date.")
    tables.add_argument("action", choices=["init", "upgrade", "current"])

    seals = add("keys", keys.keys, "Look after the keys that seal the secrets of connections.")
    seals.add_argument("action", choices=["new", "rotate"], help="print a new key; seal every secret with the newest")

    pages = commands.add_parser("browser", help="The browser that some platforms' pages need.").add_subparsers(
        required=True
    )
    pages.add_parser("install", help="Fetch it, unless there is one.").set_defaults(command=browser.install)

    user = commands.add_parser("user", help="Look after people's access.").add_subparsers(required=True)
    create = user.add_parser("create", help="Make a person.")
    create.set_defaults(command=people.create)
    create.add_argument("--email", required=True)
    create.add_argument("--name", required=True)
    create.add_argument("--owner-of", metavar="WORKSPACE", help="a new workspace of this name, owned by them")
    create.add_argument("--superuser", action="store_true", help="may administer the whole instance")
    reset = user.add_parser("reset-password", help="Give a person a new password; their sessions end.")
    reset.set_defaults(command=people.reset)
    reset.add_argument("--email", required=True)

    prepare = commands.add_parser("prepare")  # what `run` and `demo` do before web and worker, in its own process
    prepare.set_defaults(command=database.prepare)
    return parser


def _serve(what: str) -> None:
    settings = config.load()
    from app import main as application

    {"web": application.serve_web, "worker": application.serve_worker}[what](settings)


def _sandbox(arguments: argparse.Namespace) -> None:
    os.execv(sys.executable, [sys.executable, "-P", "-m", "sandbox", *arguments.rest])  # noqa: S606
