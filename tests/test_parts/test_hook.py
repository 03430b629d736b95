"""Hooks get the variables of their event, and no others."""

import os
import threading
import time
from contextlib import contextmanager

import pytest

from tests.test_parts.events import TOKENS, event
from toolkit.config import Directories
from toolkit.errors import Busy, HookFailed, TryLater
from toolkit.hooks import passing, running
from toolkit.hooks.locate import of_lines
from toolkit.hooks.running import HookRunner
from toolkit.solvers.hook import HookSolver
from toolkit.store.paths import Paths
from toolkit.waiting import Stop

BOTH = {
    "CERTBOT_DOMAIN": "a.example",
    "CERTBOT_IDENTIFIER": "a.example",
    "CERTBOT_ALL_DOMAINS": "a.example,b.example",
    "CERTBOT_ALL_IDENTIFIERS": "a.example,b.example",
    "CERTBOT_REMAINING_CHALLENGES": "2",
}


@pytest.fixture
def solver(tmp_path):
    def make(auth, cleanup=None, asked=(), **more):
        paths = Paths(Directories(tmp_path / "config", tmp_path / "work"))
        outer = {"PATH": os.environ["PATH"], "CANARY": "secret"}
        runner = HookRunner(paths, passing.choose(outer, asked), 10, lambda *_: None, **more)
        hook = of_lines({"auth": auth, **({"cleanup": cleanup} if cleanup else {})})
        return HookSolver(hook, runner, Stop(), Stop())

    return make


def variables(path):
    found = dict(line.split("=", 1) for line in path.read_text().splitlines())
    usual = ("PATH", "PWD", "OLDPWD", "SHLVL", "_", "ACME_HOOK_RUN", "ACME_PYTHON")
    return {k: v for k, v in found.items() if k not in usual}


@pytest.mark.parametrize("kind", ["http-01", "dns-01"])
def test_variables(solver, tmp_path, kind):
    one = event(kind=kind, wildcard=kind == "dns-01", remaining=2)
    made = solver(f"env >{tmp_path}/auth; echo ' said '", f"env >{tmp_path}/cleanup")
    record = made.present([one])
    made.cleanup([one], record)
    auth, cleanup = variables(tmp_path / "auth"), variables(tmp_path / "cleanup")
    assert auth.pop("ACME_HOOK_STATE")
    more = {"CERTBOT_TOKEN": TOKENS[0]} if kind == "http-01" else {"ACME_RECORD_NAME": "_acme-challenge.a.example"}
    wildcard = str(int(kind == "dns-01"))
    assert auth == {
        **BOTH,
        **more,
        "CERTBOT_VALIDATION": one.validation,
        "ACME_CHALLENGE_TYPE": kind,
        "ACME_WILDCARD": wildcard,
    }
    assert cleanup["CERTBOT_AUTH_OUTPUT"] == "said"
    assert ("CERTBOT_TOKEN" in cleanup) is (kind == "http-01")


@pytest.mark.parametrize(
    ("script", "error"),
    [("exit 7", HookFailed), ("exit 75", TryLater), ("kill -9 $$", HookFailed), ("/no/such", HookFailed)],
)
def test_failing(solver, script, error):
    with pytest.raises(error):
        solver(script).present([event()])


def test_long_and_undecodable_output_reaches_cleanup(solver, tmp_path):
    made = solver(
        "head -c 300000 /dev/zero | tr '\\0' '\\377'", f"printenv CERTBOT_AUTH_OUTPUT | wc -c >{tmp_path}/size"
    )
    made.cleanup([event()], made.present([event()]))
    assert 1000 < int((tmp_path / "size").read_text()) < 131072


def test_no_cleanup_hook_is_no_error(solver):
    solver("true").cleanup([event()], {})


def test_of_the_threads_that_wait_for_their_turn_one_asks_for_the_lock(solver, monkeypatch):
    found = solver("true")
    found._undisturbed = True
    asking, most = [], []
    real = running.exclusive

    @contextmanager
    def watched(*args):
        asking.append(args)
        most.append(len(asking))
        with real(*args):
            yield
        asking.pop()

    monkeypatch.setattr(running, "exclusive", watched)

    def turn():
        with found.turn():
            time.sleep(0.01)

    threads = [threading.Thread(target=turn) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert most == [1] * 5


def test_hook_that_runs_us_does_not_wait_for_its_own_turn(solver, tmp_path):
    outer, inner = solver("true"), solver("true", nested=True)
    outer._undisturbed = inner._undisturbed = True
    with outer.turn(), pytest.raises(Busy, match="the hook true is locked by process"), inner.turn():
        pass


def test_secrets_that_auth_prints_are_kept_by_their_names_and_handed_to_cleanup(solver, tmp_path):
    found = solver('echo "id 7 of $CANARY"', f'echo "$CERTBOT_AUTH_OUTPUT" >{tmp_path}/seen', asked=("CANARY",))
    record = found.present([event()])
    assert record == {"output": "id 7 of [secret CANARY]"}
    found.cleanup([event()], {"output": record["output"] + " [secret PATH]"})
    assert (tmp_path / "seen").read_text() == "id 7 of secret [secret PATH]\n"
