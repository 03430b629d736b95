"""Hooks in the flow: who is called when, and that nothing which was started is left behind."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from tests.test_flows.commands import CODE, Home

NAMES = ("a.test", "b.test", "c.test")


@pytest.fixture
def home(tmp_path, ca):
    found = Home(tmp_path, ca)
    found.log = tmp_path / "log"
    found.log.touch()
    return found


def hook(home, name="publisher", *, extra="", cleanup=""):
    """A hook that logs its calls and publishes at the test CA's name server, after `extra` has been run."""
    record = '"{\\"host\\":\\"$ACME_RECORD_NAME.\\",\\"value\\":\\"$CERTBOT_VALIDATION\\"}"'
    publish = f"curl -sS -d {record} {home.ca.challtestsrv}"
    scripts = {
        "auth": f'echo "auth $CERTBOT_DOMAIN $ACME_WILDCARD" >>{home.log}\n{extra}\n{publish}/set-txt',
        "cleanup": f'echo "cleanup $CERTBOT_DOMAIN $ACME_WILDCARD" >>{home.log}\n{cleanup}',
    }
    directory = home.path / name
    directory.mkdir(exist_ok=True)
    for event, text in scripts.items():
        (directory / event).write_text(f"#!/bin/sh\nset -e\n{text}\n")
        (directory / event).chmod(0o755)
    (directory / "challenges").write_text("dns-01\n")
    return directory


def calls(home):
    return home.log.read_text().split("\n")[:-1]


def run(home, directory, *names, status=0, more=()):
    wanted = [word for name in names for word in ("-d", name)]
    return home.run("acme-run", "--agree-tos", *wanted, "--hook", directory, "--check", "skip", *more, status=status)


def start(home, directory, *names):
    """The same in the background, as a leader of a process group."""
    wanted = [word for name in names for word in ("-d", name)]
    dirs = ["--config-dir", str(home.path / "config"), "--work-dir", str(home.path / "work")]
    argv = ["acme-run", "--agree-tos", *wanted, "--hook", str(directory), "--check", "skip", *dirs, *home.server]
    return subprocess.Popen(
        [sys.executable, "-c", CODE, *argv], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True
    )


def until(condition):
    for _ in range(400):
        if condition():
            return
        time.sleep(0.05)
    pytest.fail("waited in vain")


def test_all_are_presented_before_any_is_answered_and_cleaned_up_in_reverse(home):
    run(home, hook(home), *NAMES)
    found = calls(home)
    assert [line.split()[0] for line in found] == ["auth"] * 3 + ["cleanup"] * 3
    assert sorted(line.split()[1] for line in found[:3]) == sorted(NAMES)
    assert [line.split()[1] for line in found[3:]] == [line.split()[1] for line in found[:3]][::-1]
    assert not list((home.path / "work/journal").iterdir())


def test_second_of_three_fails_and_nothing_is_answered(home):
    # The CA's order of the names is its own: the one that fails is the second to be called.
    directory = hook(home, extra=f"[ $(grep -c auth {home.log}) -ne 2 ]")
    before = len(home.ca.requests())
    run(home, directory, "f1.test", "f2.test", "f3.test", status=1)
    assert [line.split()[0] for line in calls(home)] == ["auth", "auth", "cleanup", "cleanup"]
    assert calls(home)[3].split()[1] == calls(home)[0].split()[1]
    assert not [path for _, path in home.ca.requests()[before:] if "/chalZ/" in path]
    assert "exited with 1" in home.stderr


def test_journal_is_on_disk_before_the_hook_runs(home):
    directory = hook(home, extra=f"cp {home.path}/work/journal/*.json {home.path}/seen.json")
    run(home, directory, "seen.test")
    found = json.loads((home.path / "seen.json").read_text())
    assert found["authenticator"]["hook"] == str(directory)
    assert found["events"][0]["identifier"] == "seen.test"


