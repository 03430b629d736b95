"""Renewals at a real CA: each lineage by its own settings, and none for another's sake."""

import datetime
import json
import subprocess
import sys
import time

import pytest

from tests.test_flows.commands import CODE, Home
from toolkit import certs

SOON = {"renew_before_days": 99}


@pytest.fixture
def home(tmp_path, ca):
    return Home(tmp_path, ca)


def issue(home, *names, more=()):
    wanted = [word for name in names for word in ("-d", name)]
    standalone = ["--standalone", "--http-01-port", home.ca.http_port]
    for _ in range(3):
        home.run("acme-run", "--agree-tos", *wanted, *standalone, *more)
        # Pebble 2.10 does not find a certificate by its serial number if that begins with a byte of zero.
        if certs.read_chain(leaf(home, names[0])).leaf.serial_number.bit_length() > 56:
            return
        home.run("acme-cert", "delete", names[0], server=False)


def renew(home, *args, status=0):
    return home.run("acme-renew", *args, status=status)


def plan(home, *args, status=0):
    return {found["name"]: found for found in renew(home, "--plan", "--format", "json", *args, status=status)}


def settings(home, name, **more):
    path = home.path / f"config/renewal/{name}.yaml"
    with path.open("a") as file:
        for key, value in more.items():
            file.write(f"{key}: {json.dumps(value)}\n")


def generation(home, name):
    return int((home.path / f"config/live/{name}").readlink().name.rpartition(".")[2])


def state(home, name):
    return json.loads((home.path / f"work/renewal/{name}.json").read_text())


def leaf(home, name):
    return (home.path / f"config/live/{name}/cert.pem").read_text()


def test_nothing_is_due_and_nobody_is_asked_twice(home):
    issue(home, "nd.test")
    renew(home)
    before = len(home.ca.requests())
    assert renew(home) == []
    assert home.stderr == ""
    assert len(home.ca.requests()) == before
    assert generation(home, "nd.test") == 1


def test_renewed_by_its_own_settings(home):
    touched = home.path / "touched"
    hook = home.path / "hook"
    hook.mkdir()
    (hook / "deploy").write_text(f'#!/bin/sh\necho "$RENEWED_DOMAINS" >>{touched}\n')
    (hook / "deploy").chmod(0o755)
    more = ["--deploy", str(hook), "--copy", f"combined={home.path}/both.pem", "--key-type", "rsa"]
    issue(home, "own.test", "www.own.test", more=more)
    settings(home, "own.test", **SOON)
    (home.path / "both.pem").unlink()
    (found,) = renew(home)
    assert generation(home, "own.test") == 2
    assert sorted(found["names"]) == ["own.test", "www.own.test"]
    assert touched.read_text() == "own.test www.own.test\n" * 2
    assert certs.key_name(certs.read_chain(leaf(home, "own.test")).leaf) == "rsa 2048"
    assert (home.path / "both.pem").read_text().count("BEGIN CERTIFICATE") == 2


def test_the_ca_suggests_it_now(home):
    issue(home, "ari.test")
    past = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=1)
    window = {"start": certs.timestamp(past), "end": certs.timestamp(past + datetime.timedelta(hours=1))}
    home.ca.set_renewal_info(leaf(home, "ari.test"), json.dumps({"suggestedWindow": window}))
    assert plan(home)["ari.test"]["why"] == "the CA suggests it"
    (found,) = renew(home)
    assert found["replaces"]
    assert generation(home, "ari.test") == 2


def test_one_that_fails_does_not_stop_the_others_and_is_waited_for(home):
    for name in ("ok1.test", "fails.test", "ok2.test"):
        issue(home, name)
        settings(home, name, **SOON)
    settings(home, "fails.test", authenticator={"manual_auth_hook": "exit 3"})
    post = home.path / "post"
    hooks = ["--pre-hook", f"echo pre >>{post}", "--post-hook", f'echo "$RENEWED_DOMAINS/$FAILED_DOMAINS" >>{post}']
    renew(home, *hooks, "--jobs", "1", status=1)
    assert [generation(home, name) for name in ("ok1.test", "fails.test", "ok2.test")] == [2, 1, 2]
    assert post.read_text() == "pre\nok1.test ok2.test/fails.test\n"
    assert state(home, "fails.test")["failures"] == 1
    assert "exited with 3" in state(home, "fails.test")["error"]
    found = plan(home)["fails.test"]
    assert not found["renew"]
    assert "failed once" in found["why"]
    left = {document["cert_name"] for document in renew(home)}
    assert left == {"ok1.test", "ok2.test"}, "it is left for a minute"
    renew(home, "fails.test", "--force-renewal", status=1)
    assert state(home, "fails.test")["failures"] == 2


def test_settings_that_change_are_tried_at_once(home):
    issue(home, "mend.test")
    settings(home, "mend.test", **SOON, authenticator={"manual_auth_hook": "exit 3"})
    renew(home, status=1)
    settings(home, "mend.test", authenticator={"standalone": True, "http_01_port": home.ca.http_port})
    renew(home)
    assert generation(home, "mend.test") == 2
    assert state(home, "mend.test")["failures"] == 0


