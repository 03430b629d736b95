"""Revocation at a real CA: by lineage, by a file with the account, by the certificate's own key."""

import fcntl
import json
import shutil

import pytest

from tests.fakes.proxy import FaultProxy
from tests.fakes.rules import Rule
from tests.test_flows.commands import Home


@pytest.fixture
def home(tmp_path, ca):
    return Home(tmp_path / "home", ca)


@pytest.fixture
def issued(home):
    """A function that issues for a name, and gives the live directory."""

    def issue(name):
        port = home.ca.http_port
        home.run("acme-run", "--agree-tos", "--standalone", "--http-01-port", port, "-d", name)
        return home.path / "config/live" / name

    return issue


def revoke(home, *args, **more):
    return home.run("acme-revoke", *args, **more)


def status(ca, found):
    return json.loads(ca.certificate_status(int(found["serial"], 16)))


def test_lineages(home, ca, issued):
    issued("one.revoke.example.test")
    issued("two.revoke.example.test")
    found = revoke(home, "one.revoke.example.test", "two.revoke.example.test")
    assert [line["name"] for line in found] == ["one.revoke.example.test", "two.revoke.example.test"]
    for line in found:
        assert (line["status"], line["already"]) == ("revoked", False)
        assert status(ca, line)["Status"] == "Revoked"


def test_second_time_is_no_error_and_is_told(home, issued):
    issued("twice.revoke.example.test")
    [first] = revoke(home, "twice.revoke.example.test")
    [second] = revoke(home, "-v", "twice.revoke.example.test")
    assert second == {**first, "already": True}
    assert "was revoked already" in home.stderr


def test_answer_that_is_lost(home, ca, issued):
    issued("lost.revoke.example.test")
    cert = home.path / "config/live/lost.revoke.example.test/cert.pem"
    with FaultProxy(ca, [Rule(path="/revoke-cert", times=1, lose=True)]) as proxy:
        through = Home(home.path / "through", proxy)
        key = home.path / "key"
        home.run("acme-account", "export", "--output", key)
        through.run("acme-account", "recover", "--key", key)
        [lost] = revoke(through, "--cert", cert, status=75)
        assert (lost["status"], lost["error"]["type"]) == ("failed", "urn:acme-toolkit:error:unreachable")
        [found] = revoke(through, "--cert", cert)
    assert (found["status"], found["already"]) == ("revoked", True)


@pytest.mark.parametrize(
    ("reason", "number"),
    [
        ("unspecified", 0),
        ("keyCompromise", 1),
        ("affiliationchanged", 3),
        ("superseded", 4),
        ("cessationOfOperation", 5),
    ],
)
def test_reason(home, ca, issued, reason, number):
    issued(f"{number}.revoke.example.test")
    [found] = revoke(home, f"{number}.revoke.example.test", "--reason", reason)
    assert (status(ca, found).get("Reason") or 0) == number


def test_certificate_with_the_account(home, ca, issued):
    live = issued("file.revoke.example.test")
    [found] = revoke(home, "--cert", live / "fullchain.pem")
    assert found["name"] == str(live / "fullchain.pem")
    assert status(ca, found)["Status"] == "Revoked"


def test_certificate_with_its_own_key_needs_no_account(home, ca, issued, tmp_path):
    live = issued("own.revoke.example.test")
    stranger = Home(tmp_path / "stranger", ca)
    key = live / "privkey.pem"
    [found] = revoke(stranger, "--cert", live / "cert.pem", "--key", key, "--reason", "keyCompromise")
    assert status(ca, found)["Status"] == "Revoked"
    assert status(ca, found)["Reason"] == 1
    assert not list(stranger.path.glob("config/accounts/**/*.json"))
    [again] = revoke(stranger, "--cert", live / "cert.pem", "--key", key)
    assert again["already"]


def test_server_and_account_are_those_of_the_lineage(home, issued, tmp_path):
    """Without --server, and with an account of somebody else beside."""
    issued("settings.revoke.example.test")
    other = Home(tmp_path / "other", home.ca)
    other.run("acme-account", "register", "--agree-tos")
    other.run("acme-account", "export", "--output", tmp_path / "key")
    home.run("acme-account", "import", "--key", tmp_path / "key")
    [found] = revoke(home, "settings.revoke.example.test", "--ca-bundle", str(home.ca.ca_bundle), server=False)
    assert found["status"] == "revoked"


