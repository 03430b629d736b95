"""Start-up is the speed of small commands: which modules they load, and which never."""

import subprocess
import sys

import pytest

from tests.test_house import sources
from tests.test_house.test_commands import COMMANDS, module

# What brings requests with it, and what we do ourselves.
NEVER = {"requests", "urllib3", "OpenSSL", "acme.client", "acme.messages"}
# What takes its time, and is of no use before there is work.
LATER = {"acme", "concurrent.futures", "cryptography", "dns", "http.client", "idna", "josepy", "ssl", "yaml"}


def loaded(*argv):
    """The modules that Python loads to run these arguments."""
    command = [sys.executable, "-X", "importtime", *argv]
    ran = subprocess.run(command, cwd=sources.ROOT, capture_output=True, text=True, timeout=60)
    assert ran.returncode == 0, ran.stderr[-2000:]
    return imported(ran.stderr)


def imported(log):
    """The names in what -X importtime writes, between whatever else stands there."""
    return {line.rpartition("|")[2].strip() for line in log.splitlines() if line.startswith("import time:")}


def reached(module):
    """The modules of the library that a module may come to load, sooner or later."""
    found, new = set(), {module}
    while new:
        found |= new
        new = set().union(*map(sources.imports, new)) - found
    return found


@pytest.mark.parametrize("name", COMMANDS)
def test_help_loads_nothing_that_takes_its_time(name):
    assert not loaded(f"bin/{name}", "--help") & (NEVER | LATER)


@pytest.mark.parametrize("name", COMMANDS)
def test_nothing_within_reach_of_a_command_loads_requests(name):
    within = ", ".join(f"toolkit.{path}" for path in sorted(reached(f"commands.{module(name)}")))
    assert not loaded("-c", f"import {within}") & NEVER


@pytest.mark.parametrize("name", sources.modules())
def test_no_function_imports_what_is_never_loaded(name):
    tops = {".".join(used.split(".")[:size]) for used in sources.uses(name) for size in (1, 2)}
    assert not tops & NEVER
