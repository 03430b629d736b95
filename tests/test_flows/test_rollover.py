"""The key of an account is changed at a real CA, and that is cut short anywhere."""

import json
import signal
import subprocess
import sys
import threading
import time

import pytest

from tests.fakes.proxy import FaultProxy
from tests.fakes.rules import Rule, merge
from tests.test_flows.commands import CODE, Home

CHANGE = "/rollover-account-key"
MALFORMED = '{"type":"urn:ietf:params:acme:error:malformed","detail":"no such key"}'


@pytest.fixture
def home(tmp_path, ca):
    return Home(tmp_path / "home", ca)


@pytest.fixture
def proxy(ca):
    with FaultProxy(ca) as running:
        yield running


@pytest.fixture
def behind(tmp_path, proxy):
    """A home that speaks to the CA through the proxy, with an account."""
    made = Home(tmp_path / "home", proxy)
    account(made, "register", "--agree-tos")
    return made


def account(home, *args, **more):
    found = home.run("acme-account", *args, **more)
    return found[0] if len(found) == 1 else found


def files(home):
    return {path.name for path in home.path.glob("config/accounts/**/*.json")}


def start(home, *args):
    dirs = ["--config-dir", str(home.path / "config"), "--work-dir", str(home.path / "work")]
    argv = [sys.executable, "-c", CODE, *args, *dirs, *home.server]
    return subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def held(changed, go_on):
    """A rule that says when the CA has answered the change of a key, and passes the answer on when it may go on."""

    class Held(Rule):
        def changed(self, body):
            changed.set()
            go_on.wait(30)
            return body

    return Held(path=CHANGE, times=1)


def kill(process):
    process.kill()
    process.communicate(timeout=20)
    assert process.returncode == -signal.SIGKILL


def eventually(condition, seconds=20):
    end = time.monotonic() + seconds
    while time.monotonic() < end and not condition():
        time.sleep(0.02)
    return condition()


@pytest.mark.parametrize(
    "kind",
    [
        [],
        ["--elliptic-curve", "secp384r1"],
        ["--key-type", "rsa"],
        ["--key-type", "rsa", "--rsa-key-size", "4096"],
    ],
)
def test_rollover_to_every_type_of_key(home, kind):
    old = account(home, "register", "--agree-tos")
    new = account(home, "rollover", *kind)
    assert new["url"] == old["url"]
    assert new["id"] != old["id"]
    assert account(home, "show")["thumbprint"] == new["thumbprint"]
    assert account(home, "list")["id"] == new["id"]
    assert files(home) == {"private_key.json", "regr.json", "meta.json"}
    assert home.run("acme-order", "-d", "rolled.example.test")[0]["account"] == old["url"]


def test_old_key_is_none_of_the_account_after_a_rollover(home):
    account(home, "register", "--agree-tos")
    key = home.path / "old.json"
    account(home, "export", "--output", key)
    account(home, "rollover")
    account(Home(home.path / "other", home.ca), "recover", "--key", key, status=1)


def test_killed_after_the_ca_has_changed_the_key(behind, proxy):
    old = account(behind, "show")
    changed, go_on = threading.Event(), threading.Event()
    proxy.rules.append(held(changed, go_on))
    process = start(behind, "acme-account", "rollover")
    try:
        assert changed.wait(20)
    finally:
        kill(process)
        go_on.set()
    assert "next_private_key.json" in files(behind)
    found = account(behind, "show", "-v")
    assert "a change that was cut short is done" in behind.stderr
    assert found["url"] == old["url"]
    assert found["thumbprint"] != old["thumbprint"]
    assert files(behind) == {"private_key.json", "regr.json", "meta.json"}
    assert account(behind, "list")["id"] == found["id"]


