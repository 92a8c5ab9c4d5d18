"""The command `sightline`: starts the processes, makes the database, looks after people's access."""

import argparse
import asyncio
import getpass
import json
import os
import socket
import sys
import urllib.error
import urllib.request
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from app import settings as config
from app.lib.embedded_pg import EmbeddedPg, running
from app.lib.processes import ChildError, PythonChild, Supervisor
from app.settings import Settings

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

# Commands import what they need when they run: the supervisor stays small, `--help` quick.

T = TypeVar("T")
PREPARE_WITHIN = 600.0  # migrations, and in the demo 90 days of history at the first start
READY_WITHIN = 60.0
STOP_WITHIN = 22.0  # for what web and worker are in the middle of; sandbox and database need the rest of 30 s


def main(argv: list[str] | None = None) -> None:
    """Entry point. Exits with a sentence for the person when something cannot be done."""
    arguments = _parser().parse_args(argv)
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

    add("run", _run, "Start everything on this machine: database (unless DATABASE_URL is set), web, worker.")
    demo = add("demo", _demo, "Try it: the same with a small Internet of its own and 90 days of history.")
    demo.add_argument("--json", action="store_true", help="print one line of JSON when it is ready")
    demo.add_argument("--port", type=int, default=8000, help="0 takes a free one (default: %(default)s)")
    demo.add_argument("--data", type=Path, default=Path("var/demo"), help="all it writes (default: %(default)s)")
    add("web", lambda _: _serve("web"), "Answer browsers and the API (any number of these).")
    add("worker", lambda _: _serve("worker"), "Do the background work (any number of these).")
    add("setup", _setup, "Print a new one-time link that makes the first owner.")
    sandbox = commands.add_parser("sandbox", help="The platforms on this machine.", add_help=False)
    sandbox.set_defaults(command=_sandbox)
    sandbox.add_argument("rest", nargs=argparse.REMAINDER)

    database = add("db", _database, "Make the database or bring its tables up to date.")
    database.add_argument("action", choices=["init", "upgrade", "current"])

    user = commands.add_parser("user", help="Look after people's access.").add_subparsers(required=True)
    create = user.add_parser("create", help="Make a person.")
    create.set_defaults(command=_user_create)
    create.add_argument("--email", required=True)
    create.add_argument("--name", required=True)
    create.add_argument("--owner-of", metavar="WORKSPACE", help="a new workspace of this name, owned by them")
    create.add_argument("--superuser", action="store_true", help="may administer the whole instance")
    reset = user.add_parser("reset-password", help="Give a person a new password; their sessions end.")
    reset.set_defaults(command=_user_reset)
    reset.add_argument("--email", required=True)

    prepare = commands.add_parser("prepare")  # what `run` and `demo` do before web and worker, in its own process
    prepare.set_defaults(command=_prepare)
    return parser


# -- run, demo


def _run(_: argparse.Namespace) -> None:
    settings = config.load()
    listener = _bind(settings.host, settings.port)
    port = listener.getsockname()[1]
    env = {**os.environ, "PORT": str(port), "LISTEN_FD": str(listener.fileno())}
    with Supervisor(_say) as supervisor:
        database = EmbeddedPg(settings.var / "postgres") if settings.embedded else None
        if database:
            supervisor.start(database)
        told = _start_application(supervisor, env, database, listener, logs=None)
        _say(f"Sightline answers at {config.load(port=port).public_url}")
        if link := told.get("setup_url"):
            _say(f"Nobody has an account yet. This link makes the first owner, once:\n  {link}")
        supervisor.run()


