"""Pages over a long history: the server's whole time against the time of its own SQL and its own template.

The floor is taken from the page itself: the statements it sent, sent again over a bare connection with the same
parameters in the same transactions, and its template rendered again with the same context.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import asyncpg
import httpx
import msgspec
from litestar import Litestar
from litestar.types import Receive, Scope, Send
from pydantic import SecretStr
from sqlalchemy import event, text

from app import logs
from app.lib.db import Database
from app.main import create_app
from app.settings import Settings
from bench import history, server, site
from bench.history import Past
from bench.measure import Promise, Report, line, paired

AIM = 1.5
GROWTH_AIM = 1.5
FACTOR = 10
URL = "http://127.0.0.1"


class Size(msgspec.Struct, frozen=True):
    past: Past
    requests: int  # of each page, after as many warm ones as connections need their plans


SIZES = {
    "usual": Size(Past(40, 2000, 100, 1_000_000), 60),
    "small": Size(Past(40, 2000, 100, 100_000), 30),
    "tiny": Size(Past(2, 20, 40, 1000), 2),
}
WARM = 8


def run(size: str) -> Report:
    return asyncio.run(_run(SIZES[size]))


async def _run(chosen: Size) -> Report:
    report = Report("pages")
    with server.postgres(durable=False) as postgres, server.folder() as folder, _logging(folder):
        async with (
            _site(postgres, "once", chosen.past, folder, report) as once,
            _site(postgres, "longer", chosen.past.times(FACTOR), folder, report) as longer,
        ):
            for page in ("overview", "account"):
                await _page(page, once, longer, chosen.requests, report)
    return report


class Site:
    """The application in this process over one history, with somebody signed in."""

    def __init__(self, app: Litestar, urls: server.Urls, cookies: dict[str, str], pages: dict[str, str]) -> None:
        self.app, self.urls, self.pages = app, urls, pages
        self.took = 0.0
        transport = httpx.ASGITransport(cast(Any, self._timed))
        self.client = httpx.AsyncClient(transport=transport, base_url=URL, cookies=cookies)

    async def _timed(self, scope: Scope, receive: Receive, send: Send) -> None:
        began = time.perf_counter()
        await self.app(scope, receive, send)
        self.took = time.perf_counter() - began

    async def get(self, page: str) -> float:
        """Seconds that the server took."""
        answer = await self.client.get(self.pages[page])
        assert answer.status_code == 200, f"{page}: {answer.status_code} {answer.text[:300]}"
        return self.took


@asynccontextmanager
async def _site(postgres: Any, name: str, past: Past, folder: Path, report: Report) -> AsyncIterator[Site]:
    urls = await server.database(postgres, name)
    settings = Settings(
        _env_file=None,  # type: ignore[call-arg]
        environment="test",
        embedded_url=SecretStr(urls.app),
        embedded_owner_url=SecretStr(urls.owner),
        data_dir=folder / name,
        public_url=URL,
    )
    database = Database(urls.app, pool=2)
    visitor = await site.visitor(database)
    began = time.monotonic()
    made = await history.make(urls.admin, past, visitor.workspace, datetime.now(UTC))
    report.notes.append(
        f"{made:,} snapshots of {past.posts:,} posts of {past.accounts} accounts over {past.days} days"
        f" (made in {time.monotonic() - began:.0f} s)"
    )
    async with database.transaction(workspace=visitor.workspace) as session:
        account = await session.scalar(text("select account_id from tracked_account order by account_id limit 1"))
    await database.close()
    app = create_app(settings)
    async with app.lifespan():
        here = Site(app, urls, visitor.cookies, {"overview": "/", "account": f"/accounts/{account}"})
        async with here.client:
            yield here


@contextmanager
def _logging(folder: Path) -> Iterator[None]:
    """Each request is logged as in a served process, into a file: it costs, and is not for our table."""
    handlers = logging.getLogger().handlers
    with (folder / "log").open("a") as log:
        with contextlib.redirect_stderr(log):
            logs.configure(Settings(_env_file=None, environment="test"))  # type: ignore[call-arg]
        try:
            yield
        finally:
            logging.getLogger().handlers = handlers


async def _page(page: str, once: Site, longer: Site, requests: int, report: Report) -> None:
    floor = await _Floor.of(once, page)
    for _ in range(WARM):
        await once.get(page)
        await longer.get(page)
        await floor.sql()
        floor.template()
    whole, sql, template, long = [], [], [], []
    for _ in range(requests):  # taking turns, so that whatever else the machine does meets all alike
        whole.append(await once.get(page))
        sql.append(await floor.sql())
        template.append(floor.template())
        long.append(await longer.get(page))
    await floor.close()
    lines = [
        line(f"{page}: server", "ms", _ms(whole)),
        line(f"{page}: its {floor.statements} statements alone", "ms", _ms(sql)),
        line(f"{page}: its template alone ({floor.size // 1000} kB)", "ms", _ms(template)),
        line(f"{page}: server, history {FACTOR} times as long", "ms", _ms(long)),
    ]
    report.lines += lines
    own = [a + b for a, b in zip(sql, template, strict=True)]
    report.promises += [
        Promise(f"{page}, server / (own SQL + own template)", paired(whole, own), AIM),
        Promise(f"{page}, {FACTOR} times the history / once", paired(long, whole), GROWTH_AIM),
    ]


def _ms(seconds: list[float]) -> list[float]:
    return [one * 1000 for one in seconds]


Step = tuple[str, tuple[Any, ...]]


class _Floor:
    """One page's statements and rendering, to be done again without the application."""

    def __init__(self, connection: asyncpg.Connection, steps: list[Step], render: Callable[[], str]) -> None:
        self._connection, self._steps, self._render = connection, steps, render
        self.statements = sum(1 for _, parameters in steps if parameters is not _CONTROL)
        self.size = len(render())

    @classmethod
    async def of(cls, here: Site, page: str) -> "_Floor":
        await here.get(page)
        with _statements(here.app.state.database) as steps, _rendering(here.app.state.renderer) as calls:
            await here.get(page)
        (arguments,) = calls
        settings = {"jit": "off", "timezone": "UTC"}
        connection = await asyncpg.connect(here.urls.app, server_settings=settings)
        return cls(connection, list(steps), lambda: str(here.app.state.renderer.render(*arguments)))

    async def sql(self) -> float:
        began = time.perf_counter()
        for statement, parameters in self._steps:
            if parameters is _CONTROL:
                await self._connection.execute(statement)
            else:
                await self._connection.fetch(statement, *parameters)
        return time.perf_counter() - began

    def template(self) -> float:
        began = time.perf_counter()
        self._render()
        return time.perf_counter() - began

    async def close(self) -> None:
        await self._connection.close()


_CONTROL: tuple[Any, ...] = ("begin, commit",)


@contextmanager
def _statements(database: Database) -> Any:
    """What the application sends, in order: statements with their parameters, and where transactions begin and end."""
    steps: list[Step] = []
    engine = database.engine.sync_engine

    def heard(_conn: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        steps.append((statement, tuple(parameters)))

    control = {
        "begin": lambda *_: steps.append(("begin", _CONTROL)),
        "commit": lambda *_: steps.append(("commit", _CONTROL)),
        "rollback": lambda *_: steps.append(("rollback", _CONTROL)),
    }
    listeners = {"before_cursor_execute": heard, **control}
    for name, listener in listeners.items():
        event.listen(engine, name, listener)
    try:
        yield steps
    finally:
        for name, listener in listeners.items():
            event.remove(engine, name, listener)


@contextmanager
def _rendering(renderer: Any) -> Any:
    """The arguments of each rendering."""
    calls: list[tuple[Any, ...]] = []
    render = renderer.render

    def noted(*arguments: Any) -> Any:
        calls.append(arguments)
        return render(*arguments)

    renderer.render = noted
    try:
        yield calls
    finally:
        del renderer.render
