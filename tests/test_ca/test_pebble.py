"""TestCA: it is up when it says so, does what its variant says, and leaves nothing behind."""

from __future__ import annotations

import base64
import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from cryptography import x509

from tests.ca import servers
from tests.ca.pebble import TestCA
from tests.ca.web import ask
from tests.test_ca.client import Client, csr

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.usefixtures("pebble")
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def ca() -> Iterator[TestCA]:
    with TestCA.start() as started:
        yield started


@pytest.fixture
def client(ca: TestCA) -> Iterator[Client]:
    with Client(ca.directory, ca.ca_bundle) as made:
        yield made


def needs(ca: TestCA, *version: int) -> None:
    if ca.version < version:
        pytest.skip(f"Pebble is {ca.version}")


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in "ZX"


def test_starts_well_under_a_second_and_silently(ca: TestCA) -> None:
    began = time.monotonic()
    with TestCA.start() as second:
        assert time.monotonic() - began < 1
        assert second.directory != ca.directory
        assert second.http_port not in (ca.http_port, ca.tls_port)
    assert ca.requests() == []


def test_counts_what_it_served(ca: TestCA, client: Client) -> None:
    client.register()
    ca.roots()
    assert ca.requests() == [("GET", "/dir"), ("HEAD", "/nonce-plz"), ("POST", "/sign-me-up")]


def test_http_01_is_validated_at_http_port(ca: TestCA, client: Client) -> None:
    client.register()
    order = client.order("web.example")
    challenge = client.challenge(order.json()["authorizations"][0], "http-01")
    with responder(ca.http_port, client.key_authorization(challenge["token"])):
        client.post(challenge["url"], {})
        assert client.poll(order.headers["Location"], "ready", "invalid")["status"] == "ready"


def test_dns_01_is_validated_by_its_own_dns(ca: TestCA, client: Client) -> None:
    client.register()
    order = client.order("*.txt.example")
    challenge = client.challenge(order.json()["authorizations"][0], "dns-01")
    ca.set_cname("_acme-challenge.txt.example", "elsewhere.example")
    ca.set_txt("elsewhere.example", "another value")
    ca.set_txt("elsewhere.example", client.txt(challenge["token"]))
    client.post(challenge["url"], {})
    order_now = client.poll(order.headers["Location"], "ready", "invalid")
    assert order_now["status"] == "ready"
    assert ca.dns_queries("_acme-challenge.txt.example")


def test_servfail_and_missing_records_fail_the_order(ca: TestCA, client: Client) -> None:
    client.register()
    ca.servfail("_acme-challenge.broken.example")
    for name in ("broken.example", "missing.example"):
        order = client.order(name)
        challenge = client.challenge(order.json()["authorizations"][0], "dns-01")
        client.post(challenge["url"], {})
        assert client.poll(order.headers["Location"], "ready", "invalid")["status"] == "invalid"


def test_every_record_can_be_set_and_cleared(ca: TestCA) -> None:
    ca.add_a("a.example", ["127.0.0.2"])
    ca.add_aaaa("a.example", ["::1"])
    ca.set_txt("a.example", "text")
    ca.set_cname("b.example", "a.example")
    ca.servfail("c.example")
    for clear in (ca.clear_a, ca.clear_aaaa, ca.clear_txt, ca.clear_cname, ca.clear_servfail):
        clear("a.example")


def test_roots_are_those_that_issue() -> None:
    with TestCA.start(always_valid=True, alternate_roots=1, chain_length=2) as ca:
        with Client(ca.directory, ca.ca_bundle) as client:
            answer = client.issue("www.example")
            alternate = next(link for link in answer.headers.get_all("Link") if 'rel="alternate"' in link)
            other = client.post(alternate.split(">")[0].strip("<"))
        for index, chain in ((0, answer.body), (1, other.body)):
            certificates = x509.load_pem_x509_certificates(chain)
            root = x509.load_pem_x509_certificate(ca.roots(index))
            assert len(certificates) == 3
            certificates[-1].verify_directly_issued_by(root)
        assert b"Valid" in ca.certificate_status(certificates[0].serial_number)


@pytest.mark.parametrize(
    ("variant", "status", "problem"),
    [
        ({"nonce_reject": 100}, 400, "badNonce"),
        ({"eab": {"kid-1": base64.urlsafe_b64encode(bytes(32)).decode()}}, 403, "externalAccountRequired"),
    ],
)
def test_a_variant_refuses_new_accounts(variant: dict[str, Any], status: int, problem: str) -> None:
    with TestCA.start(**variant) as ca, Client(ca.directory, ca.ca_bundle) as client:
        answer = client.register()
        assert answer.status == status
        assert answer.json()["type"].endswith(problem)


