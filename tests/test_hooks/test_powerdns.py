"""hooks/powerdns against a real PowerDNS."""

import json
import sqlite3
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.ca import ports
from tests.ca.fetch import PebbleMissing
from tests.ca.pebble import TestCA
from tests.servers import daemon
from tests.servers.bind import Bind
from tests.servers.daemon import ServerMissing
from tests.servers.powerdns import PowerDNS
from tests.test_hooks import readme
from tests.test_hooks.conftest import DASH, HOOKS, VALUE

NAME = "_acme-challenge.example.test"
ZONES = {
    "example.test": """
        _acme-challenge 300 TXT "foreign"
        _acme-challenge.alias CNAME _acme-challenge.elsewhere.a.co.uk.
        """,
    "a.co.uk": "",
    "example.com": "",
}


def start(**wanted):
    try:
        return PowerDNS.start(**{"zones": ZONES, **wanted})
    except ServerMissing as missing:
        pytest.skip(str(missing))


@pytest.fixture
def server():
    with start() as running:
        yield running


@pytest.fixture
def primary():
    with start(kind="Master") as running:
        yield running


@pytest.fixture
def call(run_hook):
    """Runs auth or cleanup with the server's key; asserts how it ends, returns what it says."""

    def run(event, server, domain="example.test", value=VALUE, *, status=0, **variables):
        given = {"ACME_PYTHON": sys.executable, "PDNS_API_URL": server.api_url, "PDNS_API_KEY": server.api_key}
        done = run_hook(f"powerdns/{event}", domain, value, **{**given, **variables})
        assert done.returncode == status, done.stderr
        assert done.stdout == ""
        assert server.api_key not in done.stderr
        assert len(done.stderr.splitlines()) == 1 or not status
        return done.stderr

    return run


def rrset(server, name, zone="example.test"):
    """What the API has at a name, as {type: RRset}."""
    found = server.api("GET", f"/zones/{zone}.")["rrsets"]
    return {item["type"]: item for item in found if item["name"] == f"{name}."}


def test_two_values_at_a_name_beside_a_foreign_one(server, call):
    assert call("auth", server) == ""
    call("auth", server, value=DASH)
    call("auth", server, value=DASH)
    assert server.txt(NAME) == sorted([VALUE, DASH, "foreign"])
    call("cleanup", server)
    assert server.txt(NAME) == sorted([DASH, "foreign"])
    call("cleanup", server, value=DASH)
    call("cleanup", server, value=DASH)
    assert server.txt(NAME) == ["foreign"]
    assert rrset(server, NAME)["TXT"]["ttl"] == 300


@pytest.mark.parametrize("domain", ["a.co.uk", "www.A.co.UK", "a.very.deep.name.example.test"])
def test_the_zone_is_found_from_the_name(server, call, domain):
    call("auth", server, domain, PDNS_TTL=17)
    assert server.txt(f"_acme-challenge.{domain}") == [VALUE]
    assert [found.ttl for found in server.ask(f"_acme-challenge.{domain}", "TXT").answer] == [17]
    call("cleanup", server, domain)
    assert server.txt(f"_acme-challenge.{domain}") == []


def test_disabled_records_comments_and_ttl_stay(server, call):
    there = {
        "name": f"{NAME}.", "type": "TXT", "ttl": 1234, "changetype": "REPLACE",
        "records": [{"content": '"off"', "disabled": True}, {"content": '"two words"', "disabled": False}],
        "comments": [{"content": "ours", "account": "we", "modified_at": 1}],
    }  # fmt: skip
    server.api("PATCH", "/zones/example.test.", {"rrsets": [there]})
    before = rrset(server, NAME)["TXT"]
    call("auth", server)
    assert server.txt(NAME) == sorted([VALUE, "two words"])
    call("cleanup", server)
    after = rrset(server, NAME)["TXT"]
    assert sorted(map(json.dumps, after.pop("records"))) == sorted(map(json.dumps, before.pop("records")))
    assert after == before


def test_a_disabled_value_of_ours_is_enabled_and_removed(server, call):
    ours = {"content": f'"{VALUE}"', "disabled": True}
    change = {"name": f"{NAME}.", "type": "TXT", "ttl": 60, "changetype": "REPLACE", "records": [ours]}
    server.api("PATCH", "/zones/example.test.", {"rrsets": [change]})
    call("auth", server)
    assert server.txt(NAME) == [VALUE]
    server.api("PATCH", "/zones/example.test.", {"rrsets": [change]})
    call("cleanup", server)
    assert rrset(server, NAME) == {}


def test_cnames_are_followed(server, call):
    call("auth", server, "alias.example.test")
    assert server.txt("_acme-challenge.elsewhere.a.co.uk") == [VALUE]
    call("cleanup", server, "alias.example.test")
    assert server.txt("_acme-challenge.elsewhere.a.co.uk") == []


def test_runs_at_the_same_time_lose_nothing(server, call):
    values = [f"{number:043d}" for number in range(6)]
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda value: call("auth", server, value=value), values))
        assert server.txt(NAME) == sorted([*values, "foreign"])
        list(pool.map(lambda value: call("cleanup", server, value=value), values))
    assert server.txt(NAME) == ["foreign"]


