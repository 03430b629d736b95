"""The hook acme-dns, and the fake server, which acme-dns's own Python library accepts."""

import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.ca.dns import has_txt
from tests.fakes.acmedns import AcmeDns
from tests.test_hooks.conftest import DASH, HOOKS, VALUE, made

THIRD = VALUE.replace("LHD", "3rd")
CLIENT = """
import json, sys, pyacmedns
client, said = pyacmedns.Client(sys.argv[1]), {}
account = client.register_account(["127.0.0.0/8"])
storage = pyacmedns.Storage(sys.argv[2])
storage.put("example.com", account)
storage.save()
for value in sys.argv[3:]:
    client.update_txt_record(account, value)
stranger = client.register_account(["192.0.2.0/24"])
for name, what in {
    "text": lambda: client.update_txt_record(account, "short"),
    "network": lambda: client.register_account(["nowhere"]),
    "address": lambda: client.update_txt_record(stranger, sys.argv[3]),
    "password": lambda: client.update_txt_record(account | {"password": stranger["password"]}, sys.argv[3]),
    "subdomain": lambda: client.update_txt_record(account | {"subdomain": stranger["subdomain"]}, sys.argv[3]),
}.items():
    try:
        what()
    except pyacmedns.exceptions.AcmeDnsClientException as error:
        said[name] = next(word for word in ("bad_txt", "invalid_allowfrom_cidr", "forbidden") if word in str(error))
print(json.dumps(said))
"""


@pytest.fixture
def fake(ca):
    with AcmeDns(dns=ca) as running:
        yield running


@pytest.fixture
def storage(tmp_path):
    return tmp_path / "accounts.json"


@pytest.fixture
def hook(run_hook, fake, storage):
    def run(event, domain="example.com", value=VALUE, **variables):
        given = {"ACMEDNS_URL": fake.url, "ACMEDNS_STORAGE": storage}
        return run_hook(f"acme-dns/{event}", domain, value, **{**given, **variables})

    return run


def failed(result, fake, status=1):
    assert result.returncode == status, result.stderr
    assert result.stderr.startswith("acme-dns: error: ")
    assert result.stderr.count("\n") == 1
    assert not any(account["password"] in result.stderr + result.stdout for account in fake.accounts.values())
    return result.stderr


def values(fake, storage, name="example.com"):
    return fake.values[json.loads(storage.read_text())[name]["subdomain"]]


def test_the_library_of_acme_dns_accepts_the_fake_and_the_hook_its_file(fake, hook, storage):
    python = made("pyacmedns", "pyacmedns==0.4")
    argv = [python, "-c", CLIENT, fake.url, storage, VALUE, THIRD, DASH]
    done = subprocess.run(argv, capture_output=True, text=True, check=False, env={"no_proxy": "*"}, timeout=60)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "text": "bad_txt",
        "network": "invalid_allowfrom_cidr",
        "address": "forbidden",
        "password": "forbidden",
        "subdomain": "forbidden",
    }
    assert values(fake, storage) == [THIRD, DASH]
    assert hook("auth").returncode == 0
    assert values(fake, storage) == [DASH, VALUE]


def test_first_run_registers_and_says_which_records_to_create(hook, fake, storage):
    everybody = "example.com,www.example.com,example.com,192.0.2.1"
    result = hook("auth", ACMEDNS_REGISTER="1", CERTBOT_ALL_DOMAINS=everybody, ACMEDNS_ALLOWFROM="127.0.0.0/8, ::1/128")
    assert "registered example.com, www.example.com, kept in" in failed(result, fake)
    kept = json.loads(storage.read_text())
    targets = {name: kept[name]["fulldomain"] for name in ("example.com", "www.example.com")}
    lines = [f"_acme-challenge.{name}. 300 IN CNAME {target}." for name, target in targets.items()]
    assert result.stdout.splitlines() == lines
    assert storage.stat().st_mode & 0o777 == 0o600
    assert [account["allowfrom"] for account in fake.accounts.values()] == [["127.0.0.0/8", "::1/128"]] * 2
    for _ in range(2):  # the accounts are there: nothing is registered again
        assert hook("auth", ACMEDNS_REGISTER="1", CERTBOT_ALL_DOMAINS=everybody).returncode == 0
    assert len(fake.accounts) == 2


