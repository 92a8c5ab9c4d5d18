"""Pages that only a browser can show: one Chromium a process, started when first needed.

It goes out through our proxy only, loads no pictures, films or fonts, and gives up at the first sign that a page wants
a human. It ends with the process that started it, however that ends: a shell waits at the other end of a pipe that
only this process holds, and kills the browser's process group when the pipe breaks.
"""

import asyncio
import atexit
import base64
import contextlib
import hashlib
import os
import re
import secrets
import signal
import subprocess
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import urlsplit

from app.domain.ports.errors import Blocked, NeedsAction, RetryAfter
from app.domain.ports.platform import Means
from app.lib import chromium, clock
from app.platforms.kit import words
from app.platforms.kit.http import PAUSE

PAGES = 100  # shown by one Chromium before another one takes its place
IDLE = 90.0  # seconds without a page until it is closed
_SKIPPED = {"image", "media", "font"}
_LONGEST = 8 * 1024 * 1024
_HUMAN = re.compile(
    r"showcaptcha|smart-?captcha|captcha-?(?:page|form|container)|не робот|запросы отправляли вы|not a robot"
    r"|verify (?:that )?you are (?:a )?human",
    re.IGNORECASE,
)


def wants_a_human(page: str) -> bool:
    """Whether a page that does not have what it should is a check for robots."""
    return _HUMAN.search(page) is not None


@dataclass(frozen=True, slots=True)
class Shown:
    """A page as the browser shows it. url: after redirects. value: what was asked for, as text; None: never there."""

    status: int
    url: str
    html: str
    value: str | None


class Browser:
    """A platform's way to the process's Chromium."""

    def __init__(self, platform: str, means: Means) -> None:
        self._platform = platform
        self._means = means
        self._timeout = float(means.setting("playwright_timeout", "30"))

    async def show(self, url: str, give: str) -> Shown:
        """Open a page, and wait until `give`, an expression in the page's own language, is a string.

        Raises NeedsAction without a browser on the machine, RetryAfter when the page cannot be reached, asks for a
        pause or has a fault, Blocked when it wants a human.
        """
        if not self._means.proxy:
            raise RuntimeError("a process without a way out reads nothing")
        async with self._means.pace.turn(urlsplit(url).hostname or ""):
            try:
                async with asyncio.timeout(self._timeout + 15):
                    shown = await _Chromium.of(self._means).show(url, give, self._timeout)
            except NeedsAction:
                raise
            except TimeoutError:
                raise self._later(words.SILENT) from None
            except _Failed as failed:
                raise self._later(words.UNREACHABLE if not failed.silent else words.SILENT) from None
        if shown.status == 429:
            raise self._later(words.TOO_FAST)
        if shown.status >= 500:
            raise self._later(words.UNWELL, status=shown.status)
        if shown.value is None and wants_a_human(f"{shown.url}\n{shown.html}"):
            raise Blocked(words.BOT_CHECK, platform=self._platform)
        return shown

    def _later(self, message: str, until: timedelta = PAUSE, **params: Any) -> RetryAfter:
        return RetryAfter(message, until=clock.now() + until, platform=self._platform, **params)


class _Failed(Exception):
    def __init__(self, silent: bool) -> None:
        self.silent = silent
        super().__init__()


