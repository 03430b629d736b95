"""What a CA that fails or lies can do to a run: a clear message, the right status, nothing live, no stranger asked."""

import json
import os
import subprocess
import sys

import pytest

from tests.fakes.evil import EvilCA
from tests.fakes.proxy import FaultProxy
from tests.fakes.rules import Rule

NAME = "faults.example.test"
RATE_LIMITED = b'{"type":"urn:ietf:params:acme:error:rateLimited","detail":"too many"}'

LIES = {
    "token as path": ({"token": "../../etc/cron.d/x"}, "a token that is not base64url"),
    "other key": ({"chain": "otherkey"}, "a key that is not here"),
    "other names": ({"chain": "otherdomain"}, "not for the names ordered"),
    "expired": ({"chain": "expired"}, "look at this machine's clock"),
    "reversed": ({"chain": "reversed"}, "a key that is not here"),
    "private key in the chain": ({"chain": "withkey"}, "something else than certificates"),
    "fifty intermediates": ({"chain": "fifty"}, "more than 10"),
    "huge": ({"chain": "huge"}, "sent more than"),
    "a CA as leaf": ({"chain": "ca_leaf"}, "one of a CA"),
    "order elsewhere": ({"urls": {"order": "other"}}, "points to another server"),
    "finalize by http": ({"urls": {"finalize": "http"}}, "not an https URL"),
    "other identifiers": ({"identifiers": ["evil.example.test"]}, "changed the names"),
}

FAULTS = {
    "rate limited": (
        Rule(path="/order-plz", status=429, headers={"Retry-After": "3600"}, body=RATE_LIMITED, forward=False),
        75,
    ),
    "429 with a date": (
        Rule(
            path="/order-plz",
            status=429,
            headers={"Retry-After": "Fri, 25 Nov 2050 10:00:00 GMT"},
            body=b"{}",
            forward=False,
        ),
        75,
    ),
    "500 in HTML": (Rule(path="/order-plz", status=500, body=b"<html>", forward=False), 75),
    "a directory in HTML": (Rule(path="/dir", status=200, body=b"<html>", forward=False), 1),
    "a cut certificate": (Rule(path="/certZ", cut=200), 75),
    "no answer": (Rule(path="/order-plz", hang=True), 75),
}


def run(ca, home, port):
    """acme-run against the CA: (status, standard error, document)."""
    settings = {
        "ACME_SERVER": ca.directory,
        "ACME_CA_BUNDLE": str(ca.ca_bundle),
        "ACME_CONFIG_DIR": str(home / "config"),
        "ACME_WORK_DIR": str(home / "work"),
        "ACME_HTTP_01_PORT": str(port),
        "ACME_AGREE_TOS": "1",
    }
    code = "from toolkit.commands.run import main; main()"
    command = [sys.executable, "-c", code, "--standalone", "--timeout", "4", "-d", NAME]
    ran = subprocess.run(command, env={**os.environ, **settings}, capture_output=True, text=True, timeout=60)
    return ran.returncode, ran.stderr, json.loads(ran.stdout)


def is_live(home):
    return (home / "config/live" / NAME).exists()


@pytest.mark.parametrize("lie", LIES)
def test_a_lie_is_refused(tmp_path, lie):
    modes, words = LIES[lie]
    with EvilCA(**modes) as ca:
        status, said, document = run(ca, tmp_path, ca.http_port)
        assert not ca.strangers
    assert status == 1
    assert words in said
    assert "Traceback" not in said
    assert document["error"]["stage"]
    assert not is_live(tmp_path)


def test_the_same_ca_without_a_lie(tmp_path):
    with EvilCA() as ca:
        assert run(ca, tmp_path, ca.http_port)[0] == 0
    assert is_live(tmp_path)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_passes_and_the_same_line_mends_it(ca, tmp_path, fault):
    rule, wanted = FAULTS[fault]
    with FaultProxy(ca, [rule]) as proxy:
        status, said, document = run(proxy, tmp_path, ca.http_port)
        assert (status, is_live(tmp_path)) == (wanted, False)
        assert f"acme-run: error: {NAME}: " in said
        if wanted == 75 and rule.headers:
            assert document["error"]["retry_after"].endswith("Z")
        proxy.rules.clear()
        assert run(proxy, tmp_path, ca.http_port)[0] == 0
    assert is_live(tmp_path)


def test_a_lost_answer_to_finalize_costs_no_second_key(ca, tmp_path):
    with FaultProxy(ca, [Rule(path="/finalize-order", lose=True, times=1)]) as proxy:
        status, _, document = run(proxy, tmp_path, ca.http_port)
        assert status == 75
        (key,) = (tmp_path / "config/keys").iterdir()
        failed = tmp_path / "failed"
        failed.write_text(json.dumps(document))
        code = "from toolkit.commands.finalize import main; main()"
        settings = {"ACME_CONFIG_DIR": str(tmp_path / "config"), "ACME_WORK_DIR": str(tmp_path / "work")}
        settings["ACME_CA_BUNDLE"] = str(proxy.ca_bundle)
        ran = subprocess.run(
            [sys.executable, "-c", code, str(failed)],
            env={**os.environ, **settings},
            capture_output=True,
            text=True,
            timeout=60,
        )
    assert ran.returncode == 0, ran.stderr
    assert list((tmp_path / "config/keys").iterdir()) == [key]
    assert json.loads(ran.stdout)["key"]["path"] == str(key)
