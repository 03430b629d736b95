"""The fault proxy: without rules it is not noticed, and each rule does what it says."""

from __future__ import annotations

import http.client
import json
import select
import ssl
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from tests.ca.pebble import TestCA
from tests.fakes.proxy import FaultProxy
from tests.fakes.rules import Rule, merge, parse
from tests.test_ca.client import Client

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.ca.fetch import Pebble

pytestmark = pytest.mark.usefixtures("pebble")
TESTS = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def behind(pebble: Pebble) -> Iterator[TestCA]:
    with TestCA.start(always_valid=True) as ca:
        yield ca


@pytest.fixture
def proxy(behind: TestCA) -> Iterator[FaultProxy]:
    with FaultProxy(behind) as started:
        yield started


@pytest.fixture
def client(proxy: FaultProxy) -> Iterator[Client]:
    with Client(proxy.directory, proxy.ca_bundle, timeout=2) as made:
        yield made


def test_without_rules_it_only_records(proxy: FaultProxy, client: Client) -> None:
    assert b"BEGIN CERTIFICATE" in client.issue("www.example").body
    origin = proxy.directory.removesuffix("/dir")
    assert all(url.startswith(origin) for url in client.directory.values() if isinstance(url, str))
    account = next(request for request in proxy.requests if request.path == "/sign-me-up")
    assert account.method == "POST"
    assert account.payload == {"termsOfServiceAgreed": True}
    assert account.protected["alg"] == "ES256"
    assert account.headers["User-Agent"] == "test-client"


def test_an_answer_in_place_of_the_ca(behind: TestCA, proxy: FaultProxy, client: Client) -> None:
    client.register()
    before = len(behind.requests())
    limited = {"type": "urn:ietf:params:acme:error:rateLimited", "detail": "slow down"}
    headers = {"Retry-After": "3600", "Content-Type": "application/problem+json"}
    proxy.rules.append(Rule("order-plz", forward=False, status=429, headers=headers, body=json.dumps(limited), times=1))
    answer = client.order("www.example")
    assert (answer.status, answer.headers["Retry-After"], answer.json()) == (429, "3600", limited)
    assert len(behind.requests()) == before
    assert client.order("www.example").status == 201


def test_edits_and_headers(proxy: FaultProxy, client: Client) -> None:
    client.register()
    proxy.rules += [
        Rule("order-plz", edit=merge({"status": "sleeping", "expires": None}), headers={"Location": None}),
        Rule("/dir", edit=lambda directory: directory.clear(), status=500),
    ]
    answer = client.order("www.example")
    assert answer.status == 201
    assert answer.json()["status"] == "sleeping"
    assert "expires" not in answer.json()
    assert answer.headers["Location"] is None
    answer = client.send("GET", proxy.directory)
    assert (answer.status, answer.json()) == (500, {})


def test_delay(proxy: FaultProxy, client: Client) -> None:
    proxy.rules.append(Rule("/dir", delay=0.2))
    began = time.monotonic()
    client.send("GET", proxy.directory)
    assert time.monotonic() - began >= 0.2


def test_drip(proxy: FaultProxy, client: Client) -> None:
    proxy.rules.append(Rule("/dir", drip=0.001, forward=False, body="0123456789"))
    began = time.monotonic()
    assert client.send("GET", proxy.directory).body == b"0123456789"
    assert time.monotonic() - began >= 0.05


@pytest.mark.parametrize("length", [0, 30])
def test_cut_resets_within_the_body(proxy: FaultProxy, client: Client, length: int) -> None:
    proxy.rules.append(Rule("/dir", cut=length))
    with pytest.raises((ConnectionResetError, http.client.IncompleteRead)) as caught:
        client.send("GET", proxy.directory)
    if isinstance(caught.value, http.client.IncompleteRead):
        assert len(caught.value.partial) == length


def test_a_cut_is_a_reset_on_the_wire(proxy: FaultProxy) -> None:
    """OpenSSL may tell Python of an end only; the kernel knows better."""
    proxy.rules.append(Rule("/dir", cut=10))
    connection = connect(proxy, timeout=2)
    connection.request("GET", "/dir")
    watch = select.poll()
    watch.register(connection.sock, 0)
    assert watch.poll(2000)[0][1] & select.POLLERR
    connection.close()


