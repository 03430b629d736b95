"""The hook httpreq against a strict server: what it sends, and what it says when that does not work."""

import json
import os
import socket
import subprocess

import pytest

from tests.ca.certs import listener
from tests.fakes.httpreq import Httpreq
from tests.test_hooks import readme
from tests.test_hooks.conftest import DASH, HOOKS, VALUE

TOKEN = "-tokenXXXXXXXXXXXXXXXXXXXX"
RECORD = {"identifier": "example.test", "token": TOKEN, "key_authorization": f"{TOKEN}.{'t' * 43}"}
NAME = "_acme-challenge.example.test."


@pytest.fixture
def server():
    with Httpreq() as running:
        yield running


@pytest.fixture
def hook(run_hook, server):
    def run(event, domain="example.test", value=VALUE, **variables):
        return run_hook(f"httpreq/{event}", domain, value, **{"HTTPREQ_ENDPOINT": server.url, **variables})

    return run


def done(result):
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


def failed(result, status=1):
    assert (result.returncode, result.stdout) == (status, "")
    assert result.stderr.count("\n") == 1
    assert result.stderr.startswith("httpreq: error: ")
    return result.stderr


def test_present_and_cleanup(hook, server):
    done(hook("auth"))
    done(hook("auth", value=DASH))
    done(hook("cleanup"))
    proof = {"fqdn": NAME, "value": VALUE}
    assert server.seen == [("present", proof), ("present", {**proof, "value": DASH}), ("cleanup", proof)]
    assert server.refused == []


def test_record_name_is_where_cnames_lead(hook, server):
    done(hook("auth", ACME_RECORD_NAME="_acme-challenge.Elsewhere.test"))
    assert server.seen[0][1]["fqdn"] == "_acme-challenge.elsewhere.test."


def test_works_under_certbot_without_the_record(run_hook, server):
    done(run_hook("httpreq/auth", "xn--mller-kva.test", certbot=True, HTTPREQ_ENDPOINT=server.url, HTTPREQ_WAIT=0))
    assert server.seen == [("present", {"fqdn": "_acme-challenge.xn--mller-kva.test.", "value": VALUE})]


def test_certbot_waits_once_after_the_last_name(run_hook, server, tmp_path):
    first = {"HTTPREQ_ENDPOINT": server.url, "CERTBOT_REMAINING_CHALLENGES": "1", "HTTPREQ_WAIT": "9999"}
    done(run_hook("httpreq/auth", "a.test", certbot=True, **first))
    last = {**first, "CERTBOT_REMAINING_CHALLENGES": "0", "HTTPREQ_WAIT": "0"}
    done(run_hook("httpreq/auth", "a.test", certbot=True, **last))


def raw(server, event, record, **variables):
    env = {"PATH": os.environ["PATH"], "HTTPREQ_ENDPOINT": server.url, "HTTPREQ_MODE": "RAW", **variables}
    env |= {"CERTBOT_DOMAIN": "example.test", "CERTBOT_VALIDATION": VALUE}
    return subprocess.run(
        [HOOKS / "httpreq" / event], env=env, input=record, capture_output=True, text=True, timeout=60, check=False
    )


def test_raw_sends_what_the_record_is_made_of():
    with Httpreq(raw=True) as server:
        for event in ("auth", "cleanup"):
            done(raw(server, event, json.dumps({"event": event, **RECORD}), ACME_CHALLENGE_TYPE="dns-01"))
    sent = {"domain": "example.test", "token": TOKEN, "keyAuth": RECORD["key_authorization"]}
    assert server.seen == [("present", sent), ("cleanup", sent)]


@pytest.mark.parametrize("record", ["", "[]", "{}", "nonsense", json.dumps({**RECORD, "token": 5}), "[" * 100000])
def test_raw_without_a_sound_record(record):
    with Httpreq(raw=True) as server:
        text = failed(raw(server, "auth", record, ACME_CHALLENGE_TYPE="dns-01"))
    assert "on standard input" in text
    assert server.seen == []


def test_raw_is_not_for_certbot(server):
    assert "certbot does not tell" in failed(raw(server, "auth", ""))


def test_basic_authentication_from_variables_and_from_files(run_hook, tmp_path):
    secret = tmp_path / "password"
    secret.write_text("pass:word\n")
    secret.chmod(0o600)
    with Httpreq(user="user", password="pass:word", path="/acme/v1") as server:
        for given in ({"HTTPREQ_PASSWORD": "pass:word"}, {"HTTPREQ_PASSWORD_FILE": secret}):
            where = {"HTTPREQ_ENDPOINT": f"{server.url}/", "HTTPREQ_USERNAME": "user"}
            done(run_hook("httpreq/auth", "example.test", **where, **given))
        assert [action for action, _ in server.seen] == ["present", "present"]
        text = failed(run_hook("httpreq/auth", "example.test", **{**where, "HTTPREQ_PASSWORD": "wrong-password"}))
    assert "401" in text
    assert "wrong-password" not in text