def test_eab_with_the_right_key_is_accepted() -> None:
    key = bytes(range(32))
    with (
        TestCA.start(eab={"kid-1": base64.urlsafe_b64encode(key).decode().rstrip("=")}) as ca,
        Client(ca.directory, ca.ca_bundle) as client,
    ):
        assert client.register(("kid-1", key)).status == 201


def test_blocklist_rejects_a_name() -> None:
    with TestCA.start(blocklist=["blocked.example"]) as ca, Client(ca.directory, ca.ca_bundle) as client:
        client.register()
        assert client.order("www.blocked.example").json()["type"].endswith("rejectedIdentifier")


def test_profiles_and_validity() -> None:
    profiles = {"short": {"description": "six days", "validityPeriod": 518400}}
    with TestCA.start(always_valid=True, profiles=profiles) as ca:
        needs(ca, 2, 7)
        with Client(ca.directory, ca.ca_bundle) as client:
            assert client.directory["meta"]["profiles"] == {"short": "six days"}
            leaf = x509.load_pem_x509_certificates(client.issue("www.example").body)[0]
    life = leaf.not_valid_after_utc - leaf.not_valid_before_utc
    assert abs(life.total_seconds() - 518400) < 2


def test_retry_after_and_strict() -> None:
    with TestCA.start(retry_after=(3, 5), strict=True, always_valid=True) as ca:
        needs(ca, 2, 5)
        with Client(ca.directory, ca.ca_bundle) as client:
            client.register()
            order = client.order("www.example")
            challenge = client.challenge(order.json()["authorizations"][0], "http-01")
            assert client.post(challenge["url"], {"keyAuthorization": "old"}).status == 400
            client.post(challenge["url"], {})
            ready = client.poll(order.headers["Location"], "ready")
            csr_text = base64.urlsafe_b64encode(csr("www.example")).decode().rstrip("=")
            assert client.post(ready["finalize"], {"csr": csr_text}).headers["Retry-After"]


def test_renewal_info_can_be_set(ca: TestCA) -> None:
    needs(ca, 2, 8)
    with TestCA.start(always_valid=True) as issuing, Client(issuing.directory, issuing.ca_bundle) as client:
        chain = client.issue("www.example").body.decode()
        issuing.set_renewal_info(chain[: chain.index("-----END") + 25], "{not json")


def test_given_ports_are_used(ca: TestCA) -> None:
    free = ca.tls_port
    with TestCA.start(http_port=free) as second:
        assert second.http_port == free


def test_a_bad_variant_fails_with_the_log() -> None:
    with pytest.raises(servers.StartError, match="base64"):
        TestCA.start(eab={"kid-1": "!"})
    with pytest.raises(ValueError, match="chain_length"):
        TestCA.start(chain_length=0)


def test_a_taken_port_is_tried_around(monkeypatch: pytest.MonkeyPatch) -> None:
    reserve, spoil = servers.ports.reserve, [0, 2, 3]
    with contextlib.ExitStack() as taken:

        def spoiled() -> Any:
            block = reserve()
            if spoil:
                taken.enter_context(socket.create_server(("127.0.0.1", block.ports[spoil.pop()])))
            return block

        monkeypatch.setattr(servers.ports, "reserve", spoiled)
        with TestCA.start() as ca:
            assert not spoil
            assert ca.roots()


def test_nothing_is_left_after_an_exception() -> None:
    with pytest.raises(KeyboardInterrupt), TestCA.start() as ca:  # noqa: PT012
        pids = [process.pid for process in ca._running.processes]
        raise KeyboardInterrupt
    assert not ca.home.exists()
    assert not any(alive(pid) for pid in pids)
    with pytest.raises(OSError, match="refused"):
        ask("GET", ca.challtestsrv)


def test_nothing_is_left_after_kill_9() -> None:
    program = (
        "import time; from tests.ca.pebble import TestCA; ca = TestCA.start();"
        "print(ca.home, *[p.pid for p in ca._running.processes], flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, cwd=ROOT) as tests:
        assert tests.stdout
        home, *pids = tests.stdout.readline().split()
        os.kill(tests.pid, signal.SIGKILL)
    deadline = time.monotonic() + 5
    while Path(home).exists() or any(alive(int(pid)) for pid in pids):
        assert time.monotonic() < deadline
        time.sleep(0.01)


class responder:
    """Answers every GET on `port` with `text`."""

    def __init__(self, port: int, text: str) -> None:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *exc: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
