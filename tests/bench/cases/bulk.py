"""Many certificates of one name: by one pipeline of the toolkit, by the others one after another.

Also the pipeline's memory, which must not grow with what flows through it.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from pathlib import Path

from tests.bench.bench import Bench, Entrant
from tests.bench.measure import Sample
from tests.bench.peers import pipeline
from tests.bench.row import Group, Row, means

_USUAL = 200
_SLOW = 1.0
"""Seconds for one certificate beyond which a client gets fewer to do."""


def measure(bench: Bench) -> list[Group]:
    """The race at the usual size, and the pipeline's memory there and at the size asked for."""
    usual = min(_USUAL, bench.options.bulk)
    rows: list[Row] = []
    peaks: list[tuple[int, Sample]] = []
    ours = bench.entrant("acme pipeline")
    if ours:
        row, sample = _pipeline(bench, ours, usual, bench.options.jobs)
        rows += [row, _pipeline(bench, ours, usual, 1)[0]]
        peaks.append((usual, sample))
    rows += [_one_by_one(bench, entrant, usual) for entrant in bench.entrants if entrant is not ours]
    if ours and bench.options.bulk > usual:
        row, sample = _pipeline(bench, ours, bench.options.bulk, bench.options.jobs)
        rows.append(row)
        peaks.append((bench.options.bulk, sample))
    return [Group(f"{usual} certificates of one name (means for one)", tuple(rows)), *_memory(peaks)]


def _pipeline(bench: Bench, entrant: Entrant, size: int, jobs: int) -> tuple[Row, Sample]:
    who = f"acme pipeline, {size} lines, --jobs {jobs}"
    bench.progress(who)
    wanted = list(islice(bench.fresh, size))
    lines = entrant.site.state / f"names-{size}-{jobs}"
    lines.write_text("".join(f"{name}\n" for name in wanted), encoding="utf-8")
    sample = bench.run(pipeline.issue_all(entrant.site, lines, jobs))
    done = _present(entrant, wanted)
    if not sample.ok:
        bench.note(f"{who}, a failure", sample.words)
    return means(who, [sample], done, size - done), sample


def _present(entrant: Entrant, names: Sequence[str]) -> int:
    paths: list[Path] = [entrant.peer.certificate(entrant.site, name) for name in names]
    return sum(path.exists() for path in paths)


def _one_by_one(bench: Bench, entrant: Entrant, size: int) -> Row:
    bench.progress(f"in bulk: {entrant.name}")
    samples = [bench.issue(entrant)]
    if samples[0].wall > _SLOW and size > bench.options.slow:
        size = bench.options.slow
        bench.note(f"{entrant.name}, in bulk", f"slow, therefore only {size} certificates")
    samples += [bench.issue(entrant) for _ in range(size - 1)]
    done = sum(sample.ok for sample in samples)
    return means(f"{entrant.name}, {size} times", samples, done, size - done)


def _memory(peaks: Sequence[tuple[int, Sample]]) -> list[Group]:
    """For each command of the pipeline its peak, size beside size."""
    if not peaks:
        return []
    return [
        Group(
            f"memory of {name}",
            tuple(Row(f"{size} certificates", memory=sample.memory[at]) for size, sample in peaks),
        )
        for at, name in enumerate(pipeline.COMMANDS)
    ]
