"""What hooks/rfc2136 says of servers that do not answer, answer wrongly or lie, and of variables that make no sense."""

import contextlib
import socketserver
import struct
import sys
import threading

import dns.message
import dns.rcode
import dns.tsig
import pytest

from tests.ca import ports
from tests.servers.bind import Bind
from tests.servers.daemon import ServerMissing
from tests.servers.tsig import Key
from tests.test_hooks.conftest import VALUE

KEY = Key.make("acme")
SHARED = dns.tsig.Key("acme.", KEY.secret, "hmac-sha256")


@pytest.fixture
def fails(run_hook, tmp_path):
    """Runs auth, which is to fail with this status; its message, one line."""
    keyfile = KEY.write(tmp_path / "acme.key")

    def run(where, *, status=1, **variables):
        given = {"ACME_PYTHON": sys.executable, "RFC2136_SERVER": where, "RFC2136_TSIG_KEYFILE": keyfile}
        done = run_hook("rfc2136/auth", "example.test", **{"value": VALUE, **given, **variables})
        assert done.returncode in (status if isinstance(status, tuple) else (status,)), done.stderr
        assert done.stderr.startswith("rfc2136: ")
        assert done.stderr.count("\n") == 1
        assert KEY.secret not in done.stderr
        return done.stderr.removeprefix("rfc2136: ").rstrip("\n")

    return run


@contextlib.contextmanager
def answering(answer):
    """A server on TCP that answers with what `answer` makes of the question; yields its HOST:PORT."""

    class Handler(socketserver.StreamRequestHandler):
        def handle(self):
            length = struct.unpack("!H", self.rfile.read(2))[0]
            said = answer(self.rfile.read(length))
            with contextlib.suppress(OSError):
                self.wfile.write(said)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


def framed(data):
    return struct.pack("!H", len(data)) + data


def refusing(code):
    """Answers every question with this RCODE and no signature."""

    def answer(raw):
        response = dns.message.make_response(dns.message.from_wire(raw, keyring=SHARED))
        response.set_rcode(code)
        response.tsig = None
        return framed(response.to_wire())

    return answer


@pytest.mark.parametrize(
    ("code", "status", "words"),
    [
        ("REFUSED", 1, "let the key acme change TXT records of that name"),
        ("NOTAUTH", 1, "it is not the primary of that zone"),
        ("NOTZONE", 1, "RFC2136_ZONE must be the zone that holds it"),
        ("NOTIMP", 1, "it does not take dynamic updates"),
        ("FORMERR", 1, "its log says why"),
        ("SERVFAIL", 75, "may it write the zone's journal?"),
    ],
)
def test_an_update_that_is_turned_down(fails, code, status, words):
    update, asked = refusing(dns.rcode.from_text(code)), refusing(dns.rcode.REFUSED)
    with answering(lambda raw: (update if raw[2] & 0x78 == 0x28 else asked)(raw)) as where:
        said = fails(where, status=status, RFC2136_ZONE="example.test")
    assert said.startswith(f"{where} did not add TXT _acme-challenge.example.test in zone example.test ({code}); ")
    assert said.endswith(words) or words in said


def test_a_zone_that_is_not_loaded(fails):
    with answering(refusing(dns.rcode.SERVFAIL)) as where:
        said = fails(where, status=75)
    assert said == f"{where} fails on _acme-challenge.example.test (SERVFAIL); is its zone loaded? its log says"


def test_an_answer_without_a_signature(fails):
    with answering(refusing(dns.rcode.NOERROR)) as where:
        said = fails(where)
    assert said == f"{where} does not sign its answer, which so proves nothing; does it know the key acme?"


def test_an_answer_signed_by_somebody_else(fails):
    def answer(raw):
        question = dns.message.from_wire(raw, keyring=SHARED)
        response = dns.message.make_response(question)
        response.use_tsig(dns.tsig.Key("acme.", bytes(32), "hmac-sha256"), original_id=question.id)
        return framed(response.to_wire())

    with answering(answer) as where:
        said = fails(where)
    assert said.startswith(f"{where} signs its answer wrongly for the key acme; compare the keys")


def test_an_answer_to_another_question(fails):
    with answering(lambda raw: refusing(dns.rcode.REFUSED)(b"\0\1" + raw[2:] if raw[:2] != b"\0\1" else raw)) as where:
        assert "answers another question than the one it was asked" in fails(where)


