"""One server process of the tests: with a directory that goes when it goes, also when the tests are killed."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_PATIENCE = 30.0  # s, for a loaded machine; a start takes a fiftieth of it
_POLL = 0.01  # s
# Reads until the pipe's other end, in our process, is gone; then does what we no longer can.
_GUARD = 'read -r _; kill -9 "$2"; rm -rf "$1"'
_SBIN = "/usr/local/sbin:/usr/sbin:/sbin"


class ServerMissing(Exception):
    """The program is not installed."""


class StartError(Exception):
    """The server did not come up; the text ends with what it logged."""


def find(program: str) -> str:
    """The path of a server's program, which users other than root may not have on PATH."""
    found = shutil.which(program) or shutil.which(program, path=_SBIN)
    if not found:
        raise ServerMissing(f"{program} is not installed")
    return found


def new_home(name: str) -> Path:
    """A private directory; short, for some servers keep Unix sockets there."""
    return Path(tempfile.mkdtemp(prefix=f"acme-{name}-"))


class Daemon:
    """A running process that logs to `home`/log."""

    def __init__(self, argv: Sequence[str], home: Path) -> None:
        self.home = home
        self.log = home / "log"
        with self.log.open("wb") as output:
            self._process = subprocess.Popen(
                argv,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=home,
                env={"PATH": os.environ.get("PATH", "") + ":" + _SBIN},
                start_new_session=True,
            )
        self._guard: subprocess.Popen[bytes] | None = subprocess.Popen(
            ["/bin/sh", "-c", _GUARD, "guard", str(home), str(self._process.pid)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    @property
    def pid(self) -> int:
        return self._process.pid

    def until(self, answers: Callable[[], bool]) -> None:
        """Wait until it answers; StartError when it ends before that, or takes too long."""
        deadline = time.monotonic() + _PATIENCE
        while self._process.poll() is None and time.monotonic() < deadline:
            if answers():
                return
            time.sleep(_POLL)
        raise StartError(f"it does not answer: {self.log.read_text(errors='replace')[-3000:]}")

    def end(self) -> None:
        """Kill the process, wait for it. Its directory stays. Twice is no error."""
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        """Kill the process and remove its directory. Twice is no error."""
        self.end()
        if self._guard:
            self._guard.kill()
            self._guard.communicate()
            self._guard = None
        shutil.rmtree(self.home, ignore_errors=True)
