"""What every server of a zone says, with servers that fail and lie."""

import threading
import time

import pytest

from tests.fakes.dnslab import Lab
from tests.test_doors.looking import NAME, RECORD, VALUE, everywhere, look, seen, texts
from toolkit.errors import Interrupted
from toolkit.probe.authoritative import Look
from toolkit.probe.resolver import Resolver
from toolkit.waiting import Stop


@pytest.fixture
def lab():
    with Lab() as found:
        yield found


def test_every_server_has_to_show_it(lab):
    lab.put(RECORD, "TXT", VALUE, at=[lab.resolver, lab.servers[0]])
    found = seen(lab)
    assert texts(found.lacking(VALUE)) == ["ns2.example.test (127.0.0.3): no TXT record"]
    assert [str(said) for said in found.showing(VALUE)] == ["ns1.example.test (127.0.0.2)"]
    lab.put(RECORD, "TXT", "other", VALUE, at=[lab.servers[1]])
    assert everywhere(seen(lab))


def test_resolver_that_lies_is_not_believed(lab):
    lab.put(RECORD, "TXT", VALUE, at=[lab.resolver])
    assert texts(seen(lab).lacking(VALUE)) == [
        "ns1.example.test (127.0.0.2): no TXT record",
        "ns2.example.test (127.0.0.3): no TXT record",
    ]
    assert not lab.resolver.asked(RECORD, "TXT")


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("SERVFAIL", "answers SERVFAIL"),
        ("REFUSED", "answers REFUSED"),
        ("not authoritative", "does not answer for the zone"),
        ("other owner", "no TXT record"),
        ("NXDOMAIN", "does not answer for the zone"),
    ],
)
def test_server_that_answers_badly_does_not_show_it(lab, fault, words):
    lab.put(RECORD, "TXT", VALUE)
    lab.servers[1].faults["*", "TXT"] = fault
    found = seen(lab)
    assert texts(found.lacking(VALUE)) == [f"ns2.example.test (127.0.0.3): {words}"]
    assert not found.silent()


@pytest.mark.parametrize("fault", ["drop", "wrong id", "other question", "truncated"])
def test_server_that_says_nothing_is_silent(lab, fault, monkeypatch):
    monkeypatch.setattr("toolkit.probe.authoritative._LIFETIME", 0.4)
    lab.put(RECORD, "TXT", VALUE)
    lab.servers[1].faults["*", "TXT"] = fault
    found = seen(lab)
    assert not found.lacking(VALUE)
    assert [said.address for said in found.silent()] == ["127.0.0.3"]
    assert not everywhere(found)


def test_one_address_that_answers_is_enough_of_a_server(lab, monkeypatch):
    monkeypatch.setattr("toolkit.probe.authoritative._LIFETIME", 0.4)
    lab.put(RECORD, "TXT", VALUE)
    lab.put("ns2.example.test.", "A", "127.0.0.99", at=[lab.resolver])
    lab.put("ns1.example.test.", "AAAA", "100::1", at=[lab.resolver])
    again = look(lab)
    assert everywhere(again.at([NAME])[NAME])
    # and the others are not asked once more
    assert {said.address for said in again.at([NAME])[NAME].said} == {"127.0.0.2", "127.0.0.3"}


def test_every_address_that_answers_has_to_show_it(lab):
    lab.resolver.records["example.test.", "NS"] = ["ns1.example.test."]
    lab.put("ns1.example.test.", "A", "127.0.0.3", at=[lab.resolver])
    lab.put(RECORD, "TXT", VALUE, at=[lab.servers[0]])
    assert texts(seen(lab).lacking(VALUE)) == ["ns1.example.test (127.0.0.3): no TXT record"]


def test_two_names_of_one_server_are_one(lab):
    lab.resolver.records["ns2.example.test.", "A"] = ["127.0.0.2"]
    lab.put(RECORD, "TXT", VALUE, at=[lab.servers[0]])
    assert everywhere(seen(lab))
    assert lab.servers[0].asked(RECORD) == 1


