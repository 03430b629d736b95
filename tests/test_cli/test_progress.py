"""How far a wait is, on a terminal and without one."""

import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios

import pytest

PROGRAM = """
import sys, threading, time
from toolkit.cli.messages import Messages
messages = Messages("acme-challenge", int(sys.argv[1]))
line = messages.progress()
line.show("waiting for a at ns2 (0 of 1 visible, 0 s)")
messages.hook("hook", b"two words")
line.show("waiting for " + "x" * 300 + " at ns2 (0 of 1 visible, 1 s)")
line.end("1 of 1 visible after 2 s")
messages.hook("hook", b"end")
"""
ERASE = "\x1b[K"


def on_terminal(verbosity):
    """What the program writes to a terminal of 80 columns."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    ran = subprocess.Popen([sys.executable, "-c", PROGRAM, str(verbosity)], stderr=slave, stdin=slave, stdout=slave)
    os.close(slave)
    data = b""
    try:
        while more := os.read(master, 65536):
            data += more
    except OSError:
        pass  # the other side is closed
    finally:
        os.close(master)
    assert ran.wait(20) == 0
    return data.decode()


def test_line_is_rewritten_in_place_and_gives_way_to_others():
    told = on_terminal(1)
    first = "acme-challenge: waiting for a at ns2 (0 of 1 visible, 0 s)"
    second = f"acme-challenge: waiting for {'x' * 16}...xxx at ns2 (0 of 1 visible, 1 s)"
    assert len(second) == 79
    assert told == (
        f"\r{first}{ERASE}"
        f"\r{ERASE}acme-challenge: hook: two words\r\n"
        f"\r{first}{ERASE}"
        f"\r{second}{ERASE}"
        f"\r{ERASE}acme-challenge: hook: end\r\n"
    )


def test_quiet_is_quiet_on_a_terminal():
    assert on_terminal(-1) == ""


@pytest.mark.parametrize(
    ("verbosity", "lines"), [(0, []), (1, ["waiting for a at ns2 (0 of 1 visible, 0 s)", "1 of 1 visible after 2 s"])]
)
def test_without_a_terminal_begin_and_end_are_told_with_v(verbosity, lines):
    ran = subprocess.run([sys.executable, "-c", PROGRAM, str(verbosity)], capture_output=True, text=True, check=True)
    assert ran.stdout == ""
    assert [x for x in ran.stderr.splitlines() if ": hook: " not in x] == [f"acme-challenge: {x}" for x in lines]
