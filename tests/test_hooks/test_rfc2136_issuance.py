"""A certificate by way of hooks/rfc2136, with certbot and with the toolkit, and what README.md says of it."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.ca.fetch import PebbleMissing
from tests.ca.pebble import TestCA
from tests.servers.bind import Bind
from tests.servers.daemon import ServerMissing
from tests.servers.knot import Knot
from tests.servers.tsig import Key
from tests.test_hooks.conftest import HOOKS, VALUE

README = (HOOKS / "rfc2136" / "README.md").read_text()
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


def block(word):
    """The README's block of code with this word in it."""
    found = [text for text in re.findall(r"(?:^    .*\n|^\n(?=    ))+", README, re.MULTILINE) if word in text]
    assert len(found) == 1
    return found[0]


@pytest.mark.parametrize("client", ["certbot certonly", "acme-run"])
def test_the_commands_of_the_readme(request, ca, server, variables, tmp_path, client):
    commands = block(client).replace("192.0.2.1", server.where)
    commands = commands.replace("/etc/acme/example.key", variables["RFC2136_TSIG_KEYFILE"])
    path = [Path(sys.executable).parent]
    if client == "acme-run":
        commands = commands.replace("acme-run ", "acme-run --hook-env ACME_PYTHON --check skip ")
    else:
        path.insert(0, request.getfixturevalue("certbot").parent)
        configuration = tmp_path / ".config/letsencrypt/cli.ini"
        configuration.parent.mkdir(parents=True)
        places = "".join(f"{name}-dir = {tmp_path / name}\n" for name in ("config", "work", "logs"))
        configuration.write_text(
            f"server = {ca.directory}\nemail = tests@example.com\nagree-tos = true\nnon-interactive = true\n{places}"
        )
    environment = {
        "PATH": ":".join([*map(str, path), os.environ["PATH"]]),
        "HOME": str(tmp_path),
        "REQUESTS_CA_BUNDLE": str(ca.ca_bundle),
        "no_proxy": "127.0.0.1",
        "ACME_SERVER": ca.directory,
        "ACME_CA_BUNDLE": str(ca.ca_bundle),
        "ACME_AGREE_TOS": "1",
        "ACME_CONFIG_DIR": str(tmp_path / "config"),
        "ACME_WORK_DIR": str(tmp_path / "work"),
        "RFC2136_NAMESERVERS": server.where,
        "ACME_PYTHON": sys.executable,
    }
    argv = ["/bin/sh", "-e", "-c", commands]
    done = subprocess.run(argv, cwd=HOOKS.parent, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "config/live/example.com/fullchain.pem").exists()
    assert server.txt("_acme-challenge.example.com") == []


def dedented(text):
    return re.sub(r"^    ", "", text, flags=re.MULTILINE)


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
    text = dedented(block("update-policy {"))
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
    rule = re.findall(r"^ +(update-.*)", block("update-owner-name"), re.MULTILINE)
    assert len(rule) == 4
    try:
        knot = Knot.start(zones={"example.com": ""}, keys=[KEY], acl="\n".join(rule))
    except ServerMissing as missing:
        pytest.skip(str(missing))
    with knot:
        assert [allowed(knot, name) for name in ("example.com", "www.example.com", "mail.example.com")] == [1, 1, 0]
