"""The clients themselves accept our scripts: what runs here under a dialect's name is of that dialect."""

import os
import shutil
import subprocess

import pytest

from tests.bench import tools
from tests.fakes.httpreq import Httpreq
from tests.test_hooks.shop import ROOT, serving

SCRIPTS = ROOT / "tests/hooks/dialects"
NAMES = ("example.test", "*.example.test")
# uacme 1.7.4 gives up at a challenge without a token, which Pebble puts before or after the others, at random.
TRIES = 12


@pytest.fixture
def run(tmp_path, ca):
    """Runs a client with what our scripts need; returns it and the calls that they logged."""
    (tmp_path / "deployed").mkdir()

    def start(*argv, status=0, **variables):
        log = tmp_path / "calls"
        log.write_text("")
        given = {"CHALLTESTSRV": ca.challtestsrv, "CALLS": log, "DEPLOYED": tmp_path / "deployed", **variables}
        env = {**os.environ, **{name: str(value) for name, value in given.items()}}
        ran = subprocess.run(
            [str(word) for word in argv], env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=240
        )
        if status is not None:
            assert ran.returncode == status, ran.stdout + ran.stderr
        return ran, [line for line in log.read_text().splitlines() if line]

    return start


def client(package, program, *needs):
    try:
        tools.needs(*needs)
        return tools.debian(package, program)
    except tools.Missing as missing:
        pytest.skip(str(missing))


@pytest.mark.parametrize(("script", "chain"), [("hook.sh", "no"), ("chain.sh", "yes")])
def test_dehydrated(run, ca, tmp_path, script, chain):
    program = client("dehydrated", "usr/bin/dehydrated", "bash", "curl", "openssl", "awk")
    settings = {
        "CA": ca.directory,
        "BASEDIR": tmp_path,
        "CURL_OPTS": f"--cacert {ca.ca_bundle}",
        "KEY_ALGO": "prime256v1",
        "CHALLENGETYPE": "dns-01",
        "HOOK": SCRIPTS / "dehydrated" / script,
        "HOOK_CHAIN": chain,
    }
    (tmp_path / "config").write_text("".join(f'{name}="{value}"\n' for name, value in settings.items()))
    run(program, "--config", tmp_path / "config", "--register", "--accept-terms")
    _, calls = run(program, "--config", tmp_path / "config", "--cron", "--domain", " ".join(NAMES))
    operations = [line.split()[0] for line in calls]
    once = 1 if chain == "yes" else 2
    assert operations.count("deploy_challenge") == operations.count("clean_challenge") == once
    assert operations[-3:] == ["sync_cert", "deploy_cert", "exit_hook"]
    assert (tmp_path / "certs/example.test/fullchain.pem").exists()
    assert (tmp_path / "deployed/example.test.pem").exists() == (script == "hook.sh")


def lego(run, ca, path, provider, *more, names=NAMES, **variables):
    program = client("lego", "usr/bin/lego")
    told = (
        "--accept-tos",
        "--email",
        "me@example.test",
        "--server",
        ca.directory,
        "--path",
        path,
        "--key-type",
        "ec256",
    )
    how = ("--dns", provider, "--dns.resolvers", ca.dns, "--dns.propagation-disable-ans")
    wanted = [word for name in names for word in ("--domains", name)]
    pace = {f"{provider.upper()}_{kind}_INTERVAL": "1" for kind in ("SEQUENCE", "POLLING")}
    trust = {"LEGO_CA_CERTIFICATES": ca.ca_bundle}
    return run(program, *told, *how, *wanted, "run", *more, **trust, **pace, **variables)


def test_lego_exec_and_its_run_hook(run, ca, tmp_path):
    script = SCRIPTS / "lego/exec.sh"
    _, calls = lego(run, ca, tmp_path / "lego", "exec", "--run-hook", script, EXEC_PATH=script)
    assert [line.split()[0] for line in calls] == ["present", "cleanup"] * 2
    assert (tmp_path / "deployed/example.test.pem").read_text().count("BEGIN CERTIFICATE") == 2


def test_lego_exec_raw(run, ca, tmp_path):
    raw = {"EXEC_PATH": SCRIPTS / "lego/raw.sh", "EXEC_MODE": "RAW"}
    _, calls = lego(run, ca, tmp_path / "lego", "exec", names=NAMES[:1], **raw)
    assert [line.split()[:3] for line in calls] == [[action, "--", "example.test"] for action in ("present", "cleanup")]


@pytest.mark.parametrize("raw", [False, True], ids=["default", "raw"])
def test_lego_httpreq_finds_our_strict_server_good_enough(run, ca, tmp_path, raw):
    """And so it is no judge of our hook that only we can please."""
    with Httpreq(records=ca, raw=raw, user="user", password="a b:c", path="/acme") as server:
        credentials = {"HTTPREQ_USERNAME": "user", "HTTPREQ_PASSWORD": "a b:c", "HTTPREQ_MODE": "RAW" if raw else ""}
        lego(run, ca, tmp_path / "lego", "httpreq", names=NAMES[:1], HTTPREQ_ENDPOINT=server.url, **credentials)
    assert [action for action, _ in server.seen] == ["present", "cleanup"]
    assert server.refused == []


@pytest.fixture
def uacme(run, ca, tmp_path):
    """Runs uacme, which trusts what the system trusts, where the system trusts the test CA."""
    program = client("uacme", "usr/bin/uacme", "unshare", "mount")
    certificates = tmp_path / "certs"
    certificates.mkdir()
    shutil.copy(ca.ca_bundle, certificates / "ca-certificates.crt")
    unshare = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--user", "--map-root-user", "--mount"]
    inside = [*unshare, "sh", "-c", 'mount --bind "$0" /etc/ssl/certs && exec "$@"', certificates]
    if subprocess.run([*inside, "true"], capture_output=True, check=False).returncode:
        pytest.skip("uacme: no mount namespace may be made here")
    told = [program, "--acme-url", ca.directory, "--confdir", tmp_path / "uacme", "--type", "EC", "--bits", "256"]
    run(*inside, *told, "--yes", "new", "me@example.test")

    def issue(script, name, **variables):
        for _ in range(TRIES):
            ran, calls = run(*inside, *told, "--hook", script, "issue", name, status=None, **variables)
            if ran.returncode == 0:
                return calls
            assert "failed to parse challenge" in ran.stderr, ran.stderr
        pytest.fail(f"not once in {TRIES} times: {ran.stderr}")

    return issue


def test_uacme_dns(uacme, tmp_path):
    calls = uacme(SCRIPTS / "uacme/dns.sh", "example.test")
    accepted = [line.split() for line in calls if line.split()[1] == "dns-01"]
    assert [line[0] for line in accepted] == ["begin", "done"]
    assert {line.split()[0] for line in calls if line.split()[1] != "dns-01"} <= {"begin"}
    assert (tmp_path / "uacme/example.test/cert.pem").exists()


def test_uacme_http(uacme, ca, tmp_path):
    root = tmp_path / "root"
    root.mkdir()
    with serving(root, ca.http_port):
        calls = uacme(SCRIPTS / "uacme/http.sh", "example.test", WEBROOT=root)
    assert [line.split()[0] for line in calls if line.split()[1] == "http-01"] == ["begin", "done"]
    assert list((root / ".well-known/acme-challenge").iterdir()) == []
