"""The wait until proofs are visible, as an order's events see it."""

import os
import re
import threading
import time

import pytest

from tests.fakes.dnslab import Lab
from tests.test_parts.events import TOKENS, event
from toolkit.cli.messages import Messages
from toolkit.errors import ChallengeFailed, Interrupted
from toolkit.issuance.check import Check, check
from toolkit.issuance.local import Local
from toolkit.store.paths import Paths
from toolkit.waiting import Stop

NS1, NS2 = "ns1.example.test (127.0.0.2)", "ns2.example.test (127.0.0.3)"


@pytest.fixture
def lab():
    with Lab() as found:
        yield found


class Watched:
    """Progress, as it was shown; `first` is done at the first of it, when a look has been in vain."""

    def __init__(self, first=lambda: None):
        self.first = first
        self.shown = []
        self.ended = None

    def __call__(self):
        return self

    def show(self, text):
        if not self.shown:
            self.first()
        self.shown.append(text)

    def end(self, text):
        self.ended = text


def local(progress=None, stop=None):
    return Local(Paths(None), stop or Stop(), 0, lambda text: None, progress=progress or Watched())


def dns(name="a.example.test", token=TOKENS[0], wildcard=False):
    return event(token, "dns-01", name, wildcard=wildcard)


def record(challenge):
    return f"{challenge.proof['txt_name']}."


def put(lab, challenge, at=None):
    lab.put(record(challenge), "TXT", challenge.validation, at=at or lab.servers)


def how(lab, mode="require", timeout=0.5):
    return Check(mode, timeout, lab.resolver.where, dns_port=lab.port)


def failing(lab, events, **more):
    with pytest.raises(ChallengeFailed) as caught:
        check(local(), events, how(lab, **more), pytest.fail)
    return caught.value


def later(seconds, work, *arguments):
    timer = threading.Timer(seconds, work, arguments)
    timer.start()
    return timer


# One wait.


def test_visible_at_once_takes_one_look(lab):
    challenge = dns()
    put(lab, challenge)
    watched = Watched()
    start = time.monotonic()
    check(local(watched), [challenge], how(lab), pytest.fail)
    assert time.monotonic() - start < 5
    assert [server.asked(kind="TXT") for server in lab.servers] == [1, 1]
    assert watched.shown == []


def test_waits_for_the_last_of_the_servers(lab):
    challenge = dns()
    put(lab, challenge, [lab.resolver, lab.servers[0]])
    watched = Watched(lambda: later(0.7, put, lab, challenge, [lab.servers[1]]))
    start = time.monotonic()
    check(local(watched), [challenge], how(lab, timeout=20), pytest.fail)
    assert 0.6 < time.monotonic() - start < 15
    assert watched.shown[0].startswith("waiting for _acme-challenge.a.example.test at ns2.example.test (0 of 1 visible")
    assert re.match(r"1 of 1 visible after \d+ s", watched.ended)


def test_twenty_names_are_one_wait(lab):
    events = [dns(f"n{number}.example.test") for number in range(20)]
    for challenge in events[:-1]:
        put(lab, challenge)
    for server in lab.all:
        server.faults["*", "*"] = ("delay", 0.1)
    watched = Watched(lambda: later(1.0, put, lab, events[-1]))
    start = time.monotonic()
    check(local(watched), events, how(lab, timeout=20), pytest.fail)
    # One name after the other would take two seconds for the questions alone, and a wait each.
    assert time.monotonic() - start < 15
    assert 2 <= lab.servers[0].asked(record(events[-1]), "TXT") <= 8
    # who is visible already is not asked about again
    assert [lab.servers[0].asked(record(challenge), "TXT") for challenge in events[:-1]] == [1] * 19
    assert lab.resolver.asked(kind="NS") == 1
    assert "(19 of 20 visible" in watched.shown[0]


def test_name_and_its_wildcard_have_two_values_at_one_record(lab):
    plain, wild = dns(), dns(token=TOKENS[1], wildcard=True)
    put(lab, plain)
    error = failing(lab, [plain, wild])
    assert error.message == (
        "1 of 2 proofs are not visible: _acme-challenge.a.example.test is not visible;"
        f' {NS1}: only "{plain.validation}"; {NS2}: only "{plain.validation}"'
    )
    assert error.hint.startswith("another value is there")
    put(lab, wild)
    asked = lab.servers[0].asked(kind="TXT")
    check(local(), [plain, wild], how(lab), pytest.fail)
    assert lab.servers[0].asked(kind="TXT") == asked + 1


def test_stop_ends_the_wait(lab):
    stop = Stop()
    later(0.5, stop.request, Interrupted(15, "SIGTERM"))
    start = time.monotonic()
    with pytest.raises(Interrupted):
        check(local(stop=stop), [dns()], how(lab, timeout=60), pytest.fail)
    assert time.monotonic() - start < 15


# What is said in the end.


