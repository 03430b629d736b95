"""The surroundings of the cases: a CA, the clients that are there, and what is to be said beside the table."""

from __future__ import annotations

import contextlib
import secrets
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path

from tests.bench import tools
from tests.bench.measure import Job, Meter, Sample
from tests.bench.peers import PEERS, Peer
from tests.bench.site import Site, served
from tests.ca.pebble import TestCA

_ATTEMPTS = 10
"""How often a client may try to get its first certificate before it is left out."""


@dataclass(frozen=True)
class Options:
    """What the command line asks for."""

    runs: int
    bulk: int
    slow: int
    jobs: int
    peers: tuple[str, ...]


@dataclass(frozen=True)
class Entrant:
    """A client that is there, with its place."""

    name: str
    peer: Peer
    site: Site
    version: str


@dataclass(frozen=True)
class Bench:
    """What the cases work with."""

    options: Options
    ca: TestCA
    meter: Meter
    notes: dict[str, str]
    entrants: list[Entrant] = field(default_factory=list)
    fresh: Iterator[str] = field(default_factory=lambda: _names(secrets.token_hex(4)))

    def note(self, about: str, text: str) -> None:
        """Say something below the table; of many things about the same, the first is said."""
        self.notes.setdefault(about, text)

    def progress(self, text: str) -> None:
        print(f"bench: {text}", file=sys.stderr, flush=True)

    def admit(self, root: Path, closing: contextlib.ExitStack) -> None:
        """Find the clients, register their accounts and let each get one certificate unmeasured."""
        for name in self.options.peers:
            self.progress(f"preparing {name}")
            try:
                self._admit(name, PEERS[name], root, closing)
            except tools.Missing as reason:
                self.note(f"{name}, not compared", str(reason))

    def _admit(self, name: str, peer: Peer, root: Path, closing: contextlib.ExitStack) -> None:
        state = root / name.replace(" ", "-")
        state.mkdir()
        program = peer.find()
        site = Site(program, state, self.ca.directory, self.ca.ca_bundle, self.ca.http_port, closing)
        with site.serving(peer.RESPONDER):
            for job in peer.prepare(site):
                done = self.meter.run(job)
                if not done.ok:
                    raise tools.Missing(f"no account: {done.words}")
        entrant = Entrant(name, peer, site, peer.version(program))
        if not any(self.issue(entrant).ok for _ in range(_ATTEMPTS)):
            raise tools.Missing("no certificate")
        self.entrants.append(entrant)
        if peer.REMARK:
            self.note(name, peer.REMARK)

    def entrant(self, name: str) -> Entrant | None:
        """The client of that name, if it takes part."""
        return next((entrant for entrant in self.entrants if entrant.name == name), None)

    def issue(self, entrant: Entrant) -> Sample:
        """One certificate for a fresh name; a failure is noted."""
        name = next(self.fresh)
        with entrant.site.serving(entrant.peer.RESPONDER):
            sample = self.run(entrant.peer.issue(entrant.site, name))
        if sample.ok and not entrant.peer.certificate(entrant.site, name).exists():
            sample = sample.failed("status 0, but no certificate")
        if not sample.ok:
            self.note(f"{entrant.name}, a failure", sample.words)
        return sample

    def run(self, job: Job) -> Sample:
        """Measure a job, with what it asked of the CA."""
        before = served(self.ca)
        sample = self.meter.run(job)
        return replace(sample, requests=served(self.ca) - before)


@contextlib.contextmanager
def opened(options: Options, gnu_time: Path, notes: dict[str, str]) -> Iterator[Bench]:
    """A bench with a CA of its own, every client admitted."""
    with contextlib.ExitStack() as closing:
        root = Path(closing.enter_context(tempfile.TemporaryDirectory(prefix="acme-bench-")))
        ca = closing.enter_context(TestCA.start())
        bench = Bench(options, ca, Meter(gnu_time, lambda: ca.log.stat().st_size), notes)
        bench.admit(root, closing)
        yield bench


def _names(token: str) -> Iterator[str]:
    """Names no CA has seen before: even Pebble's reuse switched off reuses one authorization in a hundred."""
    return (f"n{number}-{token}.bench.test" for number in count())
