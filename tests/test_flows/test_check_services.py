"""The same wait for proofs that web and TLS servers show."""

import threading

import pytest

from tests.fakes.dnslab import Lab
from tests.test_doors.servers import answer, request, serving
from tests.test_flows.test_check import dns, later, local, put
from tests.test_parts.events import TOKENS, event
from toolkit.errors import ChallengeFailed
from toolkit.issuance.check import Check, check


def test_web_servers_of_one_order_are_asked_together(ca):
    events = [event(kind="http-01", name=f"n{number}.example.test") for number in range(10)]
    turns = threading.Barrier(10)

    def talk(client, number):
        path = request(client)[1]
        turns.wait(5)
        assert path == events[0].proof["http_path"]
        answer(client, body=events[0].validation.encode() + b"\n")

    with serving(talk) as port:
        check(local(), events, Check("require", 1, ca.dns, port), pytest.fail)


def test_web_server_that_answers_something_else(ca):
    def talk(client, number):
        request(client)
        answer(client, body=b"something")

    with serving(talk) as port:
        with pytest.raises(ChallengeFailed) as caught:
            check(local(), [event(kind="http-01")], Check("require", 0.1, ca.dns, port), pytest.fail)
        path = "/.well-known/acme-challenge/" + TOKENS[0]
        assert caught.value.message == f"http://a.example:{port}{path} answers something else"


def test_the_most_patient_type_of_an_order_is_that_of_all(monkeypatch):
    monkeypatch.setattr("toolkit.issuance.check._PATIENCE", {"dns-01": 20.0, "http-01": 0.0})
    late, page = dns(), event(kind="http-01", name="127.0.0.1")

    def talk(client, number):
        request(client)
        answer(client, body=page.validation.encode())

    with Lab() as lab, serving(talk) as port:
        later(0.6, put, lab, late)
        check(local(), [page, late], Check("require", None, lab.resolver.where, port, dns_port=lab.port), pytest.fail)


def test_tls_alpn_is_looked_at_too(monkeypatch):
    challenge = event(kind="tls-alpn-01")
    answers = iter(["00" * 32, challenge.proof["digest"]])
    asked = []

    def digest(*arguments):
        asked.append(arguments)
        return next(answers)

    monkeypatch.setattr("toolkit.probe.tls.alpn_digest", digest)
    check(local(), [challenge], Check("require", 5, None, tls_port=4433), pytest.fail)
    assert asked == [("a.example", 4433, None)] * 2
