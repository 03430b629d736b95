"""hooks/rfc2136 against three servers that take dynamic updates."""

import socket
import sys
import time

import pytest

from tests.servers.bind import Bind
from tests.servers.daemon import ServerMissing
from tests.servers.knot import Knot
from tests.servers.powerdns import PowerDNS
from tests.servers.tsig import Key
from tests.test_hooks.conftest import DASH, HOOKS, VALUE, made

ZONES = {
    "example.test": """
        _acme-challenge TXT "foreign"
        alias CNAME _acme-challenge.alias.a.co.uk.
        away NS ns.elsewhere.test.
        """,
    "a.co.uk": "",
}
KEY = Key.make("acme")


def powerdns(zones, keys):
    """PowerDNS with updates allowed, which it is told through its API."""
    started = PowerDNS.start(zones=zones, settings="dnsupdate=yes\nallow-dnsupdate-from=127.0.0.0/8")
    for key in keys:
        started.api("POST", "/tsigkeys", {"name": key.name, "algorithm": key.algorithm, "key": key.secret})
    for zone in zones:
        kind = "TSIG-ALLOW-DNSUPDATE"
        allowed = {"kind": kind, "metadata": [key.name for key in keys]}
        started.api("PUT", f"/zones/{zone}./metadata/{kind}", allowed)
    return started


def started(start, **wanted):
    try:
        return start(**wanted)
    except ServerMissing as missing:
        pytest.skip(str(missing))


@pytest.fixture(params=["bind", "knot", "powerdns"])
def server(request):
    start = {"bind": Bind.start, "knot": Knot.start, "powerdns": powerdns}[request.param]
    with started(start, zones=ZONES, keys=[KEY]) as running:
        yield running


@pytest.fixture
def bind():
    with started(Bind.start, zones=ZONES, keys=[KEY]) as running:
        yield running


@pytest.fixture
def call(run_hook, tmp_path):
    """Runs auth or cleanup with the key, for the names at a server; asserts how it ends, returns its message."""
    keyfile = KEY.write(tmp_path / "acme.key")

    def run(event, server, domain="example.test", value=VALUE, *, status=0, **variables):
        where = getattr(server, "where", server)
        given = {"ACME_PYTHON": sys.executable, "RFC2136_SERVER": where, "RFC2136_TSIG_KEYFILE": keyfile}
        done = run_hook(f"rfc2136/{event}", domain, value, **{**given, **variables})
        assert done.returncode == status, done.stderr
        assert done.stdout == ""
        assert len(done.stderr.splitlines()) == (status != 0), done.stderr
        assert KEY.secret not in done.stderr
        return done.stderr

    return run


def test_two_values_at_a_name_beside_a_foreign_one(server, call):
    call("auth", server)
    call("auth", server, value=DASH)
    call("auth", server, value=DASH)
    assert server.txt("_acme-challenge.example.test") == sorted([VALUE, DASH, "foreign"])
    call("cleanup", server)
    assert server.txt("_acme-challenge.example.test") == sorted([DASH, "foreign"])
    call("cleanup", server, value=DASH)
    call("cleanup", server, value=DASH)
    assert server.txt("_acme-challenge.example.test") == ["foreign"]


@pytest.mark.parametrize("domain", ["a.co.uk", "www.a.co.uk", "a.very.deep.name.example.test"])
def test_the_zone_is_found_from_the_name(server, call, domain):
    call("auth", server, domain)
    assert server.txt(f"_acme-challenge.{domain}") == [VALUE]
    call("cleanup", server, domain)
    assert server.txt(f"_acme-challenge.{domain}") == []


def test_a_name_that_no_zone_holds(server, call):
    said = call("auth", server, "b.co.uk", status=1)
    assert f"{server.where} serves no zone of _acme-challenge.b.co.uk (REFUSED)" in said
    assert "is RFC2136_SERVER the primary of that zone?" in said


def test_a_zone_that_is_not_there(server, call):
    said = call("auth", server, status=1, RFC2136_ZONE="test")
    assert "did not add TXT _acme-challenge.example.test in zone test (NOTAUTH)" in said
    assert "not the primary" in said


def test_another_secret(server, call, tmp_path):
    other = Key.make("acme").write(tmp_path / "other.key")
    said = call("auth", server, status=1, RFC2136_TSIG_KEYFILE=other)
    why = "has another secret for the key acme (BADSIG)"
    if isinstance(server, PowerDNS):  # which tells no more
        why = "does not take the key acme (NOTAUTH); compare name, algorithm and secret"
    assert f"{server.where} {why}" in said
    assert server.txt("_acme-challenge.example.test") == ["foreign"]


