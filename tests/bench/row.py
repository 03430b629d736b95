"""From samples to the rows of the table."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, replace

from tests.bench.measure import Sample


@dataclass(frozen=True)
class Row:
    """One line: figures for one certificate (or one run); None where there is none."""

    who: str
    done: int = 0
    failed: int = 0
    wall: float | None = None
    worst: float | None = None
    cpu: float | None = None
    requests: float | None = None
    memory: float | None = None


@dataclass(frozen=True)
class Group:
    """Rows of one case; the first one is what the others' ratios refer to."""

    title: str
    rows: tuple[Row, ...]


def medians(who: str, samples: Sequence[Sample]) -> Row:
    """The middle of the runs that succeeded, and how many did not."""
    good = [sample for sample in samples if sample.ok]
    row = Row(who, done=len(good), failed=len(samples) - len(good))
    if not good:
        return row
    return replace(
        row,
        wall=statistics.median(sample.wall for sample in good),
        worst=max(sample.wall for sample in good),
        cpu=statistics.median(sample.cpu for sample in good),
        requests=statistics.median(sample.requests for sample in good),
        memory=max(max(sample.memory) for sample in good),
    )


def means(who: str, samples: Sequence[Sample], done: int, failed: int) -> Row:
    """All that `samples` cost, failures included, shared by the certificates that came of it."""
    row = Row(who, done=done, failed=failed)
    if not done:
        return row
    return replace(
        row,
        wall=sum(sample.wall for sample in samples) / done,
        cpu=sum(sample.cpu for sample in samples) / done,
        requests=sum(sample.requests for sample in samples) / done,
        memory=max(max(sample.memory) for sample in samples),
    )
