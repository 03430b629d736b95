"""Run a command or a pipeline and say what it cost: wall, CPU, peak memory.

CPU is the whole process tree's: wait4 of a child counts the children it waited for. Its peak memory
cannot be had that way: a process is charged with the size its parent had when it was forked, here a
Python. Therefore each stage runs below GNU time, which is small, and whose figure is taken.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

SILENCE = 60.0
"""Seconds without a pulse after which a job is killed."""
_WORDS = 300


@dataclass(frozen=True)
class Job:
    """What is timed: one command, or several joined by pipes."""

    stages: tuple[tuple[str, ...], ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    stdin: Path | None = None


@dataclass(frozen=True)
class Sample:
    """What one run of a job cost; `memory` has one peak a stage, in bytes; `requests` is filled in later."""

    wall: float
    cpu: float
    memory: tuple[int, ...]
    ok: bool
    words: str
    requests: int = 0

    def failed(self, words: str) -> Sample:
        return replace(self, ok=False, words=words)


def command(program: str | Path, *arguments: str | Path) -> tuple[str, ...]:
    """One stage's argument vector."""
    return (str(program), *map(str, arguments))


class Silent(Exception):
    """A job was killed because nothing moved any more."""


class Meter:
    """Runs jobs under GNU time, in an environment of their own.

    `pulse` is a number that changes while they get on, such as the size of the CA's log.
    """

    def __init__(self, gnu_time: Path, pulse: Callable[[], int]) -> None:
        self._time = gnu_time
        self._pulse = pulse

    def run(self, job: Job) -> Sample:
        """Run `job` to its end and measure it; Silent if it had to be killed."""
        with tempfile.TemporaryDirectory(prefix="acme-bench-") as name:
            return self._run(job, Path(name))

    def _run(self, job: Job, scratch: Path) -> Sample:
        peaks = [scratch / f"peak{number}" for number in range(len(job.stages))]
        said = scratch / "said"
        begun = time.perf_counter()
        children = self._start(job, peaks, said)
        with _watched(children, self._pulse):
            ends = [_wait(child) for child in children]
        wall = time.perf_counter() - begun
        statuses = [status for status, _ in ends]
        return Sample(
            wall=wall,
            cpu=sum(cpu for _, cpu in ends),
            memory=tuple(_peak(path) for path in peaks),
            ok=not any(statuses),
            words=_last_words(said, statuses),
        )

    def _start(self, job: Job, peaks: list[Path], said: Path) -> list[subprocess.Popen[bytes]]:
        children: list[subprocess.Popen[bytes]] = []
        environment = _environment(said.parent) | dict(job.environment)
        with contextlib.ExitStack() as files:
            said_by_all = files.enter_context(said.open("ab"))
            source: int | None = files.enter_context(open(job.stdin or os.devnull, "rb")).fileno()
            for number, (stage, peak) in enumerate(zip(job.stages, peaks, strict=True), 1):
                last = number == len(job.stages)
                child = subprocess.Popen(
                    [self._time, "--quiet", "--format=%M", f"--output={peak}", *stage],
                    stdin=source,
                    stdout=subprocess.DEVNULL if last else subprocess.PIPE,
                    stderr=said_by_all,
                    env=environment,
                    start_new_session=True,
                )
                children.append(child)
                if child.stdout:
                    source = files.enter_context(child.stdout).fileno()
        return children


def _environment(home: Path) -> dict[str, str]:
    """What every client gets: little, so that nothing of the caller's (PYTHON*, proxies) decides."""
    return {"PATH": os.environ.get("PATH", os.defpath), "HOME": str(home), "LC_ALL": "C.UTF-8"}


def _wait(child: subprocess.Popen[bytes]) -> tuple[int, float]:
    """The child's exit status, and the CPU seconds of it and all it waited for."""
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    return child.returncode, usage.ru_utime + usage.ru_stime


@contextlib.contextmanager
def _watched(children: list[subprocess.Popen[bytes]], pulse: Callable[[], int]) -> Iterator[None]:
    """Kill what runs without a pulse, then raise Silent; also what runs when the bench is interrupted."""
    over, silent = threading.Event(), threading.Event()

    def watch() -> None:
        last, since = pulse(), time.monotonic()
        while not over.wait(SILENCE / 20):
            if (now := pulse()) != last:
                last, since = now, time.monotonic()
            elif time.monotonic() - since > SILENCE:
                silent.set()
                _kill(children)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()
        _kill(children)
    if silent.is_set():
        raise Silent


def _kill(children: list[subprocess.Popen[bytes]]) -> None:
    for child in children:
        if child.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)


def _peak(path: Path) -> int:
    text = path.read_text(encoding="ascii", errors="replace").split() if path.exists() else []
    return int(text[-1]) * 1024 if text and text[-1].isdigit() else 0


def _last_words(said: Path, statuses: list[int]) -> str:
    """The first error a failed job told, or else its last line, with the statuses of its stages."""
    if not any(statuses):
        return ""
    text = said.read_text(encoding="utf-8", errors="replace")
    lines = [line.strip() for line in text.splitlines() if line.strip()] or ["(said nothing)"]
    told = next((line for line in lines if "error" in line.lower()), lines[-1])
    return f"status {' '.join(map(str, statuses))}: {told[:_WORDS]}"
