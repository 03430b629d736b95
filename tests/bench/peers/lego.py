"""lego, the Go client, with its own web server."""

from __future__ import annotations

from pathlib import Path

from tests.bench import tools
from tests.bench.measure import Job, command
from tests.bench.site import EMAIL, Site

RESPONDER = False
REMARK = "waits 2.5 to 7.5 seconds, at random, when the challenge is not valid at the first look"


def find() -> Path:
    return tools.debian("lego", "usr/bin/lego")


def version(program: Path) -> str:
    return tools.debian_version(program)


def prepare(site: Site) -> list[Job]:
    """It has no command to register; its first certificate does that."""
    return [issue(site, "first.bench.test")]


def issue(site: Site, name: str) -> Job:
    told = ("--accept-tos", "--email", EMAIL, "--server", site.directory, "--path", site.state)
    how = ("--key-type", "ec256", "--http", "--http.port", f"127.0.0.1:{site.http_port}")
    stage = command(site.program, *told, *how, "--domains", name, "run")
    return Job((stage,), {"LEGO_CA_CERTIFICATES": str(site.ca_bundle)})


def certificate(site: Site, name: str) -> Path:
    return site.state / "certificates" / f"{name}.crt"