def test_a_length_that_lies(proxy: FaultProxy, client: Client) -> None:
    proxy.rules.append(Rule("/dir", headers={"Content-Length": "9999"}))
    with pytest.raises((http.client.IncompleteRead, ssl.SSLEOFError)):
        client.send("GET", proxy.directory)


def test_a_lost_answer_was_given(behind: TestCA, proxy: FaultProxy, client: Client) -> None:
    client.register()
    before = behind.requests().count(("POST", "/order-plz"))
    proxy.rules.append(Rule("order-plz", "POST", lose=True, nth=2))
    assert client.order("one.example").status == 201
    with pytest.raises(http.client.RemoteDisconnected):
        client.order("two.example")
    assert client.order("three.example").status == 201
    assert behind.requests().count(("POST", "/order-plz")) == before + 3


def test_hang(proxy: FaultProxy) -> None:
    proxy.rules.append(Rule("/dir", hang=True))
    with pytest.raises(TimeoutError):
        get(proxy, timeout=0.2)


def test_the_end_waits_for_nobody(behind: TestCA) -> None:
    with FaultProxy(behind, [Rule("/dir", hang=True)]) as proxy:
        with pytest.raises(TimeoutError):
            get(proxy, timeout=0.1)
        connection = connect(proxy, timeout=2)
        connection.request("GET", "/dir")
        began = time.monotonic()
    assert time.monotonic() - began < 0.5
    with pytest.raises((OSError, http.client.HTTPException)):
        connection.getresponse()
    connection.close()


def test_rules_from_json() -> None:
    rules = parse('[{"path": "x", "nth": 2, "merge": {"a": {"b": null}}}]')
    assert [rules[0].matches("GET", path) for path in ("/x", "/y", "/x", "/x")] == [False, False, True, False]
    assert json.loads(rules[0].changed(b'{"a": {"b": 1, "c": 2}}')) == {"a": {"c": 2}}
    with pytest.raises(ValueError, match="dellay"):
        parse('[{"dellay": 1}]')


def test_for_shells(tmp_path: Path) -> None:
    rules = tmp_path / "rules.json"
    rules.write_text('[{"path": "sign-me-up", "merge": {"status": "odd"}}]')
    script = """
        "$1"/ca/start ca && "$1"/fakes/proxy.py ca proxy rules.json || exit
        . ./proxy/env
        printf '%s\\n' "$ACME_SERVER" "$ACME_CA_BUNDLE" "$FAKE_REQUESTS"
        . ./ca/env
        printf '%s\\n' "$ACME_SERVER"
    """
    try:
        done = subprocess.run(
            ["sh", "-c", script, "sh", str(TESTS)], capture_output=True, text=True, timeout=20, cwd=tmp_path
        )
        assert done.returncode == 0, done.stderr
        server, bundle, requests, behind = done.stdout.split()
        assert server != behind
        with Client(server, Path(bundle)) as client:
            assert client.register().json()["status"] == "odd"
        lines = [json.loads(line) for line in Path(requests).read_text().splitlines()]
        assert [line["path"] for line in lines] == ["/dir", "/nonce-plz", "/sign-me-up"]
        assert lines[2]["payload"] == {"termsOfServiceAgreed": True}
    finally:
        for name in ("proxy", "ca"):
            stop = [str(TESTS / "ca/stop"), str(tmp_path / name)]
            assert subprocess.run(stop, timeout=10).returncode == 0
    with pytest.raises(OSError, match="refused"):
        Client(server, Path(bundle))


def connect(proxy: FaultProxy, timeout: float) -> http.client.HTTPSConnection:
    context = ssl.create_default_context(cafile=str(proxy.ca_bundle))
    return http.client.HTTPSConnection(urlsplit(proxy.directory).netloc, timeout=timeout, context=context)


def get(proxy: FaultProxy, timeout: float) -> bytes:
    connection = connect(proxy, timeout)
    try:
        connection.request("GET", "/dir")
        return connection.getresponse().read()
    finally:
        connection.close()
