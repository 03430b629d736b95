"""What acme-hook serve answers, to requests of all sorts, and what its hook hears of them."""

import base64
import hashlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from tests.test_hooks.conftest import DASH, VALUE
from tests.test_hooks.test_serve.served import JSON, Served, note_taker

NAME = "_acme-challenge.example.test"
PROOF = {"fqdn": f"{NAME}.", "value": VALUE}
TOKEN = "-tokenXXXXXXXXXXXXXXXXXXXX"
AUTHORIZATION = f"{TOKEN}.{'t' * 43}"
RAW = {"domain": "example.test", "token": TOKEN, "keyAuth": AUTHORIZATION}


@pytest.fixture
def server(tmp_path):
    with Served(tmp_path) as running:
        yield running


def test_present_and_cleanup(server):
    assert server.post("/present", PROOF) == (200, PROOF)
    (entry,) = server.journal()
    assert entry["until"]
    assert server.post("/present", {**PROOF, "value": DASH})[0] == 200
    assert len(server.journal()) == 2
    assert server.post("/cleanup", PROOF) == (200, PROOF)
    assert server.post("/cleanup", {**PROOF, "value": DASH})[0] == 200
    assert server.post("/cleanup", PROOF)[0] == 200
    events = [("auth", VALUE), ("auth", DASH), ("cleanup", VALUE), ("cleanup", DASH), ("cleanup", VALUE)]
    assert server.calls == [(event, NAME, value) for event, value in events]
    assert server.journal() == []
    assert f"acme-hook: present {NAME} for 127.0.0.1: done\n" in server.said


def test_what_acme_sh_looks_for_is_in_the_answer(server):
    body = b'{"fqdn": "%s.", "value": "%s"}' % (NAME.encode(), VALUE.encode())
    assert server.raw(request(body))[1].count(f'"{VALUE}"') == 1


def test_raw(server):
    assert server.post("/present", RAW) == (200, RAW)
    assert server.post("/cleanup", RAW) == (200, RAW)
    (auth, cleanup) = server.calls
    digest = hashlib.sha256(AUTHORIZATION.encode()).digest()
    assert auth == ("auth", NAME, base64.urlsafe_b64encode(digest).decode().rstrip("="))
    assert cleanup == ("cleanup", *auth[1:])


def test_where_a_cname_led(server):
    assert server.post("/present", {**PROOF, "fqdn": "Elsewhere.example.net."})[0] == 200
    assert server.calls == [("auth", "elsewhere.example.net", VALUE)]


def test_cleanup_hears_what_auth_said_also_from_another_server(tmp_path):
    hook = note_taker(tmp_path, "echo record 17", 'echo "$CERTBOT_AUTH_OUTPUT" >>"$NOTES/heard"')
    with Served(tmp_path, hook=hook) as first:
        assert first.post("/present", PROOF)[0] == 200
    with Served(tmp_path, hook=hook) as second:
        assert second.post("/cleanup", PROOF)[0] == 200
    assert (tmp_path / "heard").read_text() == "record 17\n"


BAD = [
    b"",
    b"{",
    b"[]",
    b'"text"',
    b"[" * 8000,
    b'{"fqdn": "a.test.", "value": "\xff"}',
    b'{"fqdn":"a.test.","fqdn":"b.test.","value":"' + VALUE.encode() + b'"}',
    {},
    {"fqdn": PROOF["fqdn"]},
    {**PROOF, "more": "x"},
    {**PROOF, **RAW},
    {**PROOF, "value": 1},
    {**PROOF, "fqdn": None},
    {**PROOF, "value": VALUE[1:]},
    {**PROOF, "value": VALUE + "\n"},
    {**PROOF, "value": "$(reboot)" + VALUE[9:]},
    {**PROOF, "fqdn": ""},
    {**PROOF, "fqdn": "."},
    {**PROOF, "fqdn": "test."},
    {**PROOF, "fqdn": "a..test."},
    {**PROOF, "fqdn": "-rf.test."},
    {**PROOF, "fqdn": "*.example.test."},
    {**PROOF, "fqdn": "a b.test."},
    {**PROOF, "fqdn": "a\n.test."},
    {**PROOF, "fqdn": "ä.test."},
    {**PROOF, "fqdn": f"{'a' * 64}.test."},
    {**PROOF, "fqdn": "a." * 126 + "test."},
    {**RAW, "domain": "*.example.test"},
    {**RAW, "domain": "192.0.2.1"},
    {**RAW, "domain": "_acme-challenge.example.test"},
    {**RAW, "token": "../../etc/passwd-------"},
    {**RAW, "keyAuth": "x" * 43 + "." + "t" * 43},
]


@pytest.fixture(scope="module")
def strict(tmp_path_factory):
    with Served(tmp_path_factory.mktemp("strict")) as running:
        yield running


@pytest.mark.parametrize("body", BAD, ids=range(len(BAD)))
def test_malformed_bodies(strict, body):
    status, answer = strict.post("/present", body)
    assert status == 400
    assert answer.keys() == {"error"}
    assert answer["error"].isprintable()
    assert strict.calls == []


