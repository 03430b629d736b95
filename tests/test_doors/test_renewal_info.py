"""Renewal information of a real CA, and of servers that are not one's friends."""

import contextlib
import datetime
import json
import time

import pytest
from cryptography import x509

from tests.ca.pebble import TestCA
from tests.fakes.evil import EvilCA
from tests.fakes.proxy import FaultProxy
from tests.fakes.rules import Rule, merge
from tests.test_ca.client import Client
from toolkit import ari
from toolkit.ca import renewal_info
from toolkit.ca.session import Session
from toolkit.ca.transport import Settings, Transport
from toolkit.errors import ProtocolError, Refused, ToolkitError, Unreachable
from toolkit.waiting import Deadline, Stop

NAME = "aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE"
PROBLEM = {"type": "urn:ietf:params:acme:error:malformed", "detail": "no such certificate"}
GOOD = {"suggestedWindow": {"start": "2030-06-02T00:00:00Z", "end": "2030-06-04T00:00:00Z"}}


@contextlib.contextmanager
def session_with(ca):
    transport = Transport(Settings("test", ca.ca_bundle), Stop())
    try:
        yield Session(ca.directory, transport, Stop())
    finally:
        transport.close()


def fetch(ca, name=NAME, seconds=10.0):
    with session_with(ca) as session:
        return renewal_info.fetch(session, name, Deadline(seconds))


@contextlib.contextmanager
def answering(**rule):
    """An honest CA whose answers about renewal are spoiled; what it was asked there."""
    with EvilCA() as evil, FaultProxy(evil, [Rule("/renewal-info", "GET", **rule)]) as proxy:
        yield proxy


def asked(proxy):
    return [request for request in proxy.requests if "/renewal-info" in request.path]


@pytest.fixture(scope="module")
def issued():
    """A Pebble, and a certificate of it in PEM."""
    with TestCA.start(always_valid=True) as ca, Client(ca.directory, ca.ca_bundle) as client:
        if ca.version < (2, 8):
            pytest.skip(f"Pebble is {ca.version}")
        # Pebble 2.10 does not find a certificate by its serial number if that begins with a byte of zero.
        chains = (client.issue("www.example").body for _ in range(3))
        chain = next(c for c in chains if x509.load_pem_x509_certificate(c).serial_number.bit_length() > 56)
        yield ca, chain[: chain.index(b"-----END") + 25].decode()


def identifier(pem):
    return ari.certificate_id(x509.load_pem_x509_certificate(pem.encode()))


def test_pebble_suggests_a_window_within_the_life_of_the_certificate(issued):
    ca, pem = issued
    leaf = x509.load_pem_x509_certificate(pem.encode())
    before = len(ca.requests())
    found = fetch(ca, identifier(pem))
    assert leaf.not_valid_before_utc < found.suggestion.window.start < found.suggestion.window.end
    assert found.suggestion.window.end < leaf.not_valid_after_utc
    assert found.pause == 21600
    # No nonce and no signature: the directory, and the one GET.
    assert [method for method, _ in ca.requests()[before:]] == ["GET", "GET"]


@pytest.mark.parametrize(("days", "is_due"), [(-3, True), (3, False)])
def test_window_that_the_ca_moves_decides(issued, days, is_due):
    ca, pem = issued
    now = datetime.datetime.now(datetime.UTC)
    start = now + datetime.timedelta(days=days)
    moved = ari.Window(start, start + datetime.timedelta(days=1))
    told = {"suggestedWindow": moved.to_json(), "explanationURL": "https://ca.example/revocation"}
    ca.set_renewal_info(pem, json.dumps(told))
    found = fetch(ca, identifier(pem))
    assert found.suggestion == ari.Suggestion(moved, "https://ca.example/revocation")
    state = ari.answered(None, found.suggestion, found.pause, now, lambda: 0.5)
    never = now + datetime.timedelta(days=60)
    assert ari.is_due(ari.renew_at(state, never, never), now) is is_due


@pytest.mark.parametrize(
    "told", ["{not json", "[]", "", json.dumps({"suggestedWindow": {"start": "x", "end": "y"}}), "<html>"]
)
def test_pebble_that_answers_nonsense(issued, told):
    ca, pem = issued
    ca.set_renewal_info(pem, told or " ")
    with pytest.raises(ProtocolError):
        fetch(ca, identifier(pem))


def test_certificate_unknown_to_pebble(issued):
    ca, pem = issued
    key, _, _ = identifier(pem).partition(".")
    assert fetch(ca, f"{key}.AIdlQyE") is None


def test_certificate_of_an_issuer_unknown_to_pebble(issued):
    with pytest.raises(Refused):
        fetch(issued[0])


@pytest.mark.parametrize("status", [404, 410])
@pytest.mark.parametrize("body", [json.dumps(PROBLEM), "<html>", ""])
def test_certificate_that_is_not_known(status, body):
    with answering(status=status, body=body, forward=False) as proxy:
        assert fetch(proxy) is None
        assert len(asked(proxy)) == 1


def test_ca_without_renewal_information():
    with EvilCA(edit={"directory": {"renewalInfo": None}}) as ca:
        assert fetch(ca) is None
        assert len(ca.requests) == 1


