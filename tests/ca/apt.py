"""Take a package out of Debian without installing it: apt's own client on private lists.

Nothing of the system is changed and no root is needed. Sources, lists and caches are our own. Of the system's
apt configuration the way to servers and the trusted keys are kept; its hooks are not, as they may
touch files elsewhere.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

_KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
_MIRROR = ("Origin: Debian", "Label: Debian", "Component: main", "Created-By: Packages")


class AptError(Exception):
    """A package could not be had; the text says why."""


def available() -> bool:
    return all(shutil.which(tool) for tool in ("apt-get", "apt-config", "dpkg"))


def unpack(package: str, suite: str | None, work: Path) -> tuple[Path, str]:
    """Download `package` and unpack it below `work`: (the tree's root, its version), or AptError.

    `suite` is Debian's suite to take it from, None for what the system's own sources offer.
    """
    apt = _Apt(work, suite)
    if suite:
        apt.get("update")
    try:
        apt.get("download", package)
    except AptError:
        if suite:
            raise
        apt = _Apt(work, None, own_lists=True)
        apt.get("update")
        apt.get("download", package)
    archives = list(work.glob(f"{package}_*.deb"))
    if len(archives) != 1:
        raise AptError(f"apt-get download left {len(archives)} packages")
    _run(["dpkg", "-x", str(archives[0]), str(work / "tree")])
    return work / "tree", _run(["dpkg-deb", "-f", str(archives[0]), "Version"]).strip()


class _Apt:
    """apt-get under a configuration of our own in `work`."""

    def __init__(self, work: Path, suite: str | None, own_lists: bool = False) -> None:
        self._work = work
        self._config = work / "apt.conf"
        settings = {
            "APT::Sandbox::User": "root",  # the cache is closed to the user apt drops to
            "Dir::Cache": str(_partial(work / "cache", "archives")),
        }
        if suite or own_lists:
            settings |= {
                "Dir::State": str(work),
                "Dir::State::lists": str(_partial(work, "lists") / "lists"),
                "Dir::State::status": "/dev/null",
                "Acquire::Languages": "none",
            }
        if suite:
            sources = work / "sources.list"
            signed = f"[signed-by={_KEYRING}] " if _KEYRING.exists() else ""
            sources.write_text(f"deb {signed}{_mirror(work)} {suite} main\n", encoding="utf-8")
            settings |= {
                "Dir::Etc::sourcelist": str(sources),
                "Dir::Etc::sourceparts": "/dev/null",
                "Dir::Etc::preferences": "/dev/null",
                "Dir::Etc::preferencesparts": "/dev/null",
            }
        _configure(self._config, settings)

    def get(self, *arguments: str) -> str:
        environment = os.environ | {"APT_CONFIG": str(self._config), "LC_ALL": "C"}
        return _run(["apt-get", "-q", *arguments], cwd=self._work, env=environment)


def _mirror(work: Path) -> str:
    """The address of the Debian mirror the system uses (its security archive is another one)."""
    query = ["indextargets", "--format", "$(REPO_URI)", *_MIRROR]
    found = _run(["apt-get", *query]).split()
    if not found:
        # Container images come without package lists, and apt learns the origin from those.
        apt = _Apt(work, None, own_lists=True)
        apt.get("update")
        found = apt.get(*query).split()
    if not found:
        raise AptError("the system's package sources name no Debian mirror")
    return found[0]


def _partial(directory: Path, name: str) -> Path:
    """`directory`, with what apt wants to find in it."""
    (directory / name / "partial").mkdir(parents=True, exist_ok=True)
    return directory


def _configure(path: Path, settings: dict[str, str]) -> None:
    """Write a configuration that stands for the system's: of that, only how to reach servers is kept."""
    kept = [
        line
        for line in _run(["apt-config", "dump"]).splitlines()
        if line.startswith("Acquire::") and not line.startswith(("Acquire::IndexTargets", "Acquire::Languages"))
    ]
    ours = [f'{key} "{value}";' for key, value in settings.items()]
    alone = ['Dir::Etc::parts "/dev/null";', 'Dir::Etc::main "/dev/null";']
    path.write_text("\n".join([*kept, *alone, *ours, ""]), encoding="utf-8")


def _run(command: list[str], cwd: Path | None = None, env: dict[str, str] | None = None, timeout: float = 300) -> str:
    try:
        done = subprocess.run(
            command,
            check=False,
            cwd=cwd,
            env=env,
            timeout=timeout,
            capture_output=True,
            text=True,
            errors="replace",
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise AptError(f"{command[0]}: {error}") from error
    if done.returncode != 0:
        text = (done.stderr or done.stdout).strip() or f"status {done.returncode}"
        raise AptError(f"{command[0]}: {text.splitlines()[-1]}")
    return done.stdout
