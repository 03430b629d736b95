"""Files below a directory that others may write to: no component of the way down may be a symbolic link.

A webroot often belongs to the web application. Whoever owns it must not be able to make a privileged
process write or remove anything outside of it, so that each step down is opened by itself (O_NOFOLLOW).
"""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Iterator, Sequence
from pathlib import Path

from toolkit.files import trouble

_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_TRIES = 5


def write(root: Path, parts: Sequence[str], data: bytes) -> list[str]:
    """Write `data` to root/parts, readable by all; returns the directories made, as paths below root.

    A file already there is replaced. Another process may remove an empty directory while we go down,
    hence a few tries. Raises FileTrouble.
    """
    made: list[str] = []
    with trouble(root.joinpath(*parts), "write"):
        for attempt in range(_TRIES):
            try:
                with _descend(root, parts[:-1], made) as fd:
                    _write_at(fd, parts[-1], data)
                break
            except FileNotFoundError:
                if attempt == _TRIES - 1 or not root.is_dir():
                    raise
    return made


def remove(root: Path, parts: Sequence[str], made: Sequence[str]) -> None:
    """Remove root/parts, and of the directories `made` below root those that are empty. Raises FileTrouble."""
    with trouble(root.joinpath(*parts), "remove"):
        with contextlib.suppress(FileNotFoundError), _descend(root, parts[:-1], None) as fd:
            os.unlink(parts[-1], dir_fd=fd)
        for depth in range(len(parts) - 1, 0, -1):
            if "/".join(parts[:depth]) in made:
                with contextlib.suppress(OSError), _descend(root, parts[: depth - 1], None) as fd:
                    os.rmdir(parts[depth - 1], dir_fd=fd)


@contextlib.contextmanager
def _descend(root: Path, parts: Sequence[str], made: list[str] | None) -> Iterator[int]:
    fd = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for depth, part in enumerate(parts, 1):
            if made is not None:
                _make_at(fd, part, "/".join(parts[:depth]), made)
            below = os.open(part, _DIRECTORY, dir_fd=fd)
            os.close(fd)
            fd = below
        yield fd
    finally:
        os.close(fd)


def _make_at(fd: int, part: str, path: str, made: list[str]) -> None:
    try:
        os.mkdir(part, 0o755, dir_fd=fd)
    except FileExistsError:
        return
    if path not in made:
        made.append(path)
    # The web server runs as somebody else, whatever our umask is.
    below = os.open(part, _DIRECTORY, dir_fd=fd)
    try:
        os.fchmod(below, 0o755)
    finally:
        os.close(below)


def _write_at(fd: int, name: str, data: bytes) -> None:
    temporary = f".{secrets.token_hex(8)}"
    file = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644, dir_fd=fd)
    try:
        with open(file, "wb") as opened:
            os.fchmod(file, 0o644)
            opened.write(data)
        os.rename(temporary, name, src_dir_fd=fd, dst_dir_fd=fd)
    except OSError:
        with contextlib.suppress(OSError):
            os.unlink(temporary, dir_fd=fd)
        raise
