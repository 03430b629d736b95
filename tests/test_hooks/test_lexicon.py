"""The hook lexicon: the real dns-lexicon, of two releases, edits zones of a real PowerDNS by its API."""

import fcntl
import http.server
import os
import threading

import pytest

from tests.ca.fetch import PebbleMissing
from tests.ca.pebble import TestCA
from tests.servers import daemon
from tests.servers.powerdns import PowerDNS
from tests.test_hooks.conftest import DASH, VALUE, made

FOREIGN = '_acme-challenge 60 TXT "foreign"'
ZONES = {"example.co.uk": FOREIGN, "sub.example.co.uk": FOREIGN, "example.com": FOREIGN}
RELEASES = ["3.25.2", "3.11.7"]


@pytest.fixture(scope="module")
def server():
    try:
        started = PowerDNS.start(zones=ZONES)
    except daemon.ServerMissing as missing:
        pytest.skip(str(missing))
    with started as running:
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


@pytest.fixture(params=RELEASES)
def python(request):
    return made("dns-lexicon", f"dns-lexicon=={request.param}")


@pytest.fixture
def newest():
    return made("dns-lexicon", f"dns-lexicon=={RELEASES[0]}")


@pytest.fixture
def run(run_hook, server):
    """Runs auth or cleanup with a Python that has lexicon, and keeps it from looking for suffixes elsewhere."""

    def run(python, event, domain, value=VALUE, **variables):
        given = {"LEXICON_PYTHON": python, "LEXICON_PROVIDER": "powerdns", "https_proxy": "http://127.0.0.1:1"}
        given |= {"LEXICON_POWERDNS_PDNS_SERVER": server.api_url, "LEXICON_POWERDNS_AUTH_TOKEN": server.api_key}
        return run_hook(f"lexicon/{event}", domain, value, **{**given, **variables})

    return run


def done(result):
    assert (result.returncode, result.stderr, result.stdout) == (0, "", "")


def failed(result, server, status=1):
    assert result.returncode == status, result.stderr
    assert result.stdout == ""
    assert result.stderr.startswith("lexicon: error: ")
    assert result.stderr.count("\n") == 1
    assert server.api_key not in result.stderr
    return result.stderr


def test_two_values_at_a_name_and_a_foreign_one(run, server, python):
    name = "_acme-challenge.example.co.uk"
    for value in (VALUE, DASH, VALUE):  # the third is there already
        done(run(python, "auth", "example.co.uk", value))
    assert server.txt(name) == sorted([VALUE, DASH, "foreign"])
    done(run(python, "cleanup", "example.co.uk", DASH))
    assert server.txt(name) == sorted([VALUE, "foreign"])
    for _ in range(2):
        done(run(python, "cleanup", "example.co.uk", VALUE))
    assert server.txt(name) == ["foreign"]


def test_one_call_at_a_time(run, server, newest, tmp_path):
    """With PowerDNS lexicon reads all values of the name and writes them back."""
    name, results = "_acme-challenge.turn.example.com", []
    (tmp_path / "state").mkdir(mode=0o700)
    state = os.open(tmp_path / "state", os.O_RDONLY)
    fcntl.flock(state, fcntl.LOCK_EX)
    call = threading.Thread(target=lambda: results.append(run(newest, "auth", "turn.example.com")))
    call.start()
    call.join(2)  # alone it takes half a second
    assert (call.is_alive(), server.txt(name)) == (True, [])
    os.close(state)
    call.join()
    done(results[0])
    assert server.txt(name) == [VALUE]


def test_a_zone_that_is_not_what_the_suffix_says(run, server, python):
    name = "_acme-challenge.www.sub.example.co.uk"
    zone = {"LEXICON_DELEGATED": "sub.example.co.uk", "LEXICON_TTL": "60"}
    done(run(python, "auth", "www.sub.example.co.uk", **zone))
    assert server.txt(name) == [VALUE]
    assert server.ask(name, "TXT").answer[0].ttl == 60
    done(run(python, "cleanup", "www.sub.example.co.uk", **zone))
    assert server.txt(name) == []


def test_options_in_lexicons_own_file(run, server, newest, tmp_path):
    path = tmp_path / "lexicon_powerdns.yml"
    path.write_text(f"auth_token: {server.api_key}\npdns_server: {server.api_url}\n")
    own = {"LEXICON_POWERDNS_AUTH_TOKEN": None, "LEXICON_POWERDNS_PDNS_SERVER": None, "LEXICON_CONFIG_DIR": tmp_path}
    path.chmod(0o644)
    assert f"chmod 600 {path}" in failed(run(newest, "auth", "file.example.com", **own), server)
    path.chmod(0o600)
    done(run(newest, "auth", "file.example.com", **own))
    assert server.txt("_acme-challenge.file.example.com") == [VALUE]


