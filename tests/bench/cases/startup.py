"""What a command costs before it does anything: --help, against an interpreter that does nothing."""

from __future__ import annotations

import importlib.metadata
import sys
from dataclasses import replace
from pathlib import Path

from tests.bench.bench import Bench
from tests.bench.measure import Job, Sample, command
from tests.bench.row import Group, medians
from tests.bench.tools import Missing, installed

_MORE = 4
"""These runs are short: so many times the usual number are made."""


def measure(bench: Bench) -> list[Group]:
    """All in turn; exit statuses do not count, not every client calls --help a success."""
    jobs = {"python -c pass": Job((command(sys.executable, "-c", "pass"),))}
    jobs |= {f"{path.name} --help": Job((command(path, "--help"),)) for path in _programs(bench)}
    samples: dict[str, list[Sample]] = {who: [] for who in jobs}
    for _ in range(bench.options.runs * _MORE):
        for who, job in jobs.items():
            samples[who].append(replace(bench.meter.run(job), ok=True))
    rows = tuple(medians(who, taken) for who, taken in samples.items())
    return [Group("start-up (medians)", rows)]


def _programs(bench: Bench) -> list[Path]:
    """The toolkit's commands, then the other clients."""
    ours = [_command(entry.name) for entry in _entries()]
    others = [entrant.site.program for entrant in bench.entrants]
    return [path for path in ours if path] + [path for path in others if not path.name.startswith("acme-")]


def _entries() -> list[importlib.metadata.EntryPoint]:
    found = importlib.metadata.entry_points(group="console_scripts")
    return sorted(
        (entry for entry in found if entry.value.startswith("toolkit.commands.")),
        key=lambda entry: entry.name,
    )


def _command(name: str) -> Path | None:
    try:
        return installed(name)
    except Missing:
        return None
