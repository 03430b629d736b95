"""The memory of the pipeline's commands, which must not grow with what flows through them."""

from __future__ import annotations

from tests.bench.bench import Bench
from tests.bench.cases.bulk import USUAL, through
from tests.bench.peers import pipeline
from tests.bench.row import Group, Row


def measure(bench: Bench) -> list[Group]:
    """Each command's peak, at the usual size and at the one asked for."""
    ours = bench.entrant("acme pipeline")
    if not ours:
        return []
    sizes = sorted({min(USUAL, bench.options.bulk), bench.options.bulk})
    taken = {size: through(bench, ours, size, bench.options.jobs) for size in sizes}
    groups = [Group("the pipeline by size (means for one)", tuple(row for row, _ in taken.values()))]
    for at, name in enumerate(pipeline.COMMANDS):
        rows = (Row(f"{size} lines", memory=sample.memory[at]) for size, (_, sample) in taken.items())
        groups.append(Group(f"memory of {name}", tuple(rows)))
    return groups