def test_server_without_an_address_is_silent(lab):
    lab.put(RECORD, "TXT", VALUE)
    del lab.resolver.records["ns2.example.test.", "A"]
    assert [(str(said), said.trouble) for said in seen(lab).silent()] == [("ns2.example.test", "no address")]


def test_name_server_that_is_the_zone_itself_without_an_address(lab):
    lab.resolver.records["example.test.", "NS"] = ["example.test."]
    found = seen(lab)
    assert not found.lacking(VALUE)
    assert [str(said) for said in found.silent()] == ["example.test"]


def test_thousand_name_servers_are_not_all_asked(lab):
    lab.resolver.records["example.test.", "NS"] = [f"n{number:04}.example.test." for number in range(1000)]
    assert len(seen(lab).said) == 16
    assert len(lab.resolver.queries) < 50


def test_addresses_are_bounded_and_nowhere_is_none(lab):
    lab.resolver.records["ns1.example.test.", "A"] = ["0.0.0.0", "224.0.0.1", "255.255.255.255"]
    lab.resolver.records["ns2.example.test.", "A"] = [f"127.0.9.{number}" for number in range(1, 100)]
    found = seen(lab)
    assert len(found.said) == 1 + 4
    assert [said.address for said in found.said if said.server == "ns1.example.test"] == [""]


def test_long_answer_comes_by_tcp(lab):
    lab.put(RECORD, "TXT", *(f"{number:043}" for number in range(60)), VALUE)
    assert everywhere(seen(lab))
    assert (RECORD, "TXT", "tcp") in lab.servers[0].queries


def test_values_are_shown_escaped(lab):
    lab.put(RECORD, "TXT", '"\\027[2Jx\\255\\010"', at=lab.servers)
    ((_, why), _) = seen(lab).lacking(VALUE)
    assert why == r'only "\x1b[2Jx\xff\n"'


def test_names_of_servers_are_shown_escaped(lab):
    lab.resolver.records["example.test.", "NS"] = ["\\027\\[2j\\255\\010.example.test."]
    assert [str(said) for said in seen(lab).silent()] == [r"\027[2j\255\010.example.test"]


def test_value_in_several_strings_is_one(lab):
    lab.put(RECORD, "TXT", f'"{VALUE[:20]}" "{VALUE[20:]}"')
    assert everywhere(seen(lab))


def test_zone_is_looked_for_once_and_names_are_asked_for_together(lab):
    names = [f"_acme-challenge.n{number}.example.test" for number in range(20)]
    for name in names:
        lab.put(f"{name}.", "TXT", VALUE, at=lab.servers)
    for server in lab.all:
        server.faults["*", "*"] = ("delay", 0.2)
    again = look(lab)
    start = time.monotonic()
    found = again.at(names)
    first, start = time.monotonic() - start, time.monotonic()
    assert all(everywhere(one) for one in found.values())
    again.at(names)
    assert lab.resolver.asked(kind="NS") == 1
    assert lab.resolver.asked(kind="A") == 2
    assert all(server.asked(kind="TXT") == 40 for server in lab.servers)
    # CNAME, SOA, NS, addresses, TXT are a round trip each; 40 questions of the second look are two, of 32 at a time
    assert first < 5 * 0.2 + 1.5
    assert time.monotonic() - start < 2 * 0.2 + 1


def test_silent_server_is_waited_for_once_a_look(lab, monkeypatch):
    monkeypatch.setattr("toolkit.probe.authoritative._LIFETIME", 0.6)
    names = [f"_acme-challenge.n{number}.example.test" for number in range(200)]
    lab.servers[1].faults["*", "*"] = "drop"
    start = time.monotonic()
    found = look(lab).at(names)
    assert all(len(one.silent()) == 1 and len(one.lacking(VALUE)) == 1 for one in found.values())
    assert time.monotonic() - start < 3


def test_stop_ends_a_look_at_once(lab):
    lab.resolver.faults["*", "*"] = "drop"
    stop = Stop()
    threading.Timer(0.2, stop.request, [Interrupted(15, "SIGTERM")]).start()
    start = time.monotonic()
    with pytest.raises(Interrupted):
        Look(Resolver(lab.resolver.where), stop, lab.port).at([NAME])
    assert time.monotonic() - start < 1
