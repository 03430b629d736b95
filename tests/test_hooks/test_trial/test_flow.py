"""What acme-hook test has found out, as the flow goes by it: against BIND, with a Pebble that asks it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.ca.fetch import PebbleMissing
from tests.ca.pebble import TestCA
from tests.test_hooks.test_trial.lab import ADD
from toolkit.config import Directories, environment
from toolkit.errors import Interrupted
from toolkit.hooks import findings, locate
from toolkit.hooks.findings import Findings
from toolkit.issuance import authenticators
from toolkit.issuance.authenticators import Around
from toolkit.store.paths import Paths
from toolkit.waiting import Stop


@pytest.fixture(scope="module")
def ca(zone):
    """A CA that asks that zone."""
    try:
        started = TestCA.start(dns_server=zone.where)
    except PebbleMissing as missing:
        pytest.skip(str(missing))
    with started as running:
        yield running


def issue(lab, ca, hook):
    argv = [Path(sys.executable).parent / "acme-run", *lab.argv("")[2:], "--agree-tos", "--hook", hook]
    argv += ["--server", ca.directory, "--ca-bundle", ca.ca_bundle, "--check", "skip"]
    names = ["-d", lab.name, "-d", f"*.{lab.name}"]
    return subprocess.run([*argv, *names], env=lab.env, cwd=lab.home, capture_output=True, text=True, timeout=90)


def test_a_hook_that_replaces_gets_its_values_in_rounds_once_that_is_known(lab, ca):
    hook = lab.hook(auth=ADD.replace("add", "replace"))
    ran = issue(lab, ca, hook)
    assert ran.returncode == 1
    assert "the CA did not find the proof" in ran.stderr or "ncorrect" in ran.stderr, ran.stderr
    lab.test(hook, status=1)
    assert lab.known(hook)[0] is False
    ran = issue(lab, ca, hook)
    assert ran.returncode == 0, ran.stderr
    assert (lab.home / "config/live" / lab.name / "fullchain.pem").exists()
    assert lab.txt() == []


LEGO = 'echo "$1" >>"$LAB/calls"; case $1 in present) zone add "$2" "$3" ;; *) zone delete "$2" "$3" ;; esac'


def test_a_script_for_one_value_at_a_time_is_promoted(lab, ca):
    hook = f"lego:{lab.script(LEGO)}"
    lab.test(hook, "--type", "dns-01", status=0)
    calls = lab.home / "calls"
    calls.unlink()
    ran = issue(lab, ca, hook)
    assert ran.returncode == 0, ran.stderr
    assert calls.read_text().split() == ["present", "present", "cleanup", "cleanup"]


@pytest.mark.parametrize(
    ("known", "alone"),
    [
        (Findings(), False),
        (Findings(several_values=True, own_value_only=True), False),
        (Findings(several_values=True, own_value_only=False), True),
        (Findings(several_values=False, own_value_only=True), True),
    ],
)
def test_a_hook_that_spoils_what_others_presented_has_no_company(tmp_path, known, alone):
    paths, search_in = Paths(Directories(tmp_path / "config", tmp_path / "work")), dict(environment())
    for event in ("auth", "cleanup"):
        (tmp_path / "hook").mkdir(exist_ok=True)
        (tmp_path / "hook" / event).write_text("#!/bin/sh\n")
        (tmp_path / "hook" / event).chmod(0o755)
    search = locate.search_path(paths, None, search_in)
    findings.write(paths, locate.locate(str(tmp_path / "hook"), search), known)

    def solver(stop):
        return authenticators.build({"hook": str(tmp_path / "hook")}, Around(paths, os.environ, stop, Stop(), print))

    impatient = Stop()
    impatient.request(Interrupted(15, "SIGTERM"))
    with solver(Stop()).turn():
        if alone:
            with pytest.raises(Interrupted), solver(impatient).turn():
                pass
        else:
            with solver(impatient).turn():
                pass