def request(body=b"{}", line=b"POST /present HTTP/1.1", *more):
    headers = more or (b"Content-Type: application/json", b"Content-Length: %d" % len(body))
    return b"\r\n".join([line, b"Host: x", *headers, b"", body])


LENGTH = b"Content-Length: "
REFUSED = [
    (405, request(line=b"GET /present HTTP/1.1")),
    (405, request(line=b"PUT /present HTTP/1.1")),
    (405, request(line=b"OPTIONS /present HTTP/1.1")),
    (404, request(line=b"POST / HTTP/1.1")),
    (404, request(line=b"POST /present/ HTTP/1.1")),
    (404, request(line=b"POST /present?x HTTP/1.1")),
    (404, request(line=b"POST /../present HTTP/1.1")),
    (404, request(line=b"POST http://x/present HTTP/1.1")),
    (400, request(line=b"POST /present HTTP/x")),
    (400, request(line=b"nonsense")),
    (505, request(line=b"POST /present HTTP/2.0")),
    (411, request(b"", b"POST /present HTTP/1.1", b"Content-Type: application/json")),
    (411, request(b"2\r\n{}\r\n0\r\n\r\n", b"POST /present HTTP/1.1", b"Transfer-Encoding: chunked")),
    (411, request(b"{}", b"POST /present HTTP/1.1", LENGTH + b"2", b"Transfer-Encoding: chunked")),
    (411, request(b"{}", b"POST /present HTTP/1.1", LENGTH + b"2", LENGTH + b"2")),
    (400, request(b"{}", b"POST /present HTTP/1.1", LENGTH + b"+2")),
    (400, request(b"{}", b"POST /present HTTP/1.1", LENGTH + b"-1")),
    (400, request(b"{}", b"POST /present HTTP/1.1", LENGTH + b"2, 2")),
    (413, request(b"x" * 20000)),
    (413, request(b"x", b"POST /present HTTP/1.1", LENGTH + b"9" * 19)),
    (415, request(b"{}", b"POST /present HTTP/1.1", LENGTH + b"2", b"Content-Type: text/plain")),
    (403, request(b"{}", b"POST /present HTTP/1.1", LENGTH + b"2", b"Origin: http://evil.test")),
    (414, request(line=b"POST /" + b"a" * 70000 + b" HTTP/1.1")),
    (431, request(b"", b"POST /present HTTP/1.1", *[b"X: y"] * 200)),
    (431, request(b"", b"POST /present HTTP/1.1", b"X: " + b"y" * 70000)),
]


@pytest.mark.parametrize(("status", "data"), REFUSED, ids=range(len(REFUSED)))
def test_refused_requests(strict, status, data):
    found, body = strict.raw(data, ends=status == 413)
    assert found == status
    assert json.loads(body).keys() == {"error"}
    assert strict.calls == []
    assert strict.post("/cleanup", {})[0] == 400


def test_a_body_that_ends_early(strict):
    data = request(b"{", b"POST /present HTTP/1.1", LENGTH + b"10")
    assert strict.raw(data, ends=True)[0] == 400


def test_a_client_that_waits_does_not_keep_others(strict):
    idle = [socket.create_connection(("127.0.0.1", strict.port), 20) for _ in range(31)]
    try:
        assert strict.post("/present", {})[0] == 400
        idle.append(socket.create_connection(("127.0.0.1", strict.port), 20))
        # One more than are served at a time: closed at once, while the others are waited for.
        with socket.create_connection(("127.0.0.1", strict.port), 20) as extra:
            assert extra.recv(1) == b""
        assert idle[0].recv(1) == b""
    finally:
        for connection in idle:
            connection.close()
    end = time.monotonic() + 20
    while (found := strict.raw(request())[0]) is None:
        assert time.monotonic() < end
    assert found == 400


def test_a_hook_that_fails(tmp_path):
    auth = 'case $CERTBOT_VALIDATION in -*) exit 75;; esac; echo "no such zone" >&2; exit 3'
    with Served(tmp_path, hook=note_taker(tmp_path, auth)) as server:
        assert server.post("/present", PROOF) == (500, {"error": "the auth hook notes exited with 3: no such zone"})
        assert server.post("/present", {**PROOF, "value": DASH})[0] == 503
        # What it may have begun is undone at once, whether the client asks for that or not.
        assert [call[0] for call in server.calls] == ["auth", "cleanup", "auth", "cleanup"]
        assert server.journal() == []


def test_a_cleanup_that_fails_stays_in_the_journal(tmp_path):
    with Served(tmp_path, hook=note_taker(tmp_path, cleanup="exit 3")) as server:
        assert server.post("/present", PROOF)[0] == 200
        assert server.post("/cleanup", PROOF)[0] == 500
        assert len(server.journal()) == 1