def test_half_of_the_credentials_is_none(hook, server):
    done(hook("auth", HTTPREQ_USERNAME="user"))


def test_password_that_others_can_read(hook, server, tmp_path):
    (tmp_path / "password").write_text("x")
    (tmp_path / "password").chmod(0o644)
    text = failed(hook("auth", HTTPREQ_USERNAME="u", HTTPREQ_PASSWORD_FILE=tmp_path / "password"))
    assert "chmod 600" in text
    assert server.seen == []


@pytest.mark.parametrize(
    "endpoint",
    [
        None,
        "ftp://127.0.0.1/",
        "http://192.0.2.1/",
        "https://user:secret-word@127.0.0.1/",
        "https://",
        "https://[::1/",
        "https://127.0.0.1:99999/",
        "https://127.0.0.1/?x=1",
    ],
)
def test_endpoints_that_would_not_do(hook, server, endpoint):
    text = failed(hook("auth", HTTPREQ_ENDPOINT=endpoint))
    assert "HTTPREQ_ENDPOINT" in text
    assert "secret-word" not in text
    assert server.seen == []


def test_certificate_is_checked(run_hook, tmp_path):
    keys = listener(tmp_path)
    with Httpreq(tls=keys) as server:
        where = {"HTTPREQ_ENDPOINT": server.url}
        assert "not trusted" in failed(run_hook("httpreq/auth", "example.test", **where))
        assert server.seen == []
        done(run_hook("httpreq/auth", "example.test", SSL_CERT_FILE=keys.root, **where))


@pytest.mark.parametrize(("status", "exits"), [(204, 0), (302, 1), (404, 1), (429, 75), (500, 75), (503, 75)])
def test_answers(run_hook, status, exits):
    with Httpreq(status=status) as server:
        result = run_hook("httpreq/auth", "example.test", HTTPREQ_ENDPOINT=server.url)
    assert result.returncode == exits, result.stderr
    assert len(server.seen) == 1


def test_nobody_listens(run_hook):
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{bound.getsockname()[1]}"
        assert "does not answer" in failed(run_hook("httpreq/auth", "example.test", HTTPREQ_ENDPOINT=url), 75)


def test_server_that_does_not_answer_in_time(run_hook):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        where = {"HTTPREQ_ENDPOINT": url, "HTTPREQ_HTTP_TIMEOUT": "1"}
        failed(run_hook("httpreq/auth", "example.test", **where), 75)


@pytest.mark.parametrize(
    ("variable", "text"),
    [
        ("HTTPREQ_MODE", "raw"),
        ("HTTPREQ_HTTP_TIMEOUT", "-1"),
        ("CERTBOT_TOKEN", "x"),
        ("ACME_CHALLENGE_TYPE", "http-01"),
        ("CERTBOT_VALIDATION", "two words"),
    ],
)
def test_what_is_refused_before_anything_is_sent(hook, server, variable, text):
    failed(hook("auth", **{variable: text}))
    assert server.seen == []


def test_directory_says_what_it_solves():
    assert (HOOKS / "httpreq/challenges").read_text() == "dns-01\n"


@pytest.mark.parametrize("client", ["certbot", "acme-run"])
def test_a_name_its_wildcard_and_another_in_one_certificate(issue, ca, client):
    wait = {"HTTPREQ_WAIT": "0"} if client == "certbot" else {}
    with Httpreq(records=ca) as server:
        names = ["example.test", "*.example.test", "www.example.test"]
        issue(client, "httpreq", names, HTTPREQ_ENDPOINT=server.url, **wait)
    assert sorted(action for action, _ in server.seen) == ["cleanup"] * 3 + ["present"] * 3
    assert server.values() == []


@pytest.mark.parametrize("client", ["certbot certonly", "acme-run --hook httpreq --hook-env"])
def test_the_commands_of_the_readme(request, ca, tmp_path, client):
    commands = readme.block("httpreq", client).replace("/etc/acme/httpreq", str(tmp_path / "password"))
    (tmp_path / "password").write_text("secret\n")
    (tmp_path / "password").chmod(0o600)
    certbot = request.getfixturevalue("certbot") if "certbot" in client else None
    user, password = ("", "") if certbot else ("www", "secret")
    with Httpreq(records=ca, user=user, password=password, path="/acme") as server:
        commands = commands.replace("https://dns.example.net/acme", server.url)
        readme.run(commands, ca, ca.dns, tmp_path, certbot, HTTPREQ_WAIT="0")
    assert server.seen
    assert server.values() == []
