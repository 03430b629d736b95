"""The examples of pages that need nothing but a CA do what the page says."""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def examples(page):
    """The displays of the EXAMPLES section that stay on this host, as a shell gets to see them."""
    text = (ROOT / "man" / page).read_text().partition(".Sh EXAMPLES\n")[2].partition(".Sh ")[0]
    found = re.findall(r"^\.Bd -literal[^\n]*\n(.*?)^\.Ed$", text, re.MULTILINE | re.DOTALL)
    return [example.replace("\\e", "\\") for example in found if "ssh " not in example]


EXAMPLES = examples("acme-toolkit.7")
# What has a path in it is about a hook of the reader's.
OF_HOOKS = [example for example in examples("acme-hook.1") if " ./" not in example]


def test_there_are_some():
    assert len(EXAMPLES) == 5
    assert len(OF_HOOKS) == 5


@pytest.mark.parametrize("example", EXAMPLES)
def test_example(ca, tmp_path, example):
    done = run(ca, tmp_path, local(example))
    assert done.returncode == 0, done.stderr
    assert "error" not in done.stderr
    assert list(tmp_path.glob("config/live/*/fullchain.pem"))


@pytest.mark.parametrize("example", OF_HOOKS)
def test_example_of_hooks(ca, tmp_path, example):
    done = run(ca, tmp_path, example)
    assert done.returncode == 0, done.stderr
    assert "error:" not in done.stderr
    assert done.stdout or "warning" in example or "sweep" in example


def test_examples_of_accounts(ca, tmp_path):
    """One after the other: the first registers the account that the others are about."""
    shown = [example for example in examples("acme-account.1") if "zerossl" not in example]
    assert len(shown) == 4
    for example in shown:
        done = run(ca, tmp_path, example)
        assert done.returncode == 0, done.stderr
        assert done.stdout
        assert "error:" not in done.stderr


def test_examples_of_revocation(ca, tmp_path):
    """All about one certificate; the second and the third meet one that is revoked already."""
    issued = run(ca, tmp_path, "acme-run --agree-tos --standalone -d com.example.test")
    assert issued.returncode == 0, issued.stderr
    live = tmp_path / "config/live/com.example.test"
    (tmp_path / "cert.pem").write_bytes((live / "cert.pem").read_bytes())
    (tmp_path / "found.pem").write_bytes((live / "privkey.pem").read_bytes())
    found = [run(ca, tmp_path, local(example)) for example in examples("acme-revoke.1")]
    assert [done.returncode for done in found] == [0, 0, 0]
    assert [json.loads(done.stdout)["already"] for done in found] == [False, True, True]
    assert not live.exists()


def run(ca, tmp_path, script):
    """The script, run with a shell in a directory of its own, against the test CA."""
    known = {key: value for key, value in os.environ.items() if not key.startswith("ACME_")}
    env = known | {
        "ACME_SERVER": ca.directory,
        "ACME_CA_BUNDLE": str(ca.ca_bundle),
        "ACME_HTTP_01_PORT": str(ca.http_port),
        "ACME_CONFIG_DIR": str(tmp_path / "config"),
        "ACME_WORK_DIR": str(tmp_path / "work"),
        "PATH": f"{ROOT / 'bin'}:{os.environ['PATH']}",
    }
    command = ["/bin/sh", "-euc", script]
    return subprocess.run(command, env=env, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120)


def local(example):
    """The example with names the CA is free to issue for."""
    return re.sub(r"\bexample\.(com|net|org)\b", r"\1.example.test", example)
