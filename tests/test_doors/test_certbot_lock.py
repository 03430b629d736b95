"""certbot's lock: shared among ours, never beside a certbot, and always that of the file at the path."""

import contextlib
import errno
import fcntl
import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from toolkit import certbot_lock
from toolkit.certbot_lock import NAME, CertbotLock
from toolkit.errors import Busy, FileTrouble, Interrupted
from toolkit.waiting import Stop

OURS = """
import pathlib, subprocess, sys
from toolkit.certbot_lock import CertbotLock
from toolkit.waiting import Stop
CertbotLock().take(*map(pathlib.Path, sys.argv[1:3]), 0, Stop())
child = subprocess.Popen(["sleep", "60"])
print(child.pid, flush=True)
sys.stdin.read()
child.terminate()
"""
# What certbot/_internal/lock.py does: lock the file whole, remove it, close it.
CERTBOT = """
import fcntl, os, sys
fd = os.open(sys.argv[1] + "/.certbot.lock", os.O_CREAT | os.O_WRONLY, 0o600)
try:
    fcntl.lockf(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
except OSError:
    sys.exit("Another instance of Certbot is already running.")
print("held", flush=True)
sys.stdin.read()
os.remove(sys.argv[1] + "/.certbot.lock")
os.close(fd)
"""


@pytest.fixture
def place(tmp_path):
    for name in ("config", "work"):
        (tmp_path / name).mkdir()
    return tmp_path


@pytest.fixture
def start():
    """Start a program that holds a lock until its standard input is closed; gives (process, first line)."""
    started = []

    def begin(code, *arguments):
        command = [sys.executable, "-c", code, *map(str, arguments)]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        started.append(process)
        return process, process.stdout.readline().decode().strip()

    yield begin
    for process in started:
        process.kill()
        with process:  # waits for it, and closes its pipes
            pass


def ours(start, place):
    return start(OURS, place / "config", place / "work")


def end(process):
    process.stdin.close()
    assert process.wait(10) == 0


def take(place, timeout=0.0, stop=None):
    lock = CertbotLock()
    lock.take(place / "config", place / "work", timeout, stop or Stop())
    return lock


def shut_out(start, directory):
    """Whether a certbot is refused at the directory."""
    process, line = start(CERTBOT, directory)
    if line == "held":
        end(process)
    return line != "held"


def test_ours_share_it_and_certbot_is_kept_out_to_the_last(start, place):
    holders = [ours(start, place)[0] for _ in range(3)]
    for holder in holders:
        assert shut_out(start, place / "config")
        assert shut_out(start, place / "work")
        end(holder)
    left = (place / "config" / NAME).stat()
    assert left.st_mode & 0o777 == 0o600
    assert left.st_size == 0
    assert not shut_out(start, place / "config")


@pytest.mark.parametrize("name", ["config", "work"])
def test_certbot_keeps_us_out_of_all_and_is_named(start, place, name):
    certbot, _ = start(CERTBOT, place / name)
    with pytest.raises(Busy, match=rf"/{name} is locked by certbot, process {certbot.pid}$") as caught:
        take(place)
    assert caught.value.status == 75
    other = {"config": "work", "work": "config"}[name]
    assert not shut_out(start, place / other)
    end(certbot)
    take(place)


def test_waits_until_certbot_has_ended_and_holds_the_file_that_is_there_then(start, place):
    certbot, _ = start(CERTBOT, place / "config")
    timer = threading.Timer(0.2, certbot.stdin.close)
    timer.start()
    begun = time.monotonic()
    take(place, timeout=20)
    assert time.monotonic() - begun >= 0.15
    timer.join()
    assert shut_out(start, place / "config")


def test_file_that_a_certbot_removes_before_it_is_locked_is_let_go_of(start, place, monkeypatch):
    path, real, locked = place / "config" / NAME, fcntl.lockf, []

    def late(fd, operation):
        if not locked:
            path.unlink()
        locked.append(os.fstat(fd).st_ino)
        real(fd, operation)

    monkeypatch.setattr(fcntl, "lockf", late)
    take(place)
    assert len(locked) == 3  # that one, the one made anew, the one in the work directory
    assert path.stat().st_ino == locked[1]
    assert shut_out(start, place / "config")


