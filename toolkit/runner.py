"""The one door to other programs: bounded in time, in output and in what they get to see."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import selectors
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO

from toolkit import leftovers
from toolkit.errors import HookFailed
from toolkit.waiting import Deadline, Stop

KEPT = 32 * 1024
_GRACE = 5.0
_LOOK = 0.1
# What a program wrote before its end is in the pipe; what comes later is of something it left behind.
_LINGER = 1.0
# Which run a process belongs to; a hook may also see by it that it runs within one.
MARK = "ACME_HOOK_RUN"

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
class Program:
    """What to run, with which environment, and how."""

    argv: tuple[str, ...]
    env: Mapping[str, str]
    # None: /dev/null
    stdin: bytes | None = None
    # None: that of this process
    directory: str | None = None
    umask: int | None = None
    # What runs a file that has no #! line, as a shell would run it
    fallback: str | None = None


@dataclass(frozen=True)
class Result:
    """How a program ended: its exit status (negative: the signal), and what it wrote."""

    status: int
    stdout: Output
    stderr: Output
    # Processes it left behind that hold its output open, as "PID NAME".
    left: tuple[str, ...] = ()


def run(program: Program, *, timeout: float, stop: Stop, echo: Echo, mark: str = "") -> Result:
    """Run the program in a session and process group of its own, without a shell.

    Both streams are drained to the end and given to `echo` line by line. When `timeout` seconds have passed,
    or the process is asked to stop, the whole group gets TERM, and KILL five seconds later, and so does what
    left the group. A child in the background that holds the streams open does not keep us: it is reported.
    `mark` begins the value of MARK in its environment, by which `leftovers` finds what it started.
    Raises HookFailed, Interrupted.
    """
    mark += secrets.token_hex(16)
    process = _start(program, {**program.env, MARK: mark})
    out, err = Output(), Output()
    ended = False
    try:
        ended = _drain(process, program.stdin, (out, err), Deadline(timeout), stop, echo)
        left = () if ended else tuple(f"{pid} {name}" for pid, name in leftovers.marked(MARK, mark))
        ended = True
        return Result(process.wait(), out, err, left)
    finally:
        _end_group(process)
        if not ended:
            leftovers.end(MARK, mark)


def _start(program: Program, env: Mapping[str, str]) -> subprocess.Popen[bytes]:
    def start(argv: Sequence[str]) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            argv,
            env=env,
            cwd=program.directory,
            umask=-1 if program.umask is None else program.umask,
            stdin=subprocess.DEVNULL if program.stdin is None else subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )

    try:
        try:
            return start(program.argv)
        except OSError as error:
            if error.errno != errno.ENOEXEC or not program.fallback:
                raise
            return start((program.fallback, *program.argv))
    except (OSError, ValueError) as error:
        reason = (getattr(error, "strerror", None) or str(error)).lower()
        raise HookFailed(f"cannot run {program.argv[0]}: {reason}", _launch_hint(error)) from None


def _launch_hint(error: Exception) -> str | None:
    if isinstance(error, PermissionError):
        return "make it executable with chmod +x"
    if isinstance(error, FileNotFoundError):
        return "look at the path, and at the interpreter in its first line; a carriage return may end that line"
    if isinstance(error, OSError) and error.errno == errno.E2BIG:
        return "too much for the arguments and variables of one program: order fewer names at a time"
    return "does its first line name an interpreter, as in #!/bin/sh?" if isinstance(error, OSError) else None


def _drain(
    process: subprocess.Popen[bytes],
    stdin: bytes | None,
    kept: tuple[Output, Output],
    deadline: Deadline,
    stop: Stop,
    echo: Echo,
) -> bool:
    """Feed it, and read until both streams end or the process has; whether the streams ended with it."""
    with selectors.DefaultSelector() as selector:
        for stream, output in zip((process.stdout, process.stderr), kept, strict=True):
            assert stream is not None  # noqa: S101 - both were asked for as pipes
            os.set_blocking(stream.fileno(), False)
            selector.register(stream, selectors.EVENT_READ, (output, _Lines(echo)))
        if process.stdin:
            os.set_blocking(process.stdin.fileno(), False)
            selector.register(process.stdin, selectors.EVENT_WRITE, bytearray(stdin or b""))
        ended: Deadline | None = None
        while any(key.events == selectors.EVENT_READ for key in selector.get_map().values()):
            ready = selector.select(_LOOK)
            for key, _ in ready:
                _feed(selector, key) if key.events == selectors.EVENT_WRITE else _take(selector, key)
            if ended and (not ready or ended.passed()):
                return False  # it ended, and something it left behind holds the streams
            if process.poll() is not None:
                ended = ended or Deadline(_LINGER)
            _check(process, deadline, stop)
        while process.poll() is None:  # it closed its streams and went on
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(_LOOK)
            _check(process, deadline, stop)
    return True


def _take(selector: selectors.BaseSelector, key: selectors.SelectorKey) -> None:
    stream: IO[bytes] = key.fileobj  # type: ignore[assignment]
    output, lines = key.data
    data = os.read(stream.fileno(), 65536)
    output.add(data)
    lines.add(data)
    if not data:
        selector.unregister(stream)
        stream.close()


def _feed(selector: selectors.BaseSelector, key: selectors.SelectorKey) -> None:
    stream: IO[bytes] = key.fileobj  # type: ignore[assignment]
    try:
        del key.data[: os.write(stream.fileno(), key.data[:65536])]
    except BrokenPipeError:  # it does not read, which is its right
        key.data.clear()
    if not key.data:
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
    for stream in (process.stdin, process.stdout, process.stderr):
        if stream:
            with contextlib.suppress(OSError):
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
