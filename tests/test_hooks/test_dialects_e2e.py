"""Scripts of every dialect, from acme-run to the certificate: what they are called with, and that nothing stays."""

import shutil
from dataclasses import dataclass

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from tests.ca.pebble import TestCA
from tests.fakes.httpreq import Httpreq
from tests.test_hooks.shop import NAMES, ROOT, Shop, serving

SCRIPTS = ROOT / "tests/hooks/dialects"


@dataclass(frozen=True)
class Script:
    """A script, and what it should be called with for one challenge, from presenting to cleaning up."""

    spec: str
    auth: str
    cleanup: str
    alone: bool = False


DEHYDRATED = Script(f"dehydrated:{SCRIPTS}/dehydrated/hook.sh", "deploy_challenge", "clean_challenge")
CHAIN = Script(f"dehydrated-chain:{SCRIPTS}/dehydrated/chain.sh", "deploy_challenge", "clean_challenge")
LEGO = Script(f"lego:{SCRIPTS}/lego/exec.sh", "present", "cleanup", alone=True)
RAW = Script(f"lego-raw:{SCRIPTS}/lego/raw.sh", "present --", "cleanup --", alone=True)
UACME_DNS = Script(f"uacme:{SCRIPTS}/uacme/dns.sh", "begin dns-01", "done dns-01", alone=True)
UACME_HTTP = Script(f"uacme:{SCRIPTS}/uacme/http.sh", "begin http-01", "done http-01", alone=True)


@pytest.fixture
def shop(tmp_path, ca, monkeypatch):
    return Shop(tmp_path, ca, monkeypatch)


@pytest.fixture
def web(shop):
    """What the CA looks at for http-01 serves the webroot."""
    with serving(shop.path / "root", shop.ca.http_port):
        yield


@pytest.mark.parametrize("script", [DEHYDRATED, CHAIN, LEGO, RAW, UACME_DNS], ids=lambda s: s.spec.partition(":")[0])
def test_dns_01_for_apex_wildcard_and_www(shop, script):
    shop.issue(script.spec, "--preferred-challenges", "dns")
    assert shop.certificate_names() == set(NAMES)
    assert shop.records() == []
    found = shop.calls(script.auth, script.cleanup)
    if script is CHAIN:
        (presented, cleaned) = found
        assert len(presented.split()) == 1 + 3 * 3
        assert sorted(presented.split()[1:]) == sorted(cleaned.split()[1:])
        return
    began = [line.removeprefix(script.auth) for line in found if line.startswith(script.auth)]
    ended = [line.removeprefix(script.cleanup) for line in found if line.startswith(script.cleanup)]
    assert len(began) == 3
    assert sorted(began) == sorted(ended)
    if script.alone:
        # One value at a time: each is cleaned up before the next is presented.
        assert [line.startswith(script.auth) for line in found] == [True, False] * 3
        assert began == ended
    else:
        assert [line.startswith(script.auth) for line in found] == [True] * 3 + [False] * 3


def test_dns_01_by_acme_sh(shop):
    shop.issue(f"acmesh:{SCRIPTS}/acmesh/dns_challtestsrv.sh")
    assert shop.certificate_names() == set(NAMES)
    assert shop.records() == []
    lines = [line.partition("dns_challtestsrv: ")[2].split()[0] for line in shop.stderr.splitlines()]
    assert [line for line in lines if line in ("adding", "removing")] == ["adding"] * 3 + ["removing"] * 3
    # By its name, without what it has saved being told again.
    shutil.copy(SCRIPTS / "acmesh/dns_challtestsrv.sh", shop.path / "acme.sh/dnsapi")
    shop.issue("acmesh:dns_challtestsrv", "--force-renewal")
    assert shop.records() == []
    assert sorted(p.name for p in (shop.path / "acme.sh").rglob("*")) == ["acme.sh", "dns_challtestsrv.sh", "dnsapi"]


@pytest.mark.parametrize("raw", [False, True], ids=["httpreq", "httpreq-raw"])
def test_dns_01_by_httpreq(shop, raw):
    with Httpreq(records=shop.ca, raw=raw, path="/acme") as server:
        shop.issue(f"{'httpreq-raw' if raw else 'httpreq'}:{server.url}")
    assert shop.certificate_names() == set(NAMES)
    assert shop.records() == []
    assert [action for action, _ in server.seen] == ["present"] * 3 + ["cleanup"] * 3
    assert server.refused == []


