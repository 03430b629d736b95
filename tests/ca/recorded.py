"""Background processes written down in a directory, so that exactly those can be ended later."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

_PATIENCE = 5.0  # s for a killed process to be gone


class StateError(Exception):
    """The directory does not allow what was asked."""


def write(home: Path, pids: list[int]) -> None:
    """Note these processes, each with its start time: a process id alone may name another one tomorrow."""
    (home / "pids").write_text("".join(f"{pid} {_born(pid)}\n" for pid in pids), encoding="utf-8")


def running(home: Path) -> list[int]:
    """Those of the noted processes that still run."""
    return [pid for pid, born in _noted(home) if _born(pid) == born]


def end(home: Path) -> None:
    """Kill what is noted and still runs, and wait until it is gone. The other files stay."""
    for pid in running(home):
        os.kill(pid, signal.SIGKILL)
    deadline = time.monotonic() + _PATIENCE
    while left := running(home):
        if time.monotonic() > deadline:
            raise StateError(f"processes do not end: {left}")
        time.sleep(0.002)
    (home / "pids").unlink(missing_ok=True)


def _noted(home: Path) -> list[tuple[int, str]]:
    try:
        lines = (home / "pids").read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return []
    return [(int(pid), born) for pid, born in (line.split() for line in lines)]


def _born(pid: int) -> str:
    """Start time of a process in clock ticks since boot; empty when it is gone or only waits to be reaped."""
    try:
        # The second field, the name in parentheses, may hold anything.
        fields = Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if fields[0] in "ZX" else fields[19]
