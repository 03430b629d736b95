"""The library lies in layers: a module imports from those above it in this list, and from its own."""

import sys
from graphlib import CycleError, TopologicalSorter

import pytest

from tests.test_house import sources

LAYERS = (
    (
        *("errors", "names", "directories", "keys", "certs", "document", "states", "due", "ari", "proofs"),
        *("events", "waiting"),
    ),  # pure
    ("files", "below", "leftovers", "lock", "certbot_lock", "runner", "ca", "config", "probe"),  # doors
    ("store", "dialects", "hooks", "solvers", "installers"),  # parts
    ("issuance", "renewal"),  # flows
    ("cli", "commands"),  # shell
)
LEVEL = {name: level for level, layer in enumerate(LAYERS) for name in layer}


def top(module):
    return module.partition(".")[0]


def test_list_is_that_of_the_modules():
    assert {top(module) for module in sources.modules()} == set(LEVEL)


@pytest.mark.parametrize("module", sources.modules())
def test_imports_from_no_later_layer(module):
    later = [name for name in sources.imports(module) if LEVEL[top(name)] > LEVEL[top(module)]]
    assert not later


def test_no_cycles():
    try:
        TopologicalSorter({module: sources.imports(module) for module in sources.modules()}).prepare()
    except CycleError as error:
        pytest.fail(f"cycle: {' -> '.join(error.args[1])}")


@pytest.mark.parametrize("module", [name for name in sources.modules() if name.startswith("commands.")])
def test_command_imports_no_command_and_nothing_foreign_but_click(module):
    assert not [name for name in sources.imports(module) if top(name) == "commands"]
    imported = {top(name) for name in sources.uses(module) if "." in name.strip(".")}
    assert imported - set(sys.stdlib_module_names) <= {"", "click", "toolkit"}