def test_a_hook_that_wants_what_only_raw_tells(tmp_path):
    script = tmp_path / "raw.sh"
    script.write_text('#!/bin/sh\necho "$*" >>"$NOTES/calls"\n')
    script.chmod(0o755)
    with Served(tmp_path, hook=f"lego-raw:{script}") as server:
        status, answer = server.post("/present", PROOF)
        assert status == 400
        assert answer["error"].endswith("let the client set HTTPREQ_MODE=RAW")
        assert server.journal() == []
        assert server.post("/present", RAW)[0] == 200
        assert server.calls == [("present", "--", "example.test", TOKEN, AUTHORIZATION)]


@pytest.fixture
def secret(tmp_path):
    file = tmp_path / "credentials"
    file.touch(mode=0o600)
    file.write_text("lego:s3cret\nother:pass:word\n")
    return file


def basic(text):
    return {**JSON, "Authorization": "Basic " + base64.b64encode(text.encode()).decode()}


def test_credentials(tmp_path, secret):
    with Served(tmp_path, "--credentials", secret) as server:
        for headers in (
            JSON,
            basic("lego:S3cret"),
            basic("lego:s3cre"),
            basic("lego:s3cret "),
            basic(""),
            {**JSON, "Authorization": "Basic !"},
            {**JSON, "Authorization": "Bearer bGVnbzpzM2NyZXQ="},
        ):
            assert server.post("/present", PROOF, headers)[0] == 401
            assert server.headers["WWW-Authenticate"].startswith('Basic realm="acme-hook"')
        assert server.calls == []
        assert server.post("/nothing", PROOF)[0] == 401
        assert server.post("/present", PROOF, basic("lego:s3cret")) == (200, PROOF)
        assert server.post("/cleanup", PROOF, basic("other:pass:word")) == (200, PROOF)
    assert "refused 127.0.0.1: wrong credentials, or none" in server.said
    assert "s3cret" not in server.said


def fails(tmp_path, *options, hook=None):
    argv = [Path(sys.executable).parent / "acme-hook", "serve", hook or note_taker(tmp_path), *options]
    dirs = ["--config-dir", str(tmp_path / "config"), "--work-dir", str(tmp_path / "work")]
    done = subprocess.run([*argv, *dirs], capture_output=True, text=True, timeout=30, env={**os.environ, "HOME": "/"})
    assert "Traceback" not in done.stderr
    return done.returncode, done.stderr


def test_an_address_that_others_reach_wants_credentials(tmp_path, secret):
    for host in ("0.0.0.0", "[::]", "192.0.2.1"):
        status, said = fails(tmp_path, "--listen", f"{host}:8080")
        assert status == 2
        assert "can be reached from elsewhere, and no --credentials are asked for" in said
    with Served(tmp_path, "--credentials", secret, host="0.0.0.0") as server:
        assert server.post("/present", PROOF)[0] == 401


def test_command_lines_that_cannot_be(tmp_path, secret):
    listen = ["--listen", "127.0.0.1:8080"]
    assert fails(tmp_path)[0] == 2
    assert fails(tmp_path, "--listen", "127.0.0.1")[0] == 2
    assert "does not serve dns-01" in fails(tmp_path, *listen, hook=note_taker(tmp_path, types="http-01"))[1]
    note_taker(tmp_path)
    secret.write_text("nothing\n")
    assert fails(tmp_path, *listen, "--credentials", secret)[0] == 2
    secret.chmod(0o640)
    assert "chmod 600" in fails(tmp_path, *listen, "--credentials", secret)[1]


def test_a_port_that_is_taken(tmp_path, server):
    status, said = fails(tmp_path, "--listen", f"127.0.0.1:{server.port}")
    assert status == 1
    assert f"cannot listen at 127.0.0.1:{server.port}: address already in use" in said


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_what_is_being_done_is_done_to_its_end(tmp_path, number):
    hook = note_taker(tmp_path, 'touch "$NOTES/begun"; while [ ! -e "$NOTES/go" ]; do sleep 0.05; done')
    found = []
    with Served(tmp_path, hook=hook) as server, socket.create_connection(("127.0.0.1", server.port), 20) as idle:
        client = threading.Thread(target=lambda: found.append(server.post("/present", PROOF)))
        client.start()
        until((tmp_path / "begun").exists)
        server.process.send_signal(number)
        until(lambda: not listens(server.port))
        assert idle.recv(1) == b""
        assert server.process.poll() is None
        (tmp_path / "go").touch()
        client.join(20)
        assert server.process.wait(20) == -number
        assert found == [(200, PROOF)]
        assert len(server.journal()) == 1


def listens(port):
    try:
        socket.create_connection(("127.0.0.1", port), 20).close()
    except OSError:
        return False
    return True


def until(condition):
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_several_at_a_time(server):
    values = [f"{number:043d}" for number in range(12)]
    threads = [threading.Thread(target=server.post, args=("/present", {**PROOF, "value": v})) for v in values]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(call[2] for call in server.calls) == values
    assert len(server.journal()) == 12
