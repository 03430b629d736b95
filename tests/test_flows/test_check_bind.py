"""The same wait at BIND: zones that are updated while it lasts, servers that get it late."""

import json
import threading
import time

import dns.flags
import dns.message
import dns.opcode
import dns.query
import dns.tsigkeyring
import dns.update
import pytest

from tests.servers.bind import Bind
from tests.servers.daemon import ServerMissing
from tests.servers.tsig import Key
from tests.test_flows.commands import Home
from tests.test_flows.test_check import Watched, local
from tests.test_flows.test_check import dns as challenge_for
from tests.test_parts.events import TOKENS
from toolkit.errors import ChallengeFailed
from toolkit.issuance.check import Check, check
from toolkit.probe import zone

ZONE, BOTH = "example.test", ("127.0.0.1", "127.0.0.2")
KEY = Key.make()
SECONDARY = """
zone "example.test" {{ type secondary; primaries port {port} {{ 127.0.0.1; }}; file "secondary"; }};
"""


def started(**given):
    try:
        return Bind.start(keys=[KEY], **given)
    except ServerMissing as missing:
        pytest.skip(str(missing))


def add(server, name, *values, zone=ZONE, address=None):
    keyring = dns.tsigkeyring.from_text({KEY.name: KEY.secret})
    update = dns.update.UpdateMessage(f"{zone}.", keyring=keyring, keyalgorithm=KEY.algorithm)
    for value in values:
        update.add(f"{name}.", 60, "TXT", value)
    answer = dns.query.tcp(update, address or server.address, 5, server.port)
    assert answer.rcode() == 0


def how(server, mode="require", timeout=20.0):
    return Check(mode, timeout, server.where, dns_port=server.port)


def wait_until(condition, seconds=20):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def later(seconds, work, *arguments, **more):
    threading.Timer(seconds, work, arguments, more).start()


def test_visible_at_both_addresses_as_soon_as_the_update_is_done():
    challenge = challenge_for()
    name = challenge.proof["txt_name"]
    with started(zones={ZONE: ""}, addresses=BOTH) as server:
        watched = Watched(lambda: later(0.5, add, server, name, challenge.validation))
        start = time.monotonic()
        check(local(watched), [challenge], how(server), pytest.fail)
        assert 0.5 <= time.monotonic() - start < 15
        assert "at ns1.example.test (0 of 1" in watched.shown[0]


def test_two_primaries_that_disagree_until_the_second_gets_it():
    challenge = challenge_for()
    name = challenge.proof["txt_name"]
    with (
        started(zones={ZONE: ""}, nameservers=BOTH) as first,
        started(zones={ZONE: ""}, nameservers=BOTH, addresses=BOTH[1:], port=first.port) as second,
    ):
        add(first, name, challenge.validation)
        with pytest.raises(ChallengeFailed) as caught:
            check(local(), [challenge], how(first, timeout=0.5), pytest.fail)
        assert caught.value.message == (
            "_acme-challenge.a.example.test is not visible; ns2.example.test (127.0.0.2): no TXT record"
        )
        later(0.5, add, second, name, "older", challenge.validation)
        check(local(), [challenge], how(first), pytest.fail)


def test_secondary_that_is_not_notified():
    challenge = challenge_for()
    name = challenge.proof["txt_name"]
    with (
        started(zones={ZONE: ""}, nameservers=BOTH) as first,
        started(
            zones={"other.test": ""}, addresses=BOTH[1:], port=first.port, statements=SECONDARY.format(port=first.port)
        ) as second,
    ):
        second.daemon.until(lambda: second.answers(ZONE))
        add(first, name, challenge.validation)
        watched = Watched()

        def notify():
            assert watched.shown
            told = dns.message.make_query(ZONE, "SOA")
            told.set_opcode(dns.opcode.NOTIFY)
            told.flags = told.flags & ~dns.flags.RD | dns.flags.AA
            dns.query.udp(told, second.address, 5, second.port)

        later(1, notify)
        start = time.monotonic()
        check(local(watched), [challenge], how(first), pytest.fail)
        assert time.monotonic() - start >= 1
        assert all("at ns2.example.test" in text for text in watched.shown)


def test_delegated_to_another_zone_by_a_cname():
    challenge = challenge_for("example.test")
    zones = {ZONE: "_acme-challenge CNAME here.acme.test.", "acme.test": ""}
    with started(zones=zones, addresses=BOTH) as server:
        assert zone.follow("_acme-challenge.example.test", server.where) == "here.acme.test"
        with pytest.raises(ChallengeFailed, match=r"a CNAME to here\.acme\.test, is not visible; ns1\.acme\.test"):
            check(local(), [challenge], how(server, timeout=0), pytest.fail)
        add(server, "here.acme.test", challenge.validation, zone="acme.test")
        check(local(), [challenge], how(server), pytest.fail)


