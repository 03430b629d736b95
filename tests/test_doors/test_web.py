"""The look at a web server: bounded in time and size whatever it does."""

import contextlib
import socket
import threading
import time

import pytest

from tests.fakes.dnslab import Lab
from tests.test_doors.servers import answer, request, reset, serving
from toolkit.errors import ChallengeFailed
from toolkit.probe import CannotLook, web

PATH = "/.well-known/acme-challenge/token"


def body(port, host="127.0.0.1", resolver=None):
    return web.http_body(host, port, PATH, resolver)


def test_body_and_host(ca):
    heard = []

    def talk(client, number):
        heard.append(client.recv(65536))
        client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nproof")

    with serving(talk) as port:
        assert body(port, "www.example.test", ca.dns) == b"proof"
        assert f"\r\nHost: www.example.test:{port}\r\n".encode() in heard[0]
        assert heard[0].startswith(f"GET {PATH} HTTP/1.1\r\n".encode())


@pytest.mark.parametrize("status", [404, 302, 500])
def test_status(status):
    def talk(client, number):
        request(client)
        answer(client, status)

    with serving(talk) as port, pytest.raises(ChallengeFailed, match=f"status {status}"):
        body(port)


def test_endless_body_is_cut():
    def talk(client, number):
        request(client)
        client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            client.sendall(b"x" * 65536)

    with serving(talk) as port:
        assert body(port) == b"x" * 8192


@pytest.mark.parametrize("drip", [b"H", b"HTTP/1.1 200 OK\r\n\r\n", b"HTTP/1.1 200 OK\r\nX: "])
def test_byte_after_byte_ends(drip, monkeypatch):
    monkeypatch.setattr("toolkit.probe.web.TIMEOUT", 0.3)
    ended = threading.Event()

    def talk(client, number):
        request(client)
        client.sendall(drip)
        while not ended.wait(0.05):
            client.sendall(b"x")

    start = time.monotonic()
    with serving(talk) as port:
        with contextlib.suppress(ChallengeFailed):
            body(port)
        ended.set()
    assert time.monotonic() - start < 3


def test_no_http_at_all():
    def talk(client, number):
        client.recv(65536)
        client.sendall(b"\x1b[2J\xff\n" * 100)

    with serving(talk) as port, pytest.raises(ChallengeFailed) as caught:
        body(port)
    assert caught.value.message.isprintable()


def test_reset():
    def talk(client, number):
        client.recv(65536)
        reset(client)

    with serving(talk) as port, pytest.raises(ChallengeFailed, match="reset"):
        body(port)


def test_nobody_listens():
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        with pytest.raises(ChallengeFailed, match="refused"):
            body(bound.getsockname()[1])


def test_host_that_the_resolver_does_not_know():
    with Lab() as lab:
        with pytest.raises(CannotLook, match=r"nowhere\.test has no address"):
            body(1, "nowhere.test", lab.resolver.where)
        lab.resolver.faults["*", "A"] = "SERVFAIL"
        with pytest.raises(CannotLook, match="SERVFAIL"):
            body(1, "www.example.test", lab.resolver.where)


def test_host_behind_a_cname_with_an_address_of_ipv6_only():
    with Lab() as lab:
        lab.put("www.example.test.", "CNAME", "web.example.test.")
        lab.put("web.example.test.", "AAAA", "::1")
        with pytest.raises(ChallengeFailed, match=r"http://www\.example\.test:9/"):
            body(9, "www.example.test", lab.resolver.where)


def test_address_of_ipv6_is_written_in_brackets():
    with pytest.raises(ChallengeFailed, match=r"http://\[::1\]:9/"):
        body(9, "::1")