def test_nothing_there(lab):
    error = failing(lab, [dns()], timeout=0)
    assert error.message == (
        f"_acme-challenge.a.example.test is not visible; {NS1}: no TXT record; {NS2}: no TXT record"
    )
    assert "in the zone example.test" in error.hint


def test_servers_that_disagree(lab):
    challenge = dns()
    put(lab, challenge, [lab.resolver, lab.servers[0]])
    error = failing(lab, [challenge])
    assert error.message == f"_acme-challenge.a.example.test is not visible; {NS2}: no TXT record"
    assert "disagree" in error.hint


def test_written_at_the_name_from_which_a_cname_leads_away(lab):
    challenge = dns()
    lab.put(record(challenge), "CNAME", "a.acme.example.test.")
    error = failing(lab, [challenge], timeout=0)
    assert "_acme-challenge.a.example.test, a CNAME to a.acme.example.test, is not visible" in error.message
    assert "told to write at _acme-challenge.a.example.test, and" in error.hint
    lab.put("a.acme.example.test.", "TXT", challenge.validation)
    check(local(), [challenge], how(lab), pytest.fail)


def test_cname_that_leads_back_is_not_waited_for(lab):
    challenge = dns()
    lab.put(record(challenge), "CNAME", record(challenge))
    start = time.monotonic()
    assert "leads back" in failing(lab, [challenge, dns("b.example.test")], timeout=30).message
    assert time.monotonic() - start < 5


def test_many_names_are_told_of_in_one_error_of_bounded_length(lab):
    error = failing(lab, [dns(f"n{number}.example.test") for number in range(50)], timeout=0)
    assert error.message.startswith("50 of 50 proofs are not visible: ")
    assert error.message.endswith("; and 40 more")
    assert len(error.message) < 3000


def test_warning_comes_once_and_ends_nothing(lab):
    warnings = []
    check(local(), [dns(), dns("b.example.test")], how(lab, "warn", 0), warnings.append)
    assert [warning.message.partition(":")[0] for warning in warnings] == ["2 of 2 proofs are not visible"]


def test_skip_asks_nobody(lab):
    check(local(), [dns()], how(lab, "skip"), pytest.fail)
    check(local(), [], how(lab), pytest.fail)
    assert not lab.resolver.queries


@pytest.mark.parametrize("mode", ["warn", "require"])
def test_server_that_is_dead_to_the_end_is_a_warning(lab, mode, monkeypatch):
    monkeypatch.setattr("toolkit.probe.authoritative._LIFETIME", 0.3)
    challenge = dns()
    put(lab, challenge)
    lab.servers[1].faults["*", "*"] = "drop"
    warnings = []
    start = time.monotonic()
    check(local(), [challenge], how(lab, mode), warnings.append)
    assert time.monotonic() - start >= 0.5
    (warning,) = warnings
    assert warning.message == (f"_acme-challenge.a.example.test is visible, but not at every server: {NS2}: no answer")


def test_nobody_answers(lab, monkeypatch):
    monkeypatch.setattr("toolkit.probe.authoritative._LIFETIME", 0.3)
    for server in lab.servers:
        server.faults["*", "*"] = "drop"
    start = time.monotonic()
    error = failing(lab, [dns()], timeout=60)
    assert time.monotonic() - start < 5
    assert error.message == (
        "cannot look whether a.example.test is ready: no name server of example.test answers;"
        f" {NS1}: no answer; {NS2}: no answer"
    )
    assert "port 53" in error.hint


def test_resolver_that_is_dead(lab):
    lab.resolver.faults["*", "*"] = "SERVFAIL"
    start = time.monotonic()
    error = failing(lab, [dns()], timeout=60)
    assert time.monotonic() - start < 5
    assert "cannot look whether a.example.test is ready" in error.message
    assert "SERVFAIL" in error.message
    assert "--resolver" in error.hint
    warnings = []
    check(local(), [dns()], how(lab, "warn"), warnings.append)
    assert len(warnings) == 1


def test_resolver_that_has_to_recover(lab):
    challenge = dns()
    put(lab, challenge)
    lab.resolver.faults["*", "*"] = "SERVFAIL"
    later(0.1, lab.resolver.faults.clear)
    check(local(), [challenge], how(lab, timeout=20), pytest.fail)


def test_wait_as_a_terminal_shows_it(lab, monkeypatch, capsys):
    challenge = dns()
    put(lab, challenge, [lab.servers[0]])
    later(0.4, put, lab, challenge, [lab.servers[1]])
    messages = Messages("acme-challenge", 1)
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    monkeypatch.setattr("os.get_terminal_size", lambda fd: os.terminal_size((200, 24)))
    monkeypatch.setattr("sys.stderr.fileno", lambda: 2, raising=False)
    check(local(messages.progress), [challenge], how(lab, timeout=20), pytest.fail)
    told = capsys.readouterr().err
    assert re.search(r"^\racme-challenge: waiting for _acme-challenge\.a\.example\.test at ns2", told)
    assert told.endswith("\r\x1b[K")
