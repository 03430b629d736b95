"""From settings to the targets of an installation: those of a command line, and of a lineage's renewal."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from toolkit.errors import BadDocument
from toolkit.hooks import locate
from toolkit.hooks.locate import Search
from toolkit.hooks.running import HookRunner
from toolkit.installers import copies
from toolkit.issuance.install import Targets

_KEYS = ("copies", "hooks", "directories", "verify")


def settings(given: Mapping[str, Any]) -> dict[str, Any]:
    """The targets of a command line as settings that mean the same in another directory; {} if there are none."""
    deploy = {
        "copies": [f"{copy.kind}={copy.path}" for copy in map(copies.parse, given["copies"])],
        "hooks": list(given["deploy_hooks"]),
        "directories": [locate.absolute(name) for name in given["deploys"]],
        "verify": list(given["verify"]),
    }
    return {key: value for key, value in deploy.items() if value}


def build(
    chosen: Mapping[str, Any],
    search: Search,
    runner: HookRunner,
    *,
    key: Path | None = None,
    directory_hooks: bool = True,
) -> Targets:
    """The targets that the settings name. Raises UsageError, BadDocument."""
    lists = {name: chosen.get(name, []) for name in _KEYS}
    for name, values in lists.items():
        if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
            raise BadDocument(f"deploy: {name} is no list of texts", "mend the renewal settings")
    hooks = [(f"deploy-hook {line}", locate.of_lines({"deploy": line})) for line in lists["hooks"]]
    hooks += [(f"deploy {name}", locate.locate(name, search, "deploy")) for name in lists["directories"]]
    copied = tuple(copies.parse(value) for value in lists["copies"])
    return Targets(copied, tuple(hooks), runner, tuple(lists["verify"]), key, directory_hooks)
