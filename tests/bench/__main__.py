"""Compare the toolkit with its peers: python -m tests.bench."""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path

from tests.bench import machine, table, tools
from tests.bench.bench import Options, opened
from tests.bench.cases import CASES
from tests.bench.measure import Silent
from tests.bench.peers import PEERS
from tests.bench.row import Group

_LEGEND = "x: ratio to the case's first row; CPU s: whole process tree; peak MB: largest process"
_SILENCES = 4


def main() -> int:
    """Run the cases, print the machine, the table and the notes."""
    given = _arguments()
    options = Options(given.runs, given.bulk, given.slow, given.jobs, tuple(given.peers or PEERS))
    try:
        gnu_time = _gnu_time()
    except tools.Missing as reason:
        print(f"bench: error: {reason}", file=sys.stderr)
        return 1
    about, groups, notes = _measure(options, gnu_time, list(given.only or CASES))
    _print(about, groups, notes, given.markdown)
    return 0


def _measure(options: Options, gnu_time: Path, cases: list[str]) -> tuple[str, list[Group], dict[str, str]]:
    """All cases by one CA, unless that falls silent: then the case is begun again, by a new one.

    Pebble does so at times when many orders are asked for at once: looking for an authorization to
    reuse (which it does once in a hundred orders even when told never to) it takes two locks in one
    order, making a new one it takes them in the other.
    """
    about, groups = "", list[Group]()
    notes: dict[str, str] = {}
    silences = 0
    while cases and silences < _SILENCES:
        with opened(options, gnu_time, notes) as bench:
            about = about or machine.describe(bench)
            try:
                while cases:
                    groups += CASES[cases[0]](bench)
                    cases.pop(0)
            except Silent:
                silences += 1
                notes["pebble, times it fell silent"] = str(silences)
    for case in cases:
        notes[f"{case}, not measured"] = "the CA fell silent too often"
    return about, groups, notes


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
