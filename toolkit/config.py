"""The one door to configuration: the process environment, default directories, renewal settings in YAML."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from toolkit import files
from toolkit.errors import BadDocument, printable

LETSENCRYPT = "https://acme-v02.api.letsencrypt.org/directory"
SETTINGS_SCHEMA = "acme-renewal/1"
_HEADER = "# How to renew this certificate. Written by acme-install and acme-run; yours to edit.\n"


@dataclass(frozen=True)
class Directories:
    """Where the toolkit keeps its state: `config` what must last, `work` what may be lost."""

    config: Path
    work: Path


def environment() -> Mapping[str, str]:
    """The environment of this process, read here and nowhere else."""
    return dict(os.environ)


def directories(config: str | None, work: str | None) -> Directories:
    """The directories asked for, else certbot's for root and the XDG ones for everybody else."""
    default_config, default_work = _defaults()
    return Directories(_absolute(config) if config else default_config, _absolute(work) if work else default_work)


def proxy_for(url_scheme: str, host: str, env: Mapping[str, str]) -> str | None:
    """The proxy the environment names for this host (HTTPS_PROXY, HTTP_PROXY, NO_PROXY; lower case too)."""
    no_proxy = env.get("no_proxy") or env.get("NO_PROXY") or ""
    for entry in no_proxy.replace(",", " ").split():
        suffix = entry.lstrip("*").lstrip(".").lower()
        if entry == "*" or host.lower() == suffix or host.lower().endswith(f".{suffix}"):
            return None
    # In a CGI environment HTTP_PROXY in capitals is set by whoever sends a `Proxy:` header.
    capitals = None if url_scheme == "http" and "REQUEST_METHOD" in env else env.get(f"{url_scheme.upper()}_PROXY")
    return env.get(f"{url_scheme}_proxy") or capitals or None


def read_settings(path: Path) -> dict[str, Any] | None:
    """The renewal settings of a lineage, or None if there are none. Raises BadDocument, FileTrouble."""
    if not path.exists():
        return None
    import yaml

    try:
        # libyaml's loader is ten times as fast, where PyYAML was built with it.
        found = yaml.load(files.read(path), getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - both are safe
    except (yaml.YAMLError, ValueError) as error:
        raise BadDocument(f"{path}: not YAML: {printable(error, 300)}", "mend the file by hand") from None
    if not isinstance(found, dict) or found.get("schema") != SETTINGS_SCHEMA:
        raise BadDocument(f"{path}: not renewal settings of version {SETTINGS_SCHEMA}", "mend the file by hand")
    return found


def write_settings(path: Path, settings: Mapping[str, Any]) -> None:
    """Write the renewal settings whole, unless the file already says the same."""
    if read_settings(path) == settings:
        return
    import yaml

    text = _HEADER + yaml.safe_dump(dict(settings), sort_keys=False, allow_unicode=True)
    files.make_directory(path.parent)
    files.replace(path, text.encode(), 0o600)


def _defaults() -> tuple[Path, Path]:
    if os.geteuid() == 0:
        return Path("/etc/letsencrypt"), Path("/var/lib/letsencrypt")
    home = Path(os.environ.get("HOME") or "/")
    config = os.environ.get("XDG_CONFIG_HOME") or home / ".config"
    state = os.environ.get("XDG_STATE_HOME") or home / ".local/state"
    return Path(config) / "letsencrypt", Path(state) / "letsencrypt"


def _absolute(text: str) -> Path:
    return Path(os.path.abspath(text))
