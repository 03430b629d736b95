"""What hooks/powerdns says of APIs that do not answer, answer wrongly or lie, and of variables that make no sense."""

import contextlib
import fcntl
import http.server
import json
import socketserver
import ssl
import sys
import threading

import pytest

from tests.ca import certs, ports
from tests.servers.daemon import ServerMissing
from tests.servers.powerdns import PowerDNS
from tests.test_hooks.conftest import VALUE

KEY = "hush-hush-hush"


@pytest.fixture
def fails(run_hook):
    """Runs a hook that is to fail with this status; its message, one line."""

    def run(url, event="auth", domain="example.test", *, status=1, **variables):
        given = {"ACME_PYTHON": sys.executable, "PDNS_API_URL": url, "PDNS_API_KEY": KEY}
        done = run_hook(f"powerdns/{event}", domain, **{"value": VALUE, **given, **variables})
        assert done.returncode == status, done.stderr
        assert done.stderr.startswith("powerdns: ")
        assert done.stderr.count("\n") == 1
        assert KEY not in done.stderr
        return done.stderr.removeprefix("powerdns: ").rstrip("\n")

    return run


@contextlib.contextmanager
def answering(answer, context=None):
    """An API that answers (status, body) as `answer` makes of method and path; yields its URL."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            status, body = answer(self.command, self.path.removeprefix("/api/v1/servers/localhost"))
            self.rfile.read(int(self.headers["Content-Length"] or 0))
            self.send_response(status)
            if 300 <= status < 400:
                self.send_header("Location", "/elsewhere")
            self.end_headers()
            with contextlib.suppress(OSError):
                self.wfile.write(body if isinstance(body, bytes) else json.dumps(body).encode())

        do_PATCH = do_PUT = do_GET

        def log_message(self, *_):
            pass

    with serving(http.server.ThreadingHTTPServer, Handler, context) as port:
        yield f"http{'s' if context else ''}://127.0.0.1:{port}"


@contextlib.contextmanager
def serving(kind, handler, context=None):
    with kind(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        server.handle_error = lambda *_: None
        if context:
            server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize(
    ("status", "code", "words"),
    [
        (401, 1, "does not take the key (401); compare it with the api-key of its pdns.conf"),
        (403, 1, "GET /zones?zone=_acme-challenge.example.test.: 403 so; may this key and this address do that?"),
        (404, 1, "404 so; is PDNS_API_URL the API, and PDNS_SERVER_ID its server?"),
        (422, 1, "422 so; its log may say why"),
        (302, 1, "wants to send us elsewhere (302); give the API's own address"),
        (429, 75, "429 so; its log may say why"),
        (500, 75, "500 so; its log may say why"),
        (503, 75, "503 so; its log may say why"),
    ],
)
def test_errors_of_the_api(fails, status, code, words):
    with answering(lambda *_: (status, {"error": "so\x1b"})) as url:
        said = fails(url, status=code)
    assert said.startswith(url)
    assert said.endswith(words)


@pytest.mark.parametrize(
    ("zones", "zone", "words"),
    [
        (b"<html>", {}, "answers what is no JSON; is PDNS_API_URL the API of PowerDNS?"),
        ({}, {}, "has no zone of _acme-challenge.example.test; is it the primary, and is PDNS_SERVER_ID right?"),
        ([3, {}], {}, "has no zone of _acme-challenge.example.test"),
        (None, [], "describes the zone example.test without rrsets; is it PowerDNS?"),
        (None, {"rrsets": 5}, "describes the zone example.test without rrsets"),
        (None, {"rrsets": [{"name": "_acme-challenge.example.test.", "type": "TXT", "records": [1]}]}, "in a way that"),
        (None, {"rrsets": [{"name": "_acme-challenge.example.test.", "type": "TXT"}]}, "describes TXT _acme-challenge"),
    ],
)
def test_answers_that_make_no_sense(fails, zones, zone, words):
    there = [{"name": "example.test.", "id": "example.test.", "kind": "Native"}] if zones is None else zones
    with answering(lambda method, path: (200, there if path.startswith("/zones?") else zone)) as url:
        said = fails(url)
    assert said.startswith(url)
    assert words in said


def test_an_endless_chain_of_cnames(fails):
    def answer(method, path):
        if path.startswith("/zones?"):
            return 200, [{"name": "example.test.", "id": "example.test."}]
        alias = {"content": "_acme-challenge.example.test."}
        return 200, {"rrsets": [{"name": "_acme-challenge.example.test.", "type": "CNAME", "records": [alias]}]}

    with answering(answer) as url:
        assert fails(url) == "_acme-challenge.example.test: more than 8 CNAMEs in a row"


@pytest.mark.parametrize("kind", ["Slave", "Secondary", "Consumer"])
def test_the_api_of_a_secondary(fails, kind):
    with answering(lambda *_: (200, [{"name": "example.test.", "id": "example.test.", "kind": kind}])) as url:
        said = fails(url)
    assert said == f"{url} has the zone example.test as {kind}; give the API of its primary"


def test_somebody_undoes_it(fails):
    changes = []

    def answer(method, path):
        if method == "PATCH":
            changes.append(path)
        return 200, [{"name": "example.test.", "id": "example.test."}] if path.startswith("/zones?") else {"rrsets": []}

    with answering(answer) as url:
        said = fails(url, status=75)
    assert said == f"{url} does not add TXT _acme-challenge.example.test, or somebody undoes it; who else writes there?"
    assert changes == ["/zones/example.test."] * 4


class Garbage(socketserver.BaseRequestHandler):
    def handle(self):
        self.request.recv(65536)
        self.request.sendall(b"SSH-2.0-OpenSSH_9.2\r\n")


class Closing(socketserver.BaseRequestHandler):
    def handle(self):
        self.request.recv(65536)


class Silent(socketserver.BaseRequestHandler):
    def handle(self):
        while self.request.recv(65536):
            pass


@pytest.mark.parametrize(
    ("handler", "status", "words"),
    [
        (Garbage, 1, "answers what is not HTTP; is PDNS_API_URL the API of PowerDNS?"),
        (Closing, 75, "closes the connection; is this machine in its webserver-allow-from?"),
        (Silent, 75, "does not answer within 1 s; is it up, and is the way open?"),
    ],
)
def test_what_is_no_api(fails, handler, status, words):
    with serving(socketserver.ThreadingTCPServer, handler) as port:
        said = fails(f"http://127.0.0.1:{port}", status=status, PDNS_TIMEOUT=1)
    assert said == f"http://127.0.0.1:{port} {words}"


def test_nobody_at_the_port(fails):
    with ports.reserve() as block:
        url = f"http://127.0.0.1:{block.ports[0]}"
        said = fails(url, status=75)
    assert said == f"{url} cannot be reached: connection refused; is it up, and does it have webserver=yes and api=yes?"


def test_tls_is_verified(fails, tmp_path):
    listener = certs.listener(tmp_path)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(listener.cert, listener.key)
    with answering(lambda *_: (200, []), context) as url:
        assert "has a certificate that is not trusted" in fails(url)
        assert "has no zone of" in fails(url, SSL_CERT_FILE=listener.root)


def test_another_run_that_holds_the_lock(fails, tmp_path):
    state = tmp_path / "state"
    state.mkdir(mode=0o700)
    short = tmp_path / "python"
    short.write_text(
        f"#!{sys.executable} -B\nimport os, runpy, sys\nsys.argv = sys.argv[2:]\n"
        "sys.path.insert(0, os.path.dirname(sys.argv[0]))\nimport lock\nlock._PATIENCE = 0.2\n"
        "runpy.run_path(sys.argv[0], run_name='__main__')\n"
    )
    short.chmod(0o700)
    with (state / "lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        said = fails("http://127.0.0.1:9", status=75, ACME_PYTHON=short)
    assert said == f"another run holds {state}/lock for more than 0.2 s; does it hang?"


def test_a_directory_for_the_lock_that_others_may_write_to(fails, tmp_path):
    state = tmp_path / "state"
    state.mkdir()
    state.chmod(0o770)
    said = fails("http://127.0.0.1:9")
    assert said == f"others may write to {state}, where the lock is to be; chmod 700 {state}"


def test_under_certbot_the_lock_is_the_users_own(run_hook, tmp_path):
    given = {"ACME_PYTHON": sys.executable, "PDNS_API_URL": "http://127.0.0.1:9", "PDNS_API_KEY": KEY}
    done = run_hook("powerdns/auth", "example.test", certbot=True, **given)
    assert "cannot be reached" in done.stderr
    state = tmp_path / ".local/state/acme-hook-powerdns"
    assert state.stat().st_mode & 0o777 == 0o700
    assert [path.name for path in state.iterdir()] == ["lock"]


def test_another_key_or_zone_at_a_real_server(fails):
    try:
        server = PowerDNS.start(zones={"example.test": ""})
    except ServerMissing as missing:
        pytest.skip(str(missing))
    with server:
        url, given = server.api_url, {"PDNS_API_KEY": server.api_key}
        assert fails(url) == f"{url} does not take the key (401); compare it with the api-key of its pdns.conf"
        assert f"{url} has no zone of _acme-challenge.b.co.uk" in fails(url, domain="b.co.uk", **given)
        assert f"{url} has no zone test; " in fails(url, PDNS_ZONE="test", **given)
        assert "404 Not Found; is PDNS_API_URL the API" in fails(url, PDNS_SERVER_ID="other", **given)
        # Its DNS port.
        said = fails(f"http://{server.where}", status=75, PDNS_TIMEOUT=1, **given)
    assert said == f"http://{server.where} does not answer within 1 s; is it up, and is the way open?"


NOT_DNS = "this hook solves dns-01 only; ask for that, as in --challenge dns-01"


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"PDNS_API_URL": ""}, "PDNS_API_URL is not set; give the API's address, as in http://127.0.0.1:8081"),
        ({"PDNS_API_URL": "127.0.0.1:8081"}, "PDNS_API_URL: '127.0.0.1:8081' is no address of an API"),
        ({"PDNS_API_URL": "file:///etc/passwd"}, "PDNS_API_URL: 'file:///etc/passwd' is no address of an API"),
        ({"PDNS_API_URL": "http://a:b"}, "PDNS_API_URL: 'http://a:b' is no address of an API"),
        ({"PDNS_API_KEY": ""}, "PDNS_API_KEY is not set; give it, or PDNS_API_KEY_FILE=FILE with the api-key"),
        ({"PDNS_API_KEY": "a\r\nHost: b"}, "PDNS_API_KEY holds no key; it is the api-key of pdns.conf and nothing"),
        ({"PDNS_API_KEY_FILE": "/nowhere"}, "PDNS_API_KEY_FILE: cannot read /nowhere: no such file or directory"),
        ({"PDNS_API_KEY_FILE": "/dev/null"}, "PDNS_API_KEY_FILE: /dev/null is no file with a key"),
        ({"PDNS_ZONE": "a..b"}, "PDNS_ZONE: 'a..b' is no domain name"),
        ({"PDNS_ZONE": "other.test"}, "_acme-challenge.example.test is not in PDNS_ZONE=other.test; without it"),
        ({"PDNS_TTL": "-1"}, "PDNS_TTL: '-1' is no number of seconds"),
        ({"PDNS_TIMEOUT": "soon"}, "PDNS_TIMEOUT: 'soon' is no number of seconds up to 300"),
        ({"value": 'x" "y'}, "CERTBOT_VALIDATION is no value of dns-01"),
        ({"value": ""}, "CERTBOT_VALIDATION is not set"),
        ({"ACME_CHALLENGE_TYPE": "http-01"}, NOT_DNS),
        ({"CERTBOT_TOKEN": "token"}, NOT_DNS),
        ({"ACME_RECORD_NAME": "", "CERTBOT_DOMAIN": ""}, "CERTBOT_DOMAIN is not set"),
        ({"ACME_RECORD_NAME": "a/../b.test"}, "ACME_RECORD_NAME: 'a/../b.test' is no domain name"),
    ],
)
def test_variables_that_make_no_sense(fails, variables, said):
    with answering(lambda *_: (500, {})) as url:
        assert fails(url, **variables).startswith(said)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_key_file_that_others_may_open(fails, tmp_path, mode):
    path = tmp_path / "key"
    path.write_text(KEY)
    path.chmod(mode)
    said = fails("http://127.0.0.1:9", PDNS_API_KEY_FILE=path)
    assert said == f"PDNS_API_KEY_FILE: {path} is open to others than its owner; chmod 600 {path}"


def test_name_servers_that_are_none(fails):
    def answer(method, path):
        if path.startswith("/zones?"):
            return 200, [{"name": "example.test.", "id": "example.test."}]
        there = {"content": f'"{VALUE}"'}
        return 200, {"rrsets": [{"name": "_acme-challenge.example.test.", "type": "TXT", "records": [there]}]}

    common = {"ACME_RECORD_NAME": "", "ACME_CHALLENGE_TYPE": ""}
    with answering(answer) as url:
        said = fails(url, PDNS_NAMESERVERS="[::1", **common)
        assert said == "PDNS_NAMESERVERS: '[::1' is no host; write HOST, HOST:PORT or [IPV6]:PORT"
        assert fails(url, **common) == "the zone example.test has no NS records; give PDNS_NAMESERVERS"