def test_a_key_that_the_server_does_not_know(server, call, tmp_path):
    other = Key.make("nobody").write(tmp_path / "other.key")
    said = call("cleanup", server, status=1, RFC2136_TSIG_KEYFILE=other)
    why = "knows no key nobody with that algorithm (BADKEY)"
    if isinstance(server, PowerDNS):
        why = "does not take the key nobody (NOTAUTH)"
    assert f"{server.where} {why}" in said


def test_a_delegated_name_is_served_elsewhere(server, call):
    said = call("auth", server, "www.away.example.test", status=1)
    assert f"{server.where} is no authority for _acme-challenge.www.away.example.test" in said


def test_cnames_are_followed(server, call):
    call("auth", server, ACME_RECORD_NAME="alias.example.test")
    assert server.txt("_acme-challenge.alias.a.co.uk") == [VALUE]
    call("cleanup", server, ACME_RECORD_NAME="alias.example.test")
    assert server.txt("_acme-challenge.alias.a.co.uk") == []


@pytest.mark.parametrize(
    "variables",
    [
        {"RFC2136_TRANSPORT": "udp"},
        {"RFC2136_ZONE": "Example.Test."},
        {"RFC2136_TSIG_KEYFILE": None, "RFC2136_TSIG_NAME": "ACME.", "RFC2136_TSIG_SECRET": KEY.secret},
        {"ACME_RECORD_NAME": "_acme-challenge.example.test."},
        {"ACME_RECORD_NAME": "", "ACME_CHALLENGE_TYPE": "", "RFC2136_WAIT": 0},
    ],
)
def test_other_ways_to_say_it(server, call, variables):
    call("auth", server, **variables)
    assert VALUE in server.txt("_acme-challenge.example.test")
    call("cleanup", server, **variables)
    assert server.txt("_acme-challenge.example.test") == ["foreign"]


def test_the_ttl_is_as_wanted(server, call):
    call("auth", server, "a.co.uk", RFC2136_TTL=17)
    assert [rrset.ttl for rrset in server.ask("_acme-challenge.a.co.uk", "TXT").answer] == [17]


def test_the_credentials_file_of_certbots_plugin(bind, call, tmp_path):
    ini = tmp_path / "rfc2136.ini"
    ini.write_text(
        f"# a comment\ndns_rfc2136_server = {bind.address}\ndns_rfc2136_port={bind.port}\n"
        f'dns_rfc2136_name = "acme."\ndns_rfc2136_secret = {KEY.secret}\ndns_rfc2136_algorithm = HMAC-SHA256\n'
    )
    ini.chmod(0o600)
    given = {"RFC2136_SERVER": None, "RFC2136_TSIG_KEYFILE": None, "RFC2136_CREDENTIALS": ini}
    call("auth", bind, **given)
    assert VALUE in bind.txt("_acme-challenge.example.test")
    ini.chmod(0o644)
    said = call("cleanup", bind, status=1, **given)
    assert said == f"rfc2136: RFC2136_CREDENTIALS: {ini} is open to others than its owner; chmod 600 {ini}\n"


def test_an_ipv6_server(call):
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:  # a machine without IPv6
        assert "rfc2136: [::1]:53 cannot be reached: " in call("auth", "::1", status=75)
        return
    with started(Bind.start, zones=ZONES, keys=[KEY], addresses=["::1"]) as running:
        assert running.where.startswith("[::1]:")
        for transport in ("tcp", "udp"):
            call("auth", running, RFC2136_TRANSPORT=transport, certbot=True, RFC2136_NAMESERVERS=running.where)
            assert VALUE in running.txt("_acme-challenge.example.test")
            call("cleanup", running, RFC2136_TRANSPORT=transport)


def test_a_server_by_its_name(bind, call):
    # It has two addresses on most machines, and BIND is at one of them.
    call("auth", f"localhost:{bind.port}")
    assert VALUE in bind.txt("_acme-challenge.example.test")


def test_a_key_of_several_and_another_algorithm(call, tmp_path):
    key = Key("other", f"A{'/' * 41}8=", "hmac-sha512")
    text = f"# two keys // one\n{KEY.statement()}/* and\n*/ {key.statement()} // the end"
    keyfile = key.write(tmp_path / "keys")
    with started(Bind.start, zones=ZONES, keys=[KEY, key]) as running:
        for written in text, text.replace('"', ""):
            keyfile.write_text(written)
            said = call("auth", running, status=1, RFC2136_TSIG_KEYFILE=keyfile)
            assert "several keys; choose one with RFC2136_TSIG_NAME" in said
            call("auth", running, RFC2136_TSIG_KEYFILE=keyfile, RFC2136_TSIG_NAME="other")
            assert VALUE in running.txt("_acme-challenge.example.test")
            call("cleanup", running, RFC2136_TSIG_KEYFILE=keyfile, RFC2136_TSIG_NAME="acme")


