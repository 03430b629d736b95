"""Scripts that the clients bring, by their authors, as hooks of the toolkit."""

import os

import pytest

from tests.bench import tools
from tests.ca.fetch import PebbleMissing
from tests.ca.pebble import TestCA
from tests.servers.bind import Bind
from tests.servers.daemon import ServerMissing
from tests.servers.tsig import Key
from tests.test_hooks.shop import Shop, serving

KEY = Key.make("acme")


@pytest.fixture
def shop(tmp_path, ca, monkeypatch):
    return Shop(tmp_path, ca, monkeypatch)


def brought(package, program, path):
    """A file of a client's Debian package."""
    try:
        found = tools.debian(package, program)
    except tools.Missing as missing:
        pytest.skip(str(missing))
    return found.parents[len(program.split("/")) - 1] / path


def test_dehydrateds_sample_does_nothing_and_need_not(shop):
    sample = brought("dehydrated", "usr/bin/dehydrated", "usr/share/doc/dehydrated/examples/hook.sh")
    script = shop.path / "hook.sh"
    # The package ships it as a document, without the right to run it.
    script.write_bytes(sample.read_bytes())
    script.chmod(0o755)
    with serving(shop.path / "root", shop.ca.http_port):
        shop.issue(script, "--deploy", script, names=["example.test", "www.example.test"])
    assert shop.certificate_names() == {"example.test", "www.example.test"}
    assert list((shop.path / "root/.well-known/acme-challenge").iterdir()) == []


def test_uacmes_webroot(shop, monkeypatch):
    script = brought("uacme", "usr/share/uacme/uacme.sh", "usr/share/uacme/uacme.sh")
    directory = shop.path / "root/.well-known/acme-challenge"
    monkeypatch.setenv("UACME_CHALLENGE_PATH", str(directory))
    with serving(shop.path / "root", shop.ca.http_port):
        shop.issue(script, "--hook-env", "UACME_*", names=["example.test", "www.example.test"])
    assert shop.certificate_names() == {"example.test", "www.example.test"}
    assert list(directory.iterdir()) == []


def test_uacmes_ualpn_declines_what_we_ask(shop):
    script = brought("uacme", "usr/share/uacme/uacme.sh", "usr/share/uacme/ualpn.sh")
    (found,) = shop.issue(script, "--preferred-challenges", "http,dns", names=["example.test"], status=1)
    assert "declines" in found["error"]["detail"]
    assert "skipping http-01" in shop.stderr


@pytest.fixture
def bind():
    try:
        running = Bind.start(zones={"example.test": '_acme-challenge TXT "foreign"'}, keys=[KEY])
    except ServerMissing as missing:
        pytest.skip(str(missing))
    with running:
        yield running


def test_uacmes_nsupdate(bind, tmp_path, monkeypatch):
    script = brought("uacme", "usr/share/uacme/uacme.sh", "usr/share/uacme/nsupdate.sh")
    nsupdate = brought("bind9-dnsutils", "usr/bin/nsupdate", "usr/bin/nsupdate")
    # Where the script names a server, there is only one, and its port is not 53.
    dig = tmp_path / "dig"
    lines = ["#!/bin/bash", 'for word; do [[ $word == @* ]] || words+=("$word"); done']
    lines += [f'exec {nsupdate.parent}/dig @{bind.address} -p {bind.port} "${{words[@]}}"']
    dig.write_text("\n".join([*lines, ""]))
    dig.chmod(0o755)
    given = {
        "UACME_DIG_CMD": dig,
        "UACME_NSUPDATE_CMD": nsupdate,
        "UACME_NSUPDATE_SERVER": f"{bind.address} {bind.port}",
        "UACME_NSUPDATE_KEY": KEY.write(tmp_path / "acme.key"),
    }
    for name, value in given.items():
        monkeypatch.setenv(name, str(value))
    try:
        started = TestCA.start(dns_server=bind.where)
    except PebbleMissing as missing:
        pytest.skip(str(missing))
    with started as ca:
        shop = Shop(tmp_path, ca, monkeypatch)
        told = ("--hook-env", "UACME_*", "--check", "skip")
        shop.run("acme-run", *shop.always, *told, "--hook", script, "-d", "*.example.test")
    assert bind.txt("_acme-challenge.example.test") == ["foreign"]
    assert os.access(tmp_path / "config/live/example.test/cert.pem", os.R_OK)
