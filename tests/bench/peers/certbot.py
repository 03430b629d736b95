"""certbot, the newest from the Python package index, with its own web server."""

from __future__ import annotations

from pathlib import Path

from tests.bench import tools
from tests.bench.measure import Job, command
from tests.bench.site import EMAIL, Site

RESPONDER = False
REMARK = "sleeps a second before it looks at the authorization again, and one before the order"


def find() -> Path:
    return tools.python_package("certbot")


def version(program: Path) -> str:
    return tools.output(program, "--version").split()[-1]


def prepare(site: Site) -> list[Job]:
    return [_job(site, "register", "--agree-tos", "-m", EMAIL)]


def issue(site: Site, name: str) -> Job:
    return _job(site, "certonly", "--standalone", "--http-01-port", str(site.http_port), "-d", name)


def certificate(site: Site, name: str) -> Path:
    return site.state / "config" / "live" / name / "fullchain.pem"


def _job(site: Site, verb: str, *arguments: str) -> Job:
    directories = [f"--{name}-dir={site.state / name}" for name in ("config", "work", "logs")]
    stage = command(site.program, verb, "-n", "-q", "--server", site.directory, *directories, *arguments)
    return Job((stage,), {"REQUESTS_CA_BUNDLE": str(site.ca_bundle)})
