"""The little web server: all tokens at once, over IPv4 and IPv6, gone at once."""

import http.client
import socket
import time

import pytest

from tests.test_parts.events import TOKENS, event
from toolkit.errors import ChallengeFailed
from toolkit.solvers.standalone import Standalone


@pytest.fixture
def port():
    with socket.create_server(("127.0.0.1", 0)) as free:
        return free.getsockname()[1]


@pytest.fixture
def solver(port):
    made = Standalone(port)
    yield made
    made.close()


def get(host, port, path):
    connection = http.client.HTTPConnection(host, port, timeout=5)
    connection.request("GET", path)
    response = connection.getresponse()
    found = response.status, response.read()
    connection.close()
    return found


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_answers_on_all_tokens(solver, port, host):
    events = [event(token) for token in TOKENS]
    for one in events:
        solver.present([one])
    for one in events:
        assert get(host, port, one.proof["http_path"]) == (200, one.validation.encode())
    solver.cleanup([events[0]], {})
    solver.cleanup([events[0]], {})
    assert [get(host, port, one.proof["http_path"])[0] for one in events] == [404, 200, 200]


@pytest.mark.parametrize(
    "garbage",
    [b"", b"\r\n\r\n", b"GET\r\n\r\n", b"\xff\0\xff\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n", b"POST /x HTTP/1.1\r\n\r\n", b"x" * 20000,  # noqa: E501
     b"GET /.well-known/acme-challenge/ HTTP/1.1\r\n\r\n", b"GET /.well-known/acme-challenge/../../etc/passwd HTTP/1.1\r\n\r\n",  # noqa: E501
     b"\x16\x03\x01\x02\0"],
)  # fmt: skip
def test_garbage_does_not_disturb(solver, port, garbage):
    solver.present([event()])
    with socket.create_connection(("127.0.0.1", port), 5) as client:
        try:
            client.sendall(garbage)
            client.shutdown(socket.SHUT_WR)
            data = client.recv(100)
        except OSError:  # it hung up on us in the middle
            data = b""
    assert not data.startswith(b"HTTP/1.1 200")
    assert get("127.0.0.1", port, event().proof["http_path"])[0] == 200


def test_idle_clients_do_not_keep_it(solver, port):
    solver.present([event()])
    idle = [socket.create_connection(("127.0.0.1", port), 5) for _ in range(20)]
    began = time.monotonic()
    solver.close()
    assert time.monotonic() - began < 0.5
    for client in idle:
        client.close()
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", port), 1)
    solver.close()


def test_port_in_use(solver, port):
    with socket.create_server(("127.0.0.1", port)):
        with pytest.raises(ChallengeFailed, match=f"cannot listen on port {port}") as caught:
            solver.present([event()])
        assert caught.value.hint
    solver.cleanup([event()], {})
    solver.present([event()])
