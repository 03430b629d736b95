"""Accounts against a real CA: what is changed there and here, and a change of the key that is cut short anywhere."""

import base64
import json
import signal
import subprocess
import sys
import threading
import time

import pytest

from tests.ca.pebble import TestCA
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


def test_contacts_are_replaced_and_removed(home):
    account(home, "register", "--agree-tos", "-m", "one@example.test")
    changed = account(home, "update", "-m", "two@example.test,three@example.test")
    assert changed["contact"] == ["mailto:two@example.test", "mailto:three@example.test"]
    assert account(home, "show")["contact"] == changed["contact"]
    assert account(home, "update", "-m", "")["contact"] == []
    assert account(home, "show")["contact"] == []


def test_update_to_the_terms_leaves_the_contacts(home):
    account(home, "register", "--agree-tos", "-m", "one@example.test")
    assert account(home, "update", "--agree-tos")["contact"] == ["mailto:one@example.test"]


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["update"], "nothing to update"),
        (["update", "-m", "x y@example.test"], "not an e-mail address"),
        (["recover"], "no key to find the account by"),
        (["show", "--key", "x"], "show has no --key"),
        (["deactivate", "--key-type", "rsa"], "deactivate has no --key-type"),
        (["rollover", "--rsa-key-size", "8192"], "8192"),
        (["rollover", "--elliptic-curve", "secp521r1"], "secp521r1"),
    ],
)
def test_command_lines_that_cannot_be(home, args, message):
    account(home, "register", "--agree-tos")
    assert account(home, *args, status=2) == []
    assert message in home.stderr


@pytest.mark.parametrize("action", ["update", "rollover", "deactivate", "export"])
def test_without_an_account(home, action):
    args = ["-m", "one@example.test"] if action == "update" else []
    account(home, action, *args, status=2)
    assert "no account at" in home.stderr
    assert "acme-account register" in home.stderr


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


def test_registration_with_an_rsa_key(home):
    account(home, "register", "--agree-tos", "--key-type", "rsa", "--rsa-key-size", "3072")
    [jwk] = home.run("acme-account", "export")
    assert jwk["kty"] == "RSA"


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


def test_deactivation_is_for_good(home):
    old = account(home, "register", "--agree-tos")
    assert account(home, "deactivate")["status"] == "deactivated"
    assert account(home, "list") == []
    assert "retired_private_key.json" in files(home)
    home.run("acme-order", "-d", "gone.example.test", status=2)
    assert account(home, "register", "--agree-tos")["url"] != old["url"]


def test_deactivation_that_was_cut_short_is_ended(behind, proxy):
    proxy.rules.append(Rule(path="/my-account/", times=1, lose=True))
    account(behind, "deactivate", status=75)
    assert account(behind, "list")
    assert account(behind, "deactivate", "-v")["status"] == "deactivated"
    assert "was deactivated already" in behind.stderr
    assert account(behind, "list") == []


def test_one_of_several_accounts_is_named(home):
    first = account(home, "register", "--agree-tos")
    other = Home(home.path / "other", home.ca)
    second = account(other, "register", "--agree-tos")
    key = home.path / "second.json"
    account(other, "export", "--output", key)
    account(home, "import", "--key", key)
    assert {found["id"] for found in account(home, "list")} == {first["id"], second["id"]}
    for action in ("deactivate", "rollover", "export"):
        account(home, action, status=2)
        assert "choose one with --account" in home.stderr
    assert account(home, "deactivate", "--account", second["id"])["url"] == second["url"]
    assert account(home, "rollover", "--account", first["id"])["url"] == first["url"]
    assert account(home, "list")["url"] == first["url"]


@pytest.mark.parametrize("form", ["jwk", "pem"])
@pytest.mark.parametrize("kind", ["ecdsa", "rsa"])
@pytest.mark.parametrize("action", ["recover", "import"])
def test_account_is_taken_to_another_host(home, action, kind, form):
    old = account(home, "register", "--agree-tos", "--key-type", kind, "-m", "one@example.test")
    key = home.path / "key"
    assert account(home, "export", "--key-format", form, "--output", key)["id"] == old["id"]
    assert key.stat().st_mode & 0o777 == 0o600
    assert key.read_bytes().startswith(b"{" if form == "jwk" else b"-----BEGIN PRIVATE KEY-----")
    other = Home(home.path / "other", home.ca)
    found = account(other, action, "--key", key)
    assert (found["id"], found["url"]) == (old["id"], old["url"])
    assert (found["status"], found["contact"]) == ("valid", ["mailto:one@example.test"])
    assert "d" not in found
    assert other.run("acme-order", "-d", "moved.example.test")[0]["account"] == old["url"]


def test_recovered_key_takes_the_place_of_the_one_before(home):
    old = account(home, "register", "--agree-tos")
    other = Home(home.path / "other", home.ca)
    key = home.path / "key"
    account(home, "export", "--output", key)
    account(other, "recover", "--key", key)
    new = account(other, "rollover")
    account(other, "export", "--output", key)
    assert account(home, "recover", "--key", key)["url"] == old["url"]
    assert account(home, "list")["id"] == new["id"]


@pytest.mark.parametrize("text", ["", "{}", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"])
def test_file_that_is_no_key(home, text):
    key = home.path.parent / "key"
    key.write_text(text)
    account(home, "recover", "--key", key, status=1)
    assert str(key) in home.stderr


def test_key_that_the_ca_does_not_know_is_not_stored(home, ca):
    key = home.path.parent / "key.pem"
    made = subprocess.run(["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout"], stdout=subprocess.PIPE)
    key.write_bytes(made.stdout)
    account(home, "recover", "--key", key, status=1)
    assert "accountDoesNotExist" in home.stderr
    assert files(home) == set()


def test_short_names_of_cas(home):
    found = {known["name"]: known for known in home.run("acme-account", "servers", server=False)}
    assert found["zerossl"]["needs"] == ["eab"]
    assert home.run("acme-account", "list", "--server", "letsencrypt-staging", server=False) == []
    home.run("acme-order", "--server", "letsencypt", "-d", "x.example.test", server=False, status=2)
    assert "acme-account servers" in home.stderr


@pytest.fixture(scope="module")
def binding_ca():
    keys = {f"kid-{bits}": base64.urlsafe_b64encode(bytes(range(64))).decode() for bits in (256, 384, 512)}
    with TestCA.start(eab=keys) as running:
        yield running


@pytest.mark.parametrize("bits", [256, 384, 512])
def test_external_account(tmp_path, binding_ca, bits):
    home = Home(tmp_path, binding_ca)
    account(home, "register", "--agree-tos", status=1)
    assert "--eab-kid" in home.stderr
    key = tmp_path / "hmac"
    key.write_bytes(base64.urlsafe_b64encode(bytes(range(64))) + b"\n")
    eab = ["--eab-kid", f"kid-{bits}", "--eab-hmac-key-file", key, "--eab-hmac-alg", f"HS{bits}"]
    found = account(home, "register", "--agree-tos", *eab)
    assert account(home, "show")["url"] == found["url"]
    exported = tmp_path / "key"
    account(home, "export", "--output", exported)
    # An account that exists is found by its key, without the binding.
    assert account(Home(tmp_path / "other", binding_ca), "recover", "--key", exported)["url"] == found["url"]
    key.write_bytes(base64.urlsafe_b64encode(bytes(64)))
    account(Home(tmp_path / "third", binding_ca), "register", "--agree-tos", *eab, status=1)