def test_two_values_of_a_name_fit_and_three_do_not(hook, fake, storage, ca):
    hook("auth", ACMEDNS_REGISTER="1")
    for value in (VALUE, DASH, THIRD):
        assert hook("auth", value=value).returncode == 0
    assert values(fake, storage) == [DASH, THIRD]
    before = len(fake.requests)
    for _ in range(2):
        cleanup = hook("cleanup")
        assert (cleanup.returncode, cleanup.stdout, cleanup.stderr) == (0, "", "")
    assert len(fake.requests) == before
    name = next(iter(fake.accounts.values()))["fulldomain"]
    assert has_txt(ca.dns, name, DASH)


def test_a_wildcard_and_another_case_are_the_same_account(hook, fake, storage):
    hook("auth", ACMEDNS_REGISTER="1")
    assert hook("auth", "Example.COM").returncode == 0
    assert hook("auth", "*.example.com").returncode == 0
    assert list(json.loads(storage.read_text())) == ["example.com"]


def test_many_at_a_time_lose_no_account(hook, fake, storage):
    names = [f"n{number}.example.com" for number in range(8)]
    threads = [threading.Thread(target=hook, args=("auth", name), kwargs={"ACMEDNS_REGISTER": "1"}) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(json.loads(storage.read_text())) == names
    assert len(fake.accounts) == len(names)


def test_accounts_are_kept_in_the_state_directory_unless_said_otherwise(hook, tmp_path):
    hook("auth", ACMEDNS_REGISTER="1", ACMEDNS_STORAGE=None)
    assert "example.com" in json.loads((tmp_path / "state" / "accounts.json").read_text())


def test_the_server_of_an_account_is_known(hook, fake, storage):
    hook("auth", ACMEDNS_REGISTER="1")
    assert hook("auth", ACMEDNS_URL=None).returncode == 0
    assert values(fake, storage) == [VALUE]


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({}, "no account for example.com"),
        ({"ACMEDNS_REGISTER": "1", "ACMEDNS_URL": None}, "ACMEDNS_URL is no URL"),
        ({"ACMEDNS_REGISTER": "1", "ACMEDNS_URL": "http://auth.example.net"}, "must begin with https://"),
        ({"ACMEDNS_REGISTER": "1", "ACMEDNS_ALLOWFROM": "nowhere"}, "invalid_allowfrom_cidr; look at"),
        ({"ACMEDNS_STORAGE": "/no/such/file"}, "/no/such/file: No such file"),
        ({"CERTBOT_TOKEN": "x"}, "dns-01 only"),
        ({"CERTBOT_DOMAIN": ""}, "CERTBOT_DOMAIN is not set"),
        ({"CERTBOT_VALIDATION": ""}, "CERTBOT_VALIDATION is not set"),
    ],
)
def test_what_is_wrong_is_said(hook, fake, storage, variables, said):
    assert said in failed(hook("auth", **variables), fake)
    assert not storage.exists()


@pytest.mark.parametrize(
    ("text", "mode", "said"),
    [
        ("{}", 0o640, "chmod 600"),
        ("[]", 0o600, "is no JSON object; it is left as it is"),
        ('{"example.com"', 0o600, "is no JSON object"),
        ('{"example.com": 7}', 0o600, "the account of example.com is no JSON object"),
        ('{"example.com": {"username": "a\\nb"}}', 0o600, "lacks a part"),
    ],
)
def test_files_that_are_refused_stay_as_they_are(hook, fake, storage, text, mode, said):
    storage.write_text(text)
    storage.chmod(mode)
    assert said in failed(hook("auth", ACMEDNS_REGISTER="1"), fake)
    assert storage.read_text() == text
    assert fake.requests == []


def test_closed_registration(hook, fake, storage):
    fake.registration = False
    assert "registration is closed there" in failed(hook("auth", ACMEDNS_REGISTER="1"), fake)
    assert not storage.exists()


