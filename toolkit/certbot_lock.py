"""certbot's own lock, held as a shared one: any number of ours at once, and no certbot on the same directories.

certbot holds `.certbot.lock` exclusively (fcntl, not flock) in its logs, config and work directories from its start
to its end, and removes the files just before it lets go of them. Three things follow:

- What was locked may have been removed meanwhile, and another file may lie at the path, which the next certbot
  locks. After locking, the file at the path is compared with ours, and all is done anew if it is another one. From
  then on it stays the same one: only a certbot that holds the lock removes the file, and none can hold it beside us.
- We never remove the file. Another of ours may hold it, and a certbot would make and lock a new one. For certbot
  a file that is there is as good as none. It has mode 0600, as certbot makes it: who may read it may lock it.
- A process loses such a lock as soon as it closes any descriptor of the file. Ours is open until the process ends,
  nothing else opens the file, and a descriptor is closed here only where nothing is held by it: after a refusal,
  or when its file is no longer the one at the path. No child inherits the lock.

Removing the file by hand while somebody holds it defeats it, as it does between two certbots. A user who cannot write
in a directory takes no part in its lock.
"""

from __future__ import annotations

import errno
import fcntl
import os
import struct
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from toolkit import files
from toolkit.errors import Busy
from toolkit.lock import not_working
from toolkit.waiting import Deadline, Stop, growing

NAME = ".certbot.lock"
_HINT = "run the same command again when certbot has ended; those with --lock-timeout SECONDS can wait for it"

# Where certbot logs unless it is told otherwise. Nothing of ours is there, but that is what it locks first.
_DEFAULT, _LOGS = Path("/etc/letsencrypt"), Path("/var/log/letsencrypt")
# Without O_NONBLOCK a pipe at the path would be waited for.
_FLAGS = os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
# struct flock of Linux: type, whence, start, length, pid
_FLOCK = "hhqqi0q"
# A certbot has to come and go each time between opening the file and locking it.
_TRIES = 100


class CertbotLock:
    """The lock of one process on all directories it shares with certbot, from the first `take` to its end."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._held: list[int] | None = None

    def take(self, config: Path, work: Path, timeout: float, stop: Stop) -> None:
        """Keep certbot out from now on, waiting at most `timeout` seconds for one that is at work.

        Makes the config directory; of the others those are locked that are there. Raises Busy with certbot's
        pid, or FileTrouble where locks do not work.
        """
        deadline = Deadline(timeout)
        with self._guard:
            if self._held is not None:
                return
            files.make_directory(config)
            directories = _directories(config, work)
            for wait in growing(0.01, longest=1.0):
                try:
                    self._held = _take(directories)
                    return
                except Busy:
                    if deadline.passed():
                        raise
                stop.wait(min(wait, deadline.remaining()))


def _directories(config: Path, work: Path) -> list[Path]:
    """In certbot's order, so that whoever is first at the first gets all; each once, whatever its names."""
    logs = [_LOGS] if config == _DEFAULT else []
    return list(dict.fromkeys(Path(os.path.realpath(directory)) for directory in (*logs, config, work)))


def _take(directories: Sequence[Path]) -> list[int]:
    """Descriptors that hold the locks of all of them; of none if one is refused."""
    held: list[int] = []
    try:
        for directory in directories:
            fd = _shared(directory / NAME)
            if fd is not None:
                held.append(fd)
    except BaseException:
        for fd in held:
            os.close(fd)
        raise
    return held


def _shared(path: Path) -> int | None:
    """A descriptor that holds the lock, or None where there is no directory or nothing can be written into it."""
    for _ in range(_TRIES):
        fd = _open(path)
        if fd is None:
            return None
        try:
            _lock(fd, path)
            if _is_at(path, fd):
                return fd
        except BaseException:
            os.close(fd)
            raise
        os.close(fd)
    raise Busy(f"{path.parent} is locked by one certbot after the other", _HINT)


def _open(path: Path) -> int | None:
    with files.trouble(path, "open the lock"):
        try:
            return os.open(path, _FLAGS, 0o600)
        except FileNotFoundError:
            return None
        except OSError as error:
            refused = error.errno in (errno.EACCES, errno.EPERM, errno.EROFS)
            if refused and not os.access(path.parent, os.W_OK, effective_ids=True):
                return None
            raise


def _lock(fd: int, path: Path) -> None:
    try:
        fcntl.lockf(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in (errno.EACCES, errno.EAGAIN):
            raise Busy(f"{path.parent} is locked by {_holder(fd)}", _HINT) from None
        raise not_working(path, error) from error


def _is_at(path: Path, fd: int) -> bool:
    with files.trouble(path, "look at the lock"):
        try:
            return os.path.samestat(os.stat(path, follow_symlinks=False), os.fstat(fd))
        except FileNotFoundError:
            return False


def _holder(fd: int) -> str:
    """Who keeps us out, as far as the kernel tells."""
    pid = 0
    if sys.platform == "linux":
        asked = struct.pack(_FLOCK, fcntl.F_RDLCK, os.SEEK_SET, 0, 0, 0)
        kind, _, _, _, found = struct.unpack(_FLOCK, fcntl.fcntl(fd, fcntl.F_GETLK, asked))
        pid = found if kind != fcntl.F_UNLCK else 0
    # One in another container, or that has just ended, has no number here.
    return f"certbot, process {pid}" if pid > 0 else "certbot"
