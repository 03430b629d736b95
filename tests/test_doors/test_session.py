"""A conversation with a server that may not be one's friend."""

import contextlib
import json
import time

import pytest

from tests.test_doors.servers import answer, request, serving
from toolkit.ca.jws import AccountKey
from toolkit.ca.session import Session
from toolkit.ca.transport import Settings, Transport
from toolkit.errors import ACME, ProtocolError, Refused, Unreachable
from toolkit.waiting import Deadline, Stop

KEY = AccountKey.generate()
BAD_NONCE = {"type": ACME + "badNonce", "detail": "\u4e0d\u597d"}


@contextlib.contextmanager
def talking(*answers, directory=None):
    """A session with a server that gives these answers to POSTs, the last for ever; and the POSTs it saw."""
    seen = []

    def talk(client, _):
        while got := request(client):
            method, path, body = got
            nonce = {"Replay-Nonce": f"nonce{len(seen):03}"}
            if path == "/directory":
                base = f"http://127.0.0.1:{client.getsockname()[1]}"
                known = {name: f"{base}/{name}" for name in ("newNonce", "newAccount", "newOrder")}
                shown = directory(base) if directory else known
                if isinstance(shown, tuple):
                    answer(client, *shown)
                else:
                    answer(client, body=shown)
            elif method == "HEAD":
                client.sendall(b"HTTP/1.1 200 OK\r\nReplay-Nonce: firstone\r\n\r\n")
            else:
                seen.append(json.loads(body))
                status, text, more = answers[min(len(seen), len(answers)) - 1]
                answer(client, status, text, {**nonce, **more})

    with serving(talk) as port:
        transport = Transport(Settings("test", allow_http=True), Stop())
        session = Session(f"http://127.0.0.1:{port}/directory", transport, Stop(), allow_http=True, now=lambda: 0.0)
        session.key, session.account = KEY, "x"
        try:
            yield session, seen
        finally:
            transport.close()


def post(session, payload=None, seconds=10.0):
    deadline = Deadline(seconds)
    return session.post(session.endpoint("newOrder", deadline), payload, deadline, "order")


OK = (200, {"a": 1}, {})


@pytest.mark.parametrize("payload", [None, {}])
def test_bad_nonce_once(payload):
    with talking((400, BAD_NONCE, {}), OK) as (session, seen):
        assert post(session, payload).status == 200
    nonces = [part["protected"] for part in seen]
    assert len(set(nonces)) == 2


def test_bad_nonce_always_ends():
    with talking((400, BAD_NONCE, {})) as (session, seen), pytest.raises(Unreachable, match="nonces"):
        post(session)
    assert len(seen) <= 15


@pytest.mark.parametrize("status", [429, 503])
def test_short_pause_that_the_server_asks_for_is_kept(status):
    with talking((status, b"<html>", {"Retry-After": "1"}), OK) as (session, seen):
        began = time.monotonic()
        assert post(session, {}).status == 200
        assert time.monotonic() - began >= 1
    assert len(seen) == 2


@pytest.mark.parametrize("later", ["3600", "Thu, 01 Jan 1970 01:00:00 GMT"])
@pytest.mark.parametrize(
    ("status", "body"), [(429, {"type": ACME + "rateLimited", "detail": "x"}), (503, b"busy"), (429, b"")]
)
def test_long_pause_is_reported_at_once(status, body, later):
    with talking((status, body, {"Retry-After": later})) as (session, seen):  # noqa: SIM117
        with pytest.raises((Refused, Unreachable)) as caught:
            post(session)
    assert len(seen) == 1
    assert caught.value.retry_after == "1970-01-01T01:00:00Z"
    assert caught.value.status == 75


def test_what_is_not_to_be_repeated_is_sent_once():
    with talking((500, b"<html>oops", {})) as (session, seen), pytest.raises(Unreachable, match="500"):
        post(session, {"identifiers": []})
    assert len(seen) == 1


def test_reading_is_tried_a_few_times():
    with talking((500, b"<html>oops", {})) as (session, seen), pytest.raises(Unreachable):
        post(session)
    assert 2 <= len(seen) <= 5


@pytest.mark.parametrize(
    "body", [b"<html>\x1b[31m", b"[1]", b"", b"\xff\xfe", b'{"a":NaN}', b"[" * 99999, b'{"a":' + b"9" * 9999 + b"}"]
)
def test_answer_that_is_no_json_object(body):
    with talking((200, body, {})) as (session, _), pytest.raises(ProtocolError):
        session.json(post(session), "order")


@pytest.mark.parametrize("body", [b"<html>", b"", {"detail": "\x1b[31m" + "x" * 99999}, {"type": 7, "detail": ["x"]}])
def test_error_of_any_shape(body):
    with talking((403, body, {})) as (session, _), pytest.raises(Refused) as caught:
        post(session)
    assert caught.value.message.isprintable()
    assert len(caught.value.message) < 3000
    assert caught.value.status == 1


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1:1/x", "https://evil.example/", "http://localhost/x", "file:///etc/passwd", None, 7, "//x", "",
     "http://169.254.169.254/", "http://u:p@127.0.0.1/"],
)  # fmt: skip
def test_url_of_another_server_is_not_asked(url):
    with talking(OK) as (session, seen), pytest.raises(ProtocolError):
        session.post(url, None, Deadline(5), "order")
    assert not seen


@pytest.mark.parametrize(
    "directory",
    [
        lambda _: (200, b"<html>"), lambda _: (200, b""), lambda _: (200, b"[]"),
        lambda base: (302, b"", {"Location": base + "/directory"}), lambda _: (302, b"", {"Location": "file:///x"}),
        lambda _: (302, b""), lambda _: {"newOrder": "http://evil.example/"}, lambda _: {}, lambda _: {"newOrder": 7},
        lambda _: (404, b"no"), lambda _: (500, b"no"),
    ],
)  # fmt: skip
def test_bad_directory(directory):
    with talking(OK, directory=directory) as (session, seen), pytest.raises((ProtocolError, Unreachable, Refused)):
        post(session)
    assert not seen


def test_directory_is_asked_for_once_and_nonces_are_kept(ca):
    before = len(ca.requests())
    transport = Transport(Settings("test", ca.ca_bundle), Stop())
    session = Session(ca.directory, transport, Stop())
    session.key = KEY
    for _ in range(3):
        with pytest.raises(Refused, match=r"no account|exist"):
            session.post(
                session.endpoint("newAccount", Deadline(5)),
                {"onlyReturnExisting": True},
                Deadline(5),
                "account",
                with_key=True,
            )
    transport.close()
    assert len(ca.requests()) - before == 5
