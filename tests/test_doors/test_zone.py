"""Where CNAMEs lead, which zone a name is in, and how the resolver that tells is named."""

import time

import pytest

from tests.fakes.dnslab import Lab
from tests.test_doors.looking import NAME, RECORD, VALUE, everywhere, look, seen, texts
from toolkit.errors import ChallengeFailed, UsageError
from toolkit.probe import CannotLook, zone
from toolkit.probe.authoritative import Look
from toolkit.probe.resolver import Resolver
from toolkit.waiting import Stop


@pytest.fixture
def lab():
    with Lab() as found:
        yield found


def test_without_a_cname_the_name_itself_and_it_need_not_exist(lab):
    assert zone.follow(NAME, lab.resolver.where) == NAME
    assert zone.follow("no.such.tld", lab.resolver.where) == "no.such.tld"


def test_cnames_are_followed_to_a_target_that_does_not_exist_yet(lab):
    lab.put(RECORD, "CNAME", "one.example.test.")
    lab.put("one.example.test.", "CNAME", "two.other.test.")
    assert zone.follow(NAME, lab.resolver.where) == "two.other.test"
    assert zone.follow(NAME.upper(), lab.resolver.where) == "two.other.test"


def test_cname_that_leads_back(lab):
    lab.put(RECORD, "CNAME", "one.example.test.")
    lab.put("one.example.test.", "CNAME", RECORD)
    with pytest.raises(ChallengeFailed, match=r"leads back to _acme-challenge\.example\.test") as caught:
        zone.follow(NAME, lab.resolver.where)
    assert caught.value.hint
    assert len(lab.resolver.queries) == 2


def test_chain_without_end(lab):
    for number in range(50):
        lab.put(f"c{number}.example.test.", "CNAME", f"c{number + 1}.example.test.")
    with pytest.raises(ChallengeFailed, match="more than 10 CNAMEs"):
        zone.follow("c0.example.test", lab.resolver.where)
    assert len(lab.resolver.queries) <= 11


def test_target_is_printed_escaped(lab):
    lab.put(RECORD, "CNAME", "a\\027\\[2j\\255b\\010.example.test.")
    assert zone.follow(NAME, lab.resolver.where) == "a\\027[2j\\255b\\010.example.test"


@pytest.mark.parametrize("name", ["a..b", "x" * 64 + ".test", ".".join(["x" * 60] * 5)])
def test_what_is_no_name(lab, name):
    with pytest.raises(ChallengeFailed, match="no name for DNS"):
        zone.follow(name, lab.resolver.where)


@pytest.mark.parametrize(
    ("fault", "words"), [("SERVFAIL", "SERVFAIL"), ("REFUSED", "REFUSED"), ("garbage", "no answer"), ("drop", "no ans")]
)
def test_resolver_that_is_of_no_use(lab, fault, words, monkeypatch):
    monkeypatch.setattr("toolkit.probe.resolver._SHORTEST", 0.3)
    monkeypatch.setattr("toolkit.probe.resolver.TIMEOUT", 0.3)
    lab.resolver.faults["*", "*"] = fault
    with pytest.raises(CannotLook, match=words):
        zone.follow(NAME, lab.resolver.where)
    assert words in str(seen(lab))


def test_nobody_listens():
    with pytest.raises(CannotLook, match="connection refused"):
        zone.follow(NAME, "127.0.0.1:9")


def test_how_a_resolver_is_named():
    assert Resolver("::1").places == (("::1", 53),)
    assert Resolver("[::1]:5353").places == (("::1", 5353),)
    assert Resolver("192.0.2.1").places == (("192.0.2.1", 53),)
    assert Resolver("192.0.2.1:5353").places == (("192.0.2.1", 5353),)
    assert Resolver("localhost:5353").places[0][1] == 5353
    with pytest.raises(UsageError):
        Resolver("192.0.2.1:http")