def test_a_key_that_may_not_change_the_name(call):
    granted = {"example.test": 'grant "acme" name _acme-challenge.example.test TXT;'}
    with started(Bind.start, zones=ZONES, keys=[KEY], policies=granted) as running:
        call("auth", running)
        said = call("auth", running, "www.example.test", status=1)
    assert "did not add TXT _acme-challenge.www.example.test in zone example.test (REFUSED)" in said
    assert "let the key acme change TXT records of that name (BIND: update-policy, Knot: acl)" in said


# Under certbot, which lets the CA look at once.


def test_the_last_call_waits_for_the_name_servers(bind, call, tmp_path):
    with started(Bind.start, zones=ZONES, keys=[KEY], addresses=["127.0.0.2"], port=bind.port) as second:
        both = {"certbot": True, "RFC2136_NAMESERVERS": f"{bind.where} {second.where}"}
        call("auth", bind, RFC2136_WAIT=1, CERTBOT_REMAINING_CHALLENGES="1", **both)
        said = call("auth", bind, status=75, RFC2136_WAIT=1, **both)
        assert f"after 1 s these name servers still lack _acme-challenge.example.test: {second.where};" in said
        call("auth", second)
        began = time.monotonic()
        call("auth", bind, RFC2136_WAIT=60, **both)
        assert time.monotonic() - began < 30


def test_the_last_call_waits_for_the_values_of_the_earlier_ones(bind, call):
    with started(Bind.start, zones=ZONES, keys=[KEY], addresses=["127.0.0.2"], port=bind.port) as second:
        names = "a.co.uk,example.test,elsewhere.test"
        common = {"certbot": True, "CERTBOT_ALL_DOMAINS": names, "RFC2136_NAMESERVERS": f"{second.where} {bind.where}"}
        call("auth", bind, "a.co.uk", CERTBOT_REMAINING_CHALLENGES="1", **common)
        call("auth", second, "example.test")
        said = call("auth", bind, "example.test", status=75, RFC2136_WAIT=1, **common)
        assert f"still lack _acme-challenge.a.co.uk: {second.where};" in said


def test_the_zones_own_name_servers_are_looked_at(call):
    asked = ["127.0.0.1", "127.0.0.99"]
    with started(Bind.start, zones=ZONES, keys=[KEY], nameservers=asked) as running:
        said = call("auth", running, certbot=True, status=75, RFC2136_WAIT=1)
    assert "127.0.0.99:53" in said
    assert "RFC2136_WAIT allows more time" in said


def test_without_dnspython_it_says_what_to_install(call, tmp_path):
    bare = tmp_path / "python"
    bare.write_text(f'#!/bin/sh\nexec {sys.executable} -S -E "$@"\n')
    bare.chmod(0o700)
    said = call("auth", "127.0.0.1:9", status=1, ACME_PYTHON=bare)
    assert "has no module dns; install dnspython 2.3 or newer for it (Debian's package is python3-dns" in said


def test_the_oldest_dnspython_that_it_claims(bind, call, tmp_path):
    """Debian 12's, and one before that."""
    old = made("dnspython", "dnspython==2.3.0")
    call("auth", bind, ACME_PYTHON=old, certbot=True, RFC2136_NAMESERVERS=bind.where)
    assert VALUE in bind.txt("_acme-challenge.example.test")
    call("cleanup", bind, ACME_PYTHON=old)
    assert bind.txt("_acme-challenge.example.test") == ["foreign"]
    other = Key.make("acme").write(tmp_path / "other.key")
    assert "BADSIG" in call("auth", bind, status=1, ACME_PYTHON=old, RFC2136_TSIG_KEYFILE=other)
    assert "(REFUSED)" in call("auth", bind, "b.co.uk", status=1, ACME_PYTHON=old)
    said = call("auth", bind, status=1, ACME_PYTHON=made("dnspython", "dnspython==2.2.1"))
    assert "has dnspython 2.2.1, which is too old; install dnspython 2.3 or newer" in said


def test_it_leaves_nothing_behind_in_its_directory(bind, call):
    call("auth", bind)
    assert not (HOOKS / "rfc2136" / "__pycache__").exists()
