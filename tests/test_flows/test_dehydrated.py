"""What a hook of dehydrated hears beside its challenges."""

import itertools
import subprocess

import pytest

from tests.test_flows.commands import Home

SCRIPT = """#!/bin/sh
echo "$@" >>{log}
[ ! -e {home}/"$1" ] || . {home}/"$1"
[ "$1" != deploy_challenge ] ||
    curl -sS -d '{{"host":"_acme-challenge.'"$2"'.","value":"'"$4"'"}}' {ca}/set-txt
"""


@pytest.fixture
def home(tmp_path, ca):
    found = Home(tmp_path, ca)
    found.hook = tmp_path / "hook.sh"
    found.log = tmp_path / "log"
    found.hook.write_text(SCRIPT.format(log=found.log, home=tmp_path, ca=ca.challtestsrv))
    found.hook.chmod(0o755)
    return found


def run(home, *args, status=0):
    hook = ["--hook", f"dehydrated:{home.hook}", "--deploy", f"dehydrated:{home.hook}"]
    more = ["--preferred-challenges", "dns", "--check", "skip"]
    return home.run("acme-run", "--agree-tos", *hook, *more, *args, status=status)


def heard(home):
    return [line.split()[0] for line in home.log.read_text().splitlines()]


def test_operations_in_their_order(home):
    run(home, "-d", "o.test")
    assert heard(home) == [
        *("startup_hook", "deploy_challenge", "clean_challenge", "generate_csr"),
        *("sync_cert", "deploy_cert", "exit_hook"),
    ]
    live = home.path / "config/live/o.test"
    deployed = home.log.read_text().splitlines()[-2].split()
    assert deployed[:6] == [
        *("deploy_cert", "o.test", f"{live}/privkey.pem"),
        *(f"{live}/{kind}.pem" for kind in ("cert", "fullchain", "chain")),
    ]


def test_certificate_that_is_not_due(home):
    run(home, "-d", "n.test")
    home.log.unlink()
    run(home, "-d", "n.test")
    assert heard(home) == ["unchanged_cert"]


def test_proof_that_the_ca_does_not_find(home):
    home.hook.write_text(f'#!/bin/sh\necho "$@" >>{home.log}\n')
    run(home, "-d", "good.test", "-d", "bad.test", status=1)
    calls = [name for name, _ in itertools.groupby(heard(home))]
    assert calls == ["startup_hook", "deploy_challenge", "invalid_challenge", "clean_challenge", "exit_hook"]
    refused = [line for line in home.log.read_text().splitlines() if line.startswith("invalid_challenge")]
    assert refused[0].split()[1] in ("good.test", "bad.test")
    assert home.log.read_text().splitlines()[-1] != "exit_hook", "it is told why"


def test_request_that_the_ca_refuses(tmp_path):
    from tests.ca.pebble import TestCA

    with TestCA.start(blocklist=("blocked.test",)) as ca:
        home = Home(tmp_path, ca)
        home.hook, home.log = tmp_path / "hook.sh", tmp_path / "log"
        home.hook.write_text(SCRIPT.format(log=home.log, home=tmp_path, ca=ca.challtestsrv))
        home.hook.chmod(0o755)
        run(home, "-d", "blocked.test", status=1)
    (line,) = [line for line in home.log.read_text().splitlines() if line.startswith("request_failure")]
    assert line.split()[1].isdigit()
    assert "rejectedIdentifier" in line


def request(home, name):
    key, csr = home.path / "own.key", home.path / "own.csr"
    new = ["openssl", "req", "-new", "-newkey", "rsa:2048", "-nodes", "-subj", "/", "-keyout", key, "-out", csr]
    subprocess.run([*new, "-addext", f"subjectAltName=DNS:{name}"], check=True, capture_output=True)
    return key, csr


def test_signing_request_of_the_hook(home):
    key, csr = request(home, "csr.test")
    (home.path / "generate_csr").write_text(f"echo some words; cat {csr}\n")
    run(home, "-d", "csr.test", "--key", key)
    assert (home.path / "config/live/csr.test/privkey.pem").read_bytes().split(b"-----")[1:2] == [b"BEGIN PRIVATE KEY"]
    public = ["openssl", "pkey", "-pubout", "-in"]
    ours = subprocess.run([*public, home.path / "config/live/csr.test/privkey.pem"], capture_output=True, check=True)
    theirs = subprocess.run([*public, key], capture_output=True, check=True)
    assert ours.stdout == theirs.stdout


def test_signing_request_for_other_names(home):
    key, csr = request(home, "evil.test")
    (home.path / "generate_csr").write_text(f"cat {csr}\n")
    run(home, "-d", "mine.test", "--key", key, status=1)
    assert "is for evil.test" in home.stderr


def test_run_that_the_hook_does_not_let_begin(home):
    home.hook.write_text(f'#!/bin/sh\necho "$@" >>{home.log}\n[ "$1" != startup_hook ]\n')
    hook = ["--hook", f"dehydrated:{home.hook}", "--preferred-challenges", "dns", "--check", "skip", "--jobs", "1"]
    home.run("acme-run", "--agree-tos", *hook, text="b1.test\nb2.test\n", status=1)
    assert home.stderr.count("the begin hook hook.sh exited with 1") == 2
    assert "deploy_challenge" not in heard(home)