def test_killed_in_the_second_auth_hook_and_the_next_run_cleans_up(home):
    gate = home.path / "inside"
    late = f"touch {gate}; sleep 1.5; echo late >>{home.log}"
    directory = hook(home, extra=f"if [ $(grep -c auth {home.log}) -eq 2 ]; then {late}; fi")
    process = start(home, directory, "k1.test", "k2.test")
    until(gate.exists)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    left = [line.split()[1] for line in calls(home)]
    assert len(list((home.path / "work/journal").glob("*.json"))) == 2
    hook(home)
    run(home, directory, "k3.test")
    assert [line.split() for line in calls(home)[2:4]] == [["cleanup", name, "0"] for name in left[::-1]]
    assert home.stderr.count("which an earlier run had left") == 2
    assert not list((home.path / "work/journal").iterdir())
    time.sleep(1.5)
    assert "late" not in calls(home), "the hook of the killed run went on"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signal_in_an_auth_hook(home, number):
    gate = home.path / "inside"
    directory = hook(home, extra=f"touch {gate}; sleep 60 & wait")
    process = start(home, directory, "s1.test", "s2.test")
    until(gate.exists)
    process.send_signal(number)
    process.communicate(timeout=20)
    assert process.returncode == -number
    assert [line.split()[0] for line in calls(home)] == ["auth", "cleanup"]
    assert not list((home.path / "work/journal").iterdir())


def test_cleanup_that_fails_is_tried_again_by_the_next_run(home):
    directory = hook(home, cleanup=f"[ -e {home.path}/mended ]")
    run(home, directory, "again.test", status=1)
    assert "exited with 1" in home.stderr
    assert (home.path / "config/live/again.test/cert.pem").exists()
    (home.path / "mended").touch()
    run(home, directory, "other.test")
    assert "cleaned up dns-01 of again.test" in home.stderr
    assert not list((home.path / "work/journal").iterdir())


def test_script_is_gone_between_auth_and_cleanup(home):
    directory = hook(home, extra=f"rm {home.path}/publisher/cleanup")
    run(home, directory, "gone.test", status=1)
    assert "cannot run" in home.stderr
    hook(home)
    run(home, directory, "after.test")
    assert "cleaned up dns-01 of gone.test" in home.stderr


def test_stages_apart_hand_on_what_was_presented(home):
    directory = hook(home)
    ordered = home.run("acme-order", "--agree-tos", "-d", "apart.test")
    options = ["--hook", directory, "--check", "skip"]
    (presented,) = home.run("acme-challenge", "present", *options, text=json.dumps(ordered[0]) + "\n")
    run(home, directory, "between.test")
    assert [line for line in calls(home) if "apart" in line] == ["auth apart.test 0"]
    (answered,) = home.run("acme-challenge", "answer", "cleanup", *options, text=json.dumps(presented) + "\n")
    assert answered["order"]["status"] == "ready"
    assert calls(home)[-1] == "cleanup apart.test 0"
    assert not list((home.path / "work/journal").iterdir())


def test_two_runs_with_one_hook_do_not_overlap(home):
    busy = home.path / "busy"
    directory = hook(home, extra=f"mkdir {busy}; sleep 0.2; rmdir {busy}")
    processes = [start(home, directory, f"p{number}.test") for number in range(3)]
    for process in processes:
        _, said = process.communicate(timeout=60)
        assert process.returncode == 0, said.decode()


def test_hook_that_reads_standard_input_does_not_steal_documents(home):
    directory = hook(home, extra=f"cat >{home.path}/record")
    home.run(
        "acme-run", "--agree-tos", "--hook", directory, "--check", "skip", "--jobs", "1", text="in1.test\nin2.test\n"
    )
    assert (home.path / "config/live/in2.test/cert.pem").exists()
    record = json.loads((home.path / "record").read_text())
    assert record["event"] == "auth"
    assert record["record_name"] == "_acme-challenge.in2.test"


def test_a_name_and_its_wildcard_are_two_values_of_one_record(home):
    run(home, hook(home), "wild.test", "*.wild.test")
    assert sorted(calls(home)[:2]) == ["auth wild.test 0", "auth wild.test 1"]


def test_hundred_names_in_one_order(home):
    names = [f"{'x' * 60}.{'y' * 60}.{'z' * 60}.n{number}.test" for number in range(100)]
    directory = hook(home, extra=f'echo "${{#CERTBOT_ALL_DOMAINS}}" >{home.path}/length')
    run(home, directory, *names)
    assert int((home.path / "length").read_text()) == len(",".join(names))
    assert len(calls(home)) == 200


