"""The commands as a person types them: run, demo, setup, user. Real processes, real database."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.settings import Settings
from tests.waiting import until

ROOT = Path(__file__).parents[2]
FORM = 'name="password"'
OURS = {field.upper() for field in Settings.model_fields}


@pytest.fixture
def data() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="sl-data-"))
    yield folder
    for pid in processes(folder):
        os.kill(pid, signal.SIGKILL)
    shutil.rmtree(folder)


def command(*arguments: str, data: Path, **env: str) -> "subprocess.Popen[str]":
    """`sightline ...` with its data in `data` and none of our own settings; both outputs as one stream of lines."""
    clean = {name: value for name, value in os.environ.items() if name not in OURS}
    return subprocess.Popen(
        [sys.executable, "-m", "app.cli", *arguments],
        cwd=ROOT,
        env={**clean, "ENV_FILE": "", "DATA_DIR": str(data), "PORT": "0", **env},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def processes(data: Path) -> list[int]:
    """Those that work on `data`, by their environment or their arguments."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            state = (folder / "stat").read_text().rpartition(")")[2].split()[0]
            if (
                state != "Z"
                and str(data).encode() in (folder / "environ").read_bytes() + (folder / "cmdline").read_bytes()
            ):
                found.append(int(folder.name))
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue
    return found


def lines_until(process: "subprocess.Popen[str]", pattern: str) -> re.Match[str]:
    """Read its output until a line has `pattern`; what was read goes into the failure."""
    assert process.stdout
    seen = []
    for line in process.stdout:
        seen.append(line)
        if match := re.search(pattern, line):
            return match
    pytest.fail(f"{pattern!r} never came:\n{''.join(seen)}")


def page(url: str) -> str:
    """What stands at `url`. An answer other than 200 raises."""
    with urllib.request.urlopen(url, timeout=20) as answer:
        return str(answer.read().decode())


def test_run_serves_brings_back_what_dies_and_leaves_nothing(data: Path) -> None:
    process = command("run", data=data)
    url = lines_until(process, r"answers at (http://127\.0\.0\.1:\d+)$")[1]
    link = lines_until(process, r"^\s+(http://\S+/setup\?token=\S+)$")[1]
    assert link.startswith(url)
    assert FORM in page(link)

    # Commands find the database that runs already; the former link is spent.
    said, _ = command("setup", data=data).communicate(timeout=60)
    assert "/setup?token=" in said
    assert FORM not in page(link)
    assert FORM in page(f"{url}/setup?token={said.strip().partition('token=')[2]}")

    web = [pid for pid in processes(data) if b"web" in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")]
    assert len(web) == 1
    os.kill(web[0], signal.SIGKILL)
    # The supervisor holds the socket: who comes meanwhile waits, and is answered by the next one.
    assert page(f"{url}/health")

    process.send_signal(signal.SIGTERM)
    began = time.monotonic()
    process.communicate(timeout=40)
    assert process.returncode == 0
    assert time.monotonic() - began < 30
    assert processes(data) == []


def test_a_killed_run_takes_its_processes_along_and_starts_again(data: Path) -> None:
    process = command("run", data=data)
    lines_until(process, r"answers at (http://\S+)$")
    assert len(processes(data)) >= 4

    process.kill()
    process.wait()
    until(lambda: not processes(data), timeout=30, what="the end of all processes")

    again = command("run", data=data)
    lines_until(again, r"answers at (http://\S+)$")
    again.terminate()
    again.communicate(timeout=40)
    assert processes(data) == []


def test_a_taken_port_is_named(data: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        process = command("run", data=data, PORT=str(port))
        said, _ = process.communicate(timeout=30)
    assert process.returncode == 1
    assert f"port {port} of 127.0.0.1 cannot be used" in said
    assert "Traceback" not in said


def test_a_proxy_that_is_no_address_is_named(data: Path) -> None:
    said, _ = command("run", data=data, TRUSTED_PROXIES="10.0.0.0/8,proxy.local").communicate(timeout=30)
    assert "TRUSTED_PROXIES: 'proxy.local' is no address or network" in said
    assert "Traceback" not in said


def test_people_are_made_from_the_terminal_once_there_is_a_database(data: Path) -> None:
    first = command(
        "user", "create", "--email", "ann@example.org", "--name", "Ann", "--owner-of", "Team",
        data=data, SIGHTLINE_PASSWORD="quite a long password",
    )  # fmt: skip
    said, _ = first.communicate(timeout=60)
    assert first.returncode == 1, "there are no tables yet"
    assert "sightline db init" in said

    for arguments, expected in (
        (["db", "init"], "/setup?token="),
        (["user", "create", "--email", "ann@example.org", "--name", "Ann", "--superuser"], "may sign in"),
        (["setup"], "has been set up already"),
        (["user", "reset-password", "--email", "ann@example.org"], "new password"),
        (["user", "reset-password", "--email", "bob@example.org"], "Nobody has this e-mail"),
    ):
        process = command(*arguments, data=data, SIGHTLINE_PASSWORD="quite another password")
        said, _ = process.communicate(timeout=60)
        assert expected in said
    assert processes(data) == []


def test_the_demo_says_how_to_get_in_and_keeps_to_its_folder(data: Path) -> None:
    elsewhere = data / "elsewhere"
    elsewhere.mkdir()
    starts = []
    for end in (signal.SIGTERM, signal.SIGKILL):
        process = command("demo", "--json", "--port", "0", "--data", str(data / "demo"), data=elsewhere)
        told = json.loads(lines_until(process, r"^(\{.*\})$")[0])
        assert set(told) == {"url", "email", "password", "api_key", "sandbox", "sandbox_token"}
        assert FORM in page(f"{told['url']}/login")
        request = urllib.request.Request(
            f"{told['url']}/api/v1/creators", headers={"Authorization": f"Bearer {told['api_key']}"}
        )
        with urllib.request.urlopen(request, timeout=20) as answer:
            assert json.load(answer)["total"] > 0
        starts.append((told["email"], told["password"], told["api_key"]))
        process.send_signal(end)
        process.wait(40)
        until(lambda: not processes(data), timeout=30, what="the end of all processes")
    assert starts[0] == starts[1]
    made = [data / "demo", *(data / "demo").iterdir(), *(data / "demo" / "log").iterdir()]
    assert {path.name for path in made} >= {"log", "web.log", "worker.log", "sandbox.log"}
    assert [path for path in made if path.stat().st_mode & 0o066] == []  # nobody else reads them
    assert list(elsewhere.iterdir()) == []
