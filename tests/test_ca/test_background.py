"""tests/ca/start and stop: a CA for shells."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

import pytest

from tests.ca import recorded
from tests.test_ca.client import Client

pytestmark = pytest.mark.usefixtures("pebble")
CA = Path(__file__).resolve().parents[1] / "ca"


def run(*command: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=30)


def test_start_returns_when_ready_and_stop_ends_it(tmp_path: Path) -> None:
    home = tmp_path / "a directory"
    assert run(CA / "start", home, "--nonce-reject", "100", "--blocklist", "no.example").returncode == 0
    try:
        names = "$ACME_SERVER|$ACME_CA_BUNDLE|$ACME_HTTP_01_PORT|$TEST_DNS|$CHALLTESTSRV|$PEBBLE_LOG"
        sourced = run("sh", "-c", f'. "$0"/env; printf %s "{names}"', home)
        server, bundle, port, dns, challtestsrv, log = sourced.stdout.split("|")
        with Client(server, Path(bundle)) as client:
            assert client.register().status == 400
        assert int(port) > 1024
        assert dns.startswith("127.0.0.1:")
        assert challtestsrv.startswith("http://127.0.0.1:")
        assert "nonce" in Path(log).read_text()
        assert (home / "issuer.pem").read_text().startswith("-----BEGIN CERTIFICATE")
        again = run(CA / "start", home)
        assert again.returncode == 1
        assert "still running" in again.stderr
    finally:
        assert run(CA / "stop", home).returncode == 0
    assert recorded.running(home) == []
    with pytest.raises(OSError, match="refused"):
        Client(server, Path(bundle))


def test_start_leaves_no_descriptor_open(tmp_path: Path) -> None:
    """bats waits until its descriptor 3 is closed everywhere, a `$(...)` for the end of its pipe."""
    began = time.monotonic()
    script = 'out=$("$0"/start "$1" 3>&1); "$0"/stop "$1"; printf %s "$out"'
    assert run("sh", "-c", script, CA, tmp_path).stdout == ""
    assert time.monotonic() - began < 5


def test_stop_spares_a_process_that_got_a_recorded_number(tmp_path: Path) -> None:
    with subprocess.Popen(["sleep", "30"]) as stranger:
        (tmp_path / "pids").write_text(f"{stranger.pid} 12345\n")
        assert run(CA / "stop", tmp_path).returncode == 0
        assert stranger.poll() is None
        stranger.kill()


def test_wrong_options_are_usage(tmp_path: Path) -> None:
    assert run(CA / "start", tmp_path, "--nonce-reject", "many").returncode == 2
    failed = run(CA / "start", tmp_path, "--chain-length", "0")
    assert failed.returncode == 1
    assert failed.stderr.startswith("start: error: chain_length")
