"""Many certificates of one name: by one pipeline of the toolkit, by the others one after another."""

from __future__ import annotations

from itertools import islice

from tests.bench.bench import Bench, Entrant
from tests.bench.measure import Sample
from tests.bench.peers import pipeline
from tests.bench.row import Group, Row, means

USUAL = 200
_SLOW = 1.0
"""Seconds for one certificate, in the mean, beyond which a client gets fewer to do."""


def measure(bench: Bench) -> list[Group]:
    """The pipeline with its jobs at once and one by one, then the clients."""
    size = min(USUAL, bench.options.bulk)
    ours = bench.entrant("acme pipeline")
    rows: list[Row] = []
    if ours:
        rows += [through(bench, ours, size, jobs)[0] for jobs in (bench.options.jobs, 1)]
    rows += [_one_by_one(bench, entrant, size) for entrant in bench.entrants if entrant is not ours]
    return [Group(f"{size} certificates of one name (means for one)", tuple(rows))] if rows else []


def through(bench: Bench, entrant: Entrant, size: int, jobs: int) -> tuple[Row, Sample]:
    """One pipeline for `size` fresh names."""
    who = f"{entrant.name}, {size} lines, --jobs {jobs}"
    bench.progress(who)
    wanted = list(islice(bench.fresh, size))
    lines = entrant.site.state / f"names-{wanted[0]}"
    lines.write_text("".join(f"{name}\n" for name in wanted), encoding="utf-8")
    sample = bench.run(pipeline.issue_all(entrant.site, lines, jobs))
    if not sample.ok:
        bench.note(f"{who}, a failure", sample.words)
    done = sum(entrant.peer.certificate(entrant.site, name).exists() for name in wanted)
    return means(who, [sample], done, size - done), sample


def _one_by_one(bench: Bench, entrant: Entrant, size: int) -> Row:
    bench.progress(f"in bulk: {entrant.name}")
    samples: list[Sample] = []
    while len(samples) < size and not _enough(samples, bench.options.slow):
        samples.append(bench.issue(entrant))
    if len(samples) < size:
        bench.note(f"{entrant.name}, in bulk", f"slow, therefore only {len(samples)} times")
    done = sum(sample.ok for sample in samples)
    return means(f"{entrant.name}, {len(samples)} times", samples, done, len(samples) - done)


def _enough(samples: list[Sample], slow: int) -> bool:
    """Whether a client has shown that it is slow, so that the rest is spared."""
    return len(samples) >= slow and sum(sample.wall for sample in samples) > _SLOW * len(samples)
