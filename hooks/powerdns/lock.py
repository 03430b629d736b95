"""One run of the hook at a time: what another one reads and writes meanwhile would be lost."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pwd
import time
from pathlib import Path
from typing import TYPE_CHECKING

from failure import Failure, Later

if TYPE_CHECKING:
    from collections.abc import Iterator

_PATIENCE = 60.0  # s
_POLL = 0.05  # s


@contextlib.contextmanager
def held(state: str | None) -> Iterator[None]:
    """Hold the lock in the directory, or in one of the user's own; Later when others hold it for a minute."""
    directory = Path(state) if state else _own()
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        about = directory.stat()
        if about.st_uid != os.geteuid() or about.st_mode & 0o022:
            raise Failure(f"others may write to {directory}, where the lock is to be; chmod 700 {directory}")
        file = (directory / "lock").open("ab")
    except OSError as error:
        raise Failure(f"cannot keep a lock in {directory}: {(error.strerror or str(error)).lower()}") from None
    with file:
        deadline = time.monotonic() + _PATIENCE
        while not _taken(file.fileno()):
            if time.monotonic() > deadline:
                raise Later(f"another run holds {directory}/lock for more than {_PATIENCE:g} s; does it hang?")
            time.sleep(_POLL)
        yield


def _taken(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _own() -> Path:
    home = os.environ.get("HOME") or pwd.getpwuid(os.geteuid()).pw_dir
    return Path(os.environ.get("XDG_STATE_HOME") or f"{home}/.local/state") / "acme-hook-powerdns"