def test_pre_post_and_directories(home):
    order = home.path / "order"
    for event in ("pre", "deploy", "post"):
        directory = home.path / "config/renewal-hooks" / event
        directory.mkdir(parents=True)
        for name in ("20 b", "10-a", "30-off", "40~"):
            script = directory / name
            script.write_text(f'#!/bin/sh\necho {event} "{name}" "$RENEWED_DOMAINS" "$FAILED_DOMAINS" >>{order}\n')
            script.chmod(0o644 if name == "30-off" else 0o755)
    more = ["--pre-hook", f"echo pre option >>{order}", "--pre-hook", f"echo pre option >>{order}"]
    more += ["--post-hook", f'echo post option "$RENEWED_DOMAINS" "$FAILED_DOMAINS" >>{order}']
    more += ["--deploy-hook", f"echo deploy option >>{order}"]
    more += ["--deploy-hook", str(home.path / "config/renewal-hooks/deploy/10-a")]
    run(home, hook(home), "pp.test", "*.pp.test", more=more)
    assert order.read_text().splitlines() == [
        "pre 10-a  ",
        "pre 20 b  ",
        "pre option",
        "deploy 10-a pp.test *.pp.test ",
        "deploy 20 b pp.test *.pp.test ",
        "deploy option",
        "post 10-a pp.test *.pp.test ",
        "post 20 b pp.test *.pp.test ",
        "post option pp.test *.pp.test ",
    ]
    order.unlink()
    run(home, hook(home), "pp.test", "*.pp.test", more=more)
    assert not order.exists(), "nothing is due, nothing is run"


def test_post_tells_of_what_failed_and_pre_can_refuse(home):
    found = home.path / "found"
    post = ["--post-hook", f'echo "$RENEWED_DOMAINS/$FAILED_DOMAINS" >>{found}']
    run(home, hook(home, extra="exit 1"), "ff.test", status=1, more=post)
    assert found.read_text() == "/ff.test\n"
    before = len(calls(home))
    run(home, hook(home), "pre.test", status=1, more=[*post, "--pre-hook", "exit 3"])
    assert "the pre hook" in home.stderr
    assert len(calls(home)) == before


def test_no_directory_hooks(home):
    directory = home.path / "config/renewal-hooks/deploy"
    directory.mkdir(parents=True)
    (directory / "x").write_text("#!/bin/sh\nexit 1\n")
    (directory / "x").chmod(0o755)
    run(home, hook(home), "nd.test", more=["--no-directory-hooks"])


def test_secrets_of_the_environment_file_reach_the_hook_and_nobody_else(home):
    (home.path / "env").write_text("TOKEN='s3cret-value'\n")
    (home.path / "env").chmod(0o600)
    directory = hook(home, extra=f'printf %s "$TOKEN" >{home.path}/token; echo "using $TOKEN" >&2')
    (issued,) = run(home, directory, "sec.test", more=["--hook-env-file", home.path / "env"])
    assert (home.path / "token").read_text() == "s3cret-value"
    assert "using [secret]" in home.stderr
    assert "s3cret-value" not in home.stderr + json.dumps(issued)
    for path in [*(home.path / "config").rglob("*"), *(home.path / "work").rglob("*")]:
        assert not path.is_file() or b"s3cret-value" not in path.read_bytes(), path


def test_hook_that_calls_us_with_itself_is_told_that_it_is_busy(home):
    again = home.path / "again"
    inner = f"{sys.executable} -c \"{CODE}\" acme-hook run cleanup {home.path}/publisher -d x.test"
    dirs = f"--config-dir {home.path}/config --work-dir {home.path}/work"
    directory = hook(home, extra=f"{inner} {dirs} 2>{again} || true")
    run(home, directory, "nested.test")
    assert "the hook publisher is locked" in again.read_text()
    assert not [line for line in calls(home) if "x.test" in line]


def test_script_without_an_interpreter_line(home):
    directory = hook(home)
    text = (directory / "auth").read_text().partition("\n")[2]
    (directory / "auth").write_text(text)
    run(home, directory, "plain.test")


def test_script_with_carriage_returns(home):
    directory = hook(home)
    (directory / "auth").write_bytes((directory / "auth").read_bytes().replace(b"\n", b"\r\n"))
    run(home, directory, "crlf.test", status=1)
    assert "carriage return" in home.stderr
    assert [line.split()[0] for line in calls(home)] == ["cleanup"]


def test_output_that_fills_the_pipe_and_a_daemon_that_holds_it(home):
    flood = "head -c 3000000 /dev/zero | tr '\\0' x; (sleep 5; exit) & head -c 300000 /dev/zero | tr '\\0' '\\377' >&2"
    began = time.monotonic()
    run(home, hook(home, extra=flood, cleanup=f"echo ${{#CERTBOT_AUTH_OUTPUT}} >{home.path}/length"), "flood.test")
    assert time.monotonic() - began < 5
    assert 60_000 < int((home.path / "length").read_text()) < 100_000
    assert "left running" in home.stderr
