"""The network between us and a platform: hanging, cut, cut short, for some of what is read."""

from collections.abc import Callable

import pytest

from tests.faults.conftest import ACCOUNTS
from tests.faults.house import API_HOST, PAGES_HOST, House

Tell = Callable[[str], None]

CUT = ({"reset": True}, {"truncate_after": 500})
HANGING = (*CUT, {"hang": True})


@pytest.mark.parametrize("faults", [CUT, pytest.param(HANGING, marks=pytest.mark.drill)], ids=["cut", "hanging"])
def test_some_pages(home: House, tell: Tell, faults: tuple[dict[str, object], ...]) -> None:
    """The API is cut for all, so that pages are read; a few accounts' pages are cut, too. The others go on."""
    *broken, well = home.sql("select id, external_id from account order by id limit %s", len(faults) + 1)
    home.sandbox.fault(API_HOST, reset=True, times=-1)
    home.sandbox.fault(PAGES_HOST, "^/youtubei/", reset=True, times=-1)  # yt-dlp's way round a page that does not come
    for account, how in zip(broken, faults, strict=True):
        home.sandbox.fault(PAGES_HOST, f"^/channel/{account['external_id']}", times=-1, **how)
    since = home.sandbox.clock.moment
    for account in (*broken, well):
        answer = home.api("POST", f"/accounts/{account['id']}/collect")
        assert answer.status_code == 202, answer.text
    home.settled(within=120)
    last = {
        row["account_id"]: row
        for row in home.sql("select * from collection_run where started_at >= %s order by started_at", since)
    }
    assert (last[well["id"]]["status"], last[well["id"]]["source"]) == ("success", "ytdlp")
    assert [one["source"] for one in last[well["id"]]["tried"]] == ["data_api"]
    words = []
    for account, how in zip(broken, faults, strict=True):
        run = last[account["id"]]
        assert run["status"] in ("limited", "error", "partial"), run
        assert run["error"], "in words"
        assert run["retry_at"] is not None, "when it is tried again"
        assert {one["source"] for one in run["tried"]} == {"data_api", "ytdlp"}
        words.append(f"{next(iter(how))}: {run['status']}, {run['error_kind']} after {run['took_ms'] / 1000:.1f} s")
    assert home.misdeeds() == []
    tell("; ".join(words))


@pytest.mark.drill
def test_the_api_hangs_in_the_middle(home: House, tell: Tell) -> None:
    """One answer never comes: that run goes on through the next source, and says why. The others do not wait."""
    home.sandbox.fault(API_HOST, "/videos", hang=True)
    since = home.sandbox.clock.moment
    assert home.collect_all() == ACCOUNTS
    home.settled(within=180)
    runs = home.sql("select * from collection_run where started_at >= %s", since)
    assert {run["status"] for run in runs} == {"success"}
    hung = [run for run in runs if run["tried"]]
    assert [[one["kind"] for one in run["tried"]] for run in hung] == [["retry_after"]]
    assert home.misdeeds() == []
    others = max(run["took_ms"] for run in runs if not run["tried"]) / 1000
    tell(f"the run that met it took {hung[0]['took_ms'] / 1000:.1f} s, the slowest of the others {others:.1f} s")
