"""Accounts against a real CA: what is changed there and here."""

import base64
import fcntl
import subprocess

import pytest

from tests.ca.pebble import TestCA
from tests.fakes.proxy import FaultProxy
from tests.fakes.rules import Rule
from tests.test_flows.commands import Home


@pytest.fixture
def home(tmp_path, ca):
    return Home(tmp_path / "home", ca)


def account(home, *args, **more):
    found = home.run("acme-account", *args, **more)
    return found[0] if len(found) == 1 else found


def files(home):
    return {path.name for path in home.path.glob("config/accounts/**/*.json")}


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


def test_registration_with_an_rsa_key(home):
    account(home, "register", "--agree-tos", "--key-type", "rsa", "--rsa-key-size", "3072")
    [jwk] = home.run("acme-account", "export")
    assert jwk["kty"] == "RSA"


def test_deactivation_is_for_good(home):
    old = account(home, "register", "--agree-tos")
    assert account(home, "deactivate")["status"] == "deactivated"
    assert account(home, "list") == []
    assert "retired_private_key.json" in files(home)
    home.run("acme-order", "-d", "gone.example.test", status=2)
    assert account(home, "register", "--agree-tos")["url"] != old["url"]


def test_deactivation_that_was_cut_short_is_ended(tmp_path, ca):
    with FaultProxy(ca, [Rule(path="/my-account/", times=1, lose=True)]) as proxy:
        home = Home(tmp_path / "home", proxy)
        account(home, "register", "--agree-tos")
        account(home, "deactivate", status=75)
        assert account(home, "list")
        assert account(home, "deactivate", "-v")["status"] == "deactivated"
    assert "was deactivated already" in home.stderr
    assert account(home, "list") == []


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


@pytest.mark.parametrize("action", [["update", "-m", ""], ["rollover"], ["deactivate"], ["recover"]])
def test_nothing_is_changed_while_certbot_is_at_work(home, ca, action):
    account(home, "register", "--agree-tos")
    key = home.path / "key"
    account(home, "export", "--output", key)
    before = len(ca.requests())
    with (home.path / "config/.certbot.lock").open("w") as lock:
        fcntl.lockf(lock, fcntl.LOCK_EX)
        account(home, *action, *(["--key", key] if action == ["recover"] else []), status=75)
    assert "certbot" in home.stderr.lower()
    assert not [path for method, path in ca.requests()[before:] if method == "POST"]
