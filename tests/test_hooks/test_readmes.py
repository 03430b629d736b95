"""The commands in the READMEs of the Cloudflare and acme-dns hooks do what they say."""

import json

import pytest

from tests.fakes.acmedns import AcmeDns
from tests.fakes.cloudflare import Cloudflare
from tests.test_hooks import readme


@pytest.fixture
def client(request):
    """The command of the client under test; None where that is the toolkit's own."""
    wants = request.node.callspec.params["word"].startswith("certbot")
    return request.getfixturevalue("certbot") if wants else None


@pytest.mark.parametrize("word", ["certbot certonly", "acme-run"])
@pytest.mark.parametrize("hook", ["cloudflare", "examples/cloudflare"])
def test_cloudflare(ca, doh, tmp_path, client, hook, word):
    with Cloudflare("example.com", dns=ca) as fake:
        token = tmp_path / "token"
        token.write_text(fake.token)
        token.chmod(0o600)
        commands = readme.block(hook, word).replace("/etc/acme/cloudflare.token", str(token))
        commands = commands.replace("TOKEN=...", f"TOKEN={fake.token}")
        commands = commands.replace("acme-run ", "acme-run --hook-env CLOUDFLARE_API ")
        look = {"CLOUDFLARE_NAMESERVERS": ca.dns, "CLOUDFLARE_DOH": doh}
        readme.run(commands, ca, ca.dns, tmp_path, client, CLOUDFLARE_API=fake.url, **look)
        methods = [request.method for request in fake.requests]
        assert (methods.count("POST"), methods.count("DELETE")) == (2, 2)
        assert fake.zones["example.com"].records == {}


@pytest.mark.parametrize("word", ["certbot certonly", "STORAGE -d example.com"])
def test_acme_dns(ca, tmp_path, client, word):
    with AcmeDns(dns=ca) as fake:
        storage = tmp_path / "accounts.json"
        given = {"ACMEDNS_URL": fake.url, "ACMEDNS_STORAGE": str(storage)}
        first = readme.block("acme-dns", "ACMEDNS_REGISTER=1").replace("https://auth.example.org", fake.url)
        first = first.replace("/etc/acme/acmedns.json", str(storage))
        with pytest.raises(AssertionError):
            readme.run(first, ca, ca.dns, tmp_path / "first", client, **given)
        accounts = json.loads(storage.read_text())
        assert sorted(accounts) == ["example.com", "www.example.com"]
        ca.set_cname("_acme-challenge.example.com", accounts["example.com"]["fulldomain"])
        try:
            readme.run(readme.block("acme-dns", word), ca, ca.dns, tmp_path / "then", client, **given)
        finally:
            ca.clear_cname("_acme-challenge.example.com")
        assert len(fake.values[accounts["example.com"]["subdomain"]]) == 2
