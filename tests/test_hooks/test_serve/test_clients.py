"""acme-hook serve as the server of clients that other people wrote, and of our own hook httpreq."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.bench import tools
from tests.test_hooks.conftest import HOOKS
from tests.test_hooks.test_serve.served import Served

PUBLISHER = Path(__file__).parents[2] / "hooks" / "challtestsrv"
LOGIN = {"HTTPREQ_USERNAME": "lego", "HTTPREQ_PASSWORD": "s3cret"}


@pytest.fixture
def serve(ca, tmp_path):
    """A server whose hook publishes where the CA looks, for clients that know the password."""
    secret = tmp_path / "credentials"
    secret.touch(mode=0o600)
    secret.write_text("lego:s3cret\n")
    with Served(tmp_path, "--credentials", secret, hook=PUBLISHER, CHALLTESTSRV=ca.challtestsrv) as running:
        yield running


def unpacked(package, program):
    try:
        return tools.debian(package, program)
    except tools.Missing as missing:
        pytest.skip(str(missing))


def run(argv, tmp_path, **env):
    given = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "no_proxy": "127.0.0.1", **env}
    return subprocess.run(argv, env=given, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)


def lego(ca, serve, tmp_path, **env):
    argv = [unpacked("lego", "usr/bin/lego"), "--accept-tos", "--email", "tests@example.com", "--server", ca.directory]
    argv += ["--path", tmp_path / "lego", "--dns", "httpreq", "--dns.disable-cp", "--dns.resolvers", ca.dns]
    argv += ["--domains", "lego.example", "--domains", "*.lego.example", "--domains", "www.lego.example", "run"]
    return run(argv, tmp_path, LEGO_CA_CERTIFICATES=str(ca.ca_bundle), HTTPREQ_ENDPOINT=serve.url, **env)


@pytest.mark.parametrize("mode", [{}, {"HTTPREQ_MODE": "RAW"}], ids=["default", "raw"])
def test_lego(ca, serve, tmp_path, mode):
    done = lego(ca, serve, tmp_path, **LOGIN, **mode)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "lego/certificates/lego.example.crt").exists()
    for action in ("present", "cleanup"):
        assert serve.said.count(f"{action} _acme-challenge.lego.example for 127.0.0.1: done") == 2, serve.said
        assert serve.said.count(f"{action} _acme-challenge.www.lego.example for 127.0.0.1: done") == 1
    assert serve.journal() == []


def test_lego_with_another_password(ca, serve, tmp_path):
    done = lego(ca, serve, tmp_path, **{**LOGIN, "HTTPREQ_PASSWORD": "secret"})
    assert done.returncode == 1
    assert "401" in done.stdout + done.stderr
    assert serve.said.count("wrong credentials, or none") >= 3


@pytest.mark.parametrize("hook", ["httpreq:{url}", "httpreq-raw:{url}/"])
def test_our_own_hook(ca, serve, tmp_path, hook):
    argv = [Path(sys.executable).parent / "acme-run", "--agree-tos", "--server", ca.directory, "--check", "skip"]
    argv += ["--ca-bundle", ca.ca_bundle, "--config-dir", tmp_path / "c", "--work-dir", tmp_path / "w"]
    argv += ["--hook", hook.format(url=serve.url), "--hooks-dir", HOOKS]
    argv += [word for name in (*LOGIN, "no_proxy") for word in ("--hook-env", name)]
    done = run([*argv, "-d", "ours.example", "-d", "*.ours.example"], tmp_path, **LOGIN)
    assert done.returncode == 0, done.stderr + serve.said
    assert serve.said.count("present _acme-challenge.ours.example for 127.0.0.1: done") == 2
    assert serve.said.count("cleanup _acme-challenge.ours.example for 127.0.0.1: done") == 2
    assert serve.journal() == []


def test_acme_sh(ca, serve, tmp_path):
    home = unpacked("acme.sh", "usr/share/acme.sh/acme.sh").parent
    proxy = {"ACMEPROXY_ENDPOINT": serve.url, "ACMEPROXY_USERNAME": "lego", "ACMEPROXY_PASSWORD": "s3cret"}
    argv = [Path(sys.executable).parent / "acme-hook", "run", "auth", "acmesh:dns_acmeproxy", "-d", "sh.example"]
    argv += ["--hook-env", "ACMEPROXY_*", "--config-dir", tmp_path / "c", "--work-dir", tmp_path / "w"]
    done = run(argv, tmp_path, LE_WORKING_DIR=str(home), **proxy)
    assert done.returncode == 0, done.stderr + serve.said
    assert "Successfully updated the txt record" in done.stderr
    assert "present _acme-challenge.sh.example for 127.0.0.1: done" in serve.said
