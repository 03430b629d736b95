"""Start-up is the speed of small commands: which modules they load, when, and which never."""

import os
import re
import subprocess
import sys
import time

import pytest

from tests.test_house import sources
from tests.test_house.test_commands import COMMANDS, module

# What brings requests with it, and what we do ourselves.
NEVER = {"requests", "urllib3", "OpenSSL", "acme.client", "acme.messages"}
# What takes its time, and is of no use before there is work.
LATER = {"acme", "concurrent.futures", "cryptography", "dns", "http.client", "idna", "josepy", "ssl", "yaml"}
TALKS = {"acme", "cryptography", "http.client", "josepy", "ssl"}
# Of the above and these, all that a run of the pipeline loads, with the arguments of that run.
RUNS = {
    "acme-account": (["register", "--agree-tos"], TALKS),
    "acme-order": (["-d", "pipeline.example.test"], TALKS | {"concurrent.futures"}),
    "acme-challenge": (["--standalone", "--check", "skip"], TALKS | {"concurrent.futures"}),
    "acme-finalize": ([], TALKS | {"concurrent.futures"}),
    "acme-install": ([], {"cryptography", "yaml"}),
    "acme-cert": (["list"], {"cryptography", "yaml"}),
    "acme-csr": (["-d", "csr.example.test"], {"cryptography"}),
    "acme-hook": (["list"], set()),
    "acme-renew": ([], TALKS | {"concurrent.futures", "yaml"}),
    "acme-run": (
        ["-d", "run.example.test", "--standalone", "--check", "skip"],
        TALKS | {"concurrent.futures", "yaml"},
    ),
    "acme-revoke": (["pipeline.example.test"], TALKS | {"yaml"}),
}


def python(*argv):
    return [sys.executable, "-X", "importtime", *argv]


def imported(log):
    """The names in what -X importtime writes, between whatever else stands there."""
    return set(re.findall(r"^import time: .*\| +(\S+)$", log, re.MULTILINE))


def loaded(*argv, **settings):
    """The modules that Python loads to run these arguments, and what is written to standard output."""
    ran = subprocess.run(
        python(*argv), cwd=sources.ROOT, capture_output=True, text=True, timeout=60, check=False, **settings
    )
    assert ran.returncode == 0, re.sub("(?m)^import time:.*\n", "", ran.stderr)
    return imported(ran.stderr), ran.stdout


def reached(start):
    """The modules of the library that a module may come to load, sooner or later."""
    found, new = set(), {start}
    while new:
        found |= new
        new = set().union(*map(sources.imports, new)) - found
    return found


@pytest.fixture(scope="module")
def environment(ca, tmp_path_factory):
    """That of commands which speak with the test CA and keep what they know in a place of their own."""
    home = tmp_path_factory.mktemp("modules")
    return {
        **os.environ,
        "ACME_CONFIG_DIR": str(home / "config"),
        "ACME_WORK_DIR": str(home / "work"),
        "ACME_SERVER": ca.directory,
        "ACME_CA_BUNDLE": str(ca.ca_bundle),
        "ACME_HTTP_01_PORT": str(ca.http_port),
    }


@pytest.fixture(scope="module")
def ran(environment):
    """The modules loaded by one run of each command, the pipeline's on the document of the one before."""
    found, document = {}, ""
    for name, (arguments, _) in RUNS.items():
        found[name], document = loaded(f"bin/{name}", *arguments, env=environment, input=document)
    return found


@pytest.mark.parametrize("name", COMMANDS)
def test_help_loads_nothing_that_takes_its_time(name):
    modules, _ = loaded(f"bin/{name}", "--help")
    assert not modules & (NEVER | LATER)


@pytest.mark.parametrize("name", COMMANDS)
def test_run_loads_what_is_listed(name, ran):
    assert ran[name] & (NEVER | LATER) == RUNS[name][1]


@pytest.mark.parametrize("name", COMMANDS)
def test_nothing_within_reach_of_a_command_loads_requests(name):
    within = ", ".join(f"toolkit.{path}" for path in sorted(reached(f"commands.{module(name)}")))
    modules, _ = loaded("-c", f"import {within}")
    assert not modules & NEVER


@pytest.mark.parametrize("name", sources.modules())
def test_no_function_imports_what_is_never_loaded(name):
    tops = {".".join(used.split(".")[:size]) for used in sources.uses(name) for size in (1, 2)}
    assert not tops & NEVER


@pytest.mark.parametrize("name", ["acme-order", "acme-challenge", "acme-finalize", "acme-install"])
def test_imports_are_done_while_standard_input_is_awaited(name, environment, tmp_path):
    arguments, expected = ([], RUNS[name][1]) if name == "acme-order" else RUNS[name]
    log = tmp_path / "stderr"
    with log.open("w") as stderr:
        command = python(f"bin/{name}", *arguments)
        started = subprocess.Popen(
            command, cwd=sources.ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=stderr
        )
    try:
        assert eventually(lambda: expected & TALKS <= imported(log.read_text()))
    finally:
        started.kill()
        started.communicate()


def eventually(condition, seconds=10):
    end = time.monotonic() + seconds
    while time.monotonic() < end and not condition():
        time.sleep(0.02)
    return condition()
