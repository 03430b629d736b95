"""What was presented is on disk before it is presented, and abandoned only when nobody will clean it up."""

import datetime
import json
import os
import signal
import subprocess
import sys
from dataclasses import replace

import pytest

from tests.test_parts.events import TOKENS, event
from toolkit.config import Directories
from toolkit.errors import FileTrouble
from toolkit.store.journal import Journal
from toolkit.store.paths import Paths

WITH = {"hook": "/hooks/one", "hook_env": ["A"]}


@pytest.fixture
def paths(tmp_path):
    return Paths(Directories(tmp_path / "config", tmp_path / "work"))


@pytest.fixture
def journal(paths):
    found = Journal(paths)
    yield found
    found.close()


def files(paths):
    return sorted(path.name for path in paths.journal().glob("*.json"))


def crashed(paths, script):
    """Run the script with a journal `j` and an event `e` in a process that is then killed."""
    program = f"""
import os, signal
from tests.test_parts.events import event
from pathlib import Path
from toolkit.config import Directories
from toolkit.errors import FileTrouble
from toolkit.store.journal import Journal
from toolkit.store.paths import Paths
directories = Directories(Path({str(paths.directories.config)!r}), Path({str(paths.directories.work)!r}))
j, e = Journal(Paths(directories)), event()
{script}
os.kill(os.getpid(), signal.SIGKILL)
"""
    done = subprocess.run([sys.executable, "-c", program], check=False, timeout=30)
    assert done.returncode == -signal.SIGKILL


def test_entry_is_on_disk_and_private(paths, journal):
    entry = journal.begin(WITH, "hook:one", [event()])
    assert entry.path.stat().st_mode & 0o777 == 0o600
    written = json.loads(entry.path.read_text())
    assert written["authenticator"] == WITH
    assert written["events"][0]["token"] == TOKENS[0]


def test_own_entries_are_not_abandoned(paths, journal):
    journal.begin(WITH, "hook:one", [event()])
    assert not journal.abandoned()
    assert not Journal(paths).abandoned()
    assert not Journal(paths).abandoned(everything=True)
    assert len(journal.abandoned(everything=True)) == 1


def test_finished(paths, journal):
    journal.begin(WITH, "hook:one", [event()])
    journal.finished("hook:one", [event()])
    journal.finished("hook:one", [event()])
    assert not files(paths)


def test_left_behind_by_a_process_that_was_killed(paths, journal):
    one = event(kind="dns-01", wildcard=True)
    script = "e = event(kind='dns-01', wildcard=True); j.presented(j.begin({'hook': 'x'}, 'h:x', [e]), {'output': 'ü'})"
    crashed(paths, script)
    (found,) = journal.abandoned()
    assert found.authenticator == {"hook": "x"}
    assert found.events == (one,)
    assert found.record == {"output": "ü"}
    assert not [path for path in paths.journal().glob("run-*") if found.run in path.name]


def test_killed_before_presenting_returned(paths, journal):
    crashed(paths, "j.begin({'hook': 'x'}, 'hook:x', [e])")
    assert journal.abandoned()[0].record == {}


def test_left_behind_by_a_process_that_ended(paths):
    first = Journal(paths)
    first.begin(WITH, "hook:one", [event()])
    first.close()
    assert len(Journal(paths).abandoned()) == 1


def test_handed_on(paths, journal):
    soon = (datetime.datetime.now(datetime.UTC) + datetime.timedelta(hours=1)).isoformat()
    crashed(paths, f"j.begin({{'hook': 'x'}}, 'hook:x', [e]); j.hand_on('hook:x', [e], {soon!r})")
    assert not journal.abandoned()
    assert len(journal.abandoned(everything=True)) == 1


@pytest.mark.parametrize("expires", ["2020-01-01T00:00:00Z", "2020-01-01T00:00:00.5+01:00"])
def test_handed_on_until_the_order_was_over(paths, journal, expires):
    crashed(paths, f"j.begin({{'hook': 'x'}}, 'hook:x', [e]); j.hand_on('hook:x', [e], {expires!r})")
    assert len(journal.abandoned()) == 1


@pytest.mark.parametrize("expires", [None, 7, "soon", "2020-01-01"])
def test_handed_on_with_no_time_that_is_known(paths, journal, expires):
    crashed(paths, f"j.begin({{'hook': 'x'}}, 'hook:x', [e]); j.hand_on('hook:x', [e], {expires!r})")
    assert not journal.abandoned()


