"""The hook cloudflare against the strict fake: what it adds, what it leaves alone, and what it says when it cannot."""

import http.server
import json
import re
import subprocess
import sys
import threading
import time

import pytest

from tests.fakes.cloudflare import Cloudflare, limited
from tests.fakes.cloudflare_zone import Zone, plain
from tests.test_hooks.conftest import DASH, HOOKS, VALUE

FOREIGN = {"type": "TXT", "name": "_acme-challenge", "content": '"foreign"'}


@pytest.fixture
def fake():
    zones = ("example.com", "example.co.uk", "sub.example.co.uk", Zone("co.example", status="pending"))
    with Cloudflare(*zones) as running:
        for zone in running.zones.values():
            zone.add(FOREIGN)
        yield running


@pytest.fixture
def hook(run_hook, fake):
    """Runs auth or cleanup with the token of the fake, or with other credentials."""

    def run(event, domain="example.com", value=VALUE, **variables):
        given = {"CLOUDFLARE_API": fake.url}
        if not any(re.match("(CF|CLOUDFLARE).*_(Token|TOKEN|KEY|CREDENTIALS)", name) for name in variables):
            given["CLOUDFLARE_API_TOKEN"] = fake.token
        return run_hook(f"cloudflare/{event}", domain, value, **{**given, **variables})

    return run


def values(fake, zone):
    """Names and values of the zone's records, but the foreign one, which must be there."""
    found = [(one["name"], plain(one["content"])) for one in fake.zones[zone].records.values()]
    found.remove((f"_acme-challenge.{zone}", "foreign"))
    return found


def done(result):
    assert (result.returncode, result.stderr, result.stdout) == (0, "", "")


def failed(result, fake, status=1):
    """The one line that it says; no secret is in it."""
    assert result.returncode == status, result.stderr
    assert result.stdout == ""
    assert result.stderr.count("\n") == 1
    assert result.stderr.startswith("cloudflare: error: ")
    for secret in [token.value for token in fake.tokens] + [fake.key]:
        assert secret not in result.stderr
    return result.stderr


@pytest.mark.parametrize(
    ("domain", "zone"),
    [
        ("example.com", "example.com"),
        ("a.b.c.d.example.com", "example.com"),
        ("example.co.uk", "example.co.uk"),
        ("www.example.co.uk", "example.co.uk"),
        ("sub.example.co.uk", "sub.example.co.uk"),
        ("www.sub.example.co.uk", "sub.example.co.uk"),
        ("www.co.example", "co.example"),
        ("WWW.Example.COM", "example.com"),
    ],
)
def test_the_longest_zone_gets_the_value_and_loses_it_again(hook, fake, domain, zone):
    done(hook("auth", domain))
    assert values(fake, zone) == [(f"_acme-challenge.{domain.lower()}", VALUE)]
    assert [values(fake, other) for other in fake.zones if other != zone] == [[], [], []]
    done(hook("cleanup", domain))
    assert values(fake, zone) == []


@pytest.mark.parametrize("quoting", ["kept", "added", "taken"])
def test_two_values_at_a_name(hook, fake, quoting):
    fake.zones["example.com"].quoting = quoting
    for value in (VALUE, DASH, VALUE):  # the third is there already
        done(hook("auth", "example.com", value))
    name = "_acme-challenge.example.com"
    assert values(fake, "example.com") == [(name, VALUE), (name, DASH)]
    done(hook("cleanup", "example.com", DASH))
    assert values(fake, "example.com") == [(name, VALUE)]
    for _ in range(2):
        done(hook("cleanup", "example.com", VALUE))
    assert values(fake, "example.com") == []


def test_a_record_made_by_others_without_quotes_is_ours_by_its_value(hook, fake):
    fake.zones["example.com"].add(FOREIGN | {"content": VALUE})
    done(hook("auth"))
    done(hook("cleanup"))
    assert values(fake, "example.com") == []


