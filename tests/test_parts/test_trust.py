"""Who runs a hook that anybody can change: everybody but root."""

import os
import shutil
import tempfile
import warnings
from pathlib import Path

import pytest

from tests.test_parts.events import event
from toolkit.config import Directories
from toolkit.errors import HookFailed
from toolkit.hooks import passing
from toolkit.hooks.locate import locate, search_path
from toolkit.hooks.running import HookRunner
from toolkit.store.paths import Paths
from toolkit.waiting import Stop

NOBODY = 65534


@pytest.fixture
def place():
    """A directory that other users can reach, as the test's own cannot."""
    path = Path(tempfile.mkdtemp(prefix="acme-trust-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


def make_hook(place, mode):
    hook = place / "hook"
    hook.mkdir()
    hook.chmod(0o755)
    (hook / "auth").write_text("#!/bin/sh\necho ran >>ran\n")
    (hook / "auth").chmod(mode)


def run(place):
    """Run the hook with a state below `place`; raises HookFailed."""
    paths = Paths(Directories(place / "config", place / "work"))
    outer = {"PATH": os.environ["PATH"]}
    os.chdir(place)
    hook = locate("./hook", search_path(paths, None, outer))
    runner = HookRunner(paths, passing.choose(outer, ()), 10, lambda *_: None)
    runner.run(hook, "auth", hook.dialect.auth([event()], runner.place(hook)), Stop())


def run_as_nobody(place):
    """The same as a user who is not root, in a process of its own; returns whether it went well."""
    if os.geteuid() != 0:
        run(place)
        return True
    os.chown(place, NOBODY, NOBODY)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # there are threads, of which the child uses none
        pid = os.fork()
    if pid == 0:
        status = 1
        try:
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
            run(place)
            status = 0
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


@pytest.mark.parametrize("mode", [0o755, 0o777])
def test_others_than_root_run_what_they_are_told_to(place, mode, monkeypatch):
    monkeypatch.chdir(place)
    make_hook(place, mode)
    assert run_as_nobody(place)
    assert (place / "ran").read_text() == "ran\n"


@pytest.mark.skipif("os.geteuid() != 0", reason="needs root")
def test_root_does_not(place, monkeypatch):
    monkeypatch.chdir(place)
    make_hook(place, 0o777)
    with pytest.raises(HookFailed, match="root does not run") as caught:
        run(place)
    assert caught.value.status == 1
    assert "chmod go-w" in caught.value.hint
    assert not (place / "ran").exists()
    (place / "hook/auth").chmod(0o755)
    run(place)
    assert (place / "ran").exists()
