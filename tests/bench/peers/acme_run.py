"""The toolkit in one process: acme-run."""

from __future__ import annotations

from pathlib import Path

from tests.bench import tools
from tests.bench.measure import Job, command
from tests.bench.peers import toolkit
from tests.bench.site import Site

RESPONDER = False
REMARK = ""


def find() -> Path:
    return tools.installed("acme-run")


def version(program: Path) -> str:
    return toolkit.version()


def prepare(site: Site) -> list[Job]:
    return toolkit.register(site)


def issue(site: Site, name: str) -> Job:
    return Job((command(site.program, "-n", "-d", name, "--standalone"),), toolkit.environment(site))


def certificate(site: Site, name: str) -> Path:
    return toolkit.certificate(site, name)