def test_zone_cut_below_the_name():
    """sub.example.test has servers of its own, and the name is theirs."""
    challenge = challenge_for("sub.example.test")
    parent = "sub NS ns.sub\nns.sub A 127.0.0.2"
    with (
        started(zones={ZONE: parent, "sub.example.test": "ns A 127.0.0.2"}, nameservers=BOTH[1:]) as first,
        started(zones={"sub.example.test": ""}, addresses=BOTH[1:], port=first.port) as second,
    ):
        add(second, challenge.proof["txt_name"], challenge.validation, zone="sub.example.test")
        check(local(), [challenge], how(first), pytest.fail)


def test_answer_too_long_for_udp():
    challenge = challenge_for()
    name = challenge.proof["txt_name"]
    with started(zones={ZONE: ""}, addresses=BOTH) as server:
        add(server, name, *(f"{number:043}" for number in range(80)))
        answer = dns.query.udp(dns.message.make_query(f"{name}.", "TXT"), server.address, 5, server.port)
        assert answer.flags & dns.flags.TC
        with pytest.raises(ChallengeFailed, match=r'only "0{43}" and 79 more'):
            check(local(), [challenge], how(server, timeout=0), pytest.fail)
        add(server, name, challenge.validation)
        check(local(), [challenge], how(server), pytest.fail)


def test_name_and_wildcard_of_twenty_names_as_a_hook_writes_them():
    events = [
        challenge_for(f"n{number}.example.test", token, wildcard=token == TOKENS[1])
        for number in range(20)
        for token in TOKENS[:2]
    ]
    with started(zones={ZONE: ""}, addresses=BOTH) as server:
        for challenge in events[:-1]:
            add(server, challenge.proof["txt_name"], challenge.validation)
        last = events[-1]
        watched = Watched(lambda: add(server, last.proof["txt_name"], last.validation))
        start = time.monotonic()
        check(local(watched), events, how(server), pytest.fail)
        assert time.monotonic() - start < 15
        assert "(39 of 40 visible" in watched.shown[0]


def test_server_that_ends_is_told_of():
    challenge = challenge_for()
    with (
        started(zones={ZONE: ""}, nameservers=BOTH) as first,
        started(zones={ZONE: ""}, nameservers=BOTH, addresses=BOTH[1:], port=first.port) as second,
    ):
        add(first, challenge.proof["txt_name"], challenge.validation)
        second.stop()
        warnings = []
        check(local(), [challenge], how(first, timeout=0.5), warnings.append)
        (warning,) = warnings
        assert "visible, but not at every server: ns2.example.test (127.0.0.2): " in warning.message


def test_nobody_but_the_resolver_answers_for_the_zone():
    with started(zones={ZONE: ""}, nameservers=("127.0.0.3", "127.0.0.4")) as server:
        add(server, "_acme-challenge.a.example.test", challenge_for().validation)
        with pytest.raises(ChallengeFailed) as caught:
            check(local(), [challenge_for()], how(server), pytest.fail)
        assert "no name server of example.test answers; ns1.example.test (127.0.0.3): " in caught.value.message
        assert caught.value.message.endswith("; the resolver serves the zone, but CAs ask those servers")


def test_command_waits_for_what_its_hook_has_started(tmp_path, ca):
    """The hook only asks for the record, and a wildcard needs a second value beside the first."""
    home = Home(tmp_path, ca)
    asked = tmp_path / "asked"
    hook = ["--manual-auth-hook", f"echo $ACME_RECORD_NAME $CERTBOT_VALIDATION >>{asked}", "--manual-cleanup-hook", ":"]
    documents = home.run("acme-order", "--agree-tos", "-d", "example.test,*.example.test")
    with started(zones={ZONE: ""}) as server:

        def publish():
            wait_until(lambda: asked.exists() and asked.read_text().count("\n") == 2)
            for line in asked.read_text().splitlines():
                time.sleep(0.5)  # of what lasts longer than the hook
                add(server, *line.split())

        publisher = threading.Thread(target=publish)
        publisher.start()
        (document,) = home.run(
            *("acme-challenge", "present", "check", *hook, "--preferred-challenges", "dns", "-v"),
            *("--check", "require", "--resolver", server.where),
            text=json.dumps(documents[0]),
        )
        publisher.join()
    assert len(document["presented"]) == 2
    assert "error" not in document