def test_record_name_after_cnames(hook, fake):
    done(hook("auth", "elsewhere.invalid", ACME_RECORD_NAME="proof.example.com"))
    assert values(fake, "example.com") == [("proof.example.com", VALUE)]


def test_under_certbot_without_a_record_name_and_without_state(run_hook, fake, ca):
    fake._dns = ca
    given = {"CLOUDFLARE_API": fake.url, "CLOUDFLARE_API_TOKEN": fake.token, "CLOUDFLARE_NAMESERVERS": ca.dns}
    done(run_hook("cloudflare/auth", "example.com", certbot=True, **given))
    assert values(fake, "example.com") == [("_acme-challenge.example.com", VALUE)]
    done(run_hook("cloudflare/cleanup", "example.com", certbot=True, **given))
    assert values(fake, "example.com") == []


def test_lists_have_pages(hook, fake):
    fake.page_size = 3
    for number in range(8):
        fake.zones["example.com"].add(FOREIGN | {"content": f"{number}"})
    done(hook("auth"))
    done(hook("cleanup"))
    assert len(values(fake, "example.com")) == 8


CREDENTIALS = {
    "CF_API_TOKEN": "{token}",
    "CF_DNS_API_TOKEN": "{token}",
    "CF_Token": "{token}",
    "CLOUDFLARE_DNS_API_TOKEN": "{token}\n",
}


@pytest.mark.parametrize("name", CREDENTIALS)
def test_other_names_of_the_token(hook, fake, name):
    done(hook("auth", **{name: CREDENTIALS[name].format(token=fake.token)}))


def test_the_old_pair(hook, fake):
    done(hook("auth", CLOUDFLARE_EMAIL=fake.email, CLOUDFLARE_API_KEY=fake.key))
    assert "Authorization" not in fake.requests[-1].headers


@pytest.mark.parametrize(
    ("variable", "text"),
    [
        ("CLOUDFLARE_API_TOKEN_FILE", "{token}\n"),
        ("CLOUDFLARE_CREDENTIALS", "# mine\ndns_cloudflare_api_token = {token}\n"),
        ("CLOUDFLARE_CREDENTIALS", "dns_cloudflare_email={email}\r\ndns_cloudflare_api_key = '{key}'\r\n"),
    ],
)
def test_private_files(hook, fake, tmp_path, variable, text):
    path = tmp_path / "secret"
    path.write_text(text.format(token=fake.token, email=fake.email, key=fake.key))
    path.chmod(0o640)
    assert f"chmod 600 {path}" in failed(hook("auth", **{variable: path}), fake)
    assert fake.requests == []
    path.chmod(0o600)
    done(hook("auth", **{variable: path}))


def test_a_given_zone_needs_no_permission_to_list(hook, fake):
    token = fake.add(set(), {"example.com"})
    done(hook("auth", CLOUDFLARE_API_TOKEN=token, CLOUDFLARE_ZONE_ID=fake.zones["example.com"].id))
    assert values(fake, "example.com")
    assert "Zone / Zone / Read" in failed(hook("auth", CLOUDFLARE_API_TOKEN=token), fake)


