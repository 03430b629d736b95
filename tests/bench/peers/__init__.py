"""The clients that are compared, each a module that is a `Peer`; to add one, write it and list it."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from tests.bench.measure import Job
from tests.bench.peers import acme_run, certbot, dehydrated, lego, pipeline, uacme
from tests.bench.site import Site


class Peer(Protocol):
    """One client, told what is in its favour: no prompts, little output, the fastest keys.

    All make P-256 certificate keys; account keys are P-256 where the client can, else RSA 2048.
    """

    @property
    def REMARK(self) -> str:
        """What a reader of its figures should know, or nothing."""

    @property
    def RESPONDER(self) -> bool:
        """Whether it needs the bench's web server for http-01."""

    def find(self) -> Path:
        """Its program, fetched if need be, or `tools.Missing`."""

    def version(self, program: Path) -> str:
        """What is compared, in a word."""

    def prepare(self, site: Site) -> list[Job]:
        """Write its configuration; the jobs that register its account, which are not measured."""

    def issue(self, site: Site, name: str) -> Job:
        """The job that gets a certificate for `name`."""

    def certificate(self, site: Site, name: str) -> Path:
        """Where that leaves the certificate."""


PEERS: dict[str, Peer] = {
    "acme-run": acme_run,
    "acme pipeline": pipeline,
    "certbot": certbot,
    "dehydrated": dehydrated,
    "lego": lego,
    "uacme": uacme,
}