def test_killed_before_the_ca_has_heard_of_it(behind, proxy):
    old = account(behind, "show")
    proxy.rules.append(Rule(path=CHANGE, times=1, forward=False, hang=True))
    process = start(behind, "acme-account", "rollover")
    try:
        assert eventually(lambda: proxy.rules[-1].seen)
    finally:
        kill(process)
    kept = json.loads(next(behind.path.glob("config/accounts/**/next_private_key.json")).read_text())
    assert account(behind, "show", "-v")["thumbprint"] == old["thumbprint"]
    assert "has its old key still" in behind.stderr
    assert behind.run("acme-order", "-d", "still.example.test")[0]["account"] == old["url"]
    assert account(behind, "rollover")["thumbprint"] != old["thumbprint"]
    [now] = behind.run("acme-account", "export")
    assert now == kept
    assert files(behind) == {"private_key.json", "regr.json", "meta.json"}


@pytest.mark.parametrize("next_command", ["acme-order", "rollover", "update", "deactivate"])
def test_any_command_goes_on_with_the_key_that_is_valid(behind, proxy, next_command):
    """The answer is lost, and so is that to the question which came at once after it."""
    old = account(behind, "show")
    proxy.rules += [Rule(path=CHANGE, times=1, lose=True), Rule(path="sign-me-up", method="POST", times=1, lose=True)]
    account(behind, "rollover", status=75)
    assert "finds out which of the two keys is valid" in behind.stderr
    assert "next_private_key.json" in files(behind)
    if next_command == "acme-order":
        assert behind.run("acme-order", "-d", "next.example.test")[0]["account"] == old["url"]
    else:
        args = ["-m", "one@example.test"] if next_command == "update" else []
        assert account(behind, next_command, *args)["url"] == old["url"]
    assert "next_private_key.json" not in files(behind)
    assert [request.path for request in proxy.requests].count(CHANGE) == 1


@pytest.mark.parametrize("rule", [{"lose": True}, {"status": 500}, {"status": 403, "body": MALFORMED}])
def test_answer_that_hides_a_change_is_seen_through(behind, proxy, rule):
    old = account(behind, "show")
    proxy.rules.append(Rule(path=CHANGE, times=1, **rule))
    new = account(behind, "rollover")
    assert new["thumbprint"] != old["thumbprint"]
    assert account(behind, "show")["thumbprint"] == new["thumbprint"]


def test_change_that_the_ca_refuses_leaves_the_old_key(behind, proxy):
    old = account(behind, "show")
    proxy.rules.append(Rule(path=CHANGE, forward=False, status=400, body=MALFORMED))
    account(behind, "rollover", status=1)
    assert "no such key" in behind.stderr
    assert files(behind) == {"private_key.json", "regr.json", "meta.json"}
    assert account(behind, "show")["thumbprint"] == old["thumbprint"]


def test_ca_that_changes_no_keys_is_told_before_one_is_made(behind, proxy):
    proxy.rules.append(Rule(path="/dir$", edit=merge({"keyChange": None})))
    account(behind, "rollover", status=1)
    assert "has no keyChange" in behind.stderr
    assert "next_private_key.json" not in files(behind)


UNAUTHORIZED = '{"type":"urn:ietf:params:acme:error:unauthorized","detail":"something odd"}'


def cut_short(behind, proxy, *, heard):
    """A change of which neither the answer nor that to the question after it has come."""
    lost = {"lose": True} if heard else {"forward": False, "lose": True}
    proxy.rules += [Rule(path=CHANGE, times=1, **lost), Rule(path="sign-me-up", times=1, lose=True)]
    account(behind, "rollover", status=75)


def test_old_key_is_believed_when_the_ca_takes_it_whatever_it_says_of_the_new_one(behind, proxy):
    old = account(behind, "show")
    cut_short(behind, proxy, heard=False)
    proxy.rules.append(Rule(path="sign-me-up", times=1, status=403, body=UNAUTHORIZED))
    assert account(behind, "show")["thumbprint"] == old["thumbprint"]
    assert "next_private_key.json" in files(behind)


def test_no_key_is_given_up_while_the_ca_takes_neither(behind, proxy):
    old = account(behind, "show")
    cut_short(behind, proxy, heard=True)
    proxy.rules.append(Rule(path="sign-me-up", times=2, status=403, body=UNAUTHORIZED))
    account(behind, "show", status=1)
    assert "something odd" in behind.stderr
    assert {"private_key.json", "next_private_key.json"} <= files(behind)
    found = account(behind, "show")
    assert (found["url"], found["thumbprint"] == old["thumbprint"]) == (old["url"], False)