@pytest.mark.parametrize("script", [DEHYDRATED, CHAIN, UACME_HTTP], ids=lambda s: s.spec.partition(":")[0])
def test_http_01(shop, web, script):
    shop.issue(script.spec, names=["example.test", "www.example.test"])
    assert shop.certificate_names() == {"example.test", "www.example.test"}
    assert len(shop.calls(script.auth)) == len(shop.calls(script.cleanup)) == (1 if script is CHAIN else 2)
    # Not a proof is left, be it the client's or the script's to write.
    assert list((shop.path / "root/.well-known/acme-challenge").iterdir()) == []


def test_uacme_declines_without_consequence(shop):
    shop.issue(UACME_DNS.spec, names=["www.example.test"])
    found = shop.calls("begin", "done", "failed")
    assert found[-2:] == shop.calls("begin dns-01") + shop.calls("done dns-01")
    assert len(found[:-2]) == len(shop.calls("begin http-01")) <= 1


@pytest.mark.parametrize(
    "spec",
    [DEHYDRATED.spec, LEGO.spec, f"acmesh:{SCRIPTS}/acmesh/copies.sh"],
    ids=lambda spec: spec.partition(":")[0],
)
def test_deploy(shop, spec):
    (found,) = shop.issue(LEGO.spec, "--deploy", spec, names=["example.test"])
    live = shop.path / "config/live/example.test"
    expected = (live / "privkey.pem").read_text() + (live / "fullchain.pem").read_text()
    assert (shop.deployed / "example.test.pem").read_text() == expected
    assert [target["ok"] for target in found["deployed"]] == [True]
    if spec == DEHYDRATED.spec:
        operations = [line.split()[0] for line in shop.calls("sync_cert", "deploy_cert")]
        assert operations == ["sync_cert", "deploy_cert"]


def test_dehydrated_hears_of_a_certificate_that_is_not_due(shop):
    shop.issue(LEGO.spec, "--deploy", DEHYDRATED.spec, names=["example.test"])
    assert shop.calls("unchanged_cert") == []
    shop.issue(LEGO.spec, "--deploy", DEHYDRATED.spec, names=["example.test"])
    (line,) = shop.calls("unchanged_cert")
    live = shop.path / "config/live/example.test"
    assert line.split() == ["unchanged_cert", "example.test", *(str(live / f"{kind}.pem") for kind in
                            ("privkey", "cert", "fullchain", "chain"))]  # fmt: skip


def mute(shop, ending="exit 0", name="hook.sh"):
    """A script that logs how it was called, and does nothing else."""
    path = shop.path / name
    path.write_text(f'#!/bin/sh\necho "$@" >>"$CALLS"\n{ending}\n')
    path.chmod(0o755)
    return path


PRESENTS = {
    "dehydrated": "deploy_challenge",
    "dehydrated-chain": "deploy_challenge",
    "lego": "present",
    "lego-raw": "present",
}
CLEANS = {
    "dehydrated": "clean_challenge",
    "dehydrated-chain": "clean_challenge",
    "lego": "cleanup",
    "lego-raw": "cleanup",
}


@pytest.mark.parametrize("dialect", PRESENTS)
def test_script_that_fails_is_called_once_more_to_clean_up(shop, dialect):
    script = mute(shop, f'case $1 in {PRESENTS[dialect]}) echo "no such zone" >&2; exit 1 ;; esac')
    (found,) = shop.issue(f"{dialect}:{script}", "--preferred-challenges", "dns", status=1)
    assert "exited with 1" in shop.stderr
    assert "no such zone" in found["error"]["detail"]
    assert len(shop.calls(PRESENTS[dialect])) == 1
    assert len(shop.calls(CLEANS[dialect])) == 1
    if dialect.startswith("dehydrated"):
        (ended,) = shop.calls("exit_hook")
        assert "exited with 1" in ended


def test_acme_sh_that_fails(shop):
    script = shop.path / "dns_no.sh"
    script.write_text(
        'dns_no_add() {\n  _err "wrong token"\n  return 1\n}\ndns_no_rm() {\n  echo "rm $1" >>"$CALLS"\n}\n'
    )
    (found,) = shop.issue(f"acmesh:{script}", status=1)
    assert "wrong token" in found["error"]["detail"]
    assert len(shop.calls("rm _acme-challenge.")) == 1