def test_account_that_did_not_order_it(home, ca, issued, tmp_path):
    live = issued("foreign.revoke.example.test")
    stranger = Home(tmp_path / "stranger", ca)
    stranger.run("acme-account", "register", "--agree-tos")
    [found] = revoke(stranger, "--cert", live / "cert.pem", status=1)
    assert found["status"] == "failed"
    assert "--cert and --key of the certificate" in stranger.stderr


def test_one_that_fails_does_not_keep_the_others(home, ca, issued):
    issued("good.revoke.example.test")
    found = revoke(home, "none.revoke.example.test", "good.revoke.example.test", status=2)
    assert [line["status"] for line in found] == ["failed", "revoked"]
    assert "no certificate is live as none.revoke.example.test" in home.stderr


def test_lineage_of_certbots(home, ca, issued):
    """There live/NAME is a directory with links in it."""
    live = issued("foreign-layout.example.test")
    target = live.resolve()
    live.unlink()
    live.mkdir()
    for path in target.iterdir():
        shutil.copy(path, live / path.name)
    [found] = revoke(home, "foreign-layout.example.test")
    assert status(ca, found)["Status"] == "Revoked"


def test_lineage_that_is_locked(home, ca, issued):
    live = issued("locked.revoke.example.test")
    before = len(ca.requests())
    with (live.parent / ".locked.revoke.example.test.lock").open("r+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        [found] = revoke(home, "locked.revoke.example.test", status=75)
    assert found["error"]["type"] == "urn:acme-toolkit:error:busy"
    assert len(ca.requests()) == before


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ([], "nothing to revoke"),
        (["x.example.test", "--cert", "x"], "at once"),
        (["x.example.test", "--key", "x"], "--key without --cert"),
        (["--cert", "x", "--delete-after-revoke"], "--delete-after-revoke with --cert"),
        (["x.example.test", "--reason", "boredom"], "boredom"),
        (["../x"], "../x"),
    ],
)
def test_command_lines_that_cannot_be(home, args, message):
    revoke(home, *args, status=2)
    assert message in home.stderr


def test_key_of_another_certificate_is_refused_here(home, ca, issued):
    one, two = issued("a.revoke.example.test"), issued("b.revoke.example.test")
    before = len(ca.requests())
    revoke(home, "--cert", one / "cert.pem", "--key", two / "privkey.pem", status=2)
    assert "is not the key of" in home.stderr
    assert len(ca.requests()) == before


def test_lineage_is_deleted_after_it_was_revoked(home, ca, issued):
    live = issued("delete.revoke.example.test")
    issued("keep.revoke.example.test")
    [found] = revoke(home, "--delete-after-revoke", "delete.revoke.example.test")
    assert (found["status"], found["deleted"]) == ("revoked", True)
    assert status(ca, found)["Status"] == "Revoked"
    assert not live.exists()
    assert not list(home.path.glob("config/*/delete.revoke.example.test*"))
    assert (home.path / "config/live/keep.revoke.example.test/privkey.pem").exists()
    revoke(home, "--delete-after-revoke", "delete.revoke.example.test", status=2)


def test_lineage_that_is_not_revoked_is_not_deleted(home, ca, issued):
    live = issued("stays.revoke.example.test")
    with FaultProxy(ca, [Rule(path="/revoke-cert", forward=False, status=500)]) as proxy:
        through = Home(home.path, proxy)
        key = home.path / "key"
        home.run("acme-account", "export", "--output", key)
        through.run("acme-account", "recover", "--key", key)
        [found] = revoke(through, "--delete-after-revoke", "stays.revoke.example.test", status=75)
    assert found["status"] == "failed"
    assert (live / "privkey.pem").exists()


def test_lineage_that_we_may_not_delete_is_not_revoked(home, ca, issued):
    live = issued("theirs.revoke.example.test")
    target = live.resolve()
    live.unlink()
    live.mkdir()
    for path in target.iterdir():
        shutil.copy(path, live / path.name)
    before = len(ca.requests())
    [found] = revoke(home, "--delete-after-revoke", "theirs.revoke.example.test", status=1)
    assert found["status"] == "failed"
    assert len(ca.requests()) == before