@pytest.mark.parametrize(
    ("variables", "status", "said"),
    [
        ({"LEXICON_PROVIDER": None}, 1, "LEXICON_PROVIDER is not set"),
        ({"LEXICON_PROVIDER": "nosuch"}, 1, "nosuch"),
        ({"LEXICON_POWERDNS_AUTH_TOKEN": "wrong-token"}, 1, "401"),
        ({"LEXICON_POWERDNS_PDNS_SERVER": "http://127.0.0.1:1"}, 75, "cannot create the TXT record _acme-challenge."),
        ({"LEXICON_DELEGATED": "nowhere.example.com"}, 1, "cannot create"),
        ({"LEXICON_PYTHON": "/usr/bin/false"}, 1, None),
        ({"CERTBOT_TOKEN": "x"}, 1, "dns-01 only"),
        ({"CERTBOT_VALIDATION": 'a"b'}, 1, "CERTBOT_VALIDATION"),
    ],
)
def test_what_is_wrong_is_said(run, server, newest, variables, status, said):
    result = run(newest, "auth", "wrong.example.com", **variables)
    if said is None:
        assert result.returncode == status
    else:
        assert said in failed(result, server, status)
    assert server.txt("_acme-challenge.wrong.example.com") == []


def test_lexicon_that_is_not_there(run, server, sdk):
    assert "pip install dns-lexicon" in failed(run(sdk, "auth", "example.com"), server)


def test_secrets_in_what_a_provider_says_are_masked(run, server, newest):
    class Loud(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(503, f"not {self.headers['X-API-Key']}")
            self.end_headers()

        def log_message(self, *_):
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Loud) as loud:
        thread = threading.Thread(target=loud.serve_forever, args=(0.01,))
        thread.start()
        where = f"http://127.0.0.1:{loud.server_port}"
        result = run(newest, "auth", "example.com", LEXICON_POWERDNS_PDNS_SERVER=where)
        loud.shutdown()
        thread.join()
    assert "not ***" in failed(result, server, 75)


def test_under_certbot_the_last_call_looks_at_the_name_servers(run_hook, server, newest):
    given = {"LEXICON_PYTHON": newest, "LEXICON_PROVIDER": "powerdns", "https_proxy": "http://127.0.0.1:1"}
    given |= {"LEXICON_POWERDNS_PDNS_SERVER": server.api_url, "LEXICON_POWERDNS_AUTH_TOKEN": server.api_key}
    there = {**given, "LEXICON_NAMESERVERS": server.where}
    done(run_hook("lexicon/auth", "look.example.com", certbot=True, **there))
    assert server.txt("_acme-challenge.look.example.com") == [VALUE]
    with PowerDNS.start(zones={"example.com": ""}) as other:
        elsewhere = {**given, "LEXICON_NAMESERVERS": other.where, "LEXICON_WAIT": "1"}
        late = run_hook("lexicon/auth", "look.example.com", DASH, certbot=True, **elsewhere)
    assert "raise LEXICON_WAIT" in failed(late, server, 75)
    done(run_hook("lexicon/cleanup", "look.example.com", certbot=True, **there))
    assert server.txt("_acme-challenge.look.example.com") == [DASH]


@pytest.mark.parametrize("client", ["certbot", "acme-run"])
def test_a_certificate_for_a_name_its_wildcard_and_another(issue, server, newest, client):
    given = {"LEXICON_PYTHON": str(newest), "LEXICON_PROVIDER": "powerdns", "https_proxy": "http://127.0.0.1:1"}
    given |= {"LEXICON_POWERDNS_PDNS_SERVER": server.api_url, "LEXICON_POWERDNS_AUTH_TOKEN": server.api_key}
    names = ("example.co.uk", "*.example.co.uk", f"{client}.example.co.uk")
    said = issue(client, "lexicon", names, LEXICON_NAMESERVERS=server.where, **given)
    assert "error output" not in said
    assert server.api_key not in said
    assert server.txt("_acme-challenge.example.co.uk") == ["foreign"]
    assert server.txt(f"_acme-challenge.{client}.example.co.uk") == []
