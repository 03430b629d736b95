"""The one door to other programs: bounded in time, in output and in what they get to see."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO

from toolkit.errors import HookFailed
from toolkit.waiting import Deadline, Stop

KEPT = 32 * 1024
_GRACE = 5.0
_LOOK = 0.1
# What a program wrote before its end is in the pipe; what comes later is of something it left behind.
_LINGER = 1.0
# Enough to find programs, files and words; nothing that is somebody's secret.
_INHERITED = ("PATH", "HOME", "LANG", "LANGUAGE", "TZ", "USER", "LOGNAME", "SHELL", "TMPDIR", "TERM")

Echo = Callable[[bytes], None]


@dataclass
class Output:
    """The first and the last `KEPT` bytes of a stream, and how many there were."""

    head: bytearray = field(default_factory=bytearray)
    tail: bytearray = field(default_factory=bytearray)
    total: int = 0

    def add(self, data: bytes) -> None:
        self.total += len(data)
        room = KEPT - len(self.head)
        self.head += data[:room] if room > 0 else b""
        self.tail += data[max(room, 0) :]
        del self.tail[:-KEPT]

    def text(self) -> str:
        """The kept bytes as text that survives a round trip through the environment (surrogateescape)."""
        lost = self.total - len(self.head) - len(self.tail)
        middle = f"\n[{lost} bytes left out]\n".encode() if lost else b""
        return (bytes(self.head) + middle + bytes(self.tail)).decode("utf-8", "surrogateescape").replace("\0", "")


@dataclass(frozen=True)
class Result:
    """How a program ended: its exit status (negative: the signal), and what it wrote to standard output."""

    status: int
    stdout: Output


def environment(outer: Mapping[str, str], names: Sequence[str], event: Mapping[str, str]) -> dict[str, str]:
    """What a program gets to see: the allow-list, the variables the user named, and those of the event."""
    passed = {k: v for k, v in outer.items() if k in _INHERITED or k in names or k.startswith("LC_")}
    return {**passed, **event}


def run(argv: Sequence[str], env: Mapping[str, str], *, timeout: float, stop: Stop, echo: Echo) -> Result:
    """Run the program in a process group of its own, without a shell and without standard input.

    Both streams are drained to the end and given to `echo` line by line. When `timeout` seconds have passed,
    or the process is asked to stop, the whole group gets TERM, and KILL five seconds later. A child that was
    left in the background with the streams open does not keep us. Raises HookFailed, Interrupted.
    """
    try:
        process = subprocess.Popen(
            argv,
            env=dict(env),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        reason = (getattr(error, "strerror", None) or str(error)).lower()
        raise HookFailed(f"cannot run {argv[0]}: {reason}", _launch_hint(error)) from None
    kept = Output()
    try:
        _drain(process, kept, Deadline(timeout), stop, echo)
        return Result(process.wait(), kept)
    finally:
        _end_group(process)


def _launch_hint(error: Exception) -> str | None:
    if isinstance(error, PermissionError):
        return "make it executable with chmod +x"
    if isinstance(error, FileNotFoundError):
        return "look at the path, and at the interpreter in its first line"
    return "does its first line name an interpreter, as in #!/bin/sh?" if isinstance(error, OSError) else None


def _drain(process: subprocess.Popen[bytes], kept: Output, deadline: Deadline, stop: Stop, echo: Echo) -> None:
    with selectors.DefaultSelector() as selector:
        for stream, output in ((process.stdout, kept), (process.stderr, Output())):
            assert stream is not None  # noqa: S101 - both were asked for as pipes
            os.set_blocking(stream.fileno(), False)
            selector.register(stream, selectors.EVENT_READ, (output, _Lines(echo)))
        ended: Deadline | None = None
        while selector.get_map():
            ready = selector.select(_LOOK)
            for key, _ in ready:
                _take(selector, key)
            if process.poll() is not None:
                ended = ended or Deadline(_LINGER)
                if not ready or ended.passed():
                    break  # it ended, and something it left behind holds the streams
            _check(process, deadline, stop)
        while process.poll() is None:  # it closed its streams and went on
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(_LOOK)
            _check(process, deadline, stop)


def _take(selector: selectors.BaseSelector, key: selectors.SelectorKey) -> None:
    stream: IO[bytes] = key.fileobj  # type: ignore[assignment]
    output, lines = key.data
    data = os.read(stream.fileno(), 65536)
    output.add(data)
    lines.add(data)
    if not data:
        selector.unregister(stream)
        stream.close()


def _check(process: subprocess.Popen[bytes], deadline: Deadline, stop: Stop) -> None:
    stop.check()
    if deadline.passed():
        name = process.args[0] if isinstance(process.args, (list, tuple)) else process.args
        raise HookFailed(f"{name!s} took longer than {deadline.seconds:g} seconds", "give it more with --hook-timeout")


def _end_group(process: subprocess.Popen[bytes]) -> None:
    """End what is left of the process group, and close our ends of its streams."""
    if process.poll() is None:
        _signal_group(process, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_GRACE)
        if process.poll() is None:
            _signal_group(process, signal.SIGKILL)
            process.wait()
        _signal_group(process, signal.SIGKILL)
    for stream in (process.stdout, process.stderr):
        if stream:
            stream.close()


def _signal_group(process: subprocess.Popen[bytes], number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)


class _Lines:
    """Cuts a stream into lines, a long one into pieces, and shows at most a screenful a second of a flood."""

    def __init__(self, echo: Echo) -> None:
        self._echo = echo
        self._rest = b""
        self._shown = 0
        self._since = time.monotonic()

    def add(self, data: bytes) -> None:
        if not data and not self._rest:
            return
        lines = (self._rest + data).split(b"\n")
        self._rest = lines.pop() if data else b""
        if len(self._rest) > KEPT:
            lines.append(self._rest)
            self._rest = b""
        for line in lines:
            self._show(line[:2048])

    def _show(self, line: bytes) -> None:
        now = time.monotonic()
        if now - self._since > 1:
            self._since, self._shown = now, 0
        self._shown += 1
        if self._shown <= 200:
            self._echo(line)
        elif self._shown == 201:
            self._echo(b"[more than 200 lines a second; the rest is not shown]")
