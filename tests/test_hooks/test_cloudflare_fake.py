"""The fake Cloudflare is one that Cloudflare's own library accepts, and that turns away what the service would."""

import http.client
import json
import subprocess
from urllib.parse import urlsplit

import pytest

from tests.ca.dns import has_txt
from tests.ca.web import ask
from tests.fakes.cloudflare import Cloudflare, limited
from tests.fakes.cloudflare_zone import Zone

# What the library does with a zone, a line a step; its answer is JSON.
SCRIPT = """
import json, sys, cloudflare
client = cloudflare.Cloudflare(base_url=sys.argv[1], max_retries=2, **json.loads(sys.argv[2]))
said = {}
said["zones"] = [zone.name for zone in client.zones.list(per_page=5)]
zone = next(iter(client.zones.list(name="example.co.uk")))
name = "_acme-challenge.example.co.uk"
made = [client.dns.records.create(zone_id=zone.id, type="TXT", name=name, content=content, ttl=60)
        for content in ('"one"', "two")]
try:
    client.dns.records.create(zone_id=zone.id, type="TXT", name=name, content="one", ttl=60)
except cloudflare.BadRequestError as error:
    said["again"] = error.errors[0].code
there = client.dns.records.list(zone_id=zone.id, type="TXT", name={"exact": name})
said["listed"] = [record.content for record in there]
for record in made:
    client.dns.records.delete(dns_record_id=record.id, zone_id=zone.id)
said["left"] = [record.content for record in client.dns.records.list(zone_id=zone.id)]
try:
    client.dns.records.delete(dns_record_id=made[0].id, zone_id=zone.id)
except cloudflare.NotFoundError as error:
    said["gone"] = error.errors[0].code
print(json.dumps(said))
"""


@pytest.fixture
def fake():
    with Cloudflare(*(f"zone{number}.example" for number in range(7)), "example.co.uk") as running:
        running.zones["example.co.uk"].add({"type": "TXT", "name": "@", "content": '"v=spf1 -all"'})
        yield running


def drive(sdk, fake, **credentials):
    argv = [sdk, "-c", SCRIPT, fake.url, json.dumps(credentials)]
    done = subprocess.run(argv, capture_output=True, text=True, check=False, env={"no_proxy": "*"}, timeout=120)
    return json.loads(done.stdout) if not done.returncode else done.stderr


@pytest.mark.parametrize("way", ["token", "key"])
def test_cloudflares_own_library_is_content(sdk, fake, way):
    fake.fail("/zones", **limited(0))  # which the library obeys
    given = {"api_token": fake.token} if way == "token" else {"api_email": fake.email, "api_key": fake.key}
    said = drive(sdk, fake, **given)
    assert said == {
        "zones": list(fake.zones),
        "again": 81058,
        "listed": ['"one"', "two"],
        "left": ['"v=spf1 -all"'],
        "gone": 81044,
    }
    assert sum("per_page=5" in request.path for request in fake.requests) >= 3  # it looked at all pages


def test_a_wrong_token_is_no_token(sdk, fake):
    assert "9109" in drive(sdk, fake, api_token="x" * 40)


def post(fake, body, headers=()):
    """Status and error codes of a new record in the zone example.co.uk."""
    line = http.client.HTTPConnection(urlsplit(fake.url).netloc, timeout=5)
    usual = {"Authorization": f"Bearer {fake.token}", "Content-Type": "application/json"}
    path = f"/client/v4/zones/{fake.zones['example.co.uk'].id}/dns_records"
    line.request("POST", path, json.dumps(body), dict(headers) or usual)
    answer = line.getresponse()
    document = json.loads(answer.read())
    line.close()
    errors = document["errors"]
    inner = [link["code"] for error in errors for link in error.get("error_chain", [])]
    return answer.status, [error["code"] for error in errors] + inner


GOOD = {"type": "TXT", "name": "a.example.co.uk", "content": '"a"', "ttl": 60}


@pytest.mark.parametrize(
    ("change", "codes"),
    [
        ({"ttl": 59}, [1004, 9021]),
        ({"ttl": "60"}, [1004, 9021]),
        ({"type": "txt"}, [1004, 9004]),
        ({"content": ""}, [1004, 9000]),
        ({"content": "a\nb"}, [1004, 9051]),
        ({"content": '"a'}, [1004, 9051]),
        ({"name": "a..example.co.uk"}, [1004, 9000]),
        ({"value": "a"}, [9207]),
        ({"name": "www", "content": "x"}, [81054]),
    ],
)
def test_what_a_record_must_be(fake, change, codes):
    fake.zones["example.co.uk"].add({"type": "CNAME", "name": "www", "content": "example.net"})
    assert post(fake, GOOD | change) == (400, codes)
    assert post(fake, GOOD) == (200, [])


@pytest.mark.parametrize(
    ("headers", "found"),
    [
        ({"Authorization": "bearer x"}, (400, [6003, 6111])),
        ({"X-Auth-Key": "0" * 37}, (400, [9106])),
        ({"X-Auth-Key": "0" * 36, "X-Auth-Email": "a@b"}, (400, [6003, 6103])),
        ({"X-Auth-Key": "0" * 37, "X-Auth-Email": "a@b"}, (403, [9103])),
    ],
)
def test_what_the_headers_must_be(fake, headers, found):
    assert post(fake, GOOD, headers) == found


def test_permissions_are_of_a_zone(fake):
    reads = fake.add({"example.co.uk"}, set())
    blind = fake.add(set(), set())
    for token, codes in ((reads, [10000]), (blind, [9109])):
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        assert post(fake, GOOD, headers) == (403, codes)


@pytest.mark.parametrize("path", ["/client/v4/zone", "/v4/zones", "/client/v4/zones/1/dns_records"])
def test_paths_that_lead_nowhere(fake, path):
    status, _ = ask("GET", fake.server.origin + path)
    assert status in (400, 404)


@pytest.mark.parametrize(("quoting", "stored"), [("kept", "a"), ("added", '"a"'), ("taken", "a")])
def test_values_reach_the_test_dns_server(ca, quoting, stored):
    with Cloudflare(Zone("quoted.example", quoting=quoting), dns=ca) as fake:
        zone = fake.zones["quoted.example"]
        made = zone.add({"type": "TXT", "name": f"_acme-challenge.{quoting}", "content": "a"})
        fake._publish(zone, made)
        assert made["content"] == stored
        assert has_txt(ca.dns, made["name"], "a")
