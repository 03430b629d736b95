"""Ours and a real certbot on the same directories: never at once; ours among each other: at once."""

import json
import os
import subprocess
import sys
import time

import pytest

from tests.servers import clients
from tests.test_flows.commands import CODE, Home

NAME = "locks.example.test"
# Waits in a hook until the test lets it go on, or has forgotten it.
WAIT = "i=0; while [ ! -e {home}/go ] && [ $i -lt 900 ]; do sleep 0.05; i=$((i+1)); done"
ANOTHER = "Another instance of Certbot is already running"


class Place(Home):
    """Directories of both, and the processes that were started on them."""

    def __init__(self, path, ca, certbot):
        super().__init__(path, ca)
        self.certbot, self.started = certbot, []
        record = '"{\\"host\\":\\"_acme-challenge.$CERTBOT_DOMAIN.\\",\\"value\\":\\"$CERTBOT_VALIDATION\\"}"'
        self.publish = f"curl -sS -d {record} {ca.challtestsrv}/set-txt >/dev/null"
        self.slow = self.program("slow", f"touch {path}/begun.$PPID\n{WAIT.format(home=path)}")
        self.hook = self.program("publish", self.publish)
        self.dirs = [w for n in ("config", "work") for w in (f"--{n}-dir", str(path / n))]

    def program(self, name, text):
        path = self.path / name
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)
        return str(path)

    def start(self, *command, **more):
        pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        self.started.append(subprocess.Popen(list(map(str, command)), **{**pipes, **more}))
        return self.started[-1]

    def ours(self, name, *arguments, **more):
        server = self.server if name not in ("acme-csr", "acme-install") else []
        return self.start(sys.executable, "-c", CODE, name, *arguments, *self.dirs, *server, **more)

    def issue(self, *arguments, name=NAME):
        hook = ["--manual-auth-hook", self.hook, "--preferred-challenges", "dns", "--check", "skip"]
        return self.ours("acme-run", "--agree-tos", "-d", name, *hook, *arguments)

    def theirs(self, hook=None, name="theirs.example.test"):
        logs = ["--logs-dir", self.path / "logs", "--server", self.ca.directory]
        words = [
            "certonly",
            "-n",
            "--force-renewal",
            "--agree-tos",
            "--register-unsafely-without-email",
            "--manual",
            "-d",
            name,
        ]
        words += ["--preferred-challenges", "dns", "--manual-auth-hook", hook or self.hook]
        environment = {**os.environ, "REQUESTS_CA_BUNDLE": str(self.ca.ca_bundle)}
        return self.start(self.certbot, *words, *self.dirs, *logs, env=environment)

    def begun(self, count=1):
        until(lambda: len(list(self.path.glob("begun.*"))) == count)

    def go(self):
        (self.path / "go").touch()

    def again(self):
        for path in (self.path / "go", *self.path.glob("begun.*")):
            path.unlink(missing_ok=True)


@pytest.fixture(scope="module")
def certbot():
    try:
        return clients.certbot()
    except clients.Missing as missing:
        pytest.skip(str(missing))


@pytest.fixture
def place(tmp_path, ca, certbot):
    made = Place(tmp_path, ca, certbot)
    yield made
    made.go()
    for process in made.started:
        process.kill()
        with process:  # waits for it, and closes its pipes
            pass


def until(condition):
    for _ in range(600):
        if condition():
            return
        time.sleep(0.05)
    pytest.fail("waited in vain")


def done(process, status=0):
    """What the process has said on standard output and error, once it has ended as it should."""
    out, err = process.communicate(timeout=60)
    assert process.returncode == status, err
    assert "Traceback" not in err
    return out, err


def certbot_at_work(place):
    held = place.theirs(place.program("slow-publish", f"{place.publish}\nexec {place.slow}"))
    place.begun()
    return held


def kept_out(place):
    """Whether a certbot is told that it comes too late."""
    process = place.theirs()
    err = process.communicate(timeout=60)[1]
    assert process.returncode == (1 if ANOTHER in err else 0), err
    return ANOTHER in err


def certificate(place, name=NAME):
    """An order document with a certificate, made elsewhere."""
    elsewhere = place.path / "elsewhere"
    dirs = [w for n in ("config", "work") for w in (f"--{n}-dir", str(elsewhere / n))]
    hook = ["--manual-auth-hook", place.hook, "--check", "skip", "--preferred-challenges", "dns"]
    text = None
    for command in (["acme-order", "--agree-tos", "-d", name], ["acme-challenge", *hook], ["acme-finalize"]):
        argv = [sys.executable, "-c", CODE, *command, *dirs, *place.server]
        ran = subprocess.run(argv, input=text, capture_output=True, text=True, timeout=60, check=False)
        assert ran.returncode == 0, ran.stderr
        text = ran.stdout
    return text, json.loads(text)["key"]["path"]