def test_zone_of_a_name_far_below_it(lab):
    name = "_acme-challenge.a.b.c.d.example.test"
    lab.put(f"{name}.", "TXT", VALUE, at=lab.servers)
    found = seen(lab, name)
    assert found.zone.name == "example.test"
    assert everywhere(found)


def test_name_that_leads_to_another_zone(lab):
    lab.put(RECORD, "CNAME", "acme.sub.example.test.")
    for kind, data in (("SOA", "ns1.example.test. h.example.test. 1 1 1 1 1"), ("NS", "ns1.example.test.")):
        lab.put("sub.example.test.", kind, data, at=[lab.resolver, lab.servers[0]])
    lab.put("acme.sub.example.test.", "TXT", VALUE, at=[lab.servers[0]])
    found = seen(lab)
    assert (found.target, found.zone.name) == ("acme.sub.example.test", "sub.example.test")
    assert everywhere(found)


def test_cname_of_which_the_resolver_does_not_know_yet(lab):
    lab.put(RECORD, "CNAME", "new.example.test.", at=lab.servers)
    lab.put("new.example.test.", "TXT", VALUE, at=lab.servers)
    again = look(lab)
    assert "a CNAME to new.example.test" in texts(again.at([NAME])[NAME].lacking(VALUE))[0]
    assert everywhere(again.at([NAME])[NAME])


def test_cname_that_is_at_the_servers_alone_and_leads_back(lab):
    lab.put(RECORD, "CNAME", RECORD, at=lab.servers)
    again = look(lab)
    for _ in range(15):
        assert again.at([NAME])[NAME].lacking(VALUE)


def test_resolver_that_knows_no_zones_is_asked_itself(ca):
    name = "_acme-challenge.lab.example"
    start = time.monotonic()
    found = Look(Resolver(ca.dns), Stop()).at([name])[name]
    assert texts(found.lacking(VALUE)) == [f"the resolver {ca.dns}: no TXT record"]
    ca.set_txt(name, VALUE)
    assert everywhere(Look(Resolver(ca.dns), Stop()).at([name])[name])
    assert time.monotonic() - start < 1


def test_servers_of_the_root_are_not_asked(lab):
    lab.resolver.records[".", "SOA"] = [". . 1 1 1 1 1"]
    lab.resolver.records[".", "NS"] = ["ns1.example.test."]
    found = seen(lab, "_acme-challenge.example.nowhere")
    assert not found.zone.servers
    assert not lab.servers[0].queries


def test_soa_of_somewhere_else_is_no_zone_of_ours(lab):
    for record in [("example.test.", "SOA"), ("example.test.", "NS")]:
        del lab.resolver.records[record]
    lab.resolver.records["test.", "SOA"] = ["ns1.example.test. h.example.test. 1 1 1 1 1"]
    lab.resolver.records["test.", "NS"] = ["ns1.example.test."]
    lab.resolver.records["zz-example.test.", "SOA"] = ["ns1.example.test. h.example.test. 1 1 1 1 1"]
    assert seen(lab).zone.name == "test"


def test_zone_in_which_the_name_is_not_is_not_believed(lab):
    lab.put("other.test.", "NS", "ns1.example.test.", at=[lab.resolver])
    lab.resolver.faults[RECORD, "SOA"] = "other zone"
    assert seen(lab).zone.name == "example.test"
    lab.resolver.faults["*", "SOA"] = "other zone"
    assert not seen(lab).zone.servers


def test_recursion_is_asked_of_the_resolver_alone(lab):
    seen(lab)
    assert set(lab.resolver.recursion) == {True}
    assert set(lab.servers[0].recursion) == {False}


def test_address_of_the_resolver_is_asked_at_its_port(lab):
    lab.resolver.records["example.test.", "NS"] = ["ns1.example.test."]
    lab.resolver.records["ns1.example.test.", "A"] = ["127.0.0.1"]
    found = Look(Resolver(lab.resolver.where), Stop(), 9).at([NAME])[NAME]
    # a recursive one, which is what the answer shows: it was asked
    assert texts(found.lacking(VALUE)) == ["ns1.example.test (127.0.0.1): does not answer for the zone"]
