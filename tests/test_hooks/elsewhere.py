"""The other host of hooks/ssh's tests, which is this machine with another HOME, and calls of the hook."""

import os
import stat
import subprocess
import time

import pytest

from tests.servers.daemon import ServerMissing
from tests.servers.sshd import Sshd
from tests.test_hooks.conftest import DASH, HOOKS

PEMS = ("cert.pem", "chain.pem", "fullchain.pem", "privkey.pem")


@pytest.fixture(scope="module")
def server():
    try:
        running = Sshd.start(options="AcceptEnv CERTBOT_TOKEN RENEWED_LINEAGE")
    except ServerMissing as missing:
        pytest.skip(str(missing))
    with running:
        yield running


@pytest.fixture(autouse=True)
def nothing_stays(server):
    """After each test, whatever it did, the place for temporary files there is empty."""
    yield
    await_(lambda: list(server.tmp.iterdir()) == [])


def await_(condition, seconds=20):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.fixture
def hook(tmp_path):
    """Makes a hook of shell lines, one for each event."""

    def make(**events):
        directory = tmp_path / "hooks" / "probe"
        directory.mkdir(parents=True, exist_ok=True)
        for event, lines in events.items():
            (directory / event).write_text(f"#!/bin/sh\n{lines}\n")
            (directory / event).chmod(0o755)
        return directory

    return make


@pytest.fixture
def environment(server, tmp_path):
    def make(**variables):
        env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "SSH_HOST": "other", "SSH_CONFIG": str(server.config)}
        given = {name: str(value) for name, value in variables.items() if value is not None}
        return env | {"CERTBOT_DOMAIN": "example.com", "CERTBOT_VALIDATION": DASH} | given

    return make


@pytest.fixture
def call(environment, tmp_path):
    """Runs an executable of the hook; its streams are bytes."""

    def run(event, /, *, stdin=None, **variables):
        source = {"input": stdin} if stdin is not None else {"stdin": subprocess.DEVNULL}
        argv, env = [HOOKS / "ssh" / event], environment(**variables)
        return subprocess.run(argv, env=env, cwd=tmp_path, capture_output=True, timeout=60, check=False, **source)

    return run


@pytest.fixture
def lineage(tmp_path):
    directory = tmp_path / "live" / "example.com"
    directory.mkdir(parents=True)
    for name in PEMS:
        (directory / name).write_bytes(name.encode() + b"\0\r\n" + os.urandom(3000))
    return directory


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)