def test_handing_on_what_is_not_there(journal):
    journal.hand_on("hook:one", [event()], None)


def test_the_youngest_comes_first(paths, journal, monkeypatch):
    for second, token in enumerate(TOKENS):
        at = datetime.datetime(2026, 1, 1, 0, 0, second, tzinfo=datetime.UTC)
        monkeypatch.setattr("toolkit.store.journal._now", lambda at=at: at)
        journal.begin(WITH, "hook:one", [event(token)])
    found = journal.abandoned(everything=True)
    assert [entry.events[0].token for entry in found] == TOKENS[::-1]


@pytest.mark.parametrize(
    "content", ["", "{", "[]", "7", "{}", '{"schema":"acme-journal/1","run":"../../x"}', "\xff\xfe", '{"schema":"x"}']
)
def test_files_that_are_none_of_ours(paths, journal, content):
    paths.journal().mkdir(parents=True)
    (paths.journal() / "x.json").write_text(content)
    assert not journal.abandoned(everything=True)


def test_several_in_one_call(paths, journal):
    both = [event(TOKENS[0]), event(TOKENS[1])]
    journal.begin(WITH, "hook:one", both)
    journal.finished("hook:one", both[::-1])
    assert not files(paths)


def test_no_lock_is_left_by_a_process_that_ended(paths):
    one = Journal(paths)
    one.begin(WITH, "hook:one", [event()])
    one.finished("hook:one", [event()])
    one.close()
    assert os.listdir(paths.journal()) == []


def test_what_killed_processes_left_beside_entries_goes(paths, journal):
    crashed(paths, "j.begin({}, 'hook:one', [e]); j.finished('hook:one', [e])")
    journal.begin(WITH, "hook:one", [event()])
    (paths.journal() / ".old.json.0123.new").touch()
    for path in paths.journal().iterdir():
        os.utime(path, (1, 1))
    young = paths.journal() / ".young.json.0123.new"
    young.touch()
    assert not journal.abandoned()
    assert sorted(path.name for path in paths.journal().iterdir() if path.suffix != ".json") == [
        young.name,
        f"run-{journal.run}.lock",
    ]


def test_process_does_not_forget_what_another_presents_too(paths, journal):
    other = Journal(paths)
    journal.begin(WITH, "hook:one", [event()])
    other.begin(WITH, "hook:one", [event()])
    assert len(files(paths)) == 2
    other.finished("hook:one", [event()])
    assert len(files(paths)) == 1
    journal.finished("hook:one", [event()])
    assert not files(paths)
    other.close()


def test_what_a_living_process_presents_too_is_not_abandoned(paths, journal):
    crashed(paths, "j.begin({}, 'hook:one', [e])")
    other = Journal(paths)
    other.begin(WITH, "hook:one", [event()])
    assert not journal.abandoned()
    other.close()
    assert len(journal.abandoned()) == 2
    journal.finished("hook:one", [event()])
    assert not files(paths)


def test_entry_that_could_not_be_cleaned_up_rests_as_long_as_it_is_old(paths, journal):
    crashed(paths, "j.begin({}, 'hook:one', [e])")
    (entry,) = journal.abandoned()
    assert not entry.rests()
    journal.failed(entry)
    (tried,) = journal.abandoned()
    assert not journal.stands(entry)
    assert journal.stands(tried)
    assert tried.rests()
    hour, now = datetime.timedelta(hours=1), datetime.datetime.now(datetime.UTC)
    for at, last, rests in ((4, 2.5, False), (4, 1.5, True), (4, -1, False), (2, 3, False)):
        stamps = {"at": (now - at * hour).isoformat(), "tried": (now - last * hour).isoformat()}
        assert replace(entry, **stamps).rests() is rests


@pytest.mark.parametrize("broken", [{"authenticator": "x"}, {"record": []}, {"until": 5}, {"tried": None}, {"at": 1}])
def test_entry_of_another_shape_stands_in_nobodys_way(paths, journal, broken):
    crashed(paths, "j.begin({}, 'hook:one', [e])")
    (path,) = paths.journal().glob("*.json")
    path.write_text(json.dumps({**json.loads(path.read_text()), **broken}))
    assert not journal.abandoned()


def test_journal_that_cannot_be_read_is_told_of(paths, journal):
    paths.journal().parent.mkdir()
    paths.journal().write_text("no directory")
    with pytest.raises(FileTrouble, match=r"cannot read .*journal: not a directory"):
        journal.abandoned()