def test_a_signed_zone_is_rectified(server, call):
    server.api("PUT", "/zones/example.test.", {"dnssec": True, "api_rectify": False})
    call("auth", server, "signed.example.test")
    with sqlite3.connect(server.home / "zones.db") as database:
        asked = "SELECT ordername FROM records WHERE name = '_acme-challenge.signed.example.test' AND type = 'TXT'"
        assert database.execute(asked).fetchall() == [("signed _acme-challenge",)]
    database.close()


def test_secondaries_are_notified_and_waited_for(call):
    with ports.reserve() as block:
        port = block.ports[0]
        with start(kind="Master", settings=f"also-notify=127.0.0.1:{port}") as primary:
            zone = (
                f'zone "example.test" {{ type secondary; file "example.test";'
                f" primaries port {primary.port} {{ 127.0.0.1; }}; }};"
            )
            with Bind.start(zones={}, statements=zone, port=port) as secondary:
                secondary.daemon.until(lambda: secondary.answers("example.test"))
                # Its refresh is an hour away. PowerDNS by itself notifies once a minute.
                hosts = f"{primary.where} {secondary.where}"
                began = time.monotonic()
                call("auth", primary, certbot=True, PDNS_NAMESERVERS=hosts, PDNS_WAIT=50)
                assert time.monotonic() - began < 40
                assert secondary.txt(NAME) == sorted([VALUE, "foreign"])


def test_a_serial_that_stays_as_it_is(primary, call):
    assert call("auth", primary) == ""
    primary.api("PUT", "/zones/example.test.", {"soa_edit_api": ""})
    said = call("cleanup", primary)
    assert said.startswith("powerdns: warning: the serial of example.test does not change, so secondaries see nothing")


def test_certbots_last_call_waits_for_every_name_of_the_order(server, call):
    with Bind.start(zones=ZONES) as other:
        names = {
            "CERTBOT_ALL_DOMAINS": "a.co.uk,2001:db8::1,example.test,elsewhere.test",
            "PDNS_WAIT": 1,
            "certbot": True,
        }
        hosts = f"{server.where} {other.where}"
        call("auth", server, "a.co.uk", CERTBOT_REMAINING_CHALLENGES="1", PDNS_NAMESERVERS=hosts, **names)
        said = call("auth", server, status=75, PDNS_NAMESERVERS=hosts, **names)
        assert f"after 1 s these name servers still lack _acme-challenge.a.co.uk: {other.where};" in said
        call("auth", server, PDNS_NAMESERVERS=server.where, **names)


def test_the_zones_own_name_servers_are_looked_at(call):
    with start(nameservers=["127.0.0.1", "127.0.0.99"]) as running:
        said = call("auth", running, certbot=True, status=75, PDNS_WAIT=1)
    assert "127.0.0.99:53" in said


def test_a_long_answer_comes_by_tcp(server, call):
    for number in range(12):
        call("auth", server, value=f"{number:043d}", certbot=True, PDNS_NAMESERVERS=server.where, PDNS_WAIT=3)
    assert len(server.txt(NAME)) == 13


@pytest.fixture
def keyfile(server, tmp_path):
    path = tmp_path / "powerdns.key"
    path.touch(0o600)
    path.write_text(f"{server.api_key}\n")
    return path


@pytest.fixture
def ca(server):
    """A CA that asks that server."""
    try:
        started = TestCA.start(dns_server=server.where)
    except PebbleMissing as missing:
        pytest.skip(str(missing))
    with started as running:
        yield running


@pytest.mark.parametrize("client", ["certbot", "acme-run"])
def test_a_name_its_wildcard_and_another_in_one_certificate(issue, server, keyfile, client):
    given = {"PDNS_API_URL": server.api_url, "PDNS_API_KEY_FILE": str(keyfile), "PDNS_NAMESERVERS": server.where}
    issue(client, "powerdns", ["example.test", "*.example.test", "www.example.test"], **given)
    assert server.txt(NAME) == ["foreign"]
    assert server.txt("_acme-challenge.www.example.test") == []


@pytest.mark.parametrize("client", ["certbot certonly", "acme-run"])
def test_the_commands_of_the_readme(request, ca, server, keyfile, tmp_path, client):
    commands = readme.block("powerdns", client).replace("http://127.0.0.1:8081", server.api_url)
    commands = commands.replace("/etc/acme/powerdns.key", str(keyfile))
    certbot = request.getfixturevalue("certbot") if "certbot" in client else None
    readme.run(commands, ca, server.where, tmp_path, certbot, PDNS_NAMESERVERS=server.where)
    assert server.txt("_acme-challenge.example.com") == []


def test_the_readmes_configuration_is_what_powerdns_takes(tmp_path):
    settings = readme.block("powerdns", "webserver-port").replace("8081", "0").replace("...", "key")
    (tmp_path / "pdns.conf").write_text(f"{settings}socket-dir={tmp_path}\n")
    try:
        argv = [daemon.find("pdns_server"), f"--config-dir={tmp_path}", "--config=check"]
    except ServerMissing as missing:
        pytest.skip(str(missing))
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert "rror" not in done.stdout + done.stderr
    assert done.returncode == 0


def test_it_leaves_nothing_behind_in_its_directory(server, call):
    call("auth", server)
    assert not (HOOKS / "powerdns" / "__pycache__").exists()
