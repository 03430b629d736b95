"""Clients from the Python package index: each in an environment of its own below the tests' cache.

An environment is made once, whole or not at all, whichever of the parallel tests comes first. Remove it to have it
made anew. Missing when it cannot be.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

from tests.bench import tools
from tests.bench.tools import Missing

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["Missing", "certbot", "environment"]


def certbot() -> Path:
    """The newest certbot, the one that the bench measures."""
    with _locked("certbot"):
        return tools.python_package("certbot")


def environment(name: str, *requirements: str) -> Path:
    """The bin directory of an environment with these packages, called by `name` and what is asked for."""
    asked = hashlib.sha256("\n".join([sys.version, *requirements]).encode()).hexdigest()[:8]
    home = tools.cache() / f"{name}-{asked}"
    with _locked(home.name):
        if not (home / "made").exists():
            shutil.rmtree(home, ignore_errors=True)
            _run(sys.executable, "-m", "venv", str(home))
            pip = [str(home / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
            _run(*pip, *requirements)
            (home / "made").touch()
    return home / "bin"


@contextlib.contextmanager
def _locked(name: str) -> Iterator[None]:
    """One process at a time; the lock goes with its holder."""
    tools.cache().mkdir(parents=True, exist_ok=True)
    with (tools.cache() / f"{name}.lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _run(*argv: str) -> None:
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", check=False)
    if done.returncode:
        lines = (done.stderr or done.stdout).strip().splitlines()
        raise Missing(f"{argv[0]}: {lines[-1] if lines else done.returncode}")
