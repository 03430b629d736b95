"""Find Pebble, Let's Encrypt's test CA: on PATH, in a private cache, or in Debian, in that order."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tests.ca import apt

if TYPE_CHECKING:
    from collections.abc import Iterator

# sid carries a Pebble with ARI and profiles that runs on older releases; else what the system's own has.
_SUITES = ("sid", None)
_NEWEST = (2, 10)  # for builds that do not know their version
_HINT = (
    "test CA: error: no Pebble: put pebble and pebble-challtestsrv on PATH, "
    'from Debian\'s package "pebble" or `go install` of github.com/letsencrypt/pebble/v2/cmd/...'
)


class PebbleMissing(Exception):
    """Pebble is not there and could not be fetched."""


class Pebble(NamedTuple):
    """The two programs, and their version as numbers, such as (2, 10, 0)."""

    pebble: Path
    challtestsrv: Path
    version: tuple[int, ...]


def find() -> Pebble:
    """Where Pebble is; fetched first if it must be. Safe to call from many processes at once.

    PebbleMissing, after one line on stderr, when there is no way to get it here.
    """
    on_path = shutil.which("pebble"), shutil.which("pebble-challtestsrv")
    if on_path[0] and on_path[1]:
        pebble = Path(on_path[0])
        return Pebble(pebble, Path(on_path[1]), _version(pebble))
    home = cache()
    if not (home / "version").exists():
        home.parent.mkdir(parents=True, exist_ok=True)
        with _locked(home.parent / "pebble.lock"):
            # Another process may have fetched it while this one waited.
            if not (home / "version").exists():
                _fetch(home)
    version = _numbers((home / "version").read_text(encoding="utf-8"))
    return Pebble(home / "pebble", home / "pebble-challtestsrv", version)


def cache() -> Path:
    """The directory of fetched programs; remove it to have them fetched anew."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "acme-toolkit-tests" / "pebble"


def _fetch(home: Path) -> None:
    """Make `home` whole in one rename, or leave nothing."""
    if not apt.available():
        print(_HINT, file=sys.stderr)
        raise PebbleMissing("no Pebble on PATH, and no apt to get it with")
    reasons: list[str] = []
    for suite in _SUITES:
        with tempfile.TemporaryDirectory(prefix="fetch.", dir=home.parent) as work:
            try:
                _assemble(Path(work), suite, home)
                return
            except (apt.AptError, OSError, subprocess.SubprocessError) as error:
                reasons.append(f"{suite or 'this release'}: {error}")
    print(_HINT, file=sys.stderr)
    raise PebbleMissing("; ".join(reasons))


def _assemble(work: Path, suite: str | None, home: Path) -> None:
    tree, version = apt.unpack("pebble", suite, work)
    ready = work / "ready"
    ready.mkdir()
    for name in ("pebble", "pebble-challtestsrv"):
        shutil.move(tree / "usr/bin" / name, ready / name)
        _runs(ready / name)
    (ready / "version").write_text(version, encoding="utf-8")
    shutil.rmtree(home, ignore_errors=True)
    ready.rename(home)


def _runs(program: Path) -> None:
    """OSError if the program does not start at all, as one for a newer C library."""
    told = _output([program, "-h"])
    if "Usage" not in told:
        raise OSError(f"{program.name} does not run here: {told.strip()[:200]}")


def _version(pebble: Path) -> tuple[int, ...]:
    """The version a Pebble on PATH tells, or else Debian's package does; (2, 4) for those before the flag."""
    beside = pebble.parent / "version"
    if beside.exists():  # somebody put our cache on PATH
        return _numbers(beside.read_text(encoding="utf-8"))
    told = _output([pebble, "-version"])
    if "Pebble version" not in told:
        return (2, 4)
    if not _numbers(told) and shutil.which("dpkg-query"):  # Debian's build says "dev"
        told = _output(["dpkg-query", "-W", "-f", "${Version}", "pebble"])
    return _numbers(told) or _NEWEST


def _output(command: list[str | Path]) -> str:
    """Both streams together: Go programs print their usage on stderr."""
    done = subprocess.run(command, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=10)
    return done.stdout


def _numbers(text: str) -> tuple[int, ...]:
    found = re.search(r"\d+(\.\d+)+", text)
    return tuple(int(part) for part in found[0].split(".")) if found else ()


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


if __name__ == "__main__":
    print(find().pebble.parent)  # for a PATH, before a test hides HOME and with it the cache
