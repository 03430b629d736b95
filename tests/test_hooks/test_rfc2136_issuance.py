"""A certificate by way of hooks/rfc2136, with certbot and with the toolkit, and what README.md says of it."""

import re
import sys

import pytest

from tests.ca.fetch import PebbleMissing
from tests.ca.pebble import TestCA
from tests.servers.bind import Bind
from tests.servers.daemon import ServerMissing
from tests.servers.knot import Knot
from tests.servers.tsig import Key
from tests.test_hooks import readme
from tests.test_hooks.conftest import VALUE

KEY = Key.make("acme")


@pytest.fixture(scope="module", params=[Bind, Knot])
def server(request):
    zones = {"example.test": '_acme-challenge TXT "foreign"', "example.com": ""}
    try:
        running = request.param.start(zones=zones, keys=[KEY])
    except ServerMissing as missing:
        pytest.skip(str(missing))
    with running:
        yield running


@pytest.fixture(scope="module")
def ca(server):
    """A CA that asks that server."""
    try:
        started = TestCA.start(dns_server=server.where)
    except PebbleMissing as missing:
        pytest.skip(str(missing))
    with started as running:
        yield running


@pytest.fixture
def variables(server, tmp_path):
    return {
        "ACME_PYTHON": sys.executable,
        "RFC2136_SERVER": server.where,
        "RFC2136_TSIG_KEYFILE": str(KEY.write(tmp_path / "acme.key")),
        "RFC2136_NAMESERVERS": server.where,
    }


@pytest.mark.parametrize("client", ["certbot", "acme-run"])
def test_a_name_its_wildcard_and_another_in_one_certificate(issue, server, variables, client):
    issue(client, "rfc2136", ["example.test", "*.example.test", "www.example.test"], **variables)
    assert server.txt("_acme-challenge.example.test") == ["foreign"]
    assert server.txt("_acme-challenge.www.example.test") == []


@pytest.mark.parametrize("client", ["certbot certonly", "acme-run"])
def test_the_commands_of_the_readme(request, ca, server, variables, tmp_path, client):
    commands = readme.block("rfc2136", client).replace("192.0.2.1", server.where)
    commands = commands.replace("/etc/acme/example.key", variables["RFC2136_TSIG_KEYFILE"])
    commands = commands.replace("acme-run ", "acme-run --hook-env ACME_PYTHON ")
    certbot = request.getfixturevalue("certbot") if "certbot" in client else None
    given = {"RFC2136_NAMESERVERS": server.where, "ACME_PYTHON": sys.executable}
    readme.run(commands, ca, server.where, tmp_path, certbot, **given)
    assert server.txt("_acme-challenge.example.com") == []


@pytest.fixture
def allowed(run_hook, tmp_path):
    """Whether the hook may add a record for the name at a server."""
    keyfile = KEY.write(tmp_path / "acme.key")

    def run(server, domain):
        given = {"RFC2136_SERVER": server.where, "RFC2136_TSIG_KEYFILE": keyfile, "ACME_PYTHON": sys.executable}
        done = run_hook("rfc2136/auth", domain, **given)
        assert (done.returncode == 0) == (server.txt(f"_acme-challenge.{domain}") == [VALUE])
        assert done.returncode == 0 or "let the key acme change TXT records of that name" in done.stderr
        return done.returncode == 0

    return run


def test_the_readmes_configuration_of_bind(allowed, tmp_path):
    text = readme.block("rfc2136", "update-policy {")
    key, zone = KEY.write(tmp_path / "bind.key"), tmp_path / "example.com"
    zone.write_text("$TTL 60\n@ SOA ns hostmaster 1 3600 600 86400 60\n@ NS ns\nns A 127.0.0.1\n")
    text = text.replace("/etc/bind/acme.key", str(key)).replace("/var/lib/bind/example.com", str(zone))
    try:
        bind = Bind.start(zones={}, statements=text)
    except ServerMissing as missing:
        pytest.skip(str(missing))
    with bind:
        bind.daemon.until(lambda: bind.answers("example.com"))
        assert [allowed(bind, name) for name in ("example.com", "www.example.com", "mail.example.com")] == [1, 1, 0]


def test_the_readmes_configuration_of_knot(allowed):
    rule = re.findall(r"^ +(update-.*)", readme.block("rfc2136", "update-owner-name"), re.MULTILINE)
    assert len(rule) == 4
    try:
        knot = Knot.start(zones={"example.com": ""}, keys=[KEY], acl="\n".join(rule))
    except ServerMissing as missing:
        pytest.skip(str(missing))
    with knot:
        assert [allowed(knot, name) for name in ("example.com", "www.example.com", "mail.example.com")] == [1, 1, 0]
