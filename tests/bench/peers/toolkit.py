"""What the toolkit's two entries, one process and four, have in common."""

from __future__ import annotations

import importlib.metadata
from pathlib import Path

from tests.bench import tools
from tests.bench.measure import Job, command
from tests.bench.site import EMAIL, Site


def version() -> str:
    """The installed version."""
    for entry in importlib.metadata.entry_points(group="console_scripts", name="acme-run"):
        return entry.dist.version if entry.dist else "unknown"
    return "unknown"


def environment(site: Site) -> dict[str, str]:
    """The configuration of all its commands."""
    return {
        "ACME_SERVER": site.directory,
        "ACME_CA_BUNDLE": str(site.ca_bundle),
        "ACME_HTTP_01_PORT": str(site.http_port),
        "ACME_CONFIG_DIR": str(site.state / "config"),
        "ACME_WORK_DIR": str(site.state / "work"),
        "ACME_LOGS_DIR": str(site.state / "logs"),
    }


def register(site: Site) -> list[Job]:
    """The job that makes its account."""
    register = command(tools.installed("acme-account"), "register", "--agree-tos", "-m", EMAIL)
    return [Job((register,), environment(site))]


def certificate(site: Site, name: str) -> Path:
    """Where its store keeps the certificate."""
    return site.state / "config" / "live" / name / "fullchain.pem"
