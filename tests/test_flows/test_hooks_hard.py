"""Hooks when all goes wrong at once: kills, signals, full disks, hostile documents, two processes of the same mind."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from tests.test_flows.commands import CODE, Home

HOSTILE = ["-rf", "../../etc/passwd", "a\nb", "a\0b", "evil.example", "*.a.test", "$(id).test", "x" * 70000, ""]


@pytest.fixture
def home(tmp_path, ca):
    found = Home(tmp_path, ca)
    found.published = tmp_path / "published"
    found.published.mkdir()
    found.log = tmp_path / "log"
    found.log.touch()
    found.journal = tmp_path / "work/journal"
    return found


def hook(home, *, auth="", cleanup="", name="keeper"):
    """A hook that keeps a file for each value that is published, and a line for each call."""
    directory = home.path / name
    directory.mkdir(exist_ok=True)
    value = f'"{home.published}/$CERTBOT_DOMAIN"'
    scripts = {"auth": f": >{value}\n{auth}", "cleanup": f"{cleanup}\nrm -f {value}"}
    for event, text in scripts.items():
        (directory / event).write_text(f'#!/bin/sh\necho "{event} $CERTBOT_DOMAIN" >>{home.log}\n{text}\n')
        (directory / event).chmod(0o755)
    (directory / "challenges").write_text("dns-01\n")
    return directory


def options(home, directory):
    dirs = ["--config-dir", home.path / "config", "--work-dir", home.path / "work"]
    return [str(word) for word in ["--hook", directory, "--check", "skip", *dirs]]


def start(home, name, *args, stdin=None):
    argv = [sys.executable, "-c", CODE, name, *map(str, args)]
    return subprocess.Popen(argv, stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)


def order(home, *names):
    wanted = [word for name in names for word in ("-d", name)]
    (document,) = home.run("acme-order", "--agree-tos", *wanted)
    return document


def present(home, directory, document, *stages, **more):
    text = json.dumps(document) + "\n"
    return home.run("acme-challenge", *stages, *options(home, directory)[:4], text=text, server=False, **more)


def until(condition):
    for _ in range(400):
        if condition():
            return
        time.sleep(0.05)
    pytest.fail("waited in vain")


def abandon(home, directory, *names):
    """Kill a run that has presented all of the names; what it left is in the journal."""
    path = home.path / "document"
    path.write_text(json.dumps(order(home, *names)) + "\n")
    (directory / "auth").write_text((directory / "auth").read_text() + "sleep 60\n")
    process = start(home, "acme-challenge", "present", path, *options(home, directory))
    with process:
        until(lambda: len(list(home.published.iterdir())) == 1)
        os.kill(process.pid, signal.SIGKILL)
    (directory / "auth").write_text((directory / "auth").read_text().removesuffix("sleep 60\n"))
    return json.loads(path.read_text())


@pytest.mark.parametrize("name", HOSTILE)
def test_document_has_no_hook_called_for_what_it_does_not_want(home, name):
    document, directory = order(home, "a.test"), hook(home)
    authorization = document["authorizations"][0]
    authorization["identifier"]["value"] = name
    (token,) = {c["token"] for c in authorization["challenges"] if c["type"] == "dns-01"}
    (found,) = present(home, directory, document, "present", status=1)
    assert found["error"]["type"].endswith(":malformed-document") or "authorization" in found["error"]["detail"]
    document["presented"] = [{"solver": "hook:keeper", "type": "dns-01", "identifier": name, "token": token}]
    present(home, directory, document, "cleanup", status=1)
    assert home.log.read_text() == ""
    assert not home.journal.is_dir() or not list(home.journal.iterdir())


def test_cleanup_that_hangs_does_so_once_and_not_in_every_run(home):
    directory = hook(home)
    document = abandon(home, directory, "a.test")
    other = hook(home, name="other")
    hook(home, cleanup="sleep 60")
    more = ["--hook-timeout", "300"]
    entry = next(home.journal.glob("*.json"))
    noted = json.loads(entry.read_text())
    noted["authenticator"]["hook_timeout"] = 1
    entry.write_text(json.dumps(noted))
    present(home, other, document, "present", "cleanup")
    assert "cannot clean up dns-01 of a.test" in home.stderr
    assert "longer than 1 seconds" in home.stderr
    present(home, other, document, "present", "cleanup")
    assert "cannot clean up" not in home.stderr
    assert home.log.read_text().split("\n").count("cleanup a.test") == 3
    hook(home)
    home.run("acme-hook", "sweep", *more, server=False)
    assert not list(home.published.iterdir())


def test_two_sweeps_at_once_clean_up_once(home):
    directory = hook(home, cleanup="sleep 0.5")
    abandon(home, directory, "a.test")
    dirs = options(home, directory)[4:]
    both = [start(home, "acme-hook", "sweep", *dirs) for _ in range(2)]
    for process in both:
        process.communicate(timeout=30)
        assert process.returncode == 0
    assert home.log.read_text().split("\n").count("cleanup a.test") == 1
    assert not list(home.journal.iterdir())


def test_signal_in_a_sweep_ends_it_without_blaming_the_hooks(home):
    directory = hook(home, cleanup="sleep 1")
    abandon(home, directory, "a.test")
    entry = next(home.journal.glob("*.json"))
    other = json.loads(entry.read_text())
    other["events"][0]["token"] = "t" * 40
    entry.with_name("0" * 32 + ".json").write_text(json.dumps(other))
    process = start(home, "acme-hook", "sweep", *options(home, directory)[4:])
    until(lambda: "cleanup" in home.log.read_text())
    process.send_signal(signal.SIGTERM)
    _, stderr = process.communicate(timeout=30)
    assert process.returncode == -signal.SIGTERM
    assert b"cannot clean up" not in stderr
    assert home.log.read_text().split("\n").count("cleanup a.test") == 1


def test_defect_between_presenting_and_cleaning_up_leaves_nothing_behind(home):
    directory, document = hook(home), order(home, "a.test")
    code = CODE.replace("; i('toolkit", "; i('toolkit.issuance.challenge').check = lambda *_: {}[0]; i('toolkit")
    path = home.path / "document"
    path.write_text(json.dumps(document) + "\n")
    argv = [sys.executable, "-c", code, "acme-challenge", "present", "check", path, *options(home, directory)]
    done = subprocess.run(argv, capture_output=True, check=False, timeout=60)
    assert done.returncode == 1
    assert b"cannot go on with the document" in done.stderr
    assert home.log.read_text().split() == ["auth", "a.test", "cleanup", "a.test"]
    assert not list(home.journal.iterdir())


def test_sweep_without_the_variables_of_the_hook_does_not_believe_it(home, monkeypatch):
    monkeypatch.setenv("ZONE_KEY", "canary")
    directory = hook(home, cleanup="[ $ZONE_KEY ] || exit 0")
    path = home.path / "document"
    path.write_text(json.dumps(order(home, "a.test")) + "\n")
    (directory / "auth").write_text((directory / "auth").read_text() + "kill -9 $PPID\n")
    seen = ["--hook-env", "ZONE_*", "--hook-env", "NEVER_SET"]
    with start(home, "acme-challenge", "present", path, *options(home, directory), *seen) as process:
        process.communicate(timeout=30)
    monkeypatch.delenv("ZONE_KEY")
    home.run("acme-hook", "sweep", server=False, status=1)
    assert "the environment lacks ZONE_*, which --hook-env had named" in home.stderr
    assert list(home.published.iterdir())
    monkeypatch.setenv("ZONE_KEY", "canary")
    home.run("acme-hook", "sweep", server=False)
    assert not list(home.published.iterdir())


def test_lines_for_the_shell_with_relative_paths_are_swept_from_elsewhere(home, monkeypatch):
    directory = hook(home, auth="sleep 60", name="its own")
    path = home.path / "document"
    path.write_text(json.dumps(order(home, "a.test")) + "\n")
    monkeypatch.chdir(directory)
    lines = ["--manual-auth-hook", "./auth now", "--manual-cleanup-hook", "./cleanup then"]
    words = [path, *options(home, directory)[2:], *lines, "--preferred-challenges", "dns"]
    with start(home, "acme-challenge", "present", *words) as process:
        until(lambda: list(home.published.iterdir()))
        process.kill()
    assert json.loads(next(home.journal.glob("*.json")).read_text())["solver"] == "hook:auth"
    monkeypatch.chdir("/")
    home.run("acme-hook", "sweep", server=False)
    assert not list(home.published.iterdir())


def test_what_is_presented_for_nobody_is_cleaned_up(home):
    directory, path = hook(home), home.path / "document"
    path.write_text("".join(json.dumps(order(home, name)) + "\n" for name in ("a.test", "b.test")))
    reading, writing = os.pipe()
    os.close(reading)
    argv = [sys.executable, "-c", CODE, "acme-challenge", "present", path, *options(home, directory)]
    done = subprocess.run(argv, stdout=writing, stderr=subprocess.PIPE, check=False, timeout=60)
    os.close(writing)
    assert done.returncode == 1
    assert b"broken pipe" in done.stderr
    assert not list(home.published.iterdir())
    assert not list(home.journal.iterdir())