@pytest.mark.parametrize(
    ("answer", "status", "said"),
    [
        ((503, b"<html>"), 75, "HTTP status 503; try again later"),
        ((429, b""), 75, "try again later"),
        ("reset", 75, "does not answer"),
        ("lose", 75, "does not answer"),
        ((401, b'{"error": "forbidden"}'), 1, "forbidden; it does not know the account"),
        ((400, b'{"error": "bad\\u001b_txt"}'), 1, "bad?_txt; it wants values of 43 letters"),
        ((200, b"[]"), 1, "odd answer"),
        ((200, b"[" * 70000), 1, "odd answer"),
        ((302, b""), 1, "HTTP status 302"),
    ],
)
def test_an_update_is_sent_once(hook, fake, storage, answer, status, said):
    hook("auth", ACMEDNS_REGISTER="1")
    hook("auth")
    before = len(fake.requests)
    fake.spoil.append(answer)
    assert said in failed(hook("auth", value=DASH), fake, status)
    assert len(fake.requests) == before + 1
    assert values(fake, storage) == ([VALUE, DASH] if answer == "lose" else [VALUE])


def test_an_odd_registration_is_not_kept(hook, fake, storage):
    odd = {"username": "u", "password": "p", "subdomain": "a", "fulldomain": "x. IN A 192.0.2.1"}
    fake.spoil.append((201, json.dumps(odd).encode()))
    assert "has an odd one" in failed(hook("auth", ACMEDNS_REGISTER="1"), fake)
    assert not storage.exists()


@pytest.mark.parametrize("client", ["certbot", "acme-run"])
def test_a_certificate_for_a_name_its_wildcard_and_another(issue, hook, fake, storage, ca, client):
    names = (f"{client}.example.net", f"*.{client}.example.net", f"www.{client}.example.net")
    records = hook("auth", names[0], ACMEDNS_REGISTER="1", CERTBOT_ALL_DOMAINS=f"{names[0]},{names[2]}").stdout
    for line in records.splitlines():
        name, _, _, _, target = line.split()
        ca.set_cname(name, target)
    said = issue(client, "acme-dns", names, ACMEDNS_URL=fake.url, ACMEDNS_STORAGE=str(storage))
    assert "error output" not in said
    assert len(values(fake, storage, names[0])) == 2
    assert len(values(fake, storage, names[2])) == 1


def test_a_lost_answer_is_made_good_by_the_next_run_with_the_same_order(hook, fake, storage, ca, tmp_path):
    hook("auth", "lost.example", ACMEDNS_REGISTER="1")
    ca.set_cname("_acme-challenge.lost.example", json.loads(storage.read_text())["lost.example"]["fulldomain"])
    env = {"PATH": os.environ["PATH"], "ACME_SERVER": ca.directory, "ACME_CA_BUNDLE": str(ca.ca_bundle)}
    env |= {"ACME_CONFIG_DIR": str(tmp_path / "config"), "ACME_WORK_DIR": str(tmp_path / "work")}
    env |= {"ACMEDNS_URL": fake.url, "ACMEDNS_STORAGE": str(storage)}

    def run(name, *arguments, text="", status=0):
        argv = [Path(sys.executable).parent / name, *arguments]
        ran = subprocess.run(argv, env=env, input=text, capture_output=True, text=True, timeout=60, check=False)
        assert ran.returncode == status, ran.stderr
        return ran.stdout

    solve = ["--hook", str(HOOKS / "acme-dns"), "--hook-env", "ACMEDNS_URL", "--hook-env", "ACMEDNS_STORAGE"]
    ordered = run("acme-order", "--agree-tos", "-d", "lost.example,*.lost.example")
    fake.spoil += [None, "lose"]
    failed = run("acme-challenge", *solve, "--check", "skip", text=ordered, status=75)
    assert len(values(fake, storage, "lost.example")) == 2
    ready = run("acme-challenge", *solve, "--check", "skip", text=failed)
    assert json.loads(ready)["order"]["status"] == "ready"