def _demo(arguments: argparse.Namespace) -> None:
    data = arguments.data.resolve()
    (data / "tmp").mkdir(parents=True, exist_ok=True)
    listener = _bind("127.0.0.1", arguments.port)
    port = listener.getsockname()[1]
    ours = {name.upper() for name in Settings.model_fields}
    env = {name: value for name, value in os.environ.items() if name.upper() not in ours} | {
        "ENV_FILE": "",  # the demo's settings are the demo's alone
        "ENVIRONMENT": "demo",
        "YOUTUBE_API_KEY": "demo",  # any key is good in the sandbox
        "DATA_DIR": str(data),
        "PORT": str(port),
        "LISTEN_FD": str(listener.fileno()),
        # all that is written lies under --data
        "TMPDIR": str(data / "tmp"),
        "XDG_CACHE_HOME": str(data / "cache"),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    logs = data / "log"
    with Supervisor(_say) as supervisor:
        database = EmbeddedPg(data / "postgres")
        supervisor.start(database)
        for old in logs.glob("*.log"):
            old.unlink()
        sandbox = PythonChild(
            "sandbox",
            ["sandbox", "--data", str(data / "sandbox")],
            env,
            log=logs / "sandbox.log",
            collect=True,
            grace=2,
        )
        supervisor.start(sandbox)
        world = json.loads(supervisor.wait_for("the sandbox", sandbox.line, timeout=READY_WITHIN))
        env |= {
            "SANDBOX_PROXY": world["proxy"],
            "SANDBOX_CA": world["ca"],
            "SANDBOX_CLOCK": world["clock"],
            "SANDBOX_CONTROL": world["control"],
            "SANDBOX_CONSENT": world["consent"],
            "SANDBOX_TOKEN": world["token"],
        }
        login = _start_application(supervisor, env, database, listener, logs=logs)
        url = f"http://127.0.0.1:{port}"
        if arguments.json:
            print(
                json.dumps({"url": url, **login, "sandbox": world["control"], "sandbox_token": world["token"]}),
                flush=True,
            )
        else:
            print(
                f"Sightline's demo: {url}\n"
                f"  e-mail    {login['email']}\n  password  {login['password']}\n  API key   {login['api_key']}\n"
                f"Everything it writes is in {data}. Ctrl-C stops it.",
                flush=True,
            )
        supervisor.run()


def _start_application(
    supervisor: Supervisor,
    env: dict[str, str],
    database: EmbeddedPg | None,
    listener: socket.socket,
    *,
    logs: Path | None,
) -> dict[str, str]:
    """Prepare the database, start web and worker, wait until web answers. Returns what the preparation told."""

    def child(name: str, env: dict[str, str], **how: Any) -> PythonChild:
        return PythonChild(name, ["app.cli", name], env, log=logs / f"{name}.log" if logs else None, **how)

    prepare = child("prepare", env | (_embedded(database) if database else {}), collect=True)
    told: dict[str, str] = json.loads(supervisor.finish(prepare, timeout=PREPARE_WITHIN)[-1])
    if database:
        env = env | {"EMBEDDED_URL": database.app_url}  # who serves and works need not own the tables
    supervisor.start(
        child("worker", env, grace=STOP_WITHIN), child("web", env, grace=STOP_WITHIN, fds=[listener.fileno()])
    )
    host, port = listener.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - to ask ourselves
    authority = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    supervisor.wait_for(
        "the web process to answer", lambda: _answers(f"http://{authority}/health"), timeout=READY_WITHIN
    )
    return told


def _embedded(database: EmbeddedPg) -> dict[str, str]:
    return {
        "EMBEDDED_URL": database.app_url,
        "EMBEDDED_OWNER_URL": database.owner_url,
        "EMBEDDED_ADMIN_URL": database.admin_url,
    }


def _bind(host: str, port: int) -> socket.socket:
    """The listening socket, held here: it stays when the web process is started again, and 0 finds a free port."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        raise SystemExit(
            f"sightline: port {port} of {host} cannot be used ({error.strerror}). "
            "Another program has it; choose another port (PORT, or --port of the demo; 0 takes a free one)."
        ) from None
    listener.listen(2048)
    return listener


def _answers(url: str) -> bool | None:
    """True once something speaks HTTP there, whatever it says."""
    try:
        with urllib.request.urlopen(url, timeout=1):  # noqa: S310 - our own address
            return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return None


def _say(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)


# -- processes of their own


def _serve(what: str) -> None:
    settings = config.load()
    from app import main as application

    {"web": application.serve_web, "worker": application.serve_worker}[what](settings)


def _sandbox(arguments: argparse.Namespace) -> None:
    os.execv(sys.executable, [sys.executable, "-P", "-m", "sandbox", *arguments.rest])  # noqa: S606


def _prepare(_: argparse.Namespace) -> None:
    """Bring the database up to date and print, as JSON, what the person has to know."""
    settings = config.load()

    async def prepare() -> dict[str, str]:
        from app.lib import dbadmin

        demo = settings.environment == "demo"
        note = settings.var / "demo.json"
        if demo and not note.exists():
            # An interrupted first start left half a history: begin it anew.
            await dbadmin.drop(settings.admin_url, app_url=settings.runtime_url)
        if settings.embedded or settings.database_admin_url:
            await dbadmin.init(settings.admin_url, owner_url=settings.owner_url, app_url=settings.runtime_url)
        if settings.embedded or settings.database_owner_url:
            await dbadmin.upgrade_async(settings.owner_url)
        if demo:
            if not note.exists():
                from app.main import seed_demo

                await seed_demo(settings)
            return dict(json.loads(note.read_text()))
        link = await _first_owner(settings)
        return {"setup_url": link} if link else {}

    print(json.dumps(asyncio.run(prepare())))


# -- database


def _database(arguments: argparse.Namespace) -> None:
    from app.lib import dbadmin

    with _reachable(config.load()) as settings:
        if arguments.action == "init":
            asyncio.run(dbadmin.init(settings.admin_url, owner_url=settings.owner_url, app_url=settings.runtime_url))
        if arguments.action in ("init", "upgrade"):
            dbadmin.upgrade(settings.owner_url)
        print(f"The tables are at revision {asyncio.run(dbadmin.current(settings.owner_url))}.")
        if arguments.action == "init" and (link := asyncio.run(_first_owner(settings))):
            print(f"This link makes the first owner, once:\n  {link}")


def _setup(_: argparse.Namespace) -> None:
    with _reachable(config.load()) as settings:
        link = asyncio.run(_first_owner(settings))
    print(link or "Sightline has been set up already. `sightline user create` makes more people.")


async def _first_owner(settings: Settings) -> str | None:
    """Make the first owner from ADMIN_* or, without these, a link that does. None when there is somebody already."""
    from app.domain.identity import users

    async def work(session: "AsyncSession") -> str | None:
        if settings.admin_email and settings.admin_password:
            await users.ensure_admin(
                session,
                email=settings.admin_email,
                name=settings.admin_name,
                password=settings.admin_password.get_secret_value(),
            )
            return None
        if not await users.first_run_needed(session):
            return None
        return f"{settings.public_url}/setup?token={await users.new_setup_token(session)}"

    return await _transaction(settings, work)


async def _transaction(settings: Settings, work: "Callable[[AsyncSession], Awaitable[T]]") -> T:
    from sqlalchemy.exc import DBAPIError

    from app.lib.db import Database

    database = Database(settings.runtime_url, pool=2, name="sightline-cli")
    try:
        async with database.transaction() as session:
            return await work(session)
    except (DBAPIError, OSError) as error:
        reason = str(getattr(error, "orig", error))
        raise SystemExit(f"sightline: the database refused ({reason}). Has `sightline db init` been run?") from None
    finally:
        await database.close()


@contextmanager
def _reachable(settings: Settings) -> Iterator[Settings]:
    """Settings whose URLs answer: an embedded database is started for the block unless it runs already."""
    if not settings.embedded:
        yield settings
        return
    with running(settings.var / "postgres") as database:
        os.environ |= _embedded(database)
        yield config.load()


# -- people


def _user_create(arguments: argparse.Namespace) -> None:
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


def _user_reset(arguments: argparse.Namespace) -> None:
    from app.domain.identity import operator

    password = _password()

    async def work(session: "AsyncSession") -> None:
        await operator.reset_password(session, email=arguments.email, password=password)

    _for_people(work)
    print(f"{arguments.email} has a new password; earlier sign-ins have ended.")


def _for_people(work: "Callable[[AsyncSession], Awaitable[None]]") -> None:
    from app.domain.errors import DomainError, Invalid

    with _reachable(config.load()) as settings:
        try:
            asyncio.run(_transaction(settings, work))
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


if __name__ == "__main__":
    main()
