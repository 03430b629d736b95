"""One certificate, account known, by a process (or four) just started."""

from __future__ import annotations

from tests.bench.bench import Bench
from tests.bench.measure import Sample
from tests.bench.row import Group, medians


def measure(bench: Bench) -> list[Group]:
    """Each client in turn, and again: what else the machine does meanwhile hits all of them."""
    samples: dict[str, list[Sample]] = {entrant.name: [] for entrant in bench.entrants}
    for number in range(1, bench.options.runs + 1):
        bench.progress(f"one certificate, run {number} of {bench.options.runs}")
        for entrant in bench.entrants:
            samples[entrant.name].append(bench.issue(entrant))
    rows = tuple(medians(name, taken) for name, taken in samples.items())
    return [Group("one certificate, account known, cold process (medians)", rows)] if rows else []
