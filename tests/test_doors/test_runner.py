"""Other programs: bounded in time, in output and in what they get to see."""

import os
import resource
import threading
import time

import pytest

from toolkit import runner
from toolkit.errors import HookFailed, Interrupted
from toolkit.waiting import Stop

ENV = {"PATH": os.environ["PATH"]}


def sh(script, timeout=20.0, stop=None, echo=lambda _line: None, env=ENV):
    return runner.run(("/bin/sh", "-c", script), env, timeout=timeout, stop=stop or Stop(), echo=echo)


def gone(path):
    """Whether the process whose pid is in the file ends within a moment."""
    pid = int(path.read_text())
    for _ in range(100):
        try:
            with open(f"/proc/{pid}/stat") as file:
                if file.read().rpartition(")")[2].split()[0] in "ZX":
                    return True
        except OSError:
            return True
        time.sleep(0.02)
    return False


def test_status_and_output():
    lines = []
    result = sh("echo out; echo err >&2; printf rest; exit 7", echo=lines.append)
    assert (result.status, result.stdout.text()) == (7, "out\nrest")
    assert sorted(lines) == [b"err", b"out", b"rest"]


def test_ended_by_a_signal():
    assert sh("kill -9 $$").status == -9


@pytest.mark.parametrize(
    ("content", "mode", "says"),
    [
        (None, 0, "no such file"),
        ("#!/bin/sh\n", 0o644, "permission denied"),
        ("#!/no/such/interpreter\n", 0o755, "no such file"),
        ("exit 0\n", 0o755, "exec format"),
    ],
)
def test_cannot_be_run(tmp_path, content, mode, says):
    path = tmp_path / "hook"
    if content is not None:
        path.write_text(content)
        path.chmod(mode)
    with pytest.raises(HookFailed, match=says) as caught:
        runner.run((str(path),), ENV, timeout=5, stop=Stop(), echo=print)
    assert caught.value.hint
    assert str(path) in caught.value.message


def test_nul_in_the_environment():
    with pytest.raises(HookFailed):
        sh("true", env={"A": "a\0b"})


def test_hangs_and_ignores_term(tmp_path, monkeypatch):
    monkeypatch.setattr(runner, "_GRACE", 0.3)
    began = time.monotonic()
    with pytest.raises(HookFailed, match=r"longer than 0\.3 seconds"):
        sh(
            f"trap '' TERM; sleep 60 & echo $! >{tmp_path}/pid; echo $$ >{tmp_path}/shell; while :; do sleep 1; done",
            0.3,
        )
    assert time.monotonic() - began < 5
    assert gone(tmp_path / "pid")
    assert gone(tmp_path / "shell")


def test_signal_ends_it(tmp_path):
    stop = Stop()
    threading.Timer(0.2, lambda: stop.request(Interrupted(15, "SIGTERM"))).start()
    with pytest.raises(Interrupted):
        sh(f"sleep 60 & echo $! >{tmp_path}/pid; wait", stop=stop)
    assert gone(tmp_path / "pid")


def test_flood_is_drained_in_flat_memory():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    lines = []
    result = sh(
        "echo first; head -c 100000000 /dev/zero | tr '\\0' a; echo; echo last; yes | head -n 100000 >&2",
        echo=lines.append,
    )
    assert result.status == 0
    assert result.stdout.total == 100_000_012
    text = result.stdout.text()
    assert text.startswith("first\naaa")
    assert text.endswith("aaa\nlast\n")
    assert "bytes left out" in text
    assert len(text) < 3 * runner.KEPT
    assert len(lines) < 5000
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20 * 1024


def test_bytes_that_are_no_text():
    text = sh("printf '\\377\\000\\200a\\n'").stdout.text()
    assert text.encode("utf-8", "surrogateescape") == b"\xff\x80a\n"


def test_child_in_the_background_that_holds_the_pipe(tmp_path):
    began = time.monotonic()
    assert sh(f"sleep 20 & echo $! >{tmp_path}/pid; echo done").stdout.text() == "done\n"
    assert time.monotonic() - began < 5
    os.kill(int((tmp_path / "pid").read_text()), 9)


def test_child_in_the_background_that_keeps_talking(tmp_path):
    began = time.monotonic()
    sh(f"(while :; do echo x; sleep 0.02; done) & echo $! >{tmp_path}/pid; echo done", 3)
    assert time.monotonic() - began < 2
    os.kill(int((tmp_path / "pid").read_text()), 9)


def test_closed_streams_are_not_the_end():
    assert sh("exec >&- 2>&-; sleep 0.3; exit 3").status == 3


def test_standard_input_is_not_ours():
    assert sh("cat; echo end").stdout.text() == "end\n"


def test_environment_is_an_allow_list():
    outer = {"PATH": "/bin", "HOME": "/root", "LC_ALL": "C", "TZ": "UTC", "CANARY": "secret", "ACME_EAB_HMAC_KEY": "secret",  # noqa: E501
             "CERTBOT_TOKEN": "old", "LD_PRELOAD": "x", "NAMED": "yes"}  # fmt: skip
    found = runner.environment(outer, ("NAMED", "MISSING"), {"CERTBOT_DOMAIN": "a.example"})
    assert found == {
        "PATH": "/bin",
        "HOME": "/root",
        "LC_ALL": "C",
        "TZ": "UTC",
        "NAMED": "yes",
        "CERTBOT_DOMAIN": "a.example",
    }


def test_canary_does_not_reach_the_program(monkeypatch):
    monkeypatch.setenv("CANARY", "secret")
    assert "secret" not in sh("env").stdout.text()
