"""Exclusive locks by the kernel: free at once when the holder dies, on files that are never removed."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from toolkit import files
from toolkit.errors import Busy, FileTrouble
from toolkit.waiting import Deadline, Stop, growing

_HINT = "wait for it with --lock-timeout SECONDS"


@contextlib.contextmanager
def exclusive(path: Path, what: str, timeout: float, stop: Stop, hint: str = _HINT) -> Iterator[None]:
    """Hold the lock on `path` (made if missing), waiting at most `timeout` seconds for it.

    The lock belongs to the open file, so that two threads exclude each other as two processes do, and no
    child inherits it. Raises Busy with the holder's pid, or FileTrouble where locks do not work.
    """
    files.make_directory(path.parent)
    with files.trouble(path, "open the lock"):
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        _take(fd, path, what, timeout, stop, hint)
        with contextlib.suppress(OSError):  # a full disk: nobody learns our pid, but the lock is held
            os.ftruncate(fd, 0)
            os.pwrite(fd, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(fd)


def _take(fd: int, path: Path, what: str, timeout: float, stop: Stop, hint: str) -> None:
    deadline = Deadline(timeout)
    for wait in growing(0.01, longest=1.0):
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if deadline.passed():
                raise Busy(f"{what} is locked by {_holder(fd)}", hint) from None
        except OSError as error:
            raise not_working(path, error) from error
        stop.wait(min(wait, deadline.remaining()))


def not_working(path: Path, error: OSError) -> FileTrouble:
    """What to raise where the kernel cannot lock the file; nothing goes on without."""
    reason = "no locks on this file system" if error.errno in (errno.ENOLCK, errno.ENOTSUP) else error.strerror
    return FileTrouble(f"cannot lock {path}: {reason}", "use directories on a local file system")


def _holder(fd: int) -> str:
    pid = os.pread(fd, 32, 0).decode("ascii", "replace").strip()
    return f"process {pid}" if pid.isdigit() else "another process"


def take(path: Path) -> int:
    """Hold the lock on a file that is made now, until the descriptor that is returned is closed. Raises FileTrouble."""
    with files.trouble(path, "lock"):
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return fd


def is_held(path: Path) -> bool:
    """Whether a living process holds the lock on the file."""
    try:
        fd = os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
    except FileNotFoundError:
        return False
    except OSError as error:
        raise FileTrouble(f"cannot open {path}: {(error.strerror or str(error)).lower()}") from error
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)  # shared: two who look do not take each other for a holder
    except BlockingIOError:
        return True
    finally:
        os.close(fd)
    return False
