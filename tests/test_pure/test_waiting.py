"""Time as an argument."""

import itertools
import subprocess
import sys
import threading
import time

import pytest

from toolkit.errors import Interrupted
from toolkit.waiting import Deadline, Stop, growing


def test_deadline_counts_on_its_clock_and_is_never_negative():
    now = [100.0]
    deadline = Deadline(5, lambda: now[0])
    assert (deadline.remaining(), deadline.passed()) == (5, False)
    now[0] = 104.5
    assert (deadline.remaining(), deadline.passed()) == (0.5, False)
    now[0] = 105
    assert (deadline.remaining(), deadline.passed()) == (0, True)
    now[0] = 200
    assert (deadline.remaining(), deadline.passed()) == (0, True)


def test_intervals_grow_to_the_longest():
    assert list(itertools.islice(growing(1, 2, 5), 5)) == [1, 2, 4, 5, 5]
    assert next(growing(9, 2, 5)) == 5


def test_wait_ends_with_the_request():
    stop = Stop()
    threading.Timer(0.05, lambda: stop.request(Interrupted(15, "SIGTERM"))).start()
    began = time.monotonic()
    with pytest.raises(Interrupted, match="SIGTERM") as caught:
        stop.wait(30)
    assert time.monotonic() - began < 5
    assert caught.value.status == 143


def test_first_reason_stays():
    stop = Stop()
    stop.check()
    stop.request(Interrupted(2, "SIGINT"))
    stop.request(Interrupted(15, "SIGTERM"))
    assert stop.reason.number == 2
    with pytest.raises(Interrupted):
        stop.wait(0)


INTERRUPTED_EVERYWHERE = """
import signal, sys
from toolkit.errors import Interrupted
from toolkit.waiting import Stop

stop = Stop()
signal.signal(signal.SIGINT, lambda *_: stop.request(Interrupted(2, "SIGINT")))

def signalled(frame, event, arg):
    signal.raise_signal(signal.SIGINT)
    return signalled

for call in (lambda: stop.wait(0.01), lambda: stop.request(Interrupted(15, "SIGTERM")), lambda: stop.wait(0.01)):
    sys.settrace(signalled)
    try:
        call()
    except Interrupted as reason:
        print(reason.number)
    sys.settrace(None)
"""


def test_signal_may_come_at_every_line_of_a_wait_and_of_a_request():
    done = subprocess.run([sys.executable, "-c", INTERRUPTED_EVERYWHERE], capture_output=True, check=True, timeout=20)
    assert done.stdout.split() == [b"2", b"2"]
