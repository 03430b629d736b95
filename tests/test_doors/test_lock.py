"""Locks by the kernel: one holder, whose pid is known, and none when it is dead."""

import errno
import fcntl
import os
import subprocess
import sys
import threading
import time

import pytest

from toolkit.errors import Busy, Interrupted
from toolkit.lock import exclusive, is_held, take
from toolkit.waiting import Stop

HOLDER = """
import sys, time, pathlib
from toolkit.lock import exclusive
from toolkit.waiting import Stop
with exclusive(pathlib.Path(sys.argv[1]), "it", 5, Stop()):
    print("held", flush=True)
    time.sleep(60)
"""


def test_second_holder_is_told_the_pid(tmp_path):
    path = tmp_path / "a/lock"
    with exclusive(path, "it", 0, Stop()):
        with pytest.raises(Busy, match=f"it is locked by process {os.getpid()}") as caught:  # noqa: SIM117
            with exclusive(path, "it", 0, Stop()):
                pass
        assert caught.value.status == 75
    with exclusive(path, "it", 0, Stop()):
        assert path.exists()


def test_dead_holder_frees_it(tmp_path):
    path = tmp_path / "lock"
    with subprocess.Popen([sys.executable, "-c", HOLDER, path], stdout=subprocess.PIPE) as holder:
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(Busy, match=f"process {holder.pid}"), exclusive(path, "it", 0.05, Stop()):
            pass
        holder.kill()
        with exclusive(path, "it", 5, Stop()):
            pass


def test_waits_for_it(tmp_path):
    order = []

    def hold():
        with exclusive(tmp_path / "lock", "it", 5, Stop()):
            time.sleep(0.05)
            order.append(threading.get_ident())

    threads = [threading.Thread(target=hold) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert len(order) == 4


def test_wait_ends_with_a_signal(tmp_path):
    stop = Stop()
    with exclusive(tmp_path / "lock", "it", 0, Stop()):
        threading.Timer(0.1, lambda: stop.request(Interrupted(15, "SIGTERM"))).start()
        with pytest.raises(Interrupted), exclusive(tmp_path / "lock", "it", 30, stop):
            pass


def test_link_is_not_followed(tmp_path):
    (tmp_path / "lock").symlink_to("victim")
    with pytest.raises(Exception, match="cannot open the lock"), exclusive(tmp_path / "lock", "it", 0, Stop()):
        pass
    assert not (tmp_path / "victim").exists()


def test_full_disk_does_not_keep_a_lock_from_being_taken(tmp_path, monkeypatch):
    def full(*args):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "pwrite", full)
    another = pytest.raises(Busy, match="it is locked by another process")
    with exclusive(tmp_path / "lock", "it", 0, Stop()), another, exclusive(tmp_path / "lock", "it", 0, Stop()):
        pass


def test_one_who_looks_is_not_taken_for_a_holder(tmp_path):
    fd = take(tmp_path / "lock")
    assert is_held(tmp_path / "lock")
    os.close(fd)
    with open(tmp_path / "lock") as looking:
        fcntl.flock(looking, fcntl.LOCK_SH)
        assert not is_held(tmp_path / "lock")