@pytest.mark.parametrize(
    ("answer", "status", "words"),
    [
        (b"", 75, "closed the connection instead of answering; is it a name server?"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", 75, "closed the connection instead of answering"),
        (framed(b"\xff" * 300), 1, "answers what is not DNS"),
        (framed(b"\0"), 1, "answers what is not DNS (ShortHeader); is RFC2136_SERVER a name server?"),
    ],
)
def test_garbage(fails, answer, status, words):
    with answering(lambda raw: answer) as where:
        said = fails(where, status=status)
    assert said.startswith(where)
    assert words in said


def test_a_server_that_says_nothing(fails):
    ended = threading.Event()
    try:
        with answering(lambda raw: ended.wait(30) and b"") as where:
            said = fails(where, status=75, RFC2136_TIMEOUT=1)
    finally:
        ended.set()
    assert said == f"{where} does not answer within 1 s; is it up, and is the way open?"


@pytest.mark.parametrize("transport", ["tcp", "udp"])
def test_nobody_at_the_port(fails, transport):
    with ports.reserve() as block:
        where = f"127.0.0.1:{block.ports[0]}"
        said = fails(where, status=75, RFC2136_TRANSPORT=transport)
    assert said == f"{where} cannot be reached: connection refused; is it up, and is that its port?"


def test_a_host_that_does_not_exist(fails):
    # Without a network the resolver says that it does not know yet.
    assert fails("nowhere.invalid", status=(1, 75)).startswith("the host nowhere.invalid has no address: ")


def test_a_clock_that_is_wrong(fails, tmp_path):
    late = tmp_path / "python"
    late.write_text(
        f"#!{sys.executable} -B\nimport os, runpy, sys, time\nreal = time.time\ntime.time = lambda: real() - 4000\n"
        "sys.argv = sys.argv[2:]\nsys.path.insert(0, os.path.dirname(sys.argv[0]))\n"
        "runpy.run_path(sys.argv[0], run_name='__main__')\n"
    )
    late.chmod(0o700)
    try:
        bind = Bind.start(zones={"example.test": ""}, keys=[KEY])
    except ServerMissing as missing:
        pytest.skip(str(missing))
    with bind:
        said = fails(bind.where, ACME_PYTHON=late)
    assert said.startswith(f"{bind.where} does not take the time of our signature (BADTIME); the clocks")


NOT_DNS = "this hook solves dns-01 only; ask for that, as in --challenge dns-01"


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"RFC2136_SERVER": None}, "RFC2136_SERVER is not set; give the zone's primary server"),
        ({"RFC2136_SERVER": "a b"}, "RFC2136_SERVER: 'a b' is no host; write HOST, HOST:PORT or [IPV6]:PORT"),
        ({"RFC2136_SERVER": "a:70000"}, "RFC2136_SERVER: 70000 is no port"),
        ({"RFC2136_TSIG_KEYFILE": None}, "no key to sign updates with; give RFC2136_TSIG_KEYFILE=FILE, or"),
        ({"RFC2136_TSIG_KEYFILE": "/nowhere/key"}, "RFC2136_TSIG_KEYFILE: cannot read /nowhere/key: no such file"),
        ({"RFC2136_TSIG_KEYFILE": "/dev/null"}, "RFC2136_TSIG_KEYFILE: /dev/null is no file of credentials"),
        ({"RFC2136_TSIG_NAME": "other"}, "RFC2136_TSIG_NAME: "),
        ({"RFC2136_ZONE": "a..b"}, "RFC2136_ZONE: 'a..b' is no domain name"),
        ({"RFC2136_ZONE": "other.test"}, "_acme-challenge.example.test is not in RFC2136_ZONE=other.test; without it"),
        ({"RFC2136_TTL": "-1"}, "RFC2136_TTL: '-1' is no number of seconds"),
        ({"RFC2136_TIMEOUT": "soon"}, "RFC2136_TIMEOUT: 'soon' is no number of seconds up to 300"),
        ({"RFC2136_TRANSPORT": "quic"}, "RFC2136_TRANSPORT: 'quic' is not one of tcp, udp"),
        ({"RFC2136_NAMESERVERS": "[::1"}, "RFC2136_NAMESERVERS: '[::1' is no host"),
        ({"value": 'x" "y'}, "CERTBOT_VALIDATION is no value of dns-01"),
        ({"value": ""}, "CERTBOT_VALIDATION is not set"),
        ({"ACME_CHALLENGE_TYPE": "http-01"}, NOT_DNS),
        ({"CERTBOT_TOKEN": "token"}, NOT_DNS),
        ({"ACME_RECORD_NAME": "", "CERTBOT_DOMAIN": ""}, "CERTBOT_DOMAIN is not set"),
        ({"ACME_RECORD_NAME": "x" * 64 + ".test"}, "ACME_RECORD_NAME: '"),
    ],
)
def test_variables_that_make_no_sense(fails, variables, said):
    # The server would be a name for this, were it asked: nothing is sent.
    with answering(refusing(dns.rcode.REFUSED)) as where:
        assert fails(where, **variables).startswith(said)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("secret", "has no key"),
        ('key "acme" { secret "AAAA"; };', "needs an algorithm and a secret"),
        ('key "acme" { algorithm hmac-sha3; secret "AAAA"; };', "unknown algorithm 'hmac-sha3'; one of hmac-sha256"),
        ('key "acme" { algorithm hmac-sha256; secret "hush!"; };', "the secret is not base64"),
        ('key "a..b" { algorithm hmac-sha256; secret "AAAA"; };', "'a..b' cannot be the name of a key"),
    ],
)
def test_a_key_file_that_is_none(fails, tmp_path, text, words):
    path = tmp_path / "key"
    path.touch(0o600)
    path.write_text(text)
    said = fails("127.0.0.1:9", RFC2136_TSIG_KEYFILE=path)
    assert said.startswith(f"RFC2136_TSIG_KEYFILE: {path} has" if words == "has no key" else "RFC2136_TSIG_KEYFILE: ")
    assert words in said
    assert "hush" not in said


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_key_file_that_others_may_open(fails, tmp_path, mode):
    path = KEY.write(tmp_path / "key", mode)
    said = fails("127.0.0.1:9", RFC2136_TSIG_KEYFILE=path)
    assert said == f"RFC2136_TSIG_KEYFILE: {path} is open to others than its owner; chmod 600 {path}"
