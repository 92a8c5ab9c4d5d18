"""`sightline run` and `demo`: all processes of one machine, started, watched and ended together."""

import argparse
import json
import os
import socket
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from app import settings as config
from app.cli.database import embedded
from app.lib.embedded_pg import EmbeddedPg
from app.lib.processes import PythonChild, Supervisor
from app.settings import Settings

PREPARE_WITHIN = 600.0  # migrations, and in the demo 90 days of history at the first start
READY_WITHIN = 60.0
STOP_WITHIN = 22.0  # for what web and worker are in the middle of; sandbox and database need the rest of 30 s


def run(_: argparse.Namespace) -> None:
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


def demo(arguments: argparse.Namespace) -> None:
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
            "SANDBOX_TELEGRAM": world["telegram"],
            "SANDBOX_TOKEN": world["token"],
            "DZEN_REQUEST_DELAY": "0",  # nobody to be polite to
            "HOST_PACE": "api.vk.com=8/0,www.pinterest.com=8/0",
            **world["settings"],
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

    prepare = child("prepare", env | (embedded(database) if database else {}), collect=True)
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