def test_other_names_and_a_missing_certificate(home):
    issue(home, "names.test")
    issue(home, "gone.test")
    settings(home, "names.test", names=["names.test", "more.test"])
    (home.path / "config/live/gone.test").unlink()
    found = plan(home)
    assert found["names.test"]["why"] == "other names are wanted"
    assert found["gone.test"]["why"] == "there is no certificate yet"
    renew(home)
    assert certs.read_chain((home.path / "config/live/names.test/fullchain.pem").read_text()).names == [
        *("more.test", "names.test")
    ]
    assert (home.path / "config/live/gone.test/cert.pem").exists()


def test_targets_that_are_owed_need_no_order(home):
    gate = home.path / "mended"
    home.run(
        *("acme-run", "--agree-tos", "-d", "owed.test", "--standalone", "--http-01-port", home.ca.http_port),
        *("--deploy-hook", f"test -e {gate}"),
        status=1,
    )
    assert plan(home)["owed.test"]["deploy"]
    renew(home, status=1)
    gate.touch()
    before = [path for _, path in home.ca.requests()].count("/order-plz")
    renew(home)
    assert [path for _, path in home.ca.requests()].count("/order-plz") == before
    assert not plan(home)["owed.test"]["deploy"]


def test_documents_for_the_pipeline(home):
    issue(home, "pipe.test")
    settings(home, "pipe.test", **SOON)
    (found,) = renew(home, "--due")
    assert (found["cert_name"], found["names"]) == ("pipe.test", ["pipe.test"])
    assert generation(home, "pipe.test") == 1
    text = json.dumps(found) + "\n"
    for command, more in (
        ("acme-order", ()),
        ("acme-challenge", ("--standalone", "--http-01-port", home.ca.http_port)),
        ("acme-finalize", ()),
        ("acme-install", ()),
    ):
        (found,) = home.run(command, *more, text=text, server=command != "acme-install")
        text = json.dumps(found) + "\n"
    assert generation(home, "pipe.test") == 2


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("schema: other\n", "not renewal settings"),
        ("schema: acme-renewal/1\nnames: [broken.test]\nauthenticator: 7\n", "no mapping"),
        ("schema: acme-renewal/1\nnames: [broken.test]\n", "no authenticator"),
        ("schema: acme-renewal/1\nnames: [broken.test]\nauthenticator: {hook: nosuch}\n", "no hook nosuch"),
        (
            "schema: acme-renewal/1\nnames: [broken.test]\nauthenticator: {standalone: true}\ndeploy: {copies: 7}\n",
            "no list",
        ),
        (": : :\n", "not YAML"),
    ],
)
def test_settings_that_are_broken_are_one_failure_among_others(home, text, says):
    issue(home, "fine.test")
    issue(home, "broken.test")
    settings(home, "fine.test", **SOON)
    (home.path / "config/renewal/broken.test.yaml").write_text(f"{text}renew_before_days: 99\n")
    renew(home, status=1)
    assert says in home.stderr
    assert generation(home, "fine.test") == 2
    assert generation(home, "broken.test") == 1


def test_what_is_replaced_is_left_out_after_a_failure(home):
    issue(home, "rep.test")
    settings(home, "rep.test", **SOON, authenticator={"manual_auth_hook": "exit 3"})
    (found,) = renew(home, status=1)
    assert found["replaces"]
    (again,) = renew(home, "--due", "--force-renewal")
    assert "replaces" not in again


def start(home, *args):
    dirs = ["--config-dir", str(home.path / "config"), "--work-dir", str(home.path / "work")]
    argv = [sys.executable, "-c", CODE, "acme-renew", *args, *dirs, *home.server]
    return subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def slow(home, name):
    """Let the lineage's authenticator wait for a gate; returns the gate, and what tells that it is reached."""
    inside, gate = home.path / "inside", home.path / "gate"
    line = f"touch {inside}; until [ -e {gate} ]; do sleep 0.05; done; exit 1"
    settings(home, name, **SOON, authenticator={"manual_auth_hook": line})
    return inside, gate


def until(condition):
    for _ in range(400):
        if condition():
            return
        time.sleep(0.05)
    pytest.fail("waited in vain")


def test_two_at_once_work_on_different_lineages(home):
    issue(home, "slow.test")
    issue(home, "fast.test")
    settings(home, "fast.test", **SOON)
    inside, gate = slow(home, "slow.test")
    first = start(home, "slow.test")
    until(inside.exists)
    renew(home, "fast.test")
    assert generation(home, "fast.test") == 2
    renew(home, "slow.test", status=75)
    assert f"the renewal of slow.test is locked by process {first.pid}" in home.stderr
    gate.touch()
    first.communicate(timeout=30)
    assert state(home, "slow.test")["failures"] == 1, "who was kept out has not failed"


def test_killed_in_the_middle(home):
    issue(home, "killed.test")
    inside, _ = slow(home, "killed.test")
    process = start(home)
    until(inside.exists)
    process.kill()
    process.communicate()
    assert generation(home, "killed.test") == 1
    settings(home, "killed.test", authenticator={"standalone": True, "http_01_port": home.ca.http_port})
    renew(home)
    assert generation(home, "killed.test") == 2
    assert not list((home.path / "work/journal").glob("*.json"))