def test_it_is_one_plain_get():
    with EvilCA() as ca:
        assert fetch(ca).pause == 21600
        directory, request = ca.requests
    assert [one.method for one in (directory, request)] == ["GET", "GET"]
    assert (request.path, request.body) == (f"/renewal-info/{NAME}", b"")
    assert {name.lower() for name in request.headers} <= {"host", "user-agent", "accept-encoding"}


def test_slash_at_the_end_of_the_resource_is_not_doubled():
    with EvilCA() as evil, FaultProxy(evil) as proxy:
        url = proxy.server.origin + "/renewal-info/"
        proxy.rules.append(Rule("/directory", edit=merge({"renewalInfo": url})))
        assert fetch(proxy)
        assert asked(proxy)[0].path == f"/renewal-info/{NAME}"


@pytest.mark.parametrize(
    ("header", "seconds"), [("120", (120, 120)), (None, None), ("soon", None), ("-5", None), ("9" * 400, (1e6, 1e9))]
)
def test_retry_after(header, seconds):
    with answering(headers={"Retry-After": header}) as proxy:
        pause = fetch(proxy).pause
    assert pause is None if seconds is None else seconds[0] <= pause <= seconds[1]


@pytest.mark.parametrize(
    "rule",
    [
        {"body": "<html>\x1b[31m"}, {"body": ""}, {"body": "[1]"}, {"body": b"\xff\xfe"}, {"body": "{}"},
        {"body": "[" * 99999}, {"body": json.dumps({**GOOD, "x": "y" * 99999})}, {"body": '{"suggestedWindow": NaN}'},
        {"status": 204, "body": ""}, {"status": 301, "headers": {"Location": "/renewal-info/x"}},
        {"edit": merge({"suggestedWindow": {"end": "1999-01-01T00:00:00Z"}})},
        {"edit": merge({"suggestedWindow": {"start": "2030-01-01T00:00:00"}})},
    ],
)  # fmt: skip
def test_answer_that_is_no_renewal_information(rule):
    with answering(**rule) as proxy:
        with pytest.raises(ProtocolError) as caught:
            fetch(proxy)
        assert len(asked(proxy)) == 1
    assert caught.value.message.isprintable()


@pytest.mark.parametrize(
    ("status", "error", "asks"),
    [(500, Unreachable, 4), (503, Unreachable, 4), (429, Unreachable, 1), (403, Refused, 1), (400, Refused, 1)],
)
def test_refusal(status, error, asks):
    with answering(status=status, body="<html>", headers={"Retry-After": None}) as proxy:
        with pytest.raises(error):
            fetch(proxy)
        assert len(asked(proxy)) == asks


def test_server_error_that_passes():
    with answering(status=500, body="<html>", headers={"Retry-After": None}, times=1) as proxy:
        assert fetch(proxy)


def test_long_pause_is_for_the_caller_to_plan():
    with answering(status=503, body="", headers={"Retry-After": "3600"}) as proxy:
        with pytest.raises(Unreachable) as caught:
            fetch(proxy)
        assert len(asked(proxy)) == 1
    now = datetime.datetime.now(datetime.UTC)
    again = ari.failed(None, now, caught.value.retry_after).ask_again - now
    assert datetime.timedelta(minutes=55) < again <= datetime.timedelta(hours=1)


@pytest.mark.parametrize("rule", [{"hang": True}, {"drip": 0.2}, {"delay": 30}])
def test_slow_server_ends_at_the_deadline(rule):
    with answering(**rule) as proxy:
        began = time.monotonic()
        with pytest.raises(Unreachable, match="within 1 seconds"):
            fetch(proxy, seconds=1)
        assert time.monotonic() - began < 10


@pytest.mark.parametrize("kind", ["lose", "cut"])
def test_broken_connection(kind):
    with answering(**{kind: 1}) as proxy, pytest.raises(Unreachable):
        fetch(proxy)


@pytest.mark.parametrize("kind", ["huge", "bomb", "utf16", "list", "escapes", "long", "untyped"])
def test_odd_answer(kind):
    with EvilCA(answers={"renewalInfo": kind}) as ca:
        with pytest.raises(ToolkitError) as caught:
            fetch(ca)
        assert ca.streamed < 50_000_000
    assert caught.value.message.isprintable()


@pytest.mark.parametrize("kind", ["redirect_loop", "redirect_other", "redirect_http"])
def test_redirect_is_not_followed(kind):
    with EvilCA(answers={"renewalInfo": kind}) as ca:
        with pytest.raises(ProtocolError):
            fetch(ca)
        assert not ca.strangers


@pytest.mark.parametrize("url", ["http", "file", "userinfo", "linklocal", "x:y"])
def test_resource_that_may_not_be_asked(url):
    with EvilCA(urls={"renewalInfo": url}) as ca:
        with pytest.raises((ProtocolError, Unreachable)):
            fetch(ca, seconds=2)
        assert not ca.strangers


def test_resource_that_is_no_url():
    with EvilCA(edit={"directory": {"renewalInfo": 7}}) as ca, pytest.raises(ProtocolError):
        fetch(ca)