def test_httpreq_that_fails(shop):
    with Httpreq(status=404) as server:
        (found,) = shop.issue(f"httpreq:{server.url}", status=1)
    assert "404" in found["error"]["detail"]
    with Httpreq(status=503) as server:
        shop.issue(f"httpreq:{server.url}", status=75)


def test_uacme_that_declines_everything(shop):
    (found,) = shop.issue(f"uacme:{mute(shop, 'exit 1')}", names=["example.test"], status=1)
    assert "declines" in found["error"]["detail"]
    assert shop.calls("done", "failed") == []
    assert {line.split()[1] for line in shop.calls("begin")} >= {"http-01", "dns-01"}


def test_uacme_that_is_killed_has_not_declined(shop):
    shop.issue(f"uacme:{mute(shop, 'kill -9 $$')}", names=["example.test"], status=1)
    assert "signal 9" in shop.stderr
    assert len(shop.calls("begin")) == 1


@pytest.mark.parametrize("dialect", PRESENTS)
def test_proof_that_the_ca_does_not_find(shop, dialect):
    """The script says that all went well, and has done nothing."""
    script = mute(shop)
    names = ["example.test", "www.example.test"]
    (found,) = shop.issue(f"{dialect}:{script}", "--preferred-challenges", "dns", names=names, check="skip", status=1)
    assert found["error"]["stage"] == "answer"
    presented, cleaned = shop.calls(PRESENTS[dialect]), shop.calls(CLEANS[dialect])
    assert len(presented) == len(cleaned) >= 1
    if dialect.startswith("dehydrated"):
        refused = shop.calls("invalid_challenge")
        assert refused
        assert {line.split()[1] for line in refused} <= set(names)
        assert all("urn:ietf:params:acme:error:" in line for line in refused)


def test_uacme_is_told_of_the_failure(shop):
    shop.issue(f"uacme:{mute(shop)}", "--preferred-challenges", "dns", names=["example.test"], check="skip", status=1)
    assert [line.split()[0] for line in shop.calls("begin", "done", "failed")] == ["begin", "failed"]


def test_dehydrated_brings_the_signing_request(shop):
    """generate_csr: the key stays with the hook, and the certificate is for it."""
    subject = "-subj / -addext subjectAltName=DNS:example.test,DNS:www.example.test"
    new = f"openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes {subject} -keyout {shop.path}/own.key"
    script = mute(shop, f"case $1 in generate_csr) echo 'here it is:'; {new} 2>/dev/null ;; esac")
    names = ["example.test", "www.example.test"]
    with serving(shop.path / "root", shop.ca.http_port):
        shop.issue(f"dehydrated:{script}", "--key", shop.path / "own.key", names=names)
    (line,) = shop.calls("generate_csr")
    assert line == f"generate_csr example.test {shop.path}/config/live/example.test example.test www.example.test"
    key = serialization.load_pem_private_key((shop.path / "own.key").read_bytes(), None)
    certificate = x509.load_pem_x509_certificate((shop.path / "config/live/example.test/cert.pem").read_bytes())
    assert certificate.public_key() == key.public_key()


def test_dehydrated_hears_of_a_request_that_failed(shop):
    with TestCA.start(blocklist=("blocked.test",)) as ca:
        shop.server = ["--server", ca.directory, "--ca-bundle", str(ca.ca_bundle)]
        shop.issue(f"dehydrated:{mute(shop)}", names=["blocked.test"], status=1)
    (line,) = shop.calls("request_failure")
    assert "urn:ietf:params:acme:error:rejectedIdentifier" in line
    assert line.split()[1] == "400"


def test_dehydrated_runs_what_has_no_first_line_and_closes_its_files(shop):
    script = mute(shop)
    script.write_text('[[ $1 != deploy_challenge ]] || : >"$CALLS.made"\n')
    with serving(shop.path / "root", shop.ca.http_port):
        shop.issue(f"dehydrated:{script}", names=["example.test"])
    assert (shop.path / "calls.made").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("dialect", ["lego", "uacme"])
def test_others_say_that_the_first_line_is_missing(shop, dialect):
    script = mute(shop)
    script.write_text("exit 0\n")
    shop.issue(f"{dialect}:{script}", "--preferred-challenges", "dns", names=["example.test"], status=1)
    assert "does its first line name an interpreter" in shop.stderr