def test_permissions_are_named(hook, fake):
    token = fake.add({"example.com"}, set())
    said = failed(hook("auth", CLOUDFLARE_API_TOKEN=token), fake)
    assert "add the TXT record _acme-challenge.example.com" in said
    assert "10000" in said
    assert "Zone / DNS / Edit" in said
    assert "no zone that the token can read" in failed(hook("auth", "example.co.uk", CLOUDFLARE_API_TOKEN=token), fake)
    assert "Zone / DNS / Edit" in failed(hook("cleanup", CLOUDFLARE_API_TOKEN=token), fake)


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"CLOUDFLARE_API_TOKEN": "x" * 40}, "Invalid access token (code 9109); check the token"),
        ({"CLOUDFLARE_API_TOKEN": "short"}, "code 6111); check the token"),
        ({"CLOUDFLARE_API_TOKEN": "two words"}, "copy it once more"),
        ({"CLOUDFLARE_API_TOKEN": ""}, "no credentials"),
        ({"CLOUDFLARE_API_TOKEN_FILE": "/no/such"}, "/no/such: No such file"),
        ({"CLOUDFLARE_API": "http://api.cloudflare.com/client/v4"}, "must begin with https://"),
        ({"CLOUDFLARE_API": "https://me:secret@127.0.0.1/"}, "CLOUDFLARE_API is no URL"),
        ({"CLOUDFLARE_ZONE_ID": "../zones"}, "CLOUDFLARE_ZONE_ID does not have"),
        ({"CERTBOT_TOKEN": "x"}, "dns-01 only"),
        ({"ACME_RECORD_NAME": "a b.example.com"}, "is no name of a record"),
        ({"CERTBOT_VALIDATION": 'a"b'}, "CERTBOT_VALIDATION"),
    ],
)
def test_what_is_wrong_is_said(hook, fake, variables, said):
    line = failed(hook("auth", **variables), fake)
    assert said in line
    assert "short" not in line.replace("cloudflare", "")
    assert all(values(fake, zone) == [] for zone in fake.zones)


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 502, "times": 2},
        {"how": "reset"},
        {"how": "lose", "method": "POST"},
        limited(1),
    ],
)
@pytest.mark.parametrize("path", ["/zones", "/dns_records"])
def test_what_passes_is_tried_again(hook, fake, fault, path):
    fake.fail(path, **fault)
    done(hook("auth"))
    assert values(fake, "example.com") == [("_acme-challenge.example.com", VALUE)]


def test_a_record_that_is_gone_when_it_is_to_be_deleted(hook, fake):
    done(hook("auth"))
    fake.fail("/dns_records/[0-9a-f]+", how="lose", method="DELETE")
    done(hook("cleanup"))
    assert [request.method for request in fake.requests].count("DELETE") == 2
    assert values(fake, "example.com") == []


@pytest.mark.parametrize(
    ("change", "said", "requests"),
    [("api._ANSWER = 0.3", "does not answer: timed out", 3), ("event._LONGEST_RUN = 1", "not done after 1 s", 1)],
)
def test_an_answer_that_does_not_come_is_for_later(fake, tmp_path, change, said, requests):
    fake.fail("/zones", how="slow", times=9)
    code = f"import sys; sys.path.insert(0, sys.argv[1]); import api, event; {change}; sys.exit(event.run('auth'))"
    env = {"CERTBOT_DOMAIN": "example.com", "CERTBOT_VALIDATION": VALUE, "CLOUDFLARE_API_TOKEN": fake.token}
    env["CLOUDFLARE_API"] = fake.url
    argv = [sys.executable, "-B", "-c", code, HOOKS / "cloudflare"]
    result = subprocess.run(argv, env=env, capture_output=True, text=True, timeout=30, check=False)
    assert said in failed(result, fake, 75)
    assert len(fake.requests) == requests


@pytest.mark.parametrize(
    ("fault", "said", "requests"),
    [
        ({"status": 503}, "HTTP status 503", 3),
        ({"how": "reset"}, "does not answer", 3),
        (limited(3600), "asks to wait 3600 s", 1),
    ],
)
def test_what_does_not_pass_is_for_later(hook, fake, fault, said, requests):
    fake.fail("/zones", **fault, times=float("inf"))
    assert said in failed(hook("auth"), fake, 75)
    assert len(fake.requests) == requests


ODD_ID = b'{"success": true, "result": [{"name": "example.com", "id": "../x"}]}'


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ({"status": 200, "body": b"<html>"}, "is no JSON object"),
        ({"status": 200, "body": b"[]"}, "is no JSON object"),
        ({"status": 200, "body": b"[" * 100000}, "is no JSON object"),
        ({"status": 200, "body": b'{"success": true, "result": {}}'}, "is no list"),
        ({"status": 200, "body": b" " * (5 << 20)}, "more than"),
        ({"status": 200, "body": ODD_ID}, "hexadecimal"),
        ({"status": 400, "body": b'{"errors": [{"code": 1, "message": "a\\u001b[1mb\\nc"}]}'}, "a?[1mb?c (code 1)"),
    ],
)
def test_answers_are_not_believed(hook, fake, fault, said):
    fake.fail("/zones", **fault, times=float("inf"))
    assert said in failed(hook("auth"), fake)


