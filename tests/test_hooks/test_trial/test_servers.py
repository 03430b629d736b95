"""What is seen of a record where several servers answer for it."""

import pytest

from tests.servers.bind import Bind
from tests.test_hooks.test_trial.lab import KEY, Lab
from toolkit.hooks.trial import Step, challenges, tap
from toolkit.hooks.trial.records import Records
from toolkit.probe import CannotLook
from toolkit.probe.authoritative import Look
from toolkit.probe.resolver import Resolver
from toolkit.waiting import Stop


@pytest.fixture
def two(zone, tmp_path):
    """A zone of two name servers that know nothing of each other; a lab at each of them."""
    addresses = ["127.0.0.1", "127.0.0.2"]
    common = {"zones": {"example.test": ""}, "keys": [KEY]}
    with (
        Bind.start(**common, nameservers=addresses) as first,
        Bind.start(**common, addresses=addresses[1:], port=first.port) as second,
    ):
        yield Lab(first, tmp_path), Lab(second, tmp_path)


def test_every_server_counts(two):
    first, second = two
    second.record = first.record
    words = iter(f"{number:043d}" for number in range(10000))
    event, other = challenges.pair("dns-01", first.name, lambda: next(words), chained=False)
    assert (event.validation[0] != "-", other.validation[0], other.wildcard) == (True, "-", True)
    records = Records(first.record, Look(Resolver(first.server.where), Stop(), first.server.port))
    both = "ns1.example.test (127.0.0.1), ns2.example.test (127.0.0.2)"
    assert records.notes() == (f"looking at {first.record} on {both}",)
    first.edit("add", first.record, event.validation)
    lacking = f"nothing is visible at {first.record} on ns2.example.test (127.0.0.2): no TXT record"
    assert records.missing(event) == lacking
    second.edit("add", first.record, event.validation)
    assert records.missing(event) == ""
    assert records.showing(event) == f"it is still visible at {first.record} on {both}"
    first.edit("delete", first.record, event.validation)
    assert records.showing(event).endswith(" on ns2.example.test (127.0.0.2)")
    assert records.changed([event]) == f'ns2.example.test (127.0.0.2): left behind: "{event.validation}"'
    second.edit("delete", first.record, event.validation)
    assert (records.showing(event), records.changed([event])) == ("", "")


def test_a_server_that_is_silent_is_told_of(two):
    first, second = two
    look = Look(Resolver(first.server.where), Stop(), first.server.port)
    second.server.pause()
    records = Records(first.record, look)
    assert records.servers == ("ns1.example.test (127.0.0.1)",)
    assert records.silent[0].startswith("ns2.example.test (127.0.0.2): ")


def test_nobody_answers(two):
    first = two[0]
    look = Look(Resolver(first.server.where), Stop(), first.server.port)
    look.at([first.record])
    for lab in two:
        lab.server.pause()
    with pytest.raises(CannotLook, match=r"^no server answers: ns1"):
        Records(first.record, look)


def test_nothing_in_a_line_of_tap_is_taken_for_a_directive():
    step = Step("a # TODO\nok 2", "first\nsecond", ("third",), 1.26)
    assert tap(step.as_json(1)) == "not ok 1 - a \\# TODO\\nok 2 (1.3 s)\n# first\\nsecond\n# third"
