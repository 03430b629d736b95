"""The one door to files: whole or not at all, durable, with the right mode from the first byte."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat
from collections.abc import Iterator
from pathlib import Path

from toolkit.errors import FileTrouble

_HINTS = {
    errno.EACCES: "run as a user who may, or name other directories with --config-dir and --work-dir",
    errno.EPERM: "run as a user who may, or name other directories with --config-dir and --work-dir",
    errno.EROFS: "the file system is mounted read-only",
    errno.ENOSPC: "make room on the file system and run the same command again",
    errno.EDQUOT: "make room within the quota and run the same command again",
    errno.ENOENT: "look at the path",
    errno.ENOTDIR: "look at the path",
}


@contextlib.contextmanager
def trouble(path: Path | str, doing: str) -> Iterator[None]:
    """Turn an OSError into FileTrouble that names the path and what to do."""
    try:
        yield
    except OSError as error:
        text = (error.strerror or str(error)).lower()
        raise FileTrouble(f"cannot {doing} {path}: {text}", _HINTS.get(error.errno or 0)) from error


def read(path: Path, limit: int = 8 * 1024 * 1024) -> bytes:
    """The bytes of a file of at most `limit` bytes. Raises FileTrouble."""
    with trouble(path, "read"), path.open("rb") as file:
        data = file.read(limit + 1)
    if len(data) > limit:
        raise FileTrouble(f"cannot read {path}: longer than {limit} bytes")
    return data


def make_directory(path: Path, mode: int = 0o700) -> None:
    """Make the directory and its parents; those that exist keep their mode."""
    with trouble(path, "make the directory"):
        _make_directory(path, mode)


def create(path: Path, data: bytes, mode: int) -> None:
    """Write a new file durably; raises FileTrouble if the path is taken."""
    with trouble(path, "write"):
        try:
            _write_new(path, data, mode)
        except FileExistsError:
            raise
        except OSError:
            path.unlink(missing_ok=True)
            raise
        _sync_directory(path.parent)


def replace(path: Path, data: bytes, mode: int, *, keep_access: bool = False) -> None:
    """Write the file whole, or leave the old one: temporary file beside it, fsync, rename, fsync of the directory.

    `keep_access`: a file that is there already keeps its owner, group and mode.
    """
    temporary = _beside(path)
    with trouble(path, "write"):
        access = os.stat(path) if keep_access and path.exists() else None
        try:
            _write_new(temporary, data, mode, access)
            os.rename(temporary, path)
        except OSError:
            temporary.unlink(missing_ok=True)
            raise
        _sync_directory(path.parent)


def replace_link(path: Path, target: str) -> None:
    """Point the symbolic link at `target` by one rename; raises FileTrouble if `path` is a directory."""
    temporary = _beside(path)
    with trouble(path, "switch"):
        try:
            os.symlink(target, temporary)
            os.rename(temporary, path)
        except OSError:
            temporary.unlink(missing_ok=True)
            raise
        _sync_directory(path.parent)


def move(path: Path, target: Path) -> None:
    """Give a file or a directory another name in its file system, durably; a file that is there is replaced."""
    with trouble(path, "rename"):
        os.rename(path, target)
        for parent in {path.parent, target.parent}:
            _sync_directory(parent)


def make_links(directory: Path, links: dict[str, str]) -> None:
    """Make a new directory that holds symbolic links (name: target), durably."""
    with trouble(directory, "make the directory"):
        os.mkdir(directory, 0o700)
        for name, target in links.items():
            os.symlink(target, directory / name)
        _sync_directory(directory)


@contextlib.contextmanager
def temporary_directory(prefix: str) -> Iterator[Path]:
    """A directory of mode 0700 with a name that nobody can guess, gone with all that is in it at the end."""
    import tempfile

    with trouble("a temporary file", "make"):
        made = tempfile.TemporaryDirectory(prefix=prefix)
    try:
        yield Path(made.name)
    finally:
        with trouble(made.name, "remove"):
            made.cleanup()


def remove(path: Path) -> None:
    """Remove the file if it is there."""
    with trouble(path, "remove"):
        path.unlink(missing_ok=True)


def remove_directory(path: Path) -> None:
    """Remove the directory if it is there and empty; one that holds something else stays."""
    with contextlib.suppress(OSError):
        path.rmdir()


def remove_links(directory: Path) -> None:
    """Remove a directory that holds nothing but symbolic links; leaves it where it holds more."""
    with trouble(directory, "remove"):
        for entry in list(directory.iterdir()):
            if entry.is_symlink():
                entry.unlink()
        with contextlib.suppress(OSError):
            directory.rmdir()


def _make_directory(path: Path, mode: int) -> None:
    try:
        os.mkdir(path, mode)
    except FileExistsError:
        if not path.is_dir():
            raise
        return
    except FileNotFoundError:
        _make_directory(path.parent, mode)
        _make_directory(path, mode)
        return
    # The umask may have taken bits away; it can never have added any.
    os.chmod(path, mode)
    _sync_directory(path.parent)


def _write_new(path: Path, data: bytes, mode: int, access: os.stat_result | None = None) -> None:
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, mode)
    with open(fd, "wb") as file:
        if access:
            os.fchown(fd, access.st_uid, access.st_gid)
        os.fchmod(fd, stat.S_IMODE(access.st_mode) if access else mode)
        file.write(data)
        file.flush()
        os.fsync(fd)


def _beside(path: Path) -> Path:
    return path.with_name(f".{path.name[:200]}.{secrets.token_hex(4)}.new")


def _sync_directory(path: Path) -> None:
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
