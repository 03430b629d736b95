"""The toolkit as it is meant: acme-order | acme-challenge | acme-finalize | acme-install."""

from __future__ import annotations

from pathlib import Path

from tests.bench import tools
from tests.bench.measure import Job, command
from tests.bench.peers import toolkit
from tests.bench.site import Site

RESPONDER = False
REMARK = ""
COMMANDS = ("acme-order", "acme-challenge", "acme-finalize", "acme-install")


def find() -> Path:
    return next(tools.installed(name) for name in COMMANDS)


def version(program: Path) -> str:
    return toolkit.version()


def prepare(site: Site) -> list[Job]:
    return toolkit.register(site)


def issue(site: Site, name: str) -> Job:
    return Job(_stages("-d", name), toolkit.environment(site))


def issue_all(site: Site, names: Path, jobs: int) -> Job:
    """One pipeline for all the names, one a line, in the file `names`."""
    return Job(_stages(), toolkit.environment(site) | {"ACME_JOBS": str(jobs)}, stdin=names)


def certificate(site: Site, name: str) -> Path:
    return toolkit.certificate(site, name)


def _stages(*wanted: str) -> tuple[tuple[str, ...], ...]:
    arguments = {"acme-order": wanted, "acme-challenge": ("--standalone",)}
    return tuple(command(tools.installed(name), *arguments.get(name, ())) for name in COMMANDS)
