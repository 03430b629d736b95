"""The hooks to learn from, and the full Cloudflare hook, in the hands of certbot and of the toolkit."""

import pytest

from tests.bench.responder import serving
from tests.fakes.cloudflare import Cloudflare, limited
from tests.test_hooks.conftest import DASH, VALUE

NAMES = ("example.co.uk", "*.example.co.uk", "www.example.co.uk")
FOREIGN = {"type": "TXT", "name": "_acme-challenge", "content": "foreign"}


@pytest.fixture
def fake(ca):
    with Cloudflare("co.uk.example", "example.co.uk", "example.com", dns=ca) as running:
        for zone in running.zones.values():
            zone.add(FOREIGN)
        yield running


def left(fake):
    """Zones and contents of all records."""
    return [(zone.name, one["content"]) for zone in fake.zones.values() for one in zone.records.values()]


@pytest.mark.parametrize("client", ["certbot", "acme-run"])
@pytest.mark.parametrize("hook", ["cloudflare", "examples/cloudflare"])
def test_a_certificate_by_dns_at_cloudflare(issue, fake, ca, doh, client, hook):
    look = {"CLOUDFLARE_NAMESERVERS": ca.dns} if hook == "cloudflare" else {"CLOUDFLARE_DOH": doh}
    before = left(fake)
    said = issue(client, hook, NAMES, CLOUDFLARE_API=fake.url, CLOUDFLARE_API_TOKEN=fake.token, **look)
    assert "error output" not in said
    assert fake.token not in said
    methods = [request.method for request in fake.requests]
    assert (methods.count("POST"), methods.count("DELETE")) == (3, 3)
    assert left(fake) == before


@pytest.mark.parametrize("client", ["certbot", "acme-run"])
def test_a_certificate_by_files_of_a_web_server(issue, ca, tmp_path, client):
    root = tmp_path / "root"
    challenges = root / ".well-known" / "acme-challenge"
    challenges.mkdir(parents=True)
    with serving(challenges, ca.http_port):
        issue(client, "examples/http", ("files.example.co.uk", "www.files.example.co.uk"), "http", WEBROOT=str(root))
    assert list(challenges.iterdir()) == []


@pytest.fixture
def hook(run_hook, fake):
    def run(event, domain, value=VALUE, **variables):
        given = {"CLOUDFLARE_API": fake.url, "CLOUDFLARE_API_TOKEN": fake.token, **variables}
        return run_hook(f"examples/cloudflare/{event}", domain, value, **given)

    return run


@pytest.mark.parametrize("quoting", ["kept", "added", "taken"])
def test_the_example_with_two_values_at_a_name(hook, fake, quoting):
    fake.zones["example.com"].quoting = quoting
    name = "_acme-challenge.example.com"
    for value in (VALUE, DASH, VALUE):
        assert hook("auth", "example.com", value).returncode == 0
    assert fake.zones["example.com"].values(name) == ["foreign", VALUE, DASH]
    assert hook("cleanup", "example.com", DASH).returncode == 0
    assert fake.zones["example.com"].values(name) == ["foreign", VALUE]
    for _ in range(2):
        assert hook("cleanup", "example.com", VALUE).returncode == 0
    assert fake.zones["example.com"].values(name) == ["foreign"]


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"CLOUDFLARE_API_TOKEN": "x" * 40}, "Invalid access token (code 9109)"),
        ({"CLOUDFLARE_API_TOKEN": 'x"\nurl = "http://127.0.0.1'}, "letters in it that no token has"),
        ({"CLOUDFLARE_API_TOKEN": ""}, "CLOUDFLARE_API_TOKEN: export it"),
        ({"ACME_RECORD_NAME": "_acme-challenge.example.org"}, "can read no zone"),
    ],
)
def test_the_example_says_what_is_wrong(hook, fake, variables, said):
    before = left(fake)
    result = hook("auth", "example.com", **variables)
    assert result.returncode != 0
    assert said in result.stderr
    assert fake.token not in result.stderr
    assert left(fake) == before


def test_the_example_obeys_cloudflare_and_looks_before_it_says_done(run_hook, fake, ca, doh):
    given = {"CLOUDFLARE_API": fake.url, "CLOUDFLARE_API_TOKEN": fake.token, "CLOUDFLARE_DOH": doh}
    fake.fail("/dns_records", **limited(1))
    done = run_hook("examples/cloudflare/auth", "example.com", certbot=True, **given)
    assert done.returncode == 0, done.stderr
    assert fake.zones["example.com"].values("_acme-challenge.example.com") == ["foreign", VALUE]
    fake._dns = None
    late = run_hook("examples/cloudflare/auth", "example.com", DASH, certbot=True, CLOUDFLARE_LOOKS="2", **given)
    assert late.returncode == 1
    assert "cannot be seen yet" in late.stderr