def test_a_secret_in_an_answer_is_not_shown(hook, fake):
    body = json.dumps({"errors": [{"code": 1, "message": f"not {fake.token}"}]}).encode()
    fake.fail("/zones", 400, body=body, times=9)
    assert "not ***" in failed(hook("auth"), fake)


def test_redirects_are_not_followed(hook, fake):
    with Cloudflare("example.com") as other:
        fake.fail("/zones", 302, headers=(("Location", f"{other.url}/zones"),))
        assert "redirect" in failed(hook("auth"), fake)
        assert other.requests == []


def test_two_zones_of_one_name_in_use(hook, fake):
    twin = Zone("example.com", status="pending")
    fake.zones["twin"] = twin
    done(hook("auth"))
    assert twin.records == {}
    twin.status = "active"
    assert "set CLOUDFLARE_ZONE_ID" in failed(hook("auth"), fake)
    done(hook("auth", CLOUDFLARE_ZONE_ID=twin.id))
    assert len(twin.records) == 1


@pytest.fixture
def waiting(run_hook, fake, ca):
    """Runs auth as certbot does, with an order that the CA's name server hears of only when told."""

    def run(**variables):
        given = {"CLOUDFLARE_API": fake.url, "CLOUDFLARE_API_TOKEN": fake.token, "CLOUDFLARE_NAMESERVERS": ca.dns}
        return run_hook("cloudflare/auth", "example.com", certbot=True, **{**given, **variables})

    yield run
    ca.clear_txt("_acme-challenge.example.com")


def test_the_last_call_under_certbot_waits_until_the_value_is_seen(waiting, ca):
    start = time.monotonic()
    later = threading.Timer(2, ca.set_txt, ("_acme-challenge.example.com", VALUE))
    later.start()
    done(waiting())
    later.join()
    assert time.monotonic() - start >= 2


def test_calls_before_the_last_do_not_wait(waiting):
    done(waiting(CERTBOT_REMAINING_CHALLENGES="1", CLOUDFLARE_WAIT="50"))


def test_waiting_has_an_end(waiting, fake, ca):
    ca.set_txt("_acme-challenge.example.com", DASH)  # what is there is another value
    assert "raise CLOUDFLARE_WAIT" in failed(waiting(CLOUDFLARE_WAIT="2"), fake, 75)


@pytest.mark.parametrize(
    ("document", "status", "said"),
    [
        ({"Answer": [{"data": f'"{DASH}"'}, {"data": f'"{VALUE}"'}]}, 0, ""),
        ({"Status": 3}, 75, "cannot be seen"),
        ({"Answer": [{"data": 7}, None]}, 75, "cannot be seen"),
        ([], 75, "cannot be seen"),
        (None, 0, "warning: no name server tells"),
    ],
)
def test_a_resolver_is_asked_where_no_name_server_answers(waiting, ca, document, status, said):
    class Resolver(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked = re.search("name=_acme-challenge.example.com&type=TXT", self.path)
            self.send_response(200 if asked and document is not None else 500)
            self.end_headers()
            self.wfile.write(json.dumps(document).encode())

        def log_message(self, *_):
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Resolver) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        nowhere = f"127.0.0.1:{ca.http_port}"
        doh = f"http://127.0.0.1:{server.server_port}/dns-query"
        result = waiting(CLOUDFLARE_WAIT="1", CLOUDFLARE_NAMESERVERS=nowhere, CLOUDFLARE_DOH=doh)
        server.shutdown()
        thread.join()
    assert (result.returncode, said in result.stderr) == (status, True)


def test_nothing_is_left_beside_the_hook():
    assert not list((HOOKS / "cloudflare").glob("__pycache__"))
