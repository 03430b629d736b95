"""What DNS is asked, and what is made of its answers, with servers that fail and lie."""

import threading
import time

import dns.message
import dns.name
import pytest

from tests.fakes.dnslab import Lab
from toolkit.errors import ChallengeFailed, Interrupted, UsageError
from toolkit.probe import CannotLook, zone
from toolkit.probe.authoritative import Look
from toolkit.probe.exchange import NoAnswer, ask
from toolkit.probe.resolver import Resolver
from toolkit.probe.together import together
from toolkit.waiting import Stop

NAME, RECORD = "_acme-challenge.example.test", "_acme-challenge.example.test."
VALUE = "v" * 43


@pytest.fixture
def lab():
    with Lab() as found:
        yield found


def look(lab):
    return Look(Resolver(lab.resolver.where), Stop(), lab.port)


def seen(lab, name=NAME):
    return look(lab).at([name])[name]


def texts(pairs):
    return [f"{said}: {why}" for said, why in pairs]


def everywhere(found):
    return bool(found.said) and not found.lacking(VALUE) and not found.silent()


# What the resolver is asked.


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


# One question.


def test_answer_that_comes_late_is_an_answer(lab):
    lab.servers[0].faults["*", "*"] = ("delay", 1.5)
    answer = ask((lab.servers[0].address, lab.port), dns.name.from_text("example.test"), "NS", 2.0)
    assert len(answer.answer[0]) == 2
    assert len(lab.servers[0].queries) == 3


@pytest.mark.parametrize("fault", ["drop", "garbage", "wrong id", "other question", "truncated"])
def test_nothing_else_is_taken_for_an_answer(lab, fault):
    lab.put(RECORD, "TXT", VALUE)
    lab.servers[0].faults["*", "TXT"] = fault
    start = time.monotonic()
    with pytest.raises(NoAnswer):
        ask((lab.servers[0].address, lab.port), dns.name.from_text(NAME), "TXT", 0.4)
    assert time.monotonic() - start < 3


def test_truth_behind_a_forged_answer(lab):
    lab.put(RECORD, "TXT", VALUE)
    lab.servers[0].faults["*", "TXT"] = "forged first"
    assert everywhere(seen(lab))


def test_server_without_edns(lab):
    asked = []

    def old(query, answer, way):
        asked.append(query.edns)
        if query.edns >= 0:
            answer = dns.message.make_response(query)
            answer.set_rcode(dns.rcode.FORMERR)
        return [answer.to_wire()]

    from tests.fakes import nameserver

    lab.put(RECORD, "TXT", VALUE)
    lab.servers[0].faults["*", "TXT"] = "old"
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(nameserver._FAULTS, "old", old)
        assert everywhere(seen(lab))
    assert asked == [0, -1]


# All servers.


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


def test_value_in_several_strings_is_one(lab):
    lab.put(RECORD, "TXT", f'"{VALUE[:20]}" "{VALUE[20:]}"')
    assert everywhere(seen(lab))


# Which servers.


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


def test_address_of_the_resolver_is_asked_at_its_port(lab):
    lab.resolver.records["example.test.", "NS"] = ["ns1.example.test."]
    lab.resolver.records["ns1.example.test.", "A"] = ["127.0.0.1"]
    found = Look(Resolver(lab.resolver.where), Stop(), 9).at([NAME])[NAME]
    # a recursive one, which is what the answer shows: it was asked
    assert texts(found.lacking(VALUE)) == ["ns1.example.test (127.0.0.1): does not answer for the zone"]


# Many names.


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
    names = [f"_acme-challenge.n{number}.example.test" for number in range(100)]
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


def test_failure_of_one_is_that_of_all():
    with pytest.raises(ZeroDivisionError):
        together(lambda number: 1 // number, [1, 0, 2], Stop())
    assert together(str, [], Stop()) == []