class _Chromium:
    """The Chromium of one event loop: one page at a time."""

    _of_loops: ClassVar[dict[asyncio.AbstractEventLoop, "_Chromium"]] = {}

    def __init__(self, means: Means) -> None:
        self._means = means
        self._turn = asyncio.Lock()
        self._playwright: Any = None
        self._browser: Any = None
        self._keeper: _Keeper | None = None
        self._shown = 0
        self._closing: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @classmethod
    def of(cls, means: Means) -> "_Chromium":
        """This loop's; another way out makes another one."""
        for loop in [loop for loop in cls._of_loops if loop.is_closed()]:
            cls._of_loops.pop(loop)._forget()
        loop = asyncio.get_running_loop()
        here = cls._of_loops.get(loop)
        if here is None:
            here = cls._of_loops[loop] = cls(means)
        return here

    async def show(self, url: str, give: str, timeout: float) -> Shown:
        from playwright.async_api import Error
        from playwright.async_api import TimeoutError as TooLong

        async with self._turn:
            if self._closing is not None:
                self._closing.cancel()
            try:
                return await self._show(url, give, timeout)
            except TooLong:
                raise _Failed(silent=True) from None
            except Error:  # the page or the whole browser went away, or there was nothing at the other end
                await self.close()
                raise _Failed(silent=False) from None
            except asyncio.CancelledError:  # in the middle of anything
                await asyncio.shield(self.close())
                raise
            finally:
                self._closing = asyncio.get_running_loop().call_later(IDLE, self._idle)

    async def _show(self, url: str, give: str, timeout: float) -> Shown:
        if self._browser is None or not self._browser.is_connected() or self._shown >= PAGES:
            await self.close()
            await self._start()
        self._shown += 1
        context = await self._browser.new_context(
            locale="ru-RU", service_workers="block", accept_downloads=False, viewport={"width": 1280, "height": 900}
        )
        try:
            context.set_default_timeout(timeout * 1000)
            await context.route("**/*", _only_what_matters)
            page = await context.new_page()
            answer = await page.goto(url, wait_until="domcontentloaded")
            status = answer.status if answer is not None else 200
            value = None
            if status < 400:
                value = await _value(page, give, timeout)
            html = await page.content()
            return Shown(status, page.url, html[:_LONGEST], value)
        finally:
            with contextlib.suppress(Exception):  # gone with its browser
                await context.close()

    async def _start(self) -> None:
        from playwright.async_api import async_playwright

        executable = chromium.find()
        if executable is None:
            raise NeedsAction(words.NO_BROWSER)
        mark = f"--sightline-mark={secrets.token_hex(8)}"
        self._playwright = await async_playwright().start()
        proxy = urlsplit(self._means.proxy)
        self._browser = await self._playwright.chromium.launch(
            executable_path=executable,
            headless=self._means.setting("playwright_headless", "True").lower() == "true",
            chromium_sandbox=os.geteuid() != 0,  # root cannot have one
            proxy={
                "server": f"{proxy.scheme}://{proxy.hostname}:{proxy.port}",
                "username": proxy.username or "",
                "password": proxy.password or "",
            },
            args=[mark, *_arguments(self._means.ca)],
            handle_sigint=False,
            handle_sigterm=False,
            handle_sighup=False,
        )
        self._keeper = _Keeper.of(mark)
        self._shown = 0

    def _idle(self) -> None:
        async def close() -> None:
            async with self._turn:
                await self.close()

        task = asyncio.ensure_future(close())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """End the browser; the next page starts another."""
        browser, playwright, self._browser, self._playwright = self._browser, self._playwright, None, None
        with contextlib.suppress(Exception):  # it may be gone already
            if browser is not None:
                async with asyncio.timeout(10):
                    await browser.close()
        self._forget()
        with contextlib.suppress(Exception):
            if playwright is not None:
                async with asyncio.timeout(10):
                    await playwright.stop()

    def _forget(self) -> None:
        if self._keeper is not None:
            self._keeper.end()
            self._keeper = None


async def close_all() -> None:
    """End this loop's browser, if there is one."""
    here = _Chromium._of_loops.pop(asyncio.get_running_loop(), None)
    if here is not None:
        if here._closing is not None:
            here._closing.cancel()
        await here.close()


async def _only_what_matters(route: Any) -> None:
    if route.request.resource_type in _SKIPPED:
        await route.abort()
    else:
        await route.continue_()


async def _value(page: Any, give: str, timeout: float) -> str | None:
    """What `give` comes to, once it is a string; None when it never is, or the page turns out to be a robots' check."""
    ends = asyncio.get_running_loop().time() + timeout
    while True:
        with contextlib.suppress(Exception):  # the page may be on its way to another
            value = await page.evaluate(
                f"() => {{ const value = {give}; return typeof value === 'string' ? value : null }}"
            )
            if value is not None:
                return str(value)
            if wants_a_human(page.url) or wants_a_human(await page.content()):
                return None
        if asyncio.get_running_loop().time() > ends:
            return None
        await asyncio.sleep(0.1)


def _arguments(ca: Path | None) -> list[str]:
    arguments = [
        # Names are the proxy's to look up; nothing goes past it.
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
        "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--disable-quic",
        "--no-pings",
    ]
    if ca is not None:
        arguments.append(f"--ignore-certificate-errors-spki-list={_key(ca)}")
    return arguments


def _key(ca: Path) -> str:
    """How Chromium names the authority's key: base64 of its SHA-256."""
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    key = x509.load_pem_x509_certificate(ca.read_bytes()).public_key()
    return base64.b64encode(
        hashlib.sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).digest()
    ).decode()


class _Keeper:
    """Ends a process group when we end: by our hand, at our exit, or because we are gone."""

    def __init__(self, group: int) -> None:
        self._group = group
        # Whoever kills us takes only this process: the pipe that nobody else holds tells the shell.
        self._shell = subprocess.Popen(
            ["/bin/sh", "-c", 'read -r word; [ "$word" = done ] || kill -s KILL -- "-$1"', "sh", str(group)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        atexit.register(self.end)

    @classmethod
    def of(cls, mark: str) -> "_Keeper | None":
        """Of the process that was started with `mark` among its arguments and leads a group of its own."""
        for folder in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                pid = int(folder.name)
                if mark.encode() in (folder / "cmdline").read_bytes().split(b"\0") and os.getpgid(pid) == pid:
                    return cls(pid)
        return None  # where there is no /proc, Playwright's own driver is all that looks after it

    def end(self) -> None:
        atexit.unregister(self.end)
        if self._shell.poll() is None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._group, signal.SIGKILL)
            with contextlib.suppress(OSError):
                self._shell.communicate(b"done\n", timeout=5)
