"""A zone that scripts of the tests edit, good ones and bad ones, and what acme-hook says of them."""

import json
import os
import re
import subprocess
import sys
import uuid
from pathlib import Path

from tests.servers.tsig import Key

EDIT = Path(__file__).parents[2] / "hooks" / "zone" / "edit"
KEY = Key.make("acme")
HEAD = '#!/bin/sh\nset -eu\nzone() { "$ACME_PYTHON" "$ZONE_EDIT" "$@"; }\n'
ADD = 'zone add "$ACME_RECORD_NAME" "$CERTBOT_VALIDATION"'
DELETE = 'zone delete "$ACME_RECORD_NAME" "$CERTBOT_VALIDATION"'


class Lab:
    """A name in the zone, a directory for hooks, and acme-hook."""

    def __init__(self, server, home):
        self.server, self.home = server, home
        self.name = f"n{uuid.uuid4().hex[:12]}.example.test"
        self.record = f"_acme-challenge.{self.name}"
        self.env = {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "ZONE_EDIT": str(EDIT),
            "ZONE_SERVER": server.where,
            "ZONE_KEY": f"{KEY.name}:{KEY.secret}",
            "LAB": str(home),
        }
        self.said = self.status = None

    def edit(self, *words):
        subprocess.run([sys.executable, EDIT, *words], env=self.env, check=True, timeout=30)

    def txt(self):
        return self.server.txt(self.record)

    def hook(self, auth=ADD, cleanup=DELETE, **more):
        """A hook directory with these lines of shell."""
        directory = self.home / "hook"
        directory.mkdir(exist_ok=True)
        for event, text in {"auth": auth, "cleanup": cleanup, **more}.items():
            write(directory / event, HEAD + text)
        (directory / "challenges").write_text("dns-01\n")
        return str(directory)

    def script(self, text):
        """One program for a client's dialect."""
        return str(write(self.home / "script.sh", HEAD + text))

    def argv(self, *words):
        dirs = ["--config-dir", str(self.home / "config"), "--work-dir", str(self.home / "work")]
        passed = ["--hook-env", "ZONE_*", "--hook-env", "LAB"]
        return [str(Path(sys.executable).parent / "acme-hook"), *map(str, words), *dirs, *passed]

    def run(self, *words):
        done = subprocess.run(
            self.argv(*words), env=self.env, cwd=self.home, capture_output=True, text=True, timeout=90, check=False
        )
        self.said, self.status = done.stdout, done.returncode
        assert "Traceback" not in done.stderr
        assert KEY.secret not in done.stdout + done.stderr
        self.stderr = done.stderr
        return done.stdout

    def test(self, hook, *words, status):
        """What the test of the hook printed; it is whole, and nothing is left to sweep."""
        more = ["-d", self.name, "--resolver", self.server.where, "--check-timeout", "2"]
        said = self.run("test", hook, *more, *words)
        assert self.status == status, said + self.stderr
        assert said.startswith("TAP version 13\n")
        numbers = [int(number) for number in re.findall(r"(?m)^(?:not )?ok (\d+) - ", said)]
        assert numbers == list(range(1, len(numbers) + 1))
        assert said.endswith(f"\n1..{len(numbers)}\n")
        assert ("\nnot ok " in said) == (status == 1)
        return said

    def failures(self):
        """What is not ok, each with the line below it."""
        return dict(re.findall(r"(?m)^not ok \d+ - (.*?)(?: \(\d+\.\d s\))?\n# (.*)$", self.said))

    def known(self, hook):
        found = json.loads(self.run("show", hook, "--format", "json"))
        return found["several_values"], found["own_value_only"]

    def journal(self):
        directory = self.home / "work" / "journal"
        return sorted(directory.glob("*.json")) if directory.is_dir() else []


def write(path, text):
    path.write_text(text + "\n")
    path.chmod(0o755)
    return path
