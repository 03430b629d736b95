"""What is compared, each case a module with `measure`; to add one, write it and list it."""

from __future__ import annotations

from collections.abc import Callable

from tests.bench.bench import Bench
from tests.bench.cases import bulk, memory, one, startup
from tests.bench.row import Group

CASES: dict[str, Callable[[Bench], list[Group]]] = {
    "one": one.measure,
    "bulk": bulk.measure,
    "memory": memory.measure,
    "help": startup.measure,
}
