"""docs/adding-a-platform.md is true: its platform, added as it says, is followed, collected and shown."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from tests.conftest import Urls
from tests.house.sources import ROOT

GUIDE = ROOT / "docs" / "adding-a-platform.md"

DRIVER = """
import asyncio, json, sys
from pathlib import Path
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route
from sandbox.core import Sandbox
import sandbox.platforms as fakes

AT = "2026-11-01T10:00:00+00:00"
ANSWER = {"id": 7, "name": "lodge", "title": "The Lodge", "followers": 4321,
          "posts": [{"id": 1, "title": "First fire", "at": AT, "views": 987654}]}

async def api(request):
    known = request.path_params["name"] == "lodge"
    return JSONResponse(ANSWER) if known else JSONResponse({}, 404)

module = type(sys)("hut"); module.PRESETS = ()
module.hosts = lambda world, strict: {"hut.example": Starlette(routes=[Route("/api/{name}", api)])}
fakes.PLATFORMS = (*fakes.PLATFORMS, module)

from app import main
from app.domain.collection.run import due_accounts
from app.lib import clock
from tests.conftest import Urls
from tests.site import site

async def work(urls, folder):
    world = Sandbox(folder / "sandbox", strict=False).start()
    given = {"sandbox_proxy": world.proxy_url, "sandbox_ca": world.certificates.ca,
             "sandbox_clock": world.clock.path, "data_dir": folder}
    async with site(urls, **given) as place:
        user, room = await place.person("a@x.io")
        browser = await place.signed_in(user, room)
        followed = await browser.post("/creators", {"link": "https://hut.example/lodge"})
        async with main.reading(place.settings) as (database, _egress, _platforms, collector):
            for account in await due_accounts(database, 10):
                await collector.collect(account)
        account = followed.headers["location"]
        pages = {path: (await browser.get(path)).text for path in (account, "/sources", "/accounts", "/posts")}
    world.stop()
    return pages

urls = Urls(*json.loads(sys.argv[1]))
sys.stdout.write("PAGES" + json.dumps(asyncio.run(work(urls, Path(sys.argv[2])))))
"""


def test_the_platform_of_the_guide_is_a_folder_and_a_line(urls: Urls, tmp_path: Path) -> None:
    folder, line = re.findall(r"```(?:python|text)\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    copy = tmp_path / "copy"
    for name in ("app", "sandbox", "tests", "db"):
        ignored = shutil.ignore_patterns("__pycache__", "vendor")
        shutil.copytree(ROOT / name, copy / name, ignore=ignored)
    (copy / "app/web/static/vendor").symlink_to(ROOT / "app/web/static/vendor")
    (copy / "app/platforms/hut").mkdir()
    (copy / "app/platforms/hut/__init__.py").write_text(folder)
    listed = copy / "app/platforms/__init__.py"
    listed.write_text(listed.read_text().replace('    "youtube",\n', f'    "youtube",\n{line}'))
    (copy / "driver.py").write_text(DRIVER)
    done = subprocess.run(
        [sys.executable, "driver.py", _as_json(urls), str(tmp_path)],
        cwd=copy, env={**os.environ, "PYTHONPATH": str(copy)}, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    pages: dict[str, str] = json.loads(done.stdout.rpartition("PAGES")[2])
    account = next(page for path, page in pages.items() if path.startswith("/accounts/") or "creators/" in path)
    assert "The Lodge" in account
    assert "The Lodge" in pages["/accounts"] and "4,321" in pages["/accounts"]
    assert "First fire" in pages["/posts"] and "987,654" in pages["/posts"]
    assert "Hut's API" in pages["/sources"] or "Hut&#39;s API" in pages["/sources"]


def _as_json(urls: Urls) -> str:
    return json.dumps([urls.admin, urls.owner, urls.app])
