"""Certificates by way of hooks/ssh with certbot and the toolkit, and what its README.md says."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.bench.responder import serving
from tests.servers.daemon import ServerMissing
from tests.servers.sshd import Sshd
from tests.test_hooks.conftest import HOOKS
from tests.test_hooks.elsewhere import PEMS

README = (HOOKS / "ssh" / "README.md").read_text()


def blocks(word):
    """The README's blocks of code with this word in them, without what sets them in."""
    found = [text for text in re.findall(r"(?:^    .*\n)+", README, re.MULTILINE) if word in text]
    return [re.sub(r"^ +", "", text, flags=re.MULTILINE) for text in found]


@pytest.fixture(scope="module")
def server():
    """It takes a key with what the README wants before it in authorized_keys."""
    (line,) = blocks("restrict,command=")
    try:
        running = Sshd.start(key_options=line.partition(" ssh-ed25519 ")[0])
    except ServerMissing as missing:
        pytest.skip(str(missing))
    with running:
        yield running


@pytest.fixture
def site(server, ca):
    """The document root there, in the hands of a web server."""
    challenges = server.there / "www/.well-known/acme-challenge"
    challenges.mkdir(parents=True, exist_ok=True)
    with serving(challenges, ca.http_port):
        yield server.there / "www"
    assert list(challenges.iterdir()) == []
    assert list(server.tmp.iterdir()) == []


@pytest.fixture
def deployed(server):
    """A hook that is installed there, and what its deploy was given."""
    directory = server.there / "nginx"
    directory.mkdir(exist_ok=True)
    (directory / "deploy").write_text('#!/bin/sh\ncat "$RENEWED_LINEAGE/cert.pem" >>"$0.log"\n')
    (directory / "deploy").chmod(0o755)
    (directory / "deploy.log").write_text("")
    return directory


@pytest.fixture
def shell(request, ca, server, tmp_path):
    """Runs lines of the README from the checkout, with our CA, our ssh_config and directories of the test."""

    def run(lines, client):
        path = [Path(sys.executable).parent]
        if client == "certbot":
            path.insert(0, request.getfixturevalue("certbot").parent)
        configuration = tmp_path / ".config/letsencrypt/cli.ini"
        configuration.parent.mkdir(parents=True, exist_ok=True)
        places = "".join(f"{name}-dir = {tmp_path / name}\n" for name in ("config", "work", "logs"))
        configuration.write_text(
            f"server = {ca.directory}\nemail = tests@example.com\nagree-tos = true\nnon-interactive = true\n{places}"
        )
        env = {
            "PATH": ":".join([*map(str, path), os.environ["PATH"]]),
            "HOME": str(tmp_path),
            "SSH_CONFIG": str(server.config),
            "REQUESTS_CA_BUNDLE": str(ca.ca_bundle),
            "no_proxy": "127.0.0.1",
            "ACME_SERVER": ca.directory,
            "ACME_CA_BUNDLE": str(ca.ca_bundle),
            "ACME_AGREE_TOS": "1",
            "ACME_CONFIG_DIR": str(tmp_path / "config"),
            "ACME_WORK_DIR": str(tmp_path / "work"),
        }
        done = subprocess.run(
            ["/bin/sh", "-e", "-c", lines], cwd=HOOKS.parent, env=env, capture_output=True, text=True, timeout=120,
            check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        assert "error output" not in done.stdout + done.stderr
        return done

    return run


@pytest.mark.parametrize("client", ["acme-run", "certbot"])
def test_the_commands_of_the_readme(shell, site, server, deployed, tmp_path, client):
    """A certificate by a hook that is sent along; then another, which goes to where it is served."""
    (user,) = re.findall(r"User (.*)", server.config.read_text())
    issue, deploy = blocks(f"\n    {client} ")
    for text, ours in (
        ("acme@www.example.com", f"{user}@www.example.com"),
        ("/var/www/html", str(site)),
        ("/usr/local/lib/acme/nginx", deployed.name),
        ("/etc/acme/live", str(server.there / client)),
        ("acme-run ", "acme-run --check skip --force-renewal "),
        ("certbot certonly ", "certbot certonly --force-renewal "),
    ):
        issue, deploy = issue.replace(text, ours), deploy.replace(text, ours)
    live, kept = tmp_path / "config/live/www.example.com", server.there / client / "www.example.com"
    shell(issue, client)
    assert (live / "fullchain.pem").exists()
    assert not kept.exists()
    first = (live / "cert.pem").read_bytes()
    shell(deploy, client)
    assert (live / "cert.pem").read_bytes() != first
    assert [(kept / name).read_bytes() for name in PEMS] == [(live / name).read_bytes() for name in PEMS]
    assert (deployed / "deploy.log").read_bytes() == (live / "cert.pem").read_bytes()