def test_certbot_keeps_us_out_until_it_has_ended(place):
    document, key = certificate(place)
    held = certbot_at_work(place)
    locked = f"{place.path}/config is locked by certbot, process {held.pid}"
    out, err = done(place.issue(), 75)
    assert locked in err
    assert json.loads(out)["error"]["type"].endswith(":busy")
    begun = time.monotonic()
    assert locked in done(place.issue("--lock-timeout", "0.7"), 75)[1]
    assert time.monotonic() - begun >= 0.7
    (place.path / "document").write_text(document)
    install = ("acme-install", "--key", key, place.path / "document")
    out, err = done(place.ours(*install), 75)
    assert locked in err
    assert json.loads(out)["certificate"]["chain"] == json.loads(document)["certificate"]["chain"]
    assert not (place.path / "config/live" / NAME).exists()
    waiting = [
        place.issue("--lock-timeout", "40", name="waits.example.test"),
        place.ours(*install, "--lock-timeout", "40"),
    ]
    place.go()
    done(held)
    for process in waiting:
        done(process)
    assert {"theirs.example.test", "waits.example.test", NAME} <= set(os.listdir(place.path / "config/live"))


def test_readers_and_who_registers_nothing_do_not_ask_certbot(place):
    done(place.ours("acme-account", "register", "--agree-tos"))
    held = certbot_at_work(place)
    done(place.ours("acme-account", "list"))
    done(place.ours("acme-order", "-d", NAME))
    assert "is locked by certbot" in done(place.ours("acme-csr", "-d", NAME), 75)[1]
    place.go()
    done(held)


def test_nothing_due_asks_no_certbot(place):
    done(place.issue())
    held = certbot_at_work(place)
    done(place.issue())
    assert "is locked by certbot" in done(place.issue("--force-renewal"), 75)[1]
    place.go()
    done(held)


def test_we_keep_certbot_out_until_we_have_ended(place):
    ours = place.issue("--deploy-hook", place.slow)
    place.begun()
    assert kept_out(place)
    place.go()
    done(ours)
    assert not kept_out(place)
    assert not (place.path / "config/.certbot.lock").exists()
    place.again()
    ours = place.issue("--deploy-hook", place.slow, "--force-renewal")
    place.begun()
    assert kept_out(place)
    place.go()
    done(ours)


def test_eight_of_ours_at_once(place):
    names = [f"n{number}.example.test" for number in range(8)]
    # Each with a hook of its own: calls of one hook wait for each other.
    started = [place.issue("--deploy-hook", f"{place.slow} {name}", name=name) for name in names]
    place.begun(8)
    assert kept_out(place)
    place.go()
    for process in started:
        done(process)
    assert set(names) <= set(os.listdir(place.path / "config/live"))


def test_two_on_one_lineage(place):
    deploy = ("--deploy-hook", place.program("deploy", f"[ -e {place.path}/mended ] && exec {place.slow}"))
    done(place.issue(*deploy), 1)
    (place.path / "mended").touch()
    # The lineage is not due, and its deploy hook is still owed.
    holder = place.issue(*deploy)
    place.begun()
    assert f"the lineage {NAME} is locked by process {holder.pid}" in done(place.issue(*deploy), 75)[1]
    waiting = place.issue(*deploy, "--lock-timeout", "40")
    place.go()
    done(holder)
    done(waiting)


def test_killed_holder_frees_it_at_once_though_its_hook_lives(place):
    ours = place.issue("--deploy-hook", place.slow)
    place.begun()
    ours.kill()
    ours.wait(10)
    assert not kept_out(place)
    for path in place.path.glob("begun.*"):
        path.unlink()
    held = certbot_at_work(place)
    held.kill()
    held.wait(10)
    done(place.issue("--force-renewal"))


@pytest.mark.parametrize("words", [["delete", NAME], ["rename", NAME, "other.test"], ["rollback", NAME]])
def test_certbot_at_work_keeps_changes_of_lineages_out(place, words):
    done(place.issue())
    done(place.issue("--force-renewal"))
    held = certbot_at_work(place)
    change = place.start(sys.executable, "-c", CODE, "acme-cert", *words, *place.dirs)
    assert "certbot" in done(change, 75)[1]
    done(place.start(sys.executable, "-c", CODE, "acme-cert", "list", *place.dirs))
    place.go()
    done(held)
    done(place.start(sys.executable, "-c", CODE, "acme-cert", *words, *place.dirs))


def test_certbot_at_work_keeps_renewals_out(place):
    done(place.issue())
    held = certbot_at_work(place)
    assert "certbot" in done(place.ours("acme-renew", "--force-renewal", NAME), 75)[1]
    done(place.ours("acme-renew"))
    known = json.loads((place.path / f"work/renewal/{NAME}.json").read_text())
    assert known["failures"] == 0, "what was not tried has not failed"
    place.go()
    done(held)