def test_file_that_is_removed_every_time_ends_in_an_error(place, monkeypatch):
    monkeypatch.setattr(fcntl, "lockf", lambda fd, operation: (place / "config" / NAME).unlink())
    with pytest.raises(Busy, match="one certbot after the other"):
        take(place)


def test_killed_holder_frees_it_at_once_though_its_child_lives(start, place):
    holder, child = ours(start, place)
    assert shut_out(start, place / "config")
    holder.kill()
    holder.wait(10)
    os.kill(int(child), 0)
    try:
        assert not shut_out(start, place / "config")
    finally:
        os.kill(int(child), signal.SIGTERM)


def test_killed_certbot_frees_it_at_once(start, place):
    certbot, _ = start(CERTBOT, place / "config")
    certbot.kill()
    certbot.wait(10)
    take(place)
    assert shut_out(start, place / "config")


def test_certbot_between_two_of_ours(start, place):
    end(ours(start, place)[0])
    assert not shut_out(start, place / "config")
    assert not (place / "config" / NAME).exists()
    ours(start, place)
    assert shut_out(start, place / "config")


def test_one_directory_for_all_is_locked_once(start, tmp_path):
    (tmp_path / "config").mkdir()
    (tmp_path / "work").symlink_to("config")
    lock = take(tmp_path)
    assert len(lock._held) == 1
    assert shut_out(start, tmp_path / "config")


def test_threads_hold_it_together_and_taking_it_again_changes_nothing(start, place):
    lock = CertbotLock()
    threads = [threading.Thread(target=lock.take, args=(place / "config", place / "work", 0, Stop())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert len(lock._held) == 2
    assert shut_out(start, place / "work")


def test_only_the_config_directory_is_made(tmp_path):
    lock = take(tmp_path)
    assert len(lock._held) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["config"]


def test_directory_of_logs_belongs_to_certbots_own_place(start, place, monkeypatch):
    (place / "logs").mkdir()
    monkeypatch.setattr(certbot_lock, "_LOGS", place / "logs")
    take(place)
    assert not shut_out(start, place / "logs")
    monkeypatch.setattr(certbot_lock, "_DEFAULT", place / "config")
    take(place)
    assert shut_out(start, place / "logs")


def no_entry(monkeypatch, number, may_write):
    real = os.open

    def refuse(path, *args, **more):
        if os.path.basename(path) == NAME:
            raise OSError(number, os.strerror(number), path)
        return real(path, *args, **more)

    monkeypatch.setattr(os, "open", refuse)
    monkeypatch.setattr(os, "access", lambda *args, **more: may_write)


@pytest.mark.parametrize("number", [errno.EACCES, errno.EROFS])
def test_who_cannot_write_there_takes_no_part(place, monkeypatch, number):
    no_entry(monkeypatch, number, may_write=False)
    assert take(place)._held == []


def test_lock_of_another_user_is_not_passed_by_where_we_may_write(place, monkeypatch):
    no_entry(monkeypatch, errno.EACCES, may_write=True)
    with pytest.raises(FileTrouble, match=r"cannot open the lock .*: permission denied"):
        take(place)


def test_file_system_without_locks_is_refused(place, monkeypatch):
    def without(fd, operation):
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "lockf", without)
    with pytest.raises(FileTrouble, match="no locks on this file system"):
        take(place)


def test_link_is_not_followed_and_a_pipe_not_waited_for(place):
    (place / "config" / NAME).symlink_to("victim")
    with pytest.raises(FileTrouble, match="cannot open the lock"):
        take(place)
    assert not (place / "config/victim").exists()
    (place / "config" / NAME).unlink()
    os.mkfifo(place / "config" / NAME)
    begun = time.monotonic()
    with contextlib.suppress(FileTrouble):  # whether a pipe can be locked is the kernel's affair
        take(place)
    assert time.monotonic() - begun < 5


def test_wait_ends_with_a_signal(start, place):
    start(CERTBOT, place / "work")
    stop = Stop()
    threading.Timer(0.1, lambda: stop.request(Interrupted(15, "SIGTERM"))).start()
    with pytest.raises(Interrupted):
        take(place, 30, stop)
    assert not shut_out(start, place / "config")


def test_costs_less_than_two_milliseconds(place):
    def seconds():
        begun = time.perf_counter()
        take(place)
        return time.perf_counter() - begun

    assert min(seconds() for _ in range(20)) < 0.002
