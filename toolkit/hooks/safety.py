"""Root does not run what others may change, as sudo and cron do not."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

from toolkit.errors import HookFailed


def check(files: Iterable[Path]) -> None:
    """Raise HookFailed when root is about to run a file that another user may write to or replace."""
    if os.geteuid() != 0:
        return
    for file in files:
        for path, why in weaknesses(file):
            raise HookFailed(
                f"root does not run {file}: {path} {why}",
                f"chown root {path}; chmod go-w {path}",
            )


def weaknesses(file: Path, trusted: tuple[int, ...] = (0,)) -> Iterator[tuple[Path, str]]:
    """The file and the directories above it that somebody but the `trusted` users may write to, and why.

    A symbolic link is followed, and so both ways to the file are looked at. Write permission for a group counts
    unless that is root's; in a directory with the sticky bit, such as /tmp, others cannot replace what is not theirs.
    """
    for start in dict.fromkeys((file.absolute(), file.resolve())):
        for path in (start, *start.parents):
            try:
                found = path.stat()
            except OSError:
                continue  # running it will say that
            sticky = stat.S_ISDIR(found.st_mode) and found.st_mode & stat.S_ISVTX
            if found.st_uid not in trusted:
                yield path, f"belongs to user {found.st_uid}"
            elif found.st_mode & stat.S_IWOTH and not sticky:
                yield path, "can be written to by everybody"
            elif found.st_mode & stat.S_IWGRP and not sticky and found.st_gid != 0:
                yield path, f"can be written to by group {found.st_gid}"
