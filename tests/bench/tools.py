"""Get the clients: Debian's unpacked into a private cache, Python's into a venv there.

Nothing is installed; remove the cache to have everything fetched anew.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.ca import apt

# The newest release is what a client deserves to be compared by; where that does not run, the system's.
_SUITES = ("sid", None)


class Missing(Exception):
    """A client cannot be had or does not run here; the text says why."""


def cache() -> Path:
    """The directory of fetched clients."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "acme-toolkit-tests" / "peers"


def installed(name: str) -> Path:
    """A command of the toolkit, beside the interpreter that runs the bench."""
    program = Path(sys.executable).parent / name
    if not program.exists():
        raise Missing(f"{name} is not installed beside {Path(sys.executable).name}")
    return program


def debian(package: str, program: str) -> Path:
    """`program` (a path below the root) of a Debian package that runs here; fetched at the first call."""
    why = "does not run here"
    for suite in _SUITES:
        home = cache() / f"{package}-{suite or 'system'}"
        try:
            if not home.exists():
                _unpack(package, suite, home)
        except apt.AptError as error:
            why = str(error)
            continue
        if runs(home / program):
            return home / program
    raise Missing(f"{package}: {why}")


def runs(program: Path) -> bool:
    """Whether the loader finds all it needs; a client's exit status for --version is its own affair."""
    if not program.exists():
        return False
    done = subprocess.run([program, "--version"], stdin=subprocess.DEVNULL, capture_output=True, check=False)
    return done.returncode not in (126, 127) and b"not found (required by" not in done.stderr


def _unpack(package: str, suite: str | None, home: Path) -> None:
    """Make `home` whole in one rename, or leave nothing."""
    home.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=home.parent) as name:
        tree, version = apt.unpack(package, suite, Path(name))
        (tree / "version").write_text(version, encoding="utf-8")
        tree.rename(home)


def debian_version(program: Path) -> str:
    """The package's version of a program that `debian` gave."""
    for parent in program.parents:
        if (parent / "version").is_file():
            return (parent / "version").read_text(encoding="utf-8").strip()
    return "unknown"


def python_package(package: str) -> Path:
    """The command named like `package`, in a venv of its own."""
    home = cache() / f"{package}-python{sys.version_info.major}.{sys.version_info.minor}"
    program = home / "bin" / package
    if program.exists():
        return program
    shutil.rmtree(home, ignore_errors=True)
    home.parent.mkdir(parents=True, exist_ok=True)
    _run(sys.executable, "-m", "venv", home)
    _run(home / "bin" / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", package)
    return program


def needs(*programs: str) -> None:
    """Missing, if one of the programs a client calls is not on PATH."""
    absent = [program for program in programs if not shutil.which(program)]
    if absent:
        raise Missing(f"not on PATH: {', '.join(absent)}")


def output(*argv: str | Path) -> str:
    """What a short command says, on either stream."""
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", check=False)
    return done.stdout + done.stderr


def _run(*argv: str | Path) -> None:
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", check=False)
    if done.returncode:
        lines = (done.stderr or done.stdout).strip().splitlines()
        raise Missing(f"{Path(argv[0]).name}: {lines[-1] if lines else done.returncode}")
