"""Other programs: bounded in time, in output and in what they get to see."""

import os
import resource
import threading
import time

import pytest

from toolkit import runner
from toolkit.errors import HookFailed, Interrupted
from toolkit.runner import Program
from toolkit.waiting import Stop

ENV = {"PATH": os.environ["PATH"]}


def sh(script, timeout=20.0, stop=None, echo=lambda _line: None, env=ENV, **how):
    program = Program(("/bin/sh", "-c", script), env, **how)
    return runner.run(program, timeout=timeout, stop=stop or Stop(), echo=echo)


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
        runner.run(Program((str(path),), ENV), timeout=5, stop=Stop(), echo=print)
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


def test_no_interpreter_line_and_a_fallback(tmp_path):
    path = tmp_path / "hook"
    path.write_text('echo "$0" "$@"')
    path.chmod(0o755)
    program = Program((str(path), "a b"), ENV, fallback="/bin/sh")
    result = runner.run(program, timeout=5, stop=Stop(), echo=lambda _line: None)
    assert result.stdout.text() == f"{path} a b\n"


def test_carriage_return_in_the_interpreter_line_has_a_hint(tmp_path):
    path = tmp_path / "hook"
    path.write_bytes(b"#!/bin/sh\r\necho\r\n")
    path.chmod(0o755)
    with pytest.raises(HookFailed) as caught:
        runner.run(Program((str(path),), ENV), timeout=5, stop=Stop(), echo=print)
    assert "carriage return" in caught.value.hint


def test_too_much_for_a_program():
    with pytest.raises(HookFailed) as caught:
        sh("true", env={"A": "a" * 200_000})
    assert "fewer names" in caught.value.hint


@pytest.mark.parametrize("size", [0, 10, 1_000_000])
def test_standard_input(size):
    assert sh("wc -c", stdin=b"a" * size).stdout.text().strip() == str(size)


def test_standard_input_that_nobody_reads():
    assert sh("exec <&-; sleep 0.1; echo done", stdin=b"a" * 1_000_000).stdout.text() == "done\n"


def test_directory_and_umask(tmp_path):
    assert sh("pwd; umask", directory=str(tmp_path), umask=0o27).stdout.text() == f"{tmp_path}\n0027\n"


def test_standard_error_is_kept_apart():
    result = sh("echo out; echo err >&2")
    assert (result.stdout.text(), result.stderr.text()) == ("out\n", "err\n")


def test_output_written_at_the_very_end_is_never_lost():
    assert all(sh("sleep 0.0$((1 + $$ % 9)); echo x").stdout.text() == "x\n" for _ in range(20))


def test_daemon_that_holds_the_streams_is_reported_and_lives(tmp_path):
    result = sh(f"setsid sh -c 'echo $$ >{tmp_path}/pid; sleep 20' & while [ ! -s {tmp_path}/pid ]; do :; done")
    pid = (tmp_path / "pid").read_text().strip()
    assert any(left.startswith(f"{pid} ") for left in result.left)
    os.kill(int(pid), 0)
    for left in result.left:
        os.kill(int(left.split()[0]), 9)


def test_daemon_of_a_hook_that_took_too_long_is_ended(tmp_path):
    with pytest.raises(HookFailed):
        sh(f"setsid sh -c 'echo $$ >{tmp_path}/pid; sleep 20' </dev/null >/dev/null 2>&1 & sleep 20", 0.5)
    assert gone(tmp_path / "pid")


def test_what_a_hook_leaves_running_in_silence_is_left_alone(tmp_path):
    assert not sh(f"sleep 20 >/dev/null 2>&1 & echo $! >{tmp_path}/pid").left
    os.kill(int((tmp_path / "pid").read_text()), 9)
