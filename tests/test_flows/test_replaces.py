"""Orders that say which certificate they replace (RFC 9773 §5)."""

import json

import pytest

from tests.fakes.evil import EvilCA
from tests.fakes.proxy import FaultProxy
from tests.fakes.rules import Rule, merge
from tests.test_flows.commands import Home
from toolkit import ari, certs

REPLACED = {"type": "urn:ietf:params:acme:error:alreadyReplaced", "detail": "replaced already", "status": 409}


@pytest.fixture
def home(tmp_path, ca):
    """One at a Pebble that keeps account of what replaces what."""
    if ca.version < (2, 8):
        pytest.skip(f"Pebble is {ca.version}")
    return Home(tmp_path, ca)


def issue(home, *args, **more):
    (document,) = home.run(
        "acme-run", "--agree-tos", "--standalone", "--http-01-port", home.ca.http_port, "--check", "skip", *args, **more
    )
    return document


def issued(home, name):
    """The ARI identifier of a certificate that was just issued."""
    for _ in range(3):
        leaf = certs.read_chain(issue(home, "-d", name, "--force-renewal")["certificate"]["chain"]).leaf
        # Pebble 2.10 does not find a certificate by its serial number if that begins with a byte of zero.
        if leaf.serial_number.bit_length() > 56:
            return ari.certificate_id(leaf)
    raise AssertionError("three serial numbers in a row begin with a byte of zero")


def order(home, name, replaces, *, status=0, **members):
    wanted = {"schema": "acme-order/1", "names": [name], "replaces": replaces, **members}
    (document,) = home.run("acme-order", "--agree-tos", "-v", text=json.dumps(wanted) + "\n", status=status)
    return document


def refusing(problem, status):
    """A rule by which a first order is refused."""
    headers = {"Content-Type": "application/problem+json"}
    return Rule("/new-order", "POST", times=1, status=status, headers=headers, body=json.dumps(problem), forward=False)


def orders_asked_for(ca):
    return [request.payload for request in ca.requests if request.payload and "identifiers" in request.payload]


def test_a_ca_that_has_seen_a_certificate_replaced_gets_an_order_that_does_not_say_so(home):
    replaced = issued(home, "twice.example")
    first = order(home, "twice.example", replaced)
    assert first["order"]["replaces"] == first["replaces"] == replaced
    assert "already" not in home.stderr
    issue(home, "--force-renewal", text=json.dumps(first) + "\n")
    second = order(home, "twice.example", replaced)
    assert "the order will not say which certificate it replaces" in home.stderr
    assert "replaces" not in second
    assert "replaces" not in second["order"]


def test_only_replaces_is_taken_away(tmp_path):
    profiles = {"directory": {"meta": {"profiles": {"short": "x"}}}}
    with EvilCA(edit=profiles) as evil, FaultProxy(evil, [refusing(REPLACED, 409)]) as proxy:
        order(Home(tmp_path, proxy), "a.example", "a.b", profile="short")
        asked = orders_asked_for(proxy)
    assert [(one.get("replaces"), one.get("profile")) for one in asked] == [("a.b", "short"), (None, "short")]


@pytest.mark.parametrize("kind", ["malformed", "unauthorized", "conflict"])
def test_another_refusal_stands(tmp_path, kind):
    problem = {**REPLACED, "type": REPLACED["type"].replace("alreadyReplaced", kind)}
    with EvilCA() as evil, FaultProxy(evil, [refusing(problem, 409)]) as proxy:
        document = order(Home(tmp_path, proxy), "a.example", "a.b", status=1)
        assert len(orders_asked_for(proxy)) == 1
    assert document["error"]["type"] == problem["type"]
    assert document["replaces"] == "a.b"


def test_refusal_of_an_order_that_replaces_nothing_stands(tmp_path):
    with EvilCA() as evil, FaultProxy(evil, [refusing(REPLACED, 409)]) as proxy:
        document = order(Home(tmp_path, proxy), "a.example", None, status=1)
        assert len(orders_asked_for(proxy)) == 1
    assert document["error"]["type"] == REPLACED["type"]


def test_a_ca_that_refuses_again_is_asked_no_third_time(tmp_path):
    rule = refusing(REPLACED, 409)
    rule.times = None
    with EvilCA() as evil, FaultProxy(evil, [rule]) as proxy:
        document = order(Home(tmp_path, proxy), "a.example", "a.b", status=1)
        assert len(orders_asked_for(proxy)) == 2
    assert document["error"]["type"] == REPLACED["type"]


def test_a_ca_without_renewal_information_is_not_told(tmp_path):
    rule = Rule("/dir", "GET", edit=merge({"renewalInfo": None}))
    with EvilCA() as evil, FaultProxy(evil, [rule]) as proxy:
        order(Home(tmp_path, proxy), "a.example", "a.b")
        (asked,) = orders_asked_for(proxy)
    assert "replaces" not in asked


def test_a_certificate_unknown_to_the_ca_is_an_error(home):
    issued(home, "known.example")
    document = order(home, "known.example", "aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE", status=1)
    assert document["error"]["type"].startswith("urn:ietf:params:acme:error:")


def test_a_ca_that_stumbles_over_it_is_asked_without(tmp_path):
    problem = {**REPLACED, "type": REPLACED["type"].replace("alreadyReplaced", "serverInternal")}
    with EvilCA() as evil, FaultProxy(evil, [refusing(problem, 500)]) as proxy:
        document = order(Home(tmp_path, proxy), "a.example", "a.b")
        asked = orders_asked_for(proxy)
    assert [one.get("replaces") for one in asked] == ["a.b", None]
    assert "replaces" not in document


def test_a_ca_that_stumbles_over_anything_else_is_not(tmp_path):
    problem = {**REPLACED, "type": REPLACED["type"].replace("alreadyReplaced", "serverInternal")}
    with EvilCA() as evil, FaultProxy(evil, [refusing(problem, 500)]) as proxy:
        order(Home(tmp_path, proxy), "a.example", None, status=75)
        assert len(orders_asked_for(proxy)) == 1
