"""Compare the toolkit with its peers: python -m tests.bench."""

from __future__ import annotations

import argparse
import contextlib
import shutil
import sys
import tempfile
from pathlib import Path

from tests.bench import machine, table, tools
from tests.bench.bench import Bench, Options
from tests.bench.cases import CASES
from tests.bench.measure import Meter
from tests.bench.peers import PEERS
from tests.bench.row import Group
from tests.ca.pebble import TestCA

_LEGEND = "x: ratio to the case's first row; CPU s: whole process tree; peak MB: largest process"


def main() -> int:
    """Run the cases, print the machine, the table and the notes."""
    given = _arguments()
    options = Options(given.runs, given.bulk, given.slow, given.jobs, tuple(given.peers or PEERS))
    try:
        meter = Meter(_gnu_time())
    except tools.Missing as reason:
        print(f"bench: error: {reason}", file=sys.stderr)
        return 1
    with contextlib.ExitStack() as closing:
        root = Path(closing.enter_context(tempfile.TemporaryDirectory(prefix="acme-bench-")))
        ca = closing.enter_context(TestCA.start())
        bench = Bench(options, ca, meter)
        bench.admit(root, closing)
        about = machine.describe(bench)
        groups = [group for case in given.only or CASES for group in CASES[case](bench)]
        _print(about, groups, bench.notes, given.markdown)
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="Compare the toolkit with its peers.")
    parser.add_argument("--only", action="append", choices=list(CASES), help="Run this case (repeatable).")
    parser.add_argument("--peers", action="append", choices=list(PEERS), help="Run this client (repeatable).")
    parser.add_argument("--runs", type=int, default=5, help="How often; medians are shown. Default: %(default)s.")
    parser.add_argument(
        "--bulk",
        type=int,
        default=200,
        metavar="N",
        help="How many in bulk; beyond 200 by the toolkit alone, to see its memory.",
    )
    parser.add_argument(
        "--slow",
        type=int,
        default=20,
        metavar="N",
        help="How many in bulk by slow clients. Default: %(default)s.",
    )
    parser.add_argument(
        "--jobs",
        type=int,
        default=8,
        metavar="N",
        help="The pipeline's --jobs in bulk. Default: %(default)s.",
    )
    parser.add_argument("--markdown", action="store_true", help="Print the table for a README.")
    return parser.parse_args()


def _gnu_time() -> Path:
    found = shutil.which("time")
    return Path(found) if found else tools.debian("time", "usr/bin/time")


def _print(about: str, groups: list[Group], notes: dict[str, str], markdown: bool) -> None:
    fence = "```\n" if markdown else ""
    print(f"{fence}{about}\n{fence}")
    print(table.markdown(groups) if markdown else table.plain(groups))
    print(f"\n{_LEGEND}\n")
    for about_what, note in notes.items():
        print(f"{'- ' if markdown else ''}{about_what}: {note}")


if __name__ == "__main__":
    sys.exit(main())
