"""One question: what is taken for an answer to it, and what is not."""

import random
import time

import dns.message
import dns.name
import dns.rcode
import dns.rrset
import pytest

from tests.fakes import nameserver
from tests.fakes.dnslab import Lab
from tests.test_doors.looking import NAME, RECORD, VALUE
from toolkit.probe.exchange import NoAnswer, _read, ask


@pytest.fixture
def lab():
    with Lab() as found:
        yield found


def asked(lab, kind="TXT", lifetime=1.0):
    return ask((lab.servers[0].address, lab.port), dns.name.from_text(NAME), kind, lifetime)


def test_answer_that_comes_late_is_an_answer(lab):
    lab.servers[0].faults["*", "*"] = ("delay", 1.5)
    lab.put(RECORD, "TXT", VALUE)
    assert VALUE in str(asked(lab, lifetime=2.0))
    assert len(lab.servers[0].queries) == 3


@pytest.mark.parametrize("fault", ["drop", "garbage", "wrong id", "other question", "truncated"])
def test_nothing_else_is_taken_for_an_answer(lab, fault):
    lab.put(RECORD, "TXT", VALUE)
    lab.servers[0].faults["*", "TXT"] = fault
    start = time.monotonic()
    with pytest.raises(NoAnswer):
        asked(lab, lifetime=0.4)
    assert time.monotonic() - start < 3


def test_truth_behind_a_forged_answer(lab):
    lab.put(RECORD, "TXT", VALUE)
    lab.servers[0].faults["*", "TXT"] = "forged first"
    assert VALUE in str(asked(lab))


def test_server_without_edns(lab):
    versions = []

    def old(query, answer, way):
        versions.append(query.edns)
        if query.edns >= 0:
            answer = dns.message.make_response(query)
            answer.set_rcode(dns.rcode.FORMERR)
        return [answer.to_wire()]

    lab.put(RECORD, "TXT", VALUE)
    lab.servers[0].faults["*", "TXT"] = "old"
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(nameserver._FAULTS, "old", old)
        assert VALUE in str(asked(lab))
    assert versions == [0, -1]


def test_damaged_messages_raise_nothing_of_their_own():
    chance = random.Random(8)
    query = dns.message.make_query(f"{NAME}.", "TXT", use_edns=0)
    answer = dns.message.make_response(query)
    for kind, data in (("TXT", f'"{VALUE}"'), ("CNAME", "a.b.test."), ("SOA", "a. b. 1 1 1 1 1"), ("AAAA", "::1")):
        answer.answer.append(dns.rrset.from_text(f"{NAME}.", 1, "IN", kind, data))
    whole = answer.to_wire()
    assert _read(query, whole)
    for _ in range(3000):
        wire = bytearray(whole[: chance.randrange(12, len(whole) + 1)])
        for _ in range(chance.randrange(4)):
            wire[chance.randrange(2, len(wire))] = chance.randrange(256)
        _read(query, bytes(wire))
