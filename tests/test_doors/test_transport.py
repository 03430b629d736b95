"""HTTP to the CA: bounded in time and size, whatever the server does."""

import time

import pytest

from tests.test_doors.servers import answer, request, reset, serving
from toolkit.ca.transport import Settings, Transport
from toolkit.ca.urls import check_url, origin
from toolkit.errors import Interrupted, ProtocolError, Unreachable, UsageError
from toolkit.waiting import Deadline, Stop


@pytest.fixture
def transport():
    made = Transport(Settings("test", allow_http=True), Stop())
    yield made
    made.close()


def get(transport, port, seconds=5.0, again=True, method="GET"):
    url = f"http://127.0.0.1:{port}/x"
    return transport.request(method, url, {}, b"" if method == "POST" else None, Deadline(seconds), again=again)


def drip(client, _):
    request(client)
    client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    while True:
        client.sendall(b"x")
        time.sleep(0.02)


def silent(client, _):
    client.recv(65536)
    time.sleep(5)


@pytest.mark.parametrize("talk", [drip, silent])
def test_cut_at_the_total_deadline(transport, talk):
    with serving(talk) as port:
        began = time.monotonic()
        with pytest.raises(Unreachable, match="within"):
            get(transport, port, 0.3)
        assert 0.2 < time.monotonic() - began < 2


def cut(client, _):
    request(client)
    client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nshort")


def headless(client, _):
    request(client)
    client.sendall(b"garbage\r\n\r\n")


def torn(client, _):
    request(client)
    client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nx")
    reset(client)


def bad_chunks(client, _):
    request(client)
    client.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")


@pytest.mark.parametrize("talk", [cut, headless, torn, bad_chunks, lambda client, _: reset(client), lambda *_: None])
def test_broken_answer(transport, talk):
    with serving(talk) as port, pytest.raises(Unreachable) as caught:
        get(transport, port)
    assert caught.value.status == 75
    assert f"http://127.0.0.1:{port}/x" in caught.value.message


def test_nobody_listens(transport):
    with serving(silent) as port:
        pass
    with pytest.raises(Unreachable, match="refused"):
        get(transport, port)


@pytest.mark.parametrize("announced", [True, False])
def test_oversized_body(transport, announced):
    def talk(client, _):
        request(client)
        length = b"Content-Length: 300000000\r\n" if announced else b""
        client.sendall(b"HTTP/1.1 200 OK\r\n" + length + b"\r\n")
        while True:
            client.sendall(b"x" * 65536)

    with serving(talk) as port, pytest.raises(ProtocolError, match="more than"):
        get(transport, port)


def test_connection_is_kept(transport):
    seen = []

    def talk(client, number):
        while request(client):
            seen.append(number)
            answer(client, body=b"a")

    with serving(talk) as port:
        assert [get(transport, port).body for _ in range(3)] == [b"a"] * 3
    assert seen == [0, 0, 0]


def dies_after_one(client, _):
    request(client)
    answer(client)


def test_kept_connection_that_died_is_noticed(transport):
    with serving(dies_after_one) as port:
        for _ in range(3):
            assert get(transport, port, again=False, method="POST").status == 200
            time.sleep(0.05)


@pytest.mark.parametrize(("again", "works"), [(True, True), (False, False)])
def test_kept_connection_that_dies_under_a_request(transport, again, works):
    seen = []

    def talk(client, number):
        while request(client):
            seen.append(number)
            if number == 0 and len(seen) == 2:
                return
            answer(client)

    with serving(talk) as port:
        get(transport, port)
        if works:
            assert get(transport, port, again=again).status == 200
        else:
            with pytest.raises(Unreachable):
                get(transport, port, again=again)
    assert seen == ([0, 0, 1] if works else [0, 0])


def test_nothing_is_asked_after_a_signal(transport):
    transport._stop.request(Interrupted(15, "SIGTERM"))
    with pytest.raises(Interrupted):
        get(transport, 1)


@pytest.mark.parametrize("content", [None, b"", b"garbage"])
def test_bad_roots(tmp_path, content):
    bundle = tmp_path / "roots.pem"
    if content is not None:
        bundle.write_bytes(content)
    with pytest.raises(UsageError, match="roots"):
        Transport(Settings("test", bundle), Stop()).request(
            "GET", "https://127.0.0.1:1/", {}, None, Deadline(1), again=True
        )


def test_unknown_roots_are_not_trusted(ca):
    with pytest.raises(Unreachable, match="cannot verify"):
        Transport(Settings("test"), Stop()).request("GET", ca.directory, {}, None, Deadline(5), again=True)


@pytest.mark.parametrize(
    "url",
    ["", None, 7, "x", "/x", "http://ca.example/", "http://127.0.0.1/", "file:///etc/passwd", "ftp://ca.example/",
     "https://", "https:///x", "https://user:pass@ca.example/", "https://@ca.example/", "https://ca.example:0/",
     "https://ca.example:99999/", "https://ca.example:x/", "https://[::1/", "https://c\u00e4.example/",
     " https://ca.example/", "https://ca.example/ ", "https://ca.example/" + "x" * 5000],
)  # fmt: skip
def test_url_that_may_not_be_asked(url):
    with pytest.raises(ProtocolError) as caught:
        check_url(url)
    assert caught.value.message.isprintable()


@pytest.mark.parametrize(("url", "allowed"), [
    ("http://127.0.0.1:80/", True), ("http://[::1]/", True), ("http://localhost/", True),
    ("http://127.0.0.1.evil.example/", False), ("http://192.0.2.1/", False), ("http://ca.example/", False),
])  # fmt: skip
def test_plain_http_only_to_loopback(url, allowed):
    if allowed:
        assert check_url(url, True)
    else:
        with pytest.raises(ProtocolError):
            check_url(url, True)


def test_equal_origins_are_equal_text():
    same = ["https://CA.example/a", "https://ca.example:443/b", "https://ca.example"]
    assert len({origin(check_url(url)) for url in same}) == 1
    assert origin(check_url("https://ca.example:444/")) != origin(check_url(same[0]))
