"""`python -m bench [name ...] [--small | --tiny] [--full] [--json FILE]`: measure, print.

A missed aim is told, and is no failure."""

import argparse
import os
import time
from pathlib import Path

import msgspec

from bench import ingestion, live, pages, politeness, setup, start
from bench.measure import Report, shown

BENCHES = {
    "ingestion": ingestion.run,
    "politeness": politeness.run,
    "pages": pages.run,
    "live": live.run,
    "start": start.run,
    "setup": setup.run,
}
DOWNLOADING = {"setup"}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description="What we promise about speed, measured.")
    parser.add_argument("names", nargs="*", metavar="name", help=f"of {', '.join(BENCHES)}")
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--small", dest="size", action="store_const", const="small", help="less of all, for a first look")
    size.add_argument("--tiny", dest="size", action="store_const", const="tiny", help="only to see that it works")
    parser.add_argument("--full", action="store_true", help="also what downloads: setup")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the numbers there, too")
    given = parser.parse_args()
    if unknown := set(given.names) - set(BENCHES):
        parser.error(f"no bench is named {', '.join(sorted(unknown))}")
    reports: list[Report] = []
    for name in given.names or [name for name in BENCHES if given.full or name not in DOWNLOADING]:
        began = time.monotonic()
        report = BENCHES[name](given.size or "usual")
        busy = f", load {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors"
        report.notes.append(f"took {time.monotonic() - began:.0f} s{busy}")
        print(shown(report), flush=True)
        reports.append(report)
    if given.json:
        given.json.write_bytes(msgspec.json.format(msgspec.json.encode(reports)) + b"\n")


if __name__ == "__main__":
    main()
