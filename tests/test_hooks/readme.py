"""The commands of a hook's README, run as they stand there, as far as a test can let them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from tests.test_hooks.conftest import HOOKS


def block(hook: str, word: str) -> str:
    """The one block of code in the README of the hook that has this word in it, without its margin."""
    text = (HOOKS / hook / "README.md").read_text(encoding="utf-8")
    found = [code for code in re.findall(r"(?:^    .*\n|^\n(?=    ))+", text, re.MULTILINE) if word in code]
    assert len(found) == 1, found
    return re.sub(r"^    ", "", found[0], flags=re.MULTILINE)


def run(commands: str, ca, nameserver: str, home: Path, certbot: Path | None, **variables: str) -> None:
    """Run shell commands of a README from the top of the checkout, with a CA of the tests; they must succeed.

    Both clients keep their files below `home`/config, and find all else that they need in files and variables.
    """
    path = [Path(sys.executable).parent, *([certbot.parent] if certbot else [])]
    configuration = home / ".config/letsencrypt/cli.ini"
    configuration.parent.mkdir(parents=True)
    places = "".join(f"{name}-dir = {home / name}\n" for name in ("config", "work", "logs"))
    ways = "email = tests@example.com\nagree-tos = true\nnon-interactive = true\n"
    configuration.write_text(f"server = {ca.directory}\n{ways}{places}", encoding="utf-8")
    environment = {
        "PATH": ":".join([*map(str, path), os.environ["PATH"]]),
        "HOME": str(home),
        "REQUESTS_CA_BUNDLE": str(ca.ca_bundle),
        "no_proxy": "127.0.0.1",
        "ACME_SERVER": ca.directory,
        "ACME_CA_BUNDLE": str(ca.ca_bundle),
        "ACME_AGREE_TOS": "1",
        "ACME_CONFIG_DIR": str(home / "config"),
        "ACME_WORK_DIR": str(home / "work"),
    }
    # The name server, at a port of its own, is where the toolkit looks.
    commands = commands.replace("acme-run ", f"acme-run --check require --resolver {nameserver} ")
    argv = ["/bin/sh", "-e", "-c", commands]
    done = subprocess.run(
        argv, cwd=HOOKS.parent, env=environment | variables, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert (home / "config/live/example.com/fullchain.pem").exists()
