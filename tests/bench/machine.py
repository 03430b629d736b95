"""What the figures were made on."""

from __future__ import annotations

import os
import platform
from pathlib import Path

from tests.bench.bench import Bench


def describe(bench: Bench) -> str:
    """Machine, Python, CA and clients, a line each."""
    pebble = ".".join(map(str, bench.ca.version))
    clients = (f"{entrant.name} {entrant.version}" for entrant in bench.entrants)
    lines = {
        "machine": f"{os.cpu_count()} cores, {_model()}, {platform.system()} {platform.release()}",
        "system": _system(),
        "python": platform.python_version(),
        "pebble": pebble,
        "clients": ", ".join(clients) or "none",
        "load": " ".join(f"{load:.2f}" for load in os.getloadavg()) + " before the first run",
    }
    return "\n".join(f"{key + ':':9} {value}" for key, value in lines.items())


def _model() -> str:
    for line in _lines("/proc/cpuinfo"):
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _system() -> str:
    for line in _lines("/etc/os-release"):
        if line.startswith("PRETTY_NAME="):
            return line.partition("=")[2].strip('"')
    return platform.platform()


def _lines(path: str) -> list[str]:
    file = Path(path)
    return file.read_text(encoding="utf-8", errors="replace").splitlines() if file.exists() else []
